/** One question to the API of a forge and its answer, both bounded. The token goes to the configured host and nowhere else. */
import type { Clock } from '../lib/clock.ts';
import { boundText } from '../lib/escape.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { askedWaitMs } from '../lib/retry-after.ts';

export interface ExchangeSettings {
  /** Without a final slash; https, or http to loopback. */
  readonly apiUrl: string;
  readonly token: string;
  /** For the forge's own logs. */
  readonly userAgent: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For one question and the whole of its answer. */
  readonly timeoutMs: number;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the URL of the API, with its leading slash; made of checked names and numbers. */
  readonly path: string;
  readonly body?: object;
}

export interface Answer {
  readonly value: unknown;
  /** Whether the forge says that another page follows. */
  readonly hasNext: boolean;
}

/** A page of a hundred comments, each of 65,536 characters that are all written as escapes, is 40 MB. */
export const answerBytesMax = 64 * 1024 * 1024;
/** A forge that is restarted is back by then; whoever waits for a check waits no longer than that. */
const triesMax = 3;
const pauseMs = 1_000;
/** Longer than that a forge may ask to wait, but nobody does. */
const waitMsMax = 20_000;
const wordsMax = 200;

/**
 * Asks, and asks again where that can do no harm: after a refusal for too many requests, and after a failure of what is the
 * same when done twice. A comment is never posted twice by it. Faults: those of CommentApi.
 */
export async function exchange(question: Question, settings: ExchangeSettings): Promise<Result<Answer>> {
  for (let tries = 1; ; tries += 1) {
    const asked = await ask(question, settings);
    if (asked.ok) return asked;
    const { reason, waitMs } = asked.fault;
    const isAgain = reason.class === 'wait' || (reason.class === 'retry' && question.method !== 'POST');
    const pause = waitMs ?? pauseMs * tries;
    if (!isAgain || tries >= triesMax || pause > waitMsMax || settings.signal.aborted) return failed(reason);
    await settings.clock.sleep(pause, settings.signal);
  }
}

interface Refusal {
  readonly reason: Fault;
  /** How long the forge asks to wait. */
  readonly waitMs?: number;
}

async function ask(question: Question, settings: ExchangeSettings): Promise<Result<Answer, Refusal>> {
  const { method, path, body } = question;
  try {
    const response = await fetch(`${settings.apiUrl}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `token ${settings.token}`,
        'user-agent': settings.userAgent,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.any([settings.signal, AbortSignal.timeout(settings.timeoutMs)]),
    });
    const text = await readText(response);
    if (text === null) return failed({ reason: garbled(`more than ${answerBytesMax} bytes`) });
    if (!response.ok) return failed(refusalOf(response, text, settings.clock));
    const value = text === '' ? null : parseJson(text);
    if (value === undefined) return failed({ reason: garbled('something else than JSON') });
    return ok({ value, hasNext: /;\s*rel="?next"?/.test(response.headers.get('link') ?? '') });
  } catch (error) {
    return failed({ reason: unreached(error, settings) });
  }
}

/** Null where there is more than may be; the rest is not read. */
async function readText(response: Response): Promise<string | null> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    bytes += value.length;
    if (bytes > answerBytesMax) {
      await reader.cancel().catch(() => {});
      return null;
    }
    chunks.push(value);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refusalOf(response: Response, text: string, clock: Clock): Refusal {
  const { status, headers } = response;
  const told = wordsOf(text);
  const said = `the forge answered ${status}${told === '' ? '' : `: ${told}`}`;
  const waitMs = askedWaitMs((name) => headers.get(name), clock.wallMs());
  if (status === 429 || (status === 403 && waitMs !== undefined)) {
    const until = waitMs === undefined ? '' : `, and asks to wait ${Math.ceil(waitMs / 1000)} seconds`;
    const hint = 'run the job again later; many jobs of one owner share this limit';
    return {
      reason: fault('SG8003', 'wait', `${said}${until}`, hint),
      ...(waitMs === undefined ? {} : { waitMs }),
    };
  }
  if (status === 401 || status === 403) {
    const hint =
      'give the job `permissions: {contents: read, pull-requests: write}`; a token of Dependabot, or of a fork, only reads';
    return { reason: fault('SG8001', 'human', said, hint) };
  }
  if (status === 404) {
    const hint =
      'the token may not see pull requests here, or the repository has none; docs/CI.md tells what it needs';
    return { reason: fault('SG8002', 'human', said, hint) };
  }
  if (status >= 500) return { reason: fault('SG8004', 'retry', said, 'run the job again later') };
  if (status >= 300 && status < 400) {
    const hint = 'GITHUB_API_URL must be the address of the API itself; no redirect is followed with a token';
    return { reason: fault('SG8005', 'human', `the forge answered ${status}, a redirect`, hint) };
  }
  return { reason: fault('SG8006', 'human', said, 'docs/CI.md tells what is asked of the forge') };
}

/** The forge's own words, where it says some. */
function wordsOf(text: string): string {
  const value = parseJson(text.slice(0, 65_536));
  const isMap = typeof value === 'object' && value !== null;
  const message = isMap && 'message' in value ? value.message : undefined;
  return typeof message === 'string' ? boundText(message.trim(), wordsMax) : '';
}

function garbled(what: string): Fault {
  return fault(
    'SG8005',
    'human',
    `the forge answered with ${what}`,
    'GITHUB_API_URL must be the address of the API; a proxy may stand in between',
  );
}

/** What fetch says of itself is one phrase for everything; the reason is in its cause. */
function unreached(error: unknown, { signal, timeoutMs }: ExchangeSettings): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const why = signal.aborted
    ? 'the job was asked to end'
    : isLate
      ? `no answer within ${timeoutMs / 1000} seconds`
      : code === ''
        ? 'the connection failed'
        : code;
  return fault('SG8004', 'retry', `the forge could not be reached: ${why}`, 'run the job again later');
}
