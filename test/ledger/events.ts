/** Events of one imagined ledger: every field valid, so that a test writes only what it is about. */
import type {
  AbsentEvent,
  AdoptedEvent,
  AmbiguousEvent,
  BaselineEvent,
  Batch,
  BatchHeader,
  CancelAnsweredEvent,
  CancelRequestedEvent,
  ClaimedEvent,
  DoubledEvent,
  IssuedEvent,
  LedgerEvent,
  LookEvidence,
  NotedEvent,
  ProgressEvent,
  RefusedEvent,
  ReleasedEvent,
  ResolvedEvent,
  SettledEvent,
  UnknownEvent,
} from '../../src/ledger/events.ts';
import { foldBatch } from '../../src/ledger/fold.ts';
import type { Receipt } from '../../src/ledger/receipt.ts';
import type { LedgerView } from '../../src/ledger/view.ts';
import { emptyView } from '../../src/ledger/view.ts';
import type { Fault } from '../../src/lib/faults.ts';

export const tokenA = 'a'.repeat(64);
export const tokenB = 'b'.repeat(64);
const at = '2026-11-23T12:00:00.000Z';
export const commitId = (n: number): string => n.toString(16).padStart(40, '0');

export const identity = { account: '111122223333', region: 'eu-west-1', endpoint: '' };
const base = { v: 1, token: tokenA, fleet: 'lab', name: 'job', at } as const;
const answer = { message: 'in the words of AWS', requestId: 'req-1' } as const;

export const emptyLook: LookEvidence = { begunAt: at, endedAt: at, tasksSeen: 7, pages: 2, hits: [] };
export const lookWith = (...hits: string[]): LookEvidence => ({ ...emptyLook, hits });

type Over<E> = Partial<Omit<E, 'kind'>>;

/** The first claim of a token, with its request. */
export function claimed(over: Over<ClaimedEvent> = {}): ClaimedEvent {
  const token = over.token ?? tokenA;
  const request = {
    clientToken: token,
    command: 'reboot',
    targets: ['smd-1'],
    description: 'a text',
    tags: { owner: 'ops', 'snowgate:revision': token },
  } as const;
  return { ...laterClaim(over), request, attempt: 1, ...over };
}

/** A later claim of a token: it brings no request. */
export function laterClaim(over: Over<ClaimedEvent> = {}): ClaimedEvent {
  return {
    ...base,
    kind: 'claimed',
    attempt: 2,
    taskRun: 1,
    identity,
    manifest: {
      path: 'tasks/job.yaml',
      blob: commitId(1),
      commit: commitId(2),
      author: 'Ann',
      annotations: {},
    },
    verdict: {
      action: 'allow',
      until: null,
      reasons: [{ code: 'SG6100', message: 'uncovered' }],
      policies: [],
    },
    policySet: 'c'.repeat(64),
    tzdata: '2026a',
    ...over,
  };
}

export const issued = (over: Over<IssuedEvent> = {}): IssuedEvent => ({
  ...base,
  kind: 'issued',
  attempt: 1,
  taskId: 'st-1',
  taskArn: null,
  requestId: null,
  ...over,
});
export const released = (over: Over<ReleasedEvent> = {}): ReleasedEvent => ({
  ...base,
  ...answer,
  kind: 'released',
  attempt: 1,
  reason: 'deadline',
  notBefore: null,
  ...over,
});
export const refused = (over: Over<RefusedEvent> = {}): RefusedEvent => ({
  ...base,
  ...answer,
  kind: 'refused',
  attempt: 1,
  error: 'ValidationException',
  ...over,
});
export const unknown = (over: Over<UnknownEvent> = {}): UnknownEvent => ({
  ...base,
  ...answer,
  kind: 'unknown',
  attempt: 1,
  error: 'TimeoutError',
  ...over,
});
export const adopted = (over: Over<AdoptedEvent> = {}): AdoptedEvent => ({
  ...base,
  kind: 'adopted',
  through: 1,
  taskId: 'st-1',
  taskArn: null,
  look: lookWith(over.taskId ?? 'st-1'),
  ...over,
});
export const absent = (over: Over<AbsentEvent> = {}): AbsentEvent => ({
  ...base,
  kind: 'absent',
  through: 1,
  look: emptyLook,
  ...over,
});
export const ambiguous = (over: Over<AmbiguousEvent> = {}): AmbiguousEvent => ({
  ...base,
  kind: 'ambiguous',
  through: 1,
  reason: 'tooOld',
  look: emptyLook,
  ...over,
});
export const doubled = (over: Over<DoubledEvent> = {}): DoubledEvent => ({
  ...base,
  kind: 'doubled',
  taskIds: ['st-1', 'st-2'],
  ...over,
});
export const resolved = (over: Over<ResolvedEvent> = {}): ResolvedEvent => ({
  ...base,
  kind: 'resolved',
  taskId: null,
  reason: 'asked the ship',
  by: 'Ann',
  revision: null,
  ...over,
});
export const baseline = (over: Over<BaselineEvent> = {}): BaselineEvent => ({
  ...base,
  kind: 'baseline',
  command: 'reboot',
  targets: ['smd-1'],
  taskRun: 1,
  path: 'tasks/job.yaml',
  ...over,
});
export const noted = (over: Over<NotedEvent> = {}): NotedEvent => ({
  ...base,
  kind: 'noted',
  reason: 'expired',
  message: 'notAfter has passed',
  ...over,
});
export const progress = (over: Over<ProgressEvent> = {}): ProgressEvent => ({
  ...base,
  kind: 'progress',
  executions: [{ device: 'smd-1', state: 'IN_PROGRESS', executionId: 'ex-1' }],
  ...over,
});
export const cancelRequested = (over: Over<CancelRequestedEvent> = {}): CancelRequestedEvent => ({
  ...base,
  kind: 'cancelRequested',
  taskId: 'st-1',
  reason: 'removed',
  ...over,
});
export const cancelAnswered = (over: Over<CancelAnsweredEvent> = {}): CancelAnsweredEvent => ({
  ...base,
  ...answer,
  kind: 'cancelAnswered',
  answer: 'accepted',
  ...over,
});
export const settled = (over: Over<SettledEvent> = {}): SettledEvent => ({
  ...base,
  kind: 'settled',
  outcome: 'succeeded',
  executions: [{ device: 'smd-1', state: 'SUCCEEDED', executionId: 'ex-1' }],
  ...over,
});

export function header(over: Partial<BatchHeader> = {}): BatchHeader {
  return {
    v: 1,
    kind: 'batch',
    seq: 1,
    replica: 'one',
    run: 'life-1',
    source: commitId(3),
    policies: commitId(3),
    at,
    ...over,
  };
}

/** A ledger that is written event by event, each in a commit of its own unless they come together. */
export class Ledger {
  readonly view: LedgerView = emptyView('00000000-0000-4000-8000-000000000000', commitId(0));

  /** Folds a commit of replica `one`; the fault where the table forbids it. */
  fold(...events: readonly LedgerEvent[]): Fault | null {
    return this.foldAs({}, ...events);
  }

  foldAs(over: Partial<BatchHeader>, ...events: readonly LedgerEvent[]): Fault | null {
    const seq = this.view.seq + 1;
    const batch: Batch = { header: header({ seq, ...over }), events };
    return foldBatch(this.view, batch, commitId(1000 + seq));
  }

  /** Folds what must be allowed. */
  write(...events: readonly LedgerEvent[]): this {
    const problem = this.fold(...events);
    if (problem !== null) throw new Error(problem.message);
    return this;
  }

  receipt(token: string = tokenA): Receipt {
    const receipt = this.view.receipts.get(token);
    if (receipt === undefined) throw new Error(`no receipt ${token}`);
    return receipt;
  }
}
