/** The API of a forge on a loopback port, as far as comments go: GitHub's, with pages, or Gitea's, without. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredComment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string } | null;
}

export interface ForgeCall {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface FakeForge {
  /** GITHUB_API_URL. */
  readonly apiUrl: string;
  readonly calls: ForgeCall[];
  readonly comments: StoredComment[];
  /** The calls that change something, as `POST` or `PATCH 3`. */
  writes(): string[];
  close(): Promise<void>;
}

export interface FakeSettings {
  readonly kind?: 'github' | 'gitea';
  /** Whom the token belongs to. */
  readonly login?: string;
  readonly comments?: readonly StoredComment[];
  /** Answers instead of the API where it returns true; `count` is the number of the call, from 1. */
  readonly instead?: (call: ForgeCall, response: ServerResponse, count: number) => boolean;
}

export const forgeToken = 'canary-forge-8c1d5e';
export const workflowLogin = 'github-actions[bot]';

/** Starts it; it takes no token but {@link forgeToken}, and knows one pull request: 7 of marine/snow-tasks. */
export async function startForge(settings: FakeSettings = {}): Promise<FakeForge> {
  const calls: ForgeCall[] = [];
  const comments = [...(settings.comments ?? [])];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const call = { method, url, authorization: request.headers.authorization };
    calls.push(call);
    const body = await readBody(request);
    if (settings.instead?.(call, response, calls.length) === true) return;
    serve(call, body, response, comments, settings);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}${settings.kind === 'gitea' ? '/api/v1' : ''}`,
    calls,
    comments,
    writes: () =>
      calls
        .filter(({ method }) => method !== 'GET')
        .map(({ method, url }) => `${method} ${/\/comments\/([0-9]+)$/.exec(url)?.[1] ?? ''}`.trim()),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON. */
export function reply(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(value === undefined ? '' : JSON.stringify(value));
  return true;
}

function serve(
  { method, url, authorization }: ForgeCall,
  body: string,
  response: ServerResponse,
  comments: StoredComment[],
  { kind = 'github', login = workflowLogin }: FakeSettings,
): void {
  const { pathname, searchParams } = new URL(url, 'http://forge.invalid');
  const path = kind === 'gitea' ? pathname.replace(/^\/api\/v1/, '') : pathname;
  if (
    authorization !== `token ${forgeToken}` &&
    (kind === 'gitea' || authorization !== `Bearer ${forgeToken}`)
  ) {
    reply(response, 401, { message: 'Bad credentials' });
    return;
  }
  const base = '/repos/marine/snow-tasks/issues';
  const id = Number(new RegExp(`^${base}/comments/([0-9]+)$`).exec(path)?.[1]);
  const at = comments.findIndex((comment) => comment.id === id);
  if (path === `${base}/7/comments` && method === 'GET') {
    listPage(searchParams, response, comments, kind);
  } else if (path === `${base}/7/comments` && method === 'POST') {
    const text = textOf(body);
    if (text.length > 65_536) reply(response, 422, { message: 'Validation Failed' });
    else {
      const made = { id: Math.max(0, ...comments.map((one) => one.id)) + 1, body: text, user: { login } };
      comments.push(made);
      reply(response, 201, made);
    }
  } else if (at >= 0 && method === 'PATCH') {
    const found = comments[at] as StoredComment;
    found.body = textOf(body);
    reply(response, 200, found);
  } else if (at >= 0 && method === 'DELETE') {
    comments.splice(at, 1);
    response.writeHead(204);
    response.end();
  } else reply(response, 404, { message: 'Not Found' });
}

/** GitHub gives pages, and says by a link whether another follows; Gitea gives everything. */
function listPage(
  params: URLSearchParams,
  response: ServerResponse,
  comments: readonly StoredComment[],
  kind: 'github' | 'gitea',
): void {
  if (kind === 'gitea') {
    reply(response, 200, comments, { 'x-total-count': String(comments.length) });
    return;
  }
  const size = Math.min(100, Number(params.get('per_page') ?? 30));
  const page = Number(params.get('page') ?? 1);
  const hasNext = comments.length > page * size;
  const link = `<https://forge.invalid/next?page=${page + 1}>; rel="next", <https://forge.invalid/last>; rel="last"`;
  reply(response, 200, comments.slice((page - 1) * size, page * size), hasNext ? { link } : {});
}

function textOf(body: string): string {
  return (JSON.parse(body) as { body: string }).body;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
