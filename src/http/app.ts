/** From a request to an answer, for one listener: who may ask, which route it is, and what every answer bears. */
import { Hono } from 'hono';
import { isAuthorized } from './auth.ts';
import { jsonType, type Listener, type Need, type Route, textAnswer } from './route.ts';

export interface AppOptions {
  readonly listener: Listener;
  readonly routes: readonly Route[];
  /** The tokens that are good now; null where nobody needs one. Those of a file that cannot be read are not among them. */
  readonly readTokens: (() => Promise<readonly string[]>) | null;
  /** On loopback and without a token: then a page of the web must not reach it under a name of its own. */
  readonly checksHost: boolean;
  /** Aborts when the listener ends. */
  readonly closing: AbortSignal;
  /** Told of each answer. */
  readonly onAnswer: (status: number) => void;
  /** An exception on the way to an answer, which is a bug of ours. */
  readonly onBug: (error: unknown) => void;
}

export type App = (request: Request) => Promise<Response>;

/** What a browser must not do with an answer, whatever it holds. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** The application of one listener. Never rejects. */
export function makeApp(options: AppOptions): App {
  const own = options.routes.filter(({ listener }) => listener === options.listener);
  const app = new Hono();
  for (const route of own) {
    app.on(route.method, route.path, async (context) => {
      const refused = await refuse(route.needs, context.req.raw, options);
      return refused ?? route.answer(context.req.raw, context.req.param(), options.closing);
    });
    const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
    app.all(route.path, ({ req }) => problemAnswer(req.raw, 405, 'method not allowed', { allow }));
  }
  app.notFound(({ req }) => problemAnswer(req.raw, 404, 'not found'));
  app.onError((error, { req }) => {
    options.onBug(error);
    return problemAnswer(req.raw, 500, 'a bug: the log of the controller has more');
  });
  return async (request) => {
    const answer = harden(await app.fetch(request), bringsBody(request));
    options.onAnswer(answer.status);
    return answer;
  };
}

/** Why a request does not get to its route; null where it does. A signature is for the route itself to check. */
async function refuse(needs: Need, request: Request, options: AppOptions): Promise<Response | null> {
  if (options.checksHost && !isOwnName(request.headers.get('host'))) {
    return problemAnswer(request, 421, 'ask by address: 127.0.0.1 or localhost');
  }
  if (needs !== 'token' || options.readTokens === null) return null;
  const tokens = await options.readTokens();
  if (isAuthorized(request.headers.get('authorization'), tokens)) return null;
  return problemAnswer(request, 401, 'a token is needed', {
    'www-authenticate': 'Basic realm="snowgate", charset="UTF-8"',
  });
}

/** What went wrong, in a line; below the API as its other errors are told, because programs read that. */
function problemAnswer(
  { url }: Request,
  status: number,
  problem: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const isApi = new URL(url).pathname.startsWith('/api/');
  if (!isApi) return textAnswer(status, `${problem}\n`, headers);
  return new Response(`${JSON.stringify({ problem }, null, 2)}\n`, {
    status,
    headers: { 'content-type': jsonType, ...headers },
  });
}

/** A name that whoever owns it can point at loopback (DNS rebinding) is no address. */
function isOwnName(host: string | null): boolean {
  return /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i.test(host ?? '');
}

function bringsBody({ headers }: Request): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

/** A connection that has brought a body ends with the answer: what of it was not read would else be waited for. */
function harden(answer: Response, isLast: boolean): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(securityHeaders)) {
    // A page says itself what it loads; it may say less than this, and nothing else says anything.
    if (!headers.has(name)) headers.set(name, value);
  }
  if (isLast) headers.set('connection', 'close');
  return new Response(answer.body, { status: answer.status, headers });
}
