/** Makes the ledger branch, once. Nothing else ever does: a ledger made anew would ask for everything again. */
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import { isPlainMessage } from '../lib/escape.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import { prepareGitHome } from './home.ts';
import { withTemporaryDir } from './ledger-audit.ts';
import type { LedgerOptions } from './ledger-branch.ts';
import { formatPath, parseSegmentPath } from './ledger-chain.ts';
import { buildCommit, sendCommit } from './ledger-writer.ts';
import type { Mirror } from './mirror.ts';
import { fetchBranch, isAncestor, openMirror } from './mirror.ts';
import { showUrl } from './remote.ts';

export interface LedgerBeginning {
  /** The text of FORMAT, with the ledger's UUID; one line. */
  readonly format: string;
  readonly message: string;
  /** A name of the grammar of replicas. */
  readonly replica: string;
  readonly atMs: number;
  /** Segments that stand in the ledger from the first moment (a baseline), oldest first, numbered from 1. */
  readonly segments: readonly { readonly path: string; readonly text: string; readonly message: string }[];
}

export interface NewLedger {
  readonly root: CommitId;
  readonly tip: CommitId;
}

/** A push that is not answered is sent again so often; then a person looks. */
const sendsMax = 5;
const begunRef = 'refs/snowgate/begun';

/**
 * Makes the branch with its root and first segments, all in one push, so that nobody ever sees half a baseline. Of
 * two at the same time exactly one succeeds. Faults: SG4020 the branch exists (and is not what this call made),
 * SG4021 it could not be learned whether it was made, SG40xx and SG30xx of the push.
 */
export async function initLedger(
  config: LedgerConfig,
  beginning: LedgerBeginning,
  options: Pick<LedgerOptions, 'fetchTimeoutMs' | 'pushTimeoutMs' | 'redactor'> & {
    readonly signal?: AbortSignal;
  },
): Promise<Result<NewLedger>> {
  checkBeginning(beginning);
  const made = await withTemporaryDir('snowgate-init-', async (stateDir) => {
    const home = await prepareGitHome(stateDir, options.redactor);
    if (!home.ok) return home;
    const mirror = await openMirror(home.value, join(stateDir, 'mirror.git'), options.signal);
    if (!mirror.ok) return mirror;
    return begin(mirror.value, config, beginning, options);
  });
  return made.ok ? made.value : made;
}

function checkBeginning({ segments, message }: LedgerBeginning): void {
  for (const [index, { path }] of segments.entries()) {
    if (parseSegmentPath(path)?.seq !== index + 1)
      throw new BugError(`${path} cannot be segment ${index + 1}`);
  }
  for (const text of [message, ...segments.map((segment) => segment.message)]) {
    if (!isPlainMessage(text)) throw new BugError('a message of the new ledger holds text that others wrote');
  }
}

type Waits = Pick<LedgerOptions, 'fetchTimeoutMs' | 'pushTimeoutMs'> & { readonly signal?: AbortSignal };

async function begin(
  mirror: Mirror,
  config: LedgerConfig,
  beginning: LedgerBeginning,
  waits: Waits,
): Promise<Result<NewLedger>> {
  // Asked first, because a remote that counts in SHA-256 makes the mirror anew, and to say no before any work.
  const before = await fetchBegun(mirror, config, waits);
  if (before.kind === 'fetched') return failed(existsFault(config, before.head));
  if (before.kind !== 'missing') return failed(before.fault);
  const built = await buildAll(mirror, beginning);
  return built.ok ? publish(mirror, config, built.value, waits) : built;
}

async function buildAll(mirror: Mirror, beginning: LedgerBeginning): Promise<Result<NewLedger>> {
  const { replica, atMs } = beginning;
  const first = { path: formatPath, text: beginning.format, message: beginning.message };
  const root = await buildCommit(mirror, { ...first, parent: null, atMs, replica });
  if (!root.ok) return root;
  let tip = root.value;
  for (const segment of beginning.segments) {
    const next = await buildCommit(mirror, { ...segment, parent: tip, atMs, replica });
    if (!next.ok) return next;
    tip = next.value;
  }
  return ok({ root: root.value, tip });
}

async function publish(
  mirror: Mirror,
  config: LedgerConfig,
  made: NewLedger,
  waits: Waits,
): Promise<Result<NewLedger>> {
  let last: Fault | null = null;
  for (let sends = 0; sends < sendsMax; sends += 1) {
    const { pushTimeoutMs: timeoutMs, signal } = waits;
    const order = {
      commit: made.tip,
      expected: null,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    };
    const { verdict, fault: told } = await sendCommit(mirror, config, order);
    if (verdict === 'landed') return ok(made);
    if (verdict === 'exists' || verdict === 'lost') return lookWhoseItIs(mirror, config, made, waits);
    // A refusal after an unknown answer does not take it back: the earlier send may yet land.
    if (verdict === 'unsent' || verdict === 'refused' || verdict === 'trouble') {
      return failed(last === null ? told : unclearFault(config, last));
    }
    last = told;
  }
  return failed(last === null ? existsFault(config, made.tip) : unclearFault(config, last));
}

/** The branch is there: made by this call, if an answer was lost, or by somebody else. */
async function lookWhoseItIs(
  mirror: Mirror,
  config: LedgerConfig,
  made: NewLedger,
  waits: Waits,
): Promise<Result<NewLedger>> {
  const now = await fetchBegun(mirror, config, waits);
  if (now.kind !== 'fetched') return failed(unclearFault(config, now.fault));
  const ours = await isAncestor(mirror, made.tip, now.head);
  if (!ours.ok) return ours;
  return ours.value ? ok(made) : failed(existsFault(config, now.head));
}

function fetchBegun(mirror: Mirror, config: LedgerConfig, waits: Waits) {
  const request = { remote: config, localRef: begunRef, force: true, timeoutMs: waits.fetchTimeoutMs };
  return fetchBranch(mirror, request);
}

function existsFault(config: LedgerConfig, tip: CommitId): Fault {
  return fault(
    'SG4020',
    'human',
    `the branch ${config.branch} of ${showUrl(config.url)} exists already, at ${tip}`,
    'a ledger is made once: use the one that is there, or name another ledger.branch',
  );
}

function unclearFault(config: LedgerConfig, last: Fault): Fault {
  return fault(
    'SG4021',
    'human',
    `it could not be learned whether the ledger branch ${config.branch} was made: ${last.message}`,
    'once the server answers again, look with `snowgate ledger verify`; where there is no branch, run `snowgate ledger init` again',
  );
}
