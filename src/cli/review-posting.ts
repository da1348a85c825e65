/** The comment of a review: where one may be written, and what is said where not. None of it fails the check. */
import type { ForgeEvent } from '../forge/event.ts';
import { openComments } from '../forge/github.ts';
import { type Kept, keepOneComment } from '../forge/one-comment.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Fault } from '../lib/faults.ts';
import type { Finding } from '../report/report.ts';
import type { ReviewEnvironment } from './review-environment.ts';
import type { Surroundings } from './surroundings.ts';

export interface PostingOptions {
  readonly isWanted: boolean;
  /** Tells the comment from that of a review by another configuration. */
  readonly key: string;
  /** Who comments are written as with this token. */
  readonly author: string;
}

export interface Posted {
  readonly done: Kept['done'] | 'none' | 'failed';
  /** What a person should know of it; null where all is well. */
  readonly finding: Finding | null;
}

/** Nobody waits longer than that for a comment. */
const answerTimeoutMs = 20_000;

/** Writes the page as the one comment of the pull request, where that is possible. */
export async function postReview(
  text: string,
  { event, token, apiUrl, repository, run }: ReviewEnvironment,
  { isWanted, key, author }: PostingOptions,
  world: Surroundings,
  clock: Clock = systemClock,
): Promise<Posted> {
  if (!isWanted || event.kind !== 'pullRequest') return { done: 'none', finding: null };
  const reason = noCommentReason(event, token);
  if (reason !== null) return { done: 'none', finding: reason };
  const api = openComments(
    { apiUrl, repository, number: event.number },
    {
      token: token ?? '',
      userAgent: `snowgate/${world.version}`,
      clock,
      signal: world.stop,
      timeoutMs: answerTimeoutMs,
    },
  );
  if (!api.ok) return { done: 'failed', finding: warningOf(api.fault) };
  const kept = await keepOneComment(api.value, { key, run, text }, author);
  if (!kept.ok) return { done: 'failed', finding: warningOf(kept.fault) };
  return { done: kept.value.done, finding: noteOf(kept.value, author) };
}

/** A fork's token only reads: it is not even tried. */
function noCommentReason(event: ForgeEvent, token: string | null): Finding | null {
  if (event.kind === 'pullRequest' && event.isFork) {
    return {
      code: 'SG7094',
      severity: 'note',
      place: null,
      message: 'no comment, because this pull request comes from a fork, whose token only reads',
      hint: 'the whole review is in the summary of the job',
    };
  }
  if (token !== null) return null;
  return {
    code: 'SG7094',
    severity: 'warning',
    place: null,
    message: 'no comment, because no token was handed over in GITHUB_TOKEN',
    hint: 'the action does it by itself; the whole review is in the summary of the job',
  };
}

function warningOf({ code, message, hint }: Fault): Finding {
  const finding = {
    code,
    severity: 'warning',
    place: null,
    message: `no comment was written: ${message}`,
  } as const;
  return hint === undefined ? finding : { ...finding, hint };
}

function noteOf({ done, author, removed }: Kept, believed: string): Finding | null {
  if (done === 'newer') {
    return {
      code: 'SG7094',
      severity: 'note',
      place: null,
      message: 'the comment is left as it is, because a newer run has written it',
    };
  }
  if (author === null || author === believed) return null;
  const again = removed === 0 ? '' : ', and finds its earlier comment only by making another';
  return {
    code: 'SG7094',
    severity: 'warning',
    place: null,
    message: `the token writes comments as ${author}, not as ${believed}${again}`,
    hint: `say \`comment-author: ${author}\``,
  };
}
