/** Makes a commit of the ledger in the mirror, and sends it as a compare-and-swap. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import { escapeTerminal } from '../lib/escape.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { diskLimitBytes, memoryLimitBytes } from './appetite.ts';
import { boundWords, explainRemote, scrub } from './git-fault.ts';
import { explainLocal } from './ledger-reader.ts';
import type { Mirror } from './mirror.ts';
import { isObjectId, runLocal } from './mirror.ts';
import type { GitResult } from './process.ts';
import { runGit, succeeded } from './process.ts';
import type { PushVerdict } from './push-answer.ts';
import { classifyPush, pushReason } from './push-answer.ts';
import type { RemoteAccess } from './remote.ts';
import { prepareRemote, remoteScheme } from './remote.ts';

/** One file more than its parent; without a parent, a root. */
export interface CommitPlan {
  readonly parent: CommitId | null;
  readonly path: string;
  readonly text: string;
  readonly message: string;
  readonly atMs: number;
  /** A name of the grammar of replicas: it stands in the commit as author and committer. */
  readonly replica: string;
}

/** Writing one small commit into a local repository takes 15 ms; more than this means that the disk hangs. */
const buildTimeoutMs = 30_000;
/** Of what git writes of its talk with a server that is asked whether a push would be let in. */
const traceBytesMax = 64 * 1024;
/** Named so that the newest commit built is never collected; it is nothing that anybody reads. */
const builtRef = 'refs/snowgate/built';

/**
 * Builds the commit: the same input gives the same id, whoever builds it. Nobody sees it before it is pushed.
 * Fault: SG4003, the mirror cannot be written.
 */
export async function buildCommit(mirror: Mirror, plan: CommitPlan): Promise<Result<CommitId>> {
  const built = await runLocal(mirror, ['fast-import', '--quiet', '--force', '--done'], {
    input: importStream(plan),
    timeoutMs: buildTimeoutMs,
  });
  const id = built.stdout.toString('utf8').trim();
  if (succeeded(built) && isObjectId(id)) return ok(id);
  return failed(explainLocal(built, "writing a commit into the ledger's mirror", buildTimeoutMs));
}

function importStream(plan: CommitPlan): Buffer {
  const who = `snowgate <${plan.replica}> ${Math.floor(plan.atMs / 1000)} +0000`;
  const message = plan.message.endsWith('\n') ? plan.message : `${plan.message}\n`;
  return Buffer.concat([
    Buffer.from(`commit ${builtRef}\nmark :1\nauthor ${who}\ncommitter ${who}\n`),
    dataOf(message),
    // fast-import knows the branches of its own run only: without `from` this is a root, wherever the ref was.
    Buffer.from(plan.parent === null ? '' : `from ${plan.parent}\n`),
    Buffer.from(`M 100644 inline ${plan.path}\n`),
    dataOf(plan.text),
    Buffer.from('get-mark :1\ndone\n'),
  ]);
}

function dataOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}

export interface PushOrder {
  readonly commit: CommitId;
  /** Where the branch must be for the commit to land; null where it must not be at all. */
  readonly expected: CommitId | null;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface PushOutcome {
  readonly verdict: PushVerdict;
  /** What there is to say about a verdict other than landed, lost and exists. */
  readonly fault: Fault;
}

/**
 * Sends the commit once. The lease makes git look before it sends, and the server compare when it moves the branch;
 * only the second is the compare-and-swap, but a plain push would make a deleted branch anew.
 */
export async function sendCommit(
  mirror: Mirror,
  config: LedgerConfig,
  order: PushOrder,
): Promise<PushOutcome> {
  const access = await prepareRemote(config, mirror.home);
  if (!access.ok) return { verdict: 'unsent', fault: access.fault };
  const { result, explained, verdict } = await push(mirror, config, access.value, order, []);
  if (verdict === 'locked') return { verdict, fault: lockedFault(config, result, access.value) };
  const said = pushReason(result.stdout.toString('utf8'), wishOf(config, order));
  const reason = boundWords(scrub(said, access.value.secrets));
  return { verdict, fault: tell(verdict, reason, explained) };
}

/**
 * Asks the server for a push as {@link sendCommit} does, and sends nothing: git ends after it has been let in to push and
 * has been told the branches. So credentials and the right to open a push are proved; what a server judges by the commits
 * themselves (hooks, protected branches, quotas) is not. Null where it was let in.
 */
export async function rehearsePush(
  mirror: Mirror,
  config: LedgerConfig,
  order: PushOrder,
): Promise<Fault | null> {
  const access = await prepareRemote(config, mirror.home);
  if (!access.ok) return access.fault;
  const traceFile = join(mirror.dir, 'rehearsal.trace');
  const traced = { ...access.value, env: { ...access.value.env, GIT_TRACE_PACKET: traceFile } };
  const { explained, verdict } = await push(mirror, config, traced, order, ['--dry-run']);
  // A branch that has moved meanwhile was seen by a push that was let in.
  if (verdict !== 'landed' && verdict !== 'lost' && verdict !== 'exists') return explained;
  // Over http the two have addresses of their own, and a file:// repository is served by our own git.
  if (remoteScheme(config.url) !== 'ssh' || (await hasReceived(traceFile))) return null;
  return fault(
    'SG3003',
    'human',
    `pushing to the ledger branch ${config.branch} of ${access.value.shown} was answered as a fetch is: the key may only read`,
    'give the key of ledger.auth the right to push; a forced command must run git-receive-pack for it',
  );
}

/**
 * Whether who answered takes pushes. An ssh key may be bound to git-upload-pack, which tells the branches just as well, and
 * so contents a dry run; but only who receives offers to report. What is traced are git's own lines, and no secret.
 */
async function hasReceived(traceFile: string): Promise<boolean> {
  const trace = await readBeginning(traceFile).catch(() => '');
  return /push< [0-9a-f]{40,64} [^\n]*\\0[^\n]*\breport-status\b/.test(trace);
}

/** What is offered stands in the first lines; a hostile server may have sent any amount after them. */
async function readBeginning(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(traceBytesMax) });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function refOf(config: LedgerConfig): string {
  return `refs/heads/${config.branch}`;
}

function wishOf(config: LedgerConfig, order: PushOrder) {
  return { ref: refOf(config), commit: order.commit, creates: order.expected === null };
}

async function push(
  mirror: Mirror,
  config: LedgerConfig,
  access: RemoteAccess,
  order: PushOrder,
  flags: readonly string[],
) {
  const ref = refOf(config);
  const lease = `--force-with-lease=${ref}:${order.expected ?? ''}`;
  const said = ['push', ...flags, '--porcelain', '--no-progress', '--no-follow-tags', lease];
  const result = await runGit([...said, '--', access.url, `${order.commit}:${ref}`], {
    gitDir: mirror.dir,
    cwd: access.cwd,
    env: access.env,
    stdoutLimitBytes: 64 * 1024,
    timeoutMs: order.timeoutMs,
    limits: { memoryBytes: memoryLimitBytes, disk: { mirrorDir: mirror.dir, bytes: diskLimitBytes } },
    ...(order.signal === undefined ? {} : { signal: order.signal }),
  });
  const doing = `pushing to the ledger branch ${config.branch} of`;
  const explained = explainRemote(result, access, doing, order.timeoutMs);
  // One that we ended may have sent everything.
  const code = result.stopped === null ? result.code : null;
  const report = {
    code,
    timedOut: result.timedOut,
    stdout: result.stdout.toString('utf8'),
    stderr: result.stderr,
  };
  // git that was never started has sent nothing.
  const verdict = result.spawnError === null ? classifyPush(report, wishOf(config, order)) : 'unsent';
  return { result, explained, verdict };
}

/** What was made of the push, in our words, with the server's reason and git's own words behind them. */
function tell(verdict: PushVerdict, reason: string, explained: Fault): Fault {
  const said = / \(git: .*\)$/s.exec(explained.message)?.[0] ?? '';
  const words = `${reason === '' ? '' : `: ${reason}`}${said}`;
  switch (verdict) {
    case 'refused':
      return fault(
        'SG4004',
        'human',
        `the server declined the push to the ledger${words}`,
        "a hook or a branch protection forbids it: allow the key of ledger.auth to push to ledger.branch; the words behind 'remote:' are the server's",
      );
    case 'trouble':
      return fault(
        'SG4006',
        'human',
        `the server could not store the push to the ledger${words}`,
        "make room on the server, or raise its limit (git's receive.maxInputSize, a web server's largest request); the words behind 'remote:' are the server's",
      );
    case 'unknown':
      return fault(
        'SG4002',
        explained.class === 'human' ? 'human' : 'retry',
        `nobody can say yet whether the push to the ledger landed: ${explained.message}`,
        `the same commit is sent again until it is known; nothing is issued before; ${adviceBehind(explained)}`,
      );
    case 'landed':
    case 'lost':
    case 'exists':
    case 'unsent':
    case 'locked':
      return explained;
  }
}

function adviceBehind({ code, hint = '' }: Fault): string {
  // A push has no time limit that could be raised: a claim's deadline runs meanwhile.
  if (code === 'SG3008') return 'look at the server, or at a proxy between, if it goes on';
  return hint.replace(/^it is tried again; /, '');
}

/** The lock's path is what the person who removes it needs, and git's advice around it is longer than its words kept. */
function lockedFault(config: LedgerConfig, result: GitResult, { secrets }: RemoteAccess): Fault {
  const said = scrub(`${result.stderr}\n${result.stdout.toString('utf8')}`, secrets);
  const path = /Unable to create '([^'\n]{1,300}\.lock)'/.exec(said)?.[1];
  return fault(
    'SG4005',
    'retry',
    `the ledger branch ${config.branch} is locked in the server${path === undefined ? '' : ` by ${escapeTerminal(path)}`}`,
    'it is tried again; a lock that stays for minutes was left by a git that was killed: once no git runs in that repository, remove the file',
  );
}
