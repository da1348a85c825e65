/** What the suite of ledger stores works with: a branch that things happen to, and the steps that every test takes. */
import { expect } from 'vitest';
import type {
  CommitId,
  LedgerCommit,
  LedgerFetch,
  LedgerStore,
  PushAnswer,
} from '../../src/controller/ports.ts';

export interface OpenOptions {
  readonly acceptCommit?: CommitId;
  /** The state directory of the replica is lost before it starts. */
  readonly lostState?: boolean;
}

/** One branch, just begun, and the replicas that share it. */
export interface LedgerWorld {
  /** What the root commit's FORMAT holds. */
  readonly format: string;
  /** Starts a replica's store; one that runs already is ended first: a restart. */
  open(replica: string, options?: OpenOptions): Promise<LedgerStore>;
  tip(): Promise<CommitId | null>;
  rewind(commit: CommitId): Promise<void>;
  deleteBranch(): Promise<void>;
  /** The next push takes effect or not, and is not answered either way. */
  loseNextAnswer(when: 'beforeEffect' | 'afterEffect'): Promise<void>;
  /** A hook declines every push, or none again. */
  decline(on: boolean): Promise<void>;
  end(): Promise<void>;
}

export const hour = Date.UTC(2026, 10, 23, 14, 0, 0);

/** The path of a segment, as the ledger's codec writes it. */
export function segmentPath(seq: number, replica: string): string {
  return `2026/11/23/14/${String(seq).padStart(10, '0')}-${replica}.jsonl`;
}

export function segmentText(seq: number, replica: string, note = ''): string {
  return `${JSON.stringify({ v: 1, kind: 'batch', seq, replica, note })}\n`;
}

type Fetched = Extract<LedgerFetch, { kind: 'fetched' }>;

export async function fetched(store: LedgerStore): Promise<Fetched> {
  const answer = await store.fetch();
  if (answer.kind !== 'fetched') throw new Error(`fetch: ${answer.kind}: ${answer.fault.message}`);
  return answer;
}

/** Builds a commit with one segment on `parent`. */
export async function build(
  store: LedgerStore,
  parent: CommitId,
  seq: number,
  replica: string,
  note = '',
): Promise<LedgerCommit> {
  const built = await store.commit({
    parent,
    path: segmentPath(seq, replica),
    text: segmentText(seq, replica, note),
    message: `Claim one task\n\nSnowgate-Seq: ${seq}\n`,
    atMs: hour + seq * 1000,
  });
  if (!built.ok) throw new Error(`commit: ${built.fault.message}`);
  return built.value;
}

/** Sends the same commit again, as the pass does, until it is known what became of it. */
export async function pushUntilKnown(store: LedgerStore, commit: LedgerCommit): Promise<PushAnswer> {
  let answer = await store.push(commit);
  for (let tries = 0; answer.kind === 'unknown' && tries < 20; tries += 1) answer = await store.push(commit);
  return answer;
}

/** Adds one segment through a store that is up to date with `parent`. */
export async function append(
  store: LedgerStore,
  parent: CommitId,
  seq: number,
  replica: string,
): Promise<CommitId> {
  const commit = await build(store, parent, seq, replica);
  expect(await pushUntilKnown(store, commit)).toEqual({ kind: 'landed' });
  return commit.commit;
}
