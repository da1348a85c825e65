/** What an answer means for the message that was sent. */
import type { NotifyVia } from '../config/config.ts';
import { boundText } from '../lib/escape.ts';
import type { FaultCode } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { askedWaitMs } from '../lib/retry-after.ts';
import { permissions } from './forge-status.ts';
import type { PostAnswer } from './post.ts';

export type Verdict =
  | { readonly kind: 'taken' }
  /** It is sent again, not before `waitMs`, where that is told. */
  | { readonly kind: 'again'; readonly code: FaultCode; readonly why: string; readonly waitMs: number | null }
  /** It may be about this message alone, or about all: others are tried, and this one again, for a bounded time. */
  | { readonly kind: 'unseen'; readonly code: FaultCode; readonly why: string }
  /** This message is not wanted; the next may be. */
  | { readonly kind: 'refused'; readonly code: FaultCode; readonly why: string };

const wordsMax = 200;
/** Whoever they come from, they say that it may be taken later. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
/** They are about the address or the credentials, and not about the message: nothing is lost while somebody mends that. */
const accessStatuses: ReadonlySet<number> = new Set([401, 403, 404, 407, 410]);

/** Judges an answer, and tells no secret of it. Of the API of a forge a rate limit may be a 403, and a 404 a commit, a repository or a permission. */
export function judgeAnswer(
  answer: PostAnswer,
  via: NotifyVia,
  { wallMs, redactor }: { readonly wallMs: number; readonly redactor: Redactor },
): Verdict {
  if (answer.kind === 'unanswered') return { kind: 'again', code: 'SG7101', why: answer.why, waitMs: null };
  const { status, header, text } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const words = wordsOf(text, via, redactor);
  // GitLab, of a state that the status has already.
  if (via.kind === 'commitStatus' && status === 400 && words.startsWith('Cannot transition status')) {
    return { kind: 'taken' };
  }
  const why = `it answered ${status}${words === '' ? '' : `: ${words}`}`;
  const waitMs = askedWaitMs(header, wallMs) ?? null;
  const isLimited = status === 403 && waitMs !== null;
  if (status >= 500 || laterStatuses.has(status) || isLimited) {
    return { kind: 'again', code: 'SG7101', why, waitMs };
  }
  if (status < 400) {
    return { kind: 'again', code: 'SG7102', why: `it answered ${status}, a redirect`, waitMs: null };
  }
  if (via.kind === 'commitStatus' && status === 404) {
    const reasons = `the commit is not there yet, or no such repository, or the token may not write statuses (${permissions[via.forge]})`;
    return { kind: 'unseen', code: 'SG7102', why: `${why}; ${reasons}` };
  }
  return accessStatuses.has(status)
    ? { kind: 'again', code: 'SG7102', why, waitMs: null }
    : { kind: 'refused', code: 'SG7103', why };
}

/** The receiver's own words where they are of a known form: a word of Slack, the message of a forge. Others may say anything. */
function wordsOf(text: string, { kind }: NotifyVia, redactor: Redactor): string {
  if (kind === 'slack') return /^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : '';
  if (kind === 'webhook') return '';
  try {
    const value: unknown = JSON.parse(text);
    const message = typeof value === 'object' && value !== null && 'message' in value ? value.message : null;
    return typeof message === 'string' ? boundText(redactor.redact(message.trim()), wordsMax) : '';
  } catch {
    return '';
  }
}
