/**
 * The ledger as a branch of a remote: proves at every fetch that it only grew, and adds to it by compare-and-swap.
 *
 * Three tips are told apart. *Incoming* is what the remote shows; nobody trusts it. *Known* is the newest one that was
 * ever proved or pushed, in this life or an earlier one; incoming must descend from it. *Read* is how far the caller
 * has been told; it is checked commit by commit, once.
 */
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { CommitId, LedgerCommit, LedgerFetch, LedgerStore, PushAnswer } from '../controller/ports.ts';
import { isPlainMessage } from '../lib/escape.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { claimDir, prepareGitHome } from './home.ts';
import type { ChainLink } from './ledger-chain.ts';
import { parseSegmentPath } from './ledger-chain.ts';
import { goneFault, otherLedgerFault, wentBackFault } from './ledger-fault.ts';
import type { LedgerKnowledge } from './ledger-memory.ts';
import { memoryFileIn, readKnowledge, recall, remember } from './ledger-memory.ts';
import type { LedgerLimits } from './ledger-reader.ts';
import { ledgerLimits, readChain, readSegments } from './ledger-reader.ts';
import { buildCommit, sendCommit } from './ledger-writer.ts';
import type { Mirror } from './mirror.ts';
import { fetchBranch, isAncestor, MirrorKeeper, openMirror } from './mirror.ts';

export interface LedgerOptions {
  /** Everything of ours is below `ledger` in it; the caller holds its lock. */
  readonly stateDir: string;
  /** The state directory of a controller, for who only looks: the newest tip that is known there is known here, too. */
  readonly knownFrom?: string;
  readonly fetchTimeoutMs: number;
  /** A push that hangs holds up the pass: the claim's deadline runs meanwhile. */
  readonly pushTimeoutMs: number;
  /** Told of each secret that is read. */
  readonly redactor: Pick<Redactor, 'register'>;
  readonly limits?: LedgerLimits;
}

/** A store that is open on a state directory. */
export interface OpenLedger extends LedgerStore {
  /** Repacks the mirror when it is time. Between passes. */
  maintain(): Promise<Result<{ readonly repacked: boolean }>>;
  /** Ends what git is doing for it; what is asked afterwards is answered with a fault. */
  close(): Promise<void>;
}

const incomingRef = 'refs/snowgate/incoming';

/**
 * Opens the ledger's mirror; the remote is not asked yet. Faults: SG3001, SG3009, SG3021 for the state directory,
 * SG4003 for the mirror in it.
 */
export async function openLedger(config: LedgerConfig, options: LedgerOptions): Promise<Result<OpenLedger>> {
  const home = await prepareGitHome(options.stateDir, options.redactor);
  if (!home.ok) return home;
  const dir = join(options.stateDir, 'ledger');
  const claimed = await claimDir(dir);
  if (!claimed.ok) return claimed;
  const mirror = await openMirror(home.value, join(dir, 'mirror.git'));
  if (!mirror.ok) return mirror;
  const memoryFile = memoryFileIn(options.stateDir);
  const recalled = await recall(mirror.value, memoryFile);
  if (!recalled.ok) return recalled;
  const { knownFrom } = options;
  let knowledge = knownFrom === undefined ? recalled.value : await readKnowledge(memoryFileIn(knownFrom));
  if (knowledge.accepted !== null && knowledge.accepted !== config.acceptCommit) {
    // Written at once: that it was taken out of the configuration must be known also if this life learns nothing.
    knowledge = { ...knowledge, accepted: null };
    const written = await remember(mirror.value, memoryFile, knowledge);
    if (!written.ok) return written;
  }
  return ok(new LedgerBranch(config, options, mirror.value, memoryFile, knowledge));
}

/** Sends that ended unknown and were never cleared up, remembered at most; the oldest is forgotten first. */
const doubtfulMax = 1000;
/** Commits of ours on which another may be built before a fetch brings them back. */
const builtMax = 1000;

class LedgerBranch implements OpenLedger {
  readonly #config: LedgerConfig;
  readonly #options: LedgerOptions;
  readonly #limits: LedgerLimits;
  readonly #mirror: Mirror;
  readonly #memoryFile: string;
  readonly #keeper: MirrorKeeper;
  readonly #atStart: CommitId | null;
  readonly #closing = new AbortController();
  /** Commits of which a send ended unknown: it may still be under way, whatever a later send is told. */
  readonly #doubtful = new Set<CommitId>();
  readonly #heights = new Map<CommitId, number>();
  #known: LedgerKnowledge;
  #root: { readonly commit: CommitId; readonly format: string } | null = null;
  #read: ChainLink | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    config: LedgerConfig,
    options: LedgerOptions,
    mirror: Mirror,
    memoryFile: string,
    knowledge: LedgerKnowledge,
  ) {
    this.#config = config;
    this.#options = options;
    this.#limits = options.limits ?? ledgerLimits;
    this.#mirror = mirror;
    this.#memoryFile = memoryFile;
    this.#keeper = new MirrorKeeper(mirror);
    this.#atStart = knowledge.tip;
    this.#known = knowledge;
  }

  remembered(): Promise<CommitId | null> {
    return Promise.resolve(this.#atStart);
  }

  fetch(): Promise<LedgerFetch> {
    return this.#inTurn(() => this.#fetch());
  }

  commit(segment: Parameters<LedgerStore['commit']>[0]): Promise<Result<LedgerCommit>> {
    return this.#inTurn(() => this.#commit(segment));
  }

  push(commit: LedgerCommit): Promise<PushAnswer> {
    return this.#inTurn(() => this.#push(commit));
  }

  maintain(): Promise<Result<{ readonly repacked: boolean }>> {
    return this.#inTurn(() => this.#keeper.maintain(this.#closing.signal));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue;
  }

  /** One git at a time in the mirror. What is queued is bounded by the callers, which wait for each answer. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(act);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #fetch(): Promise<LedgerFetch> {
    const incoming = await this.#bringIncoming();
    if (typeof incoming !== 'string') return incoming;
    const judged = await this.#judge(incoming);
    if (judged !== null) return judged;
    const links = await readChain(this.#mirror, this.#read, incoming, this.#limits);
    if (!links.ok) return toFetch(links.fault);
    const segments = await readSegments(this.#mirror, this.#read, links.value, this.#limits);
    if (!segments.ok) return toFetch(segments.fault);
    const [first, ...rest] = segments.value;
    const root = this.#root ?? (first === undefined ? null : { commit: first.commit, format: first.text });
    if (root === null) throw new BugError('a ledger was read that has no root');
    const written = await this.#learn(incoming);
    if (!written.ok) return { kind: 'unreachable', fault: written.fault };
    const news = this.#root === null ? rest : segments.value;
    this.#root = root;
    this.#read = links.value.at(-1) ?? this.#read;
    if (this.#read !== null) this.#heights.set(this.#read.commit, this.#read.height);
    return { kind: 'fetched', root: root.commit, format: root.format, tip: incoming, segments: news };
  }

  /**
   * The branch's tip, with all its commits in the mirror. The fetch is forced because only so the tip of a branch that
   * went back can be named, and accepted; it writes a ref that proves nothing, and {@link #judge} is what a fetch
   * without force would do.
   */
  async #bringIncoming(): Promise<CommitId | Exclude<LedgerFetch, { kind: 'fetched' }>> {
    this.#keeper.countFetch();
    const answer = await fetchBranch(this.#mirror, {
      remote: this.#config,
      localRef: incomingRef,
      force: true,
      timeoutMs: this.#options.fetchTimeoutMs,
      signal: this.#closing.signal,
    });
    if (answer.kind === 'fetched') return answer.head;
    if (answer.kind === 'missing') {
      return { kind: 'halted', fault: goneFault(this.#config, this.#mirror, this.#known.tip) };
    }
    // An object that git refuses (SG3011) was pushed by somebody: waiting does not heal it.
    return { kind: answer.fault.code === 'SG3011' ? 'halted' : 'unreachable', fault: answer.fault };
  }

  /** Null where the tip may be taken; else why not. */
  async #judge(tip: CommitId): Promise<Exclude<LedgerFetch, { kind: 'fetched' }> | null> {
    const { acceptCommit } = this.#config;
    const floor = this.#known.tip ?? acceptCommit ?? null;
    if (floor === null) return null;
    const grew = await isAncestor(this.#mirror, floor, tip);
    if (!grew.ok) return { kind: 'unreachable', fault: grew.fault };
    if (grew.value) return null;
    // What this life has handed out cannot be taken back: accepting takes a restart.
    const mayAccept =
      acceptCommit !== undefined && this.#read === null && this.#known.accepted !== acceptCommit;
    if (mayAccept) {
      const accepted = await isAncestor(this.#mirror, acceptCommit, tip);
      if (!accepted.ok) return { kind: 'unreachable', fault: accepted.fault };
      if (accepted.value) return null;
    }
    return { kind: 'halted', fault: await this.#explainLoss(floor, tip) };
  }

  async #explainLoss(floor: CommitId, tip: CommitId): Promise<Fault> {
    const back = await isAncestor(this.#mirror, tip, floor);
    const loss = {
      config: this.#config,
      mirror: this.#mirror,
      known: floor,
      tip,
      wentBack: back.ok && back.value,
      acceptUsed: this.#known.accepted !== null,
    };
    if (this.#root === null || loss.wentBack) return wentBackFault(loss);
    const sameRoot = await isAncestor(this.#mirror, this.#root.commit, tip);
    return sameRoot.ok && !sameRoot.value ? otherLedgerFault(loss, this.#root.commit) : wentBackFault(loss);
  }

  /** Takes a tip that was proved, or pushed, as the newest known. */
  async #learn(tip: CommitId): Promise<Result<null>> {
    const { acceptCommit } = this.#config;
    let { accepted } = this.#known;
    if (acceptCommit !== undefined && accepted !== acceptCommit) {
      const passed = await isAncestor(this.#mirror, acceptCommit, tip);
      if (!passed.ok) return passed;
      if (passed.value) accepted = acceptCommit;
    }
    const news = { tip, accepted };
    if (tip === this.#known.tip && accepted === this.#known.accepted) return ok(null);
    const written = await remember(this.#mirror, this.#memoryFile, news);
    if (written.ok) this.#known = news;
    return written;
  }

  async #commit(segment: Parameters<LedgerStore['commit']>[0]): Promise<Result<LedgerCommit>> {
    const { parent, path, text, message, atMs } = segment;
    const name = parseSegmentPath(path);
    if (name === undefined) throw new BugError(`no path of a segment: ${path}`);
    if (!isPlainMessage(message)) throw new BugError(`the message of ${path} holds text that others wrote`);
    const bytes = Buffer.byteLength(text, 'utf8');
    if (bytes > this.#limits.segmentBytes)
      return failed(tooLargeFault(path, bytes, this.#limits.segmentBytes));
    const height = this.#heights.get(parent);
    if (height === undefined) return failed(unknownParentFault(parent));
    if (name.seq !== height + 1) throw new BugError(`${path} is to be commit ${height + 1} of the ledger`);
    const built = await buildCommit(this.#mirror, {
      parent,
      path,
      text,
      message,
      atMs,
      replica: name.replica,
    });
    if (!built.ok) return built;
    this.#heights.set(built.value, name.seq);
    forgetOldest(this.#heights, builtMax);
    return ok({ commit: built.value, parent });
  }

  async #push(commit: LedgerCommit): Promise<PushAnswer> {
    this.#keeper.countFetch();
    const sent = await sendCommit(this.#mirror, this.#config, {
      commit: commit.commit,
      expected: commit.parent,
      timeoutMs: this.#options.pushTimeoutMs,
      signal: this.#closing.signal,
    });
    switch (sent.verdict) {
      case 'landed':
        return this.#settle(commit, { kind: 'landed' });
      case 'lost':
      case 'exists':
        return this.#settle(commit, await this.#lookAfter(commit));
      case 'refused':
      case 'trouble':
        return this.#settle(commit, { kind: 'refused', fault: sent.fault });
      case 'unsent': {
        const kind = sent.fault.class === 'human' ? 'refused' : 'unknown';
        return this.#settle(commit, { kind, fault: sent.fault }, 'unsent');
      }
      case 'locked':
      case 'unknown':
        return this.#settle(commit, { kind: 'unknown', fault: sent.fault });
    }
  }

  /** The branch was not where it had to be: looks where it is, because our own commit may be why. */
  async #lookAfter({ commit, parent }: LedgerCommit): Promise<PushAnswer> {
    const incoming = await this.#bringIncoming();
    if (typeof incoming !== 'string') {
      return { kind: incoming.kind === 'halted' ? 'refused' : 'unknown', fault: incoming.fault };
    }
    const landed = await isAncestor(this.#mirror, commit, incoming);
    if (!landed.ok) return { kind: 'unknown', fault: landed.fault };
    if (landed.value) return { kind: 'landed' };
    if (incoming === parent) return { kind: 'unknown', fault: restlessFault(this.#config) };
    const passed = await isAncestor(this.#mirror, parent, incoming);
    if (!passed.ok) return { kind: 'unknown', fault: passed.fault };
    if (passed.value) return { kind: 'lost' };
    return { kind: 'refused', fault: await this.#explainLoss(parent, incoming) };
  }

  /**
   * A refusal speaks of the send that was refused. While an earlier send of the same commit may be under way, it does
   * not say that the commit has not landed.
   */
  async #settle(commit: LedgerCommit, answer: PushAnswer, sent?: 'unsent'): Promise<PushAnswer> {
    const id = commit.commit;
    if (answer.kind === 'refused' && this.#doubtful.has(id)) return { kind: 'unknown', fault: answer.fault };
    if (answer.kind === 'unknown' && sent !== 'unsent') {
      this.#doubtful.add(id);
      forgetOldest(this.#doubtful, doubtfulMax);
    }
    if (answer.kind === 'landed' || answer.kind === 'lost') this.#doubtful.delete(id);
    if (answer.kind === 'landed') {
      const isNews =
        this.#known.tip === null ? ok(true) : await isAncestor(this.#mirror, this.#known.tip, id);
      // It has landed, whatever becomes of our memory; a disk that does not write fails the next fetch.
      if (isNews.ok && isNews.value) await this.#learn(id);
    }
    return answer;
  }
}

function toFetch(trouble: { readonly kind: 'halted' | 'failed'; readonly fault: Fault }): LedgerFetch {
  return { kind: trouble.kind === 'halted' ? 'halted' : 'unreachable', fault: trouble.fault };
}

function forgetOldest(kept: Set<CommitId> | Map<CommitId, number>, max: number): void {
  const [oldest] = kept.keys();
  if (kept.size > max && oldest !== undefined) kept.delete(oldest);
}

function tooLargeFault(path: string, bytes: number, limitBytes: number): Fault {
  return fault(
    'SG4031',
    'human',
    `the ledger segment ${path} has ${bytes} bytes, more than the ${limitBytes} that are read again`,
    'lower issue.batch, or shorten the annotations of the manifests in this batch',
  );
}

function unknownParentFault(parent: CommitId): Fault {
  return fault(
    'SG4030',
    'retry',
    `a ledger commit cannot stand on ${parent}, which was neither fetched nor built by this process`,
    'it is decided again after the next fetch',
  );
}

function restlessFault(config: LedgerConfig): Fault {
  return fault(
    'SG4002',
    'retry',
    `the push to the ledger branch ${config.branch} was rejected, and yet the branch is where it was`,
    'the same commit is sent again until it is known; nothing is issued before',
  );
}
