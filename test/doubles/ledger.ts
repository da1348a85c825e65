/**
 * A ledger branch in memory, and stores (one for each replica) that share it. Everything happens inside the call, in
 * order, without a timer and without chance: faults come from the plan that the test passes in, so that a seeded
 * simulation can run it many thousands of times and any run can be had again.
 *
 * It keeps the promises of the real store (test/contract/ledger-store.ts runs on both) and takes the same liberties:
 * an answer may be lost before or after the effect, and a push given up may still land later.
 */
import type {
  CommitId,
  LedgerFetch,
  LedgerSegment,
  LedgerStore,
  PushAnswer,
} from '../../src/controller/ports.ts';
import { parseSegmentPath } from '../../src/git/ledger-chain.ts';
import { sha256Hex } from '../../src/lib/digest.ts';
import { isPlainMessage } from '../../src/lib/escape.ts';
import { BugError, type Fault, failed, fault, ok } from '../../src/lib/faults.ts';

interface StoredCommit {
  readonly commit: CommitId;
  readonly parent: CommitId | null;
  readonly height: number;
  readonly path: string;
  readonly text: string;
  readonly message: string;
}

/** What a plan may do to a push. */
export type PushFault =
  /** The push never reaches the remote; the answer is `unknown`. */
  | 'lostBefore'
  /** The push takes effect; the answer is `unknown`. */
  | 'lostAfter'
  /** The push hangs in the server and may land later ({@link LedgerRemote.landLate}); the answer is `unknown`. */
  | 'inFlight'
  /** A hook says no; the answer is `refused`. */
  | 'refused';

/** What a plan may do to a fetch: nothing is learned. */
type FetchFault = 'unreachable';

/** Decides about each call of one store, when it is made. Absent, or undefined, means that nothing goes wrong. */
export interface LedgerFaultPlan {
  onFetch?(): FetchFault | undefined;
  onPush?(commit: CommitId): PushFault | undefined;
}

/** What a store's state directory holds; a new object is a lost state directory. */
export interface LedgerMemory {
  tip: CommitId | null;
  /** The value of `acceptCommit` that was used up. */
  accepted: CommitId | null;
}

export function emptyLedgerMemory(): LedgerMemory {
  return { tip: null, accepted: null };
}

/** The branch that all replicas share, and what a person, or a bad day, can do to it. */
export class LedgerRemote {
  readonly root: CommitId;
  readonly format: string;
  readonly #commits = new Map<CommitId, StoredCommit>();
  readonly #inFlight: StoredCommit[] = [];
  #tip: CommitId | null;

  constructor(format: string) {
    this.format = format;
    this.root = sha256Hex(`root\0${format}`).slice(0, 40);
    this.#commits.set(this.root, {
      commit: this.root,
      parent: null,
      height: 0,
      path: 'FORMAT',
      text: format,
      message: 'Begin the ledger\n',
    });
    this.#tip = this.root;
  }

  /** Where the branch is; null when it is gone. */
  get tip(): CommitId | null {
    return this.#tip;
  }

  /** How many pushes still hang in the server. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** The branch's segments, oldest first. */
  segments(): LedgerSegment[] {
    return this.#tip === null ? [] : this.segmentsAfter(this.root, this.#tip);
  }

  /** The message of a commit that has reached the remote. */
  messageOf(commit: CommitId): string | undefined {
    return this.#commits.get(commit)?.message;
  }

  /** Moves the branch to any commit it has ever held, as an administrator's force would. */
  rewind(commit: CommitId): void {
    if (!this.#commits.has(commit)) throw new BugError(`the double has no commit ${commit}`);
    this.#tip = commit;
  }

  deleteBranch(): void {
    this.#tip = null;
  }

  /** Lets the oldest hanging push reach the branch: it lands if the branch is still at its parent. */
  landLate(): boolean {
    const commit = this.#inFlight.shift();
    return commit !== undefined && this.#swap(commit) === 'landed';
  }

  /** Forgets the oldest hanging push: the server died with it. */
  dropLate(): void {
    this.#inFlight.shift();
  }

  /** For stores: one push, with the fault that befalls it. */
  receive(commit: StoredCommit, trouble: PushFault | undefined): 'landed' | 'lost' | 'refused' | 'unknown' {
    if (trouble === 'lostBefore') return 'unknown';
    if (trouble === 'inFlight') {
      this.#inFlight.push(commit);
      return 'unknown';
    }
    // git looks at what the remote shows before it sends anything: what landed needs no hook's leave.
    if (trouble === 'refused') return this.#isOn(commit.commit) ? 'landed' : 'refused';
    const answer = this.#swap(commit);
    return trouble === 'lostAfter' ? 'unknown' : answer;
  }

  /** For stores: whether `commit` is `ancestor` or descends from it. */
  descends(commit: CommitId, ancestor: CommitId): boolean {
    const wanted = this.#commits.get(ancestor);
    if (wanted === undefined) return false;
    let at = this.#commits.get(commit);
    while (at !== undefined && at.height > wanted.height) at = this.#parentOf(at);
    return at?.commit === ancestor;
  }

  /** For stores: the commits after `from`, up to `tip`, oldest first. */
  segmentsAfter(from: CommitId, tip: CommitId): LedgerSegment[] {
    const segments: LedgerSegment[] = [];
    let at = this.#commits.get(tip);
    while (at !== undefined && at.commit !== from) {
      segments.push({ commit: at.commit, path: at.path, text: at.text });
      at = this.#parentOf(at);
    }
    return segments.reverse();
  }

  /** For stores: the height of a commit that the remote has; undefined for any other. */
  heightOf(commit: CommitId): number | undefined {
    return this.#commits.get(commit)?.height;
  }

  #swap(commit: StoredCommit): 'landed' | 'lost' | 'refused' {
    if (this.#tip === null) return 'refused';
    if (this.#isOn(commit.commit)) return 'landed';
    if (this.#tip !== commit.parent) return 'lost';
    this.#commits.set(commit.commit, commit);
    this.#tip = commit.commit;
    return 'landed';
  }

  #isOn(commit: CommitId): boolean {
    return this.#tip !== null && this.descends(this.#tip, commit);
  }

  #parentOf(commit: StoredCommit): StoredCommit | undefined {
    return commit.parent === null ? undefined : this.#commits.get(commit.parent);
  }
}

export interface LedgerDoubleOptions {
  readonly plan?: LedgerFaultPlan;
  /** Kept by the caller over restarts of the store. */
  readonly memory?: LedgerMemory;
  readonly acceptCommit?: CommitId;
}

const unreachable: Fault = fault('SG3002', 'retry', 'the ledger cannot be reached (planned by the test)');
const unheard: Fault = fault('SG4002', 'retry', 'the push was not answered (planned by the test)');
const refused: Fault = fault('SG4004', 'human', 'a hook of the ledger declined (planned by the test)');

/** A replica's store on the shared branch; opening it again with the same memory is a restart. */
export function openLedgerDouble(remote: LedgerRemote, options: LedgerDoubleOptions = {}): LedgerStore {
  const memory = options.memory ?? emptyLedgerMemory();
  const acceptCommit = options.acceptCommit ?? null;
  if (memory.accepted !== acceptCommit) memory.accepted = null;
  const atStart = memory.tip;
  const built = new Map<CommitId, StoredCommit>();
  const doubtful = new Set<CommitId>();
  let handedOut: CommitId | null = null;

  const judge = (): Extract<LedgerFetch, { kind: 'halted' }> | CommitId => {
    const tip = remote.tip;
    if (tip === null) return halt('SG4010', 'the ledger branch is gone');
    const floor = memory.tip ?? acceptCommit;
    if (floor === null || remote.descends(tip, floor)) return tip;
    const accepts =
      handedOut === null &&
      acceptCommit !== null &&
      memory.accepted !== acceptCommit &&
      remote.descends(tip, acceptCommit);
    return accepts ? tip : halt('SG4011', `the ledger went back from ${floor} to ${tip}`);
  };

  return {
    remembered: () => Promise.resolve(atStart),

    fetch: () => {
      if (options.plan?.onFetch?.() === 'unreachable') {
        return Promise.resolve<LedgerFetch>({ kind: 'unreachable', fault: unreachable });
      }
      const tip = judge();
      if (typeof tip !== 'string') return Promise.resolve<LedgerFetch>(tip);
      const segments = remote.segmentsAfter(handedOut ?? remote.root, tip);
      handedOut = tip;
      memory.tip = tip;
      if (acceptCommit !== null && remote.descends(tip, acceptCommit)) memory.accepted = acceptCommit;
      return Promise.resolve<LedgerFetch>({
        kind: 'fetched',
        root: remote.root,
        format: remote.format,
        tip,
        segments,
      });
    },

    commit: ({ parent, path, text, message, atMs }) => {
      const name = parseSegmentPath(path);
      if (name === undefined) throw new BugError(`no path of a segment: ${path}`);
      if (!isPlainMessage(message)) throw new BugError(`the message of ${path} holds text that others wrote`);
      const parentHeight = remote.heightOf(parent) ?? built.get(parent)?.height;
      if (parentHeight === undefined) {
        return Promise.resolve(failed(fault('SG4030', 'retry', `the commit ${parent} is not in the mirror`)));
      }
      if (name.seq !== parentHeight + 1) throw new BugError(`${path} is to be commit ${parentHeight + 1}`);
      const commit = sha256Hex(JSON.stringify([parent, path, text, message, atMs])).slice(0, 40);
      built.set(commit, { commit, parent, height: parentHeight + 1, path, text, message });
      return Promise.resolve(ok({ commit, parent }));
    },

    push: ({ commit }) => {
      const stored = built.get(commit);
      if (stored === undefined) throw new BugError(`commit ${commit} was never built by this store`);
      const answer = remote.receive(stored, options.plan?.onPush?.(commit));
      const inDoubt = answer === 'refused' && doubtful.has(commit);
      if (answer === 'unknown') doubtful.add(commit);
      if (answer === 'landed' || answer === 'lost') doubtful.delete(commit);
      const isNews = memory.tip === null || remote.descends(commit, memory.tip);
      if (answer === 'landed' && isNews) memory.tip = commit;
      return Promise.resolve<PushAnswer>(inDoubt ? { kind: 'unknown', fault: refused } : tellAnswer(answer));
    },
  };
}

function tellAnswer(answer: 'landed' | 'lost' | 'refused' | 'unknown'): PushAnswer {
  if (answer === 'refused') return { kind: 'refused', fault: refused };
  if (answer === 'unknown') return { kind: 'unknown', fault: unheard };
  return { kind: answer };
}

function halt(code: 'SG4010' | 'SG4011', message: string): Extract<LedgerFetch, { kind: 'halted' }> {
  return { kind: 'halted', fault: fault(code, 'human', message) };
}
