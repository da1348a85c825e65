/**
 * What a run of a workflow was started by, as its forge wrote it down. The payload holds texts of whoever opened the pull
 * request: of it only numbers, commit ids and two names are taken, each by its own grammar.
 */
import { failed, fault, ok, type Result } from '../lib/faults.ts';

export type ForgeEvent =
  | {
      readonly kind: 'pullRequest';
      readonly number: number;
      readonly base: string;
      readonly head: string;
      /** Whether the commits come from another repository, or from one that was deleted since: the token then only reads. */
      readonly isFork: boolean;
    }
  | { readonly kind: 'mergeGroup'; readonly base: string; readonly head: string }
  /** Nothing is merged by it: a push, a schedule, a person who started it. */
  | { readonly kind: 'other'; readonly name: string };

/** A payload has fields without end, but for the texts in it none is long; GitHub caps it well below. */
export const payloadBytesMax = 8 * 1024 * 1024;

/**
 * Reads the payload of an event. Faults: SG7091 (`pull_request_target`, which is refused), SG7092 (not what the forge
 * documents).
 */
export function readEvent(name: string, payload: Uint8Array, repository: string): Result<ForgeEvent> {
  if (name === 'pull_request_target') return failed(refusedTarget());
  if (name !== 'pull_request' && name !== 'merge_group') return ok({ kind: 'other', name });
  if (payload.length > payloadBytesMax) return failed(strange(`is larger than ${payloadBytesMax} bytes`));
  const read = parseJson(payload);
  if (read === undefined) return failed(strange('is not JSON'));
  return name === 'merge_group' ? readMergeGroup(read) : readPullRequest(read, repository);
}

function readMergeGroup(payload: unknown): Result<ForgeEvent> {
  const group = field(payload, 'merge_group');
  const base = commitOf(group, 'base_sha');
  const head = commitOf(group, 'head_sha');
  if (base === undefined) return failed(strange('has no commit id at merge_group.base_sha'));
  if (head === undefined) return failed(strange('has no commit id at merge_group.head_sha'));
  return ok({ kind: 'mergeGroup', base, head });
}

function readPullRequest(payload: unknown, repository: string): Result<ForgeEvent> {
  const request = field(payload, 'pull_request');
  const number = field(request, 'number');
  const [from, into] = [field(request, 'head'), field(request, 'base')];
  const base = commitOf(into, 'sha');
  const head = commitOf(from, 'sha');
  const home = nameOf(into);
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) {
    return failed(strange('has no number at pull_request.number'));
  }
  if (base === undefined) return failed(strange('has no commit id at pull_request.base.sha'));
  if (head === undefined) return failed(strange('has no commit id at pull_request.head.sha'));
  if (home === undefined || home.toLowerCase() !== repository.toLowerCase()) {
    return failed(strange('is of a pull request into another repository than GITHUB_REPOSITORY'));
  }
  return ok({
    kind: 'pullRequest',
    number,
    base,
    head,
    isFork: nameOf(from)?.toLowerCase() !== home.toLowerCase(),
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** An own field of a map; undefined where there is none, or no map. */
function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function commitOf(value: unknown, name: string): string | undefined {
  const id = field(value, name);
  return typeof id === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id) ? id : undefined;
}

/** The repository of one side, as owner/name. Null where it was deleted: that is no name. */
function nameOf(side: unknown): string | undefined {
  const name = field(field(side, 'repo'), 'full_name');
  return typeof name === 'string' && isRepositoryName(name) ? name : undefined;
}

/** Whether it is owner/name, both of them plain: the name of a repository becomes a part of URLs. */
export function isRepositoryName(name: string): boolean {
  const [owner = '', repository = '', ...more] = name.split('/');
  return more.length === 0 && [owner, repository].every((part) => /^(?!\.{1,2}$)[\w.-]{1,100}$/.test(part));
}

function refusedTarget() {
  return fault(
    'SG7091',
    'human',
    'this workflow runs on pull_request_target, where files of a stranger meet secrets and a token that may write',
    'write `on: pull_request`; docs/CI.md has the whole workflow',
  );
}

function strange(reason: string) {
  return fault(
    'SG7092',
    'human',
    `the payload of the event ${reason}`,
    'review is run by a workflow of GitHub, Gitea or Forgejo; elsewhere run snowgate validate and snowgate plan --base',
  );
}
