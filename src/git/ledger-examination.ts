/** A look at the ledger branch for `snowgate doctor`: every question is asked, and nothing is changed anywhere. */
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { prepareGitHome } from './home.ts';
import { withTemporaryDir } from './ledger-audit.ts';
import { formatPath } from './ledger-chain.ts';
import { goneFault, wentBackFault } from './ledger-fault.ts';
import { type LedgerKnowledge, memoryFileIn, readKnowledge } from './ledger-memory.ts';
import { ledgerLimits, readChain, readSegments } from './ledger-reader.ts';
import { buildCommit, rehearsePush } from './ledger-writer.ts';
import type { Mirror } from './mirror.ts';
import { fetchBranch, isAncestor, openMirror } from './mirror.ts';

/** Each answer, or null where the one before it left nothing to ask. */
export interface LedgerExamination {
  /** The tip; SG4010 where the server answers and has no such branch. */
  readonly branch: Result<CommitId>;
  /** The text of FORMAT. */
  readonly format: Result<string> | null;
  /** How many commits were checked, each of which adds one file and changes none. */
  readonly chain: Result<number> | null;
  /** Whether the branch is, or descends from, the newest tip that the state directory remembers. */
  readonly grown: Result<CommitId | null> | null;
  /** Whether the server lets these credentials open a push. */
  readonly push: Result<null> | null;
}

export interface ExaminationOptions {
  /** Of the controller: its memory of the branch is read. Our own mirror is somewhere else, and thrown away. */
  readonly stateDir: string;
  readonly fetchTimeoutMs: number;
  readonly pushTimeoutMs: number;
  readonly redactor: Pick<Redactor, 'register'>;
  readonly signal: AbortSignal;
}

/** Looks at the ledger. Contents of its segments are not read: `snowgate ledger verify` does that. */
export async function examineLedger(
  config: LedgerConfig,
  options: ExaminationOptions,
): Promise<LedgerExamination> {
  // Before the fetch: a controller that runs beside us only moves on.
  const known = await readKnowledge(memoryFileIn(options.stateDir));
  const answer = await withTemporaryDir('snowgate-doctor-', async (dir) => {
    const home = await prepareGitHome(dir, options.redactor);
    if (!home.ok) return unreached(home.fault);
    const mirror = await openMirror(home.value, join(dir, 'mirror.git'), options.signal);
    return mirror.ok ? examine(mirror.value, config, options, known) : unreached(mirror.fault);
  });
  return answer.ok ? answer.value : unreached(answer.fault);
}

function unreached(fault: Fault): LedgerExamination {
  return { branch: failed(fault), format: null, chain: null, grown: null, push: null };
}

async function examine(
  mirror: Mirror,
  config: LedgerConfig,
  options: ExaminationOptions,
  known: LedgerKnowledge,
): Promise<LedgerExamination> {
  const request = { remote: config, localRef: 'refs/snowgate/examined', force: true };
  const fetched = await fetchBranch(mirror, { ...request, timeoutMs: options.fetchTimeoutMs });
  // The mirror that a person restores from is the controller's, not ours.
  const kept = { ...mirror, dir: join(options.stateDir, 'ledger', 'mirror.git') };
  if (fetched.kind === 'missing') {
    const gone = failed(goneFault(config, kept, known.tip));
    return {
      branch: gone,
      format: null,
      chain: null,
      grown: null,
      push: await rehearse(mirror, config, options, null),
    };
  }
  if (fetched.kind !== 'fetched') return unreached(fetched.fault);
  const tip = fetched.head;
  const { format, chain } = await readBranch(mirror, tip);
  const grown = await proveGrown(mirror, kept, config, known, tip);
  return { branch: ok(tip), format, chain, grown, push: await rehearse(mirror, config, options, tip) };
}

async function readBranch(
  mirror: Mirror,
  tip: CommitId,
): Promise<Pick<LedgerExamination, 'format' | 'chain'>> {
  const links = await readChain(mirror, null, tip, ledgerLimits);
  if (!links.ok) return { format: null, chain: failed(links.fault.fault) };
  const chain = ok(links.value.length);
  const root = links.value.filter(({ path }) => path === formatPath);
  const texts = await readSegments(mirror, null, root, ledgerLimits);
  if (!texts.ok) return { format: failed(texts.fault.fault), chain };
  return { format: ok(texts.value[0]?.text ?? ''), chain };
}

/** As the controller judges it at a start. */
async function proveGrown(
  mirror: Mirror,
  kept: Mirror,
  config: LedgerConfig,
  known: LedgerKnowledge,
  tip: CommitId,
): Promise<Result<CommitId | null>> {
  const { acceptCommit } = config;
  const floor = known.tip ?? acceptCommit ?? null;
  if (floor === null) return ok(null);
  const grew = await isAncestor(mirror, floor, tip);
  if (!grew.ok) return grew;
  if (grew.value) return ok(floor);
  if (acceptCommit !== undefined && known.accepted !== acceptCommit) {
    const accepted = await isAncestor(mirror, acceptCommit, tip);
    if (!accepted.ok) return accepted;
    if (accepted.value) return ok(acceptCommit);
  }
  const back = await isAncestor(kept, tip, floor);
  const wentBack = back.ok && back.value;
  const acceptUsed = known.accepted !== null;
  return failed(wentBackFault({ config, mirror: kept, known: floor, tip, wentBack, acceptUsed }));
}

/** Where there is no branch yet, the push that `snowgate ledger init` would make. */
async function rehearse(
  mirror: Mirror,
  config: LedgerConfig,
  options: ExaminationOptions,
  tip: CommitId | null,
): Promise<Result<null>> {
  const first = {
    parent: null,
    path: formatPath,
    text: '\n',
    message: 'Rehearse',
    atMs: 0,
    replica: 'doctor',
  };
  const commit = tip === null ? await buildCommit(mirror, first) : ok(tip);
  if (!commit.ok) return commit;
  const { pushTimeoutMs: timeoutMs, signal } = options;
  const refused = await rehearsePush(mirror, config, {
    commit: commit.value,
    expected: tip,
    timeoutMs,
    signal,
  });
  return refused === null ? ok(null) : failed(refused);
}
