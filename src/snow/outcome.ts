/**
 * The one table that turns what happened to a call into what it means (DESIGN 5). Its law: a call made no task only
 * when AWS said so in a modelled way (right status and right class and a readable body), or when nothing was sent.
 * Everything else is unknown: a look costs half a minute, a doubled task reboots a ship twice.
 */
import type { CreateOutcome, ServerTime } from '../controller/ports.ts';
import { type Answer, asObject, type CallEnd, messageOf } from './answer.ts';
import { parseArn, parseId } from './shape.ts';

type Meaning = 'invalid' | 'notFound' | 'throttled' | 'quota' | 'denied' | 'internal';

/** The service's modelled errors: class, the status it comes with, what it means. */
const modelled: ReadonlyMap<string, { readonly status: number; readonly meaning: Meaning }> = new Map([
  ['ValidationException', { status: 400, meaning: 'invalid' }],
  ['ServiceQuotaExceededException', { status: 402, meaning: 'quota' }],
  ['AccessDeniedException', { status: 403, meaning: 'denied' }],
  ['ResourceNotFoundException', { status: 404, meaning: 'notFound' }],
  ['ThrottlingException', { status: 429, meaning: 'throttled' }],
  ['InternalServerException', { status: 500, meaning: 'internal' }],
]);

/**
 * What AWS's front says with status 403 when it does not accept who is asking, without the ending `Exception`.
 * Source: the list of common errors of AWS APIs, and the clock skew names of the SDKs.
 */
const credentialErrors: ReadonlySet<string> = new Set([
  'AuthFailure',
  'ExpiredToken',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignature',
  'InvalidToken',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnauthorizedAccess',
  'UnrecognizedClient',
]);

export type Verdict =
  | { readonly kind: 'done'; readonly value: Readonly<Record<string, unknown>>; readonly answer: Answer }
  | { readonly kind: Meaning | 'badCredentials'; readonly type: string; readonly answer: Answer }
  | { readonly kind: 'strange'; readonly why: string; readonly answer: Answer }
  | Extract<CallEnd, { kind: 'unsent' | 'silent' }>;

/** What a call's end means, for every operation. */
export function judge(end: CallEnd): Verdict {
  if (end.kind !== 'answered') return end;
  const answer = end.answer;
  const at = `HTTP ${answer.status}${answer.errorType === null ? '' : ` ${answer.errorType}`}`;
  if (answer.body.kind === 'unreadable') return { kind: 'strange', why: `${at}: ${answer.body.why}`, answer };
  const value = asObject(answer.body.value);
  if (value === null) return { kind: 'strange', why: `${at}: the answer is not a JSON object`, answer };
  const type = answer.errorType;
  if (answer.status === 200) {
    return type === null
      ? { kind: 'done', value, answer }
      : { kind: 'strange', why: `${at}: an error with the status of success`, answer };
  }
  if (type === null)
    return { kind: 'strange', why: `${at}: no error is named, so this is not AWS's word`, answer };
  const known = modelled.get(type);
  if (known !== undefined && known.status === answer.status) return { kind: known.meaning, type, answer };
  if (answer.status === 403 && isCredentialError(type)) {
    return { kind: 'badCredentials', type, answer };
  }
  return { kind: 'strange', why: `${at}: not an error of this service's model`, answer };
}

/** Whether an error of this name says that AWS does not accept who is asking. */
export function isCredentialError(type: string): boolean {
  return credentialErrors.has(type.replace(/Exception$/, ''));
}

/** How a CreateTask ended. */
export function createOutcome(end: CallEnd): CreateOutcome {
  const verdict = judge(end);
  if (verdict.kind === 'unsent') return { kind: 'unsent', reason: verdict.reason, message: verdict.message };
  if (verdict.kind === 'silent') {
    return { kind: 'unknown', error: verdict.error, message: verdict.message, requestId: null };
  }
  const { requestId } = verdict.answer;
  const message = messageOf(verdict.answer);
  const server = serverOf(verdict.answer);
  switch (verdict.kind) {
    case 'done': {
      const taskId = parseId(verdict.value.taskId);
      if (taskId !== null) {
        return { ...server, kind: 'issued', taskId, taskArn: parseArn(verdict.value.taskArn), requestId };
      }
      const text = 'HTTP 200 without a task id that can be one';
      return { ...server, kind: 'unknown', error: 'UnreadableAnswer', message: text, requestId };
    }
    case 'invalid':
    case 'notFound':
      return { ...server, kind: 'refused', error: verdict.type, message, requestId };
    case 'throttled':
    case 'quota':
      return {
        ...server,
        kind: 'throttled',
        reason: verdict.kind,
        message: named(verdict.type, message),
        requestId,
        ...(verdict.answer.retryAfterMs === null ? {} : { retryAfterMs: verdict.answer.retryAfterMs }),
      };
    case 'denied':
    case 'badCredentials':
      return { ...server, kind: 'denied', message: named(verdict.type, message), requestId };
    case 'internal':
      return { ...server, kind: 'unknown', error: verdict.type, message, requestId };
    case 'strange': {
      const error = verdict.answer.errorType ?? 'UnreadableAnswer';
      return { ...server, kind: 'unknown', error, message: named(verdict.why, message), requestId };
    }
  }
}

/** The time that an answer told, in the form the ports have it. */
export function serverOf(answer: Answer): { server?: ServerTime } {
  return answer.server === null ? {} : { server: answer.server };
}

/** An error's name with AWS's words behind it, where there are any. */
export function named(name: string, words: string): string {
  return words === '' ? name : `${name}: ${words}`;
}
