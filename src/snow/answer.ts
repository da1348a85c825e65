/**
 * What is known of one call when it is over, as plain facts: whether the request was handed to a connection, and what
 * came back. Everything that is decided about a call is decided from these, never from the name of an exception.
 */
import type { ServerTime } from '../controller/ports.ts';
import { escapeRecord } from '../lib/escape.ts';
import { redactShapes } from '../lib/redact.ts';

type AnswerBody =
  | { readonly kind: 'json'; readonly value: unknown }
  /** Not JSON, cut short or too large: what it would have said is not known. */
  | { readonly kind: 'unreadable'; readonly why: string };

export interface Answer {
  readonly status: number;
  /** The error's class by its bare name; null where none is named, or two different ones are. */
  readonly errorType: string | null;
  readonly requestId: string | null;
  readonly server: ServerTime | null;
  readonly retryAfterMs: number | null;
  readonly body: AnswerBody;
}

export type UnsentReason = 'credentials' | 'connection' | 'gate';

export type CallEnd =
  /** Not a byte of the request was handed to a connection, and none will be. */
  | {
      readonly kind: 'unsent';
      readonly reason: UnsentReason;
      readonly message: string;
      readonly error: string;
    }
  /** It was handed over, and no whole answer came. */
  | { readonly kind: 'silent'; readonly error: string; readonly message: string }
  | { readonly kind: 'answered'; readonly answer: Answer };

/** An answer as it was read from the connection. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Our clock when the headers came. */
  readonly wallMs: number;
  readonly body:
    | { readonly kind: 'whole'; readonly bytes: Uint8Array }
    | { readonly kind: 'cut'; readonly why: string };
}

/** How much of AWS's words is kept: its longest known messages (signature mismatches aside) are shorter. */
const wordsLengthMax = 500;

/** A server that asks for more patience than this is asked again after it: back-off of our own goes no further. */
const retryAfterMaxMs = 3_600_000;

/** The words of others as they may be shown and recorded: one line, nothing active, no secrets, bounded. */
export function quoteWords(text: string): string {
  return escapeRecord(redactShapes(text), wordsLengthMax);
}

/** Makes facts of an answer. Never throws: what cannot be understood is said to be unreadable. */
export function readAnswer(raw: RawAnswer): Answer {
  const body = readBody(raw);
  return {
    status: raw.status,
    errorType: readErrorType(raw.headers['x-amzn-errortype'], body),
    requestId: readRequestId(raw.headers),
    server: readServerTime(raw.headers.date, raw.wallMs),
    retryAfterMs: readRetryAfter(raw.headers['retry-after'], raw.wallMs),
    body,
  };
}

/** AWS's own words about an error, quoted; empty where it said nothing. */
export function messageOf(answer: Answer): string {
  if (answer.body.kind === 'unreadable') return '';
  const value = asObject(answer.body.value);
  const text = value?.message ?? value?.Message;
  return typeof text === 'string' ? quoteWords(text) : '';
}

/**
 * The end of a call without the secrets that are known by value. Before anything is quoted: quoting cuts, and half a
 * secret is not known any more. What AWS listed is left as it is; only words and names that we repeat are looked at.
 */
export function hideSecrets(end: CallEnd, redact: (text: string) => string): CallEnd {
  if (end.kind !== 'answered') return { ...end, message: redact(end.message) };
  const { answer } = end;
  const kept = (text: string | null): string | null => (text !== null && redact(text) === text ? text : null);
  const errorType = kept(answer.errorType);
  return {
    kind: 'answered',
    answer: {
      ...answer,
      errorType,
      requestId: kept(answer.requestId),
      body: hideInBody(answer.body, redact),
    },
  };
}

function hideInBody(body: AnswerBody, redact: (text: string) => string): AnswerBody {
  if (body.kind === 'unreadable') return { ...body, why: redact(body.why) };
  const value = asObject(body.value);
  if (value === null) return body;
  const words = ['message', 'Message'].flatMap((key) => {
    const text = value[key];
    return typeof text === 'string' ? [[key, redact(text)]] : [];
  });
  return { kind: 'json', value: { ...value, ...Object.fromEntries(words) } };
}

/** The value where it is a JSON object, and null where it is anything else. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

function readBody(raw: RawAnswer): AnswerBody {
  if (raw.body.kind === 'cut') return { kind: 'unreadable', why: raw.body.why };
  if (raw.body.bytes.length === 0) return { kind: 'unreadable', why: 'the answer is empty' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw.body.bytes);
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    const type = raw.headers['content-type'];
    const shown = type === undefined ? '' : ` (${quoteWords(type).slice(0, 60)})`;
    return { kind: 'unreadable', why: `the answer is not JSON${shown}` };
  }
}

/**
 * The class of an error in REST-JSON: the header, else `code` or `__type` of the body, without namespace and without
 * what follows a colon. A header and a body that name different classes name none: somebody in between has a say.
 */
function readErrorType(header: string | undefined, body: AnswerBody): string | null {
  const value = body.kind === 'json' ? asObject(body.value) : null;
  const inBody = bareType(value?.__type) ?? bareType(value?.code);
  const inHeader = bareType(header);
  if (inHeader !== null && inBody !== null && inHeader !== inBody) return null;
  return inHeader ?? inBody;
}

function bareType(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const match = /^(?:[\w.]{1,200}#)?([A-Za-z][A-Za-z0-9]{0,99})(?::[^\s,]{0,300})?$/.exec(value.trim());
  return match?.[1] ?? null;
}

function readRequestId(headers: Readonly<Record<string, string>>): string | null {
  const id = headers['x-amzn-requestid'] ?? headers['x-amzn-request-id'] ?? headers['x-amz-request-id'];
  return id !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(id) ? id : null;
}

/** RFC 9110's preferred form of a date, the only one that AWS writes. Another form tells no time rather than a wrong one. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function readHttpDate(text: string): number | null {
  if (!httpDate.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function readServerTime(header: string | undefined, wallMs: number): ServerTime | null {
  const serverMs = header === undefined ? null : readHttpDate(header);
  return serverMs === null ? null : { serverMs, wallMs };
}

function readRetryAfter(header: string | undefined, wallMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Math.min(Number(header) * 1000, retryAfterMaxMs);
  const untilMs = readHttpDate(header);
  return untilMs === null ? null : Math.min(Math.max(0, untilMs - wallMs), retryAfterMaxMs);
}
