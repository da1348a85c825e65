/**
 * What `git push --porcelain` of one commit to one branch has said, as a closed set. The texts are git's own (and
 * GitHub's) under LC_ALL=C; test/git/push-texts.ts holds one of each. The one rule: what is not understood is
 * `unknown`, because to take a landed push for a lost one, or a lost one for landed, is how a task is made twice.
 */

/** What is left of an ended `git push`. */
export interface PushReport {
  /** null where a signal or a time limit ended it. */
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export type PushVerdict =
  /** The branch is at our commit. */
  | 'landed'
  /** The branch was not at the parent: somebody else's commit, a branch that went back, or our own landed before. */
  | 'lost'
  /** The branch exists already: a creation came too late. */
  | 'exists'
  /** Another git holds, or left behind, the branch's lock file on the server. */
  | 'locked'
  /** A hook or a setting of the server declined it. */
  | 'refused'
  /** The server could not store it: space, size, a broken repository. */
  | 'trouble'
  /** It ended before anything was sent: nobody was let in, nobody answered, or nothing was there. */
  | 'unsent'
  /** It may have landed. */
  | 'unknown';

/** One line of `--porcelain`: flag, refs, summary and reason. */
interface RefLine {
  readonly flag: string;
  readonly summary: string;
  readonly reason: string;
}

/**
 * Says what the push of `commit` to `ref` came to. `creates` tells a push that makes the branch from one that moves
 * it: a branch made by a push that was to move it is not understood, and so unknown.
 *
 * The last line, `Done`, proves nothing: git prints it after a connection that was cut, too.
 */
export function classifyPush(
  report: PushReport,
  push: { readonly ref: string; readonly commit: string; readonly creates: boolean },
): PushVerdict {
  if (report.timedOut || report.code === null) return 'unknown';
  const line = findRefLine(report.stdout, push);
  if (line === undefined) {
    if (report.code !== 0 && tooLarge.test(report.stderr)) return 'trouble';
    return report.code === 128 ? classifyFatal(report.stderr) : 'unknown';
  }
  if (report.code === 0) return isLanded(line, push.creates) ? 'landed' : 'unknown';
  if (line.flag !== '!') return 'unknown';
  if (line.summary === '[rejected]') return classifyRejected(line.reason, push.creates);
  if (line.summary === '[remote rejected]') return classifyRemoteRejected(line.reason, report.stderr);
  return 'unknown';
}

/** What stands in brackets behind the server's answer for the branch, in its words; empty where nothing does. */
export function pushReason(stdout: string, push: { readonly ref: string; readonly commit: string }): string {
  return findRefLine(stdout, push)?.reason ?? '';
}

function findRefLine(
  stdout: string,
  push: { readonly ref: string; readonly commit: string },
): RefLine | undefined {
  const refs = `${push.commit}:${push.ref}`;
  const lines = stdout.split('\n').filter((text) => text.slice(1).startsWith(`\t${refs}\t`));
  const [text, ...more] = lines;
  if (text === undefined || more.length > 0) return undefined;
  const outcome = text.slice(refs.length + 3);
  const [, summary = '', reason = ''] = /^(\[[^\]]*\]|\S+)(?: \((.*)\))?$/.exec(outcome) ?? [];
  return { flag: text.slice(0, 1), summary, reason };
}

function isLanded(line: RefLine, creates: boolean): boolean {
  if (line.flag === '=') return line.summary === '[up to date]';
  if (line.flag === '*') return creates && line.summary === '[new branch]';
  return line.flag === ' ' && /^[0-9a-f]+\.\.[0-9a-f]+$/.test(line.summary);
}

function classifyRejected(reason: string, creates: boolean): PushVerdict {
  const reasons = [
    'non-fast-forward',
    'fetch first',
    'needs force',
    'stale info',
    'remote ref updated since checkout',
  ];
  if (!reasons.includes(reason)) return 'unknown';
  return creates ? 'exists' : 'lost';
}

const lockHeld = /Unable to create '[^\n]*\.lock': File exists/;
const lostRace = /cannot lock ref '[^'\n]*': is at [0-9a-f]+ but expected [0-9a-f]+/;
const createRace = /cannot lock ref '[^'\n]*': reference already exists/;
/** git could not make or fill the lock file, and so did not touch the branch: a full disk, or a missing right. */
const lockFailed =
  /cannot lock ref '[^\n]*': Unable to create '[^\n]*\.lock': (?!File exists)|cannot update ref '[^\n]*': couldn't write '[^\n]*\.lock'/;
const declined = [
  'pre-receive hook declined',
  'hook declined',
  'non-fast-forward',
  'deletion prohibited',
  'branch is currently checked out',
  'deny updating a hidden ref',
];
/** Of hosts: GitHub's protected branches and its rules, Azure DevOps' permissions and policies, Gerrit's rights. */
const declinedByHost =
  /^(protected branch hook declined|push declined due to repository rule violations|TF40\d{4}: |prohibited by Gerrit)/;

function classifyRemoteRejected(reason: string, stderr: string): PushVerdict {
  if (declined.includes(reason) || declinedByHost.test(reason)) return 'refused';
  if (reason === 'unable to migrate objects to permanent storage') return 'trouble';
  if (reason === 'unpacker error') return isServerTrouble(stderr) ? 'trouble' : 'unknown';
  // The same bracket stands for a lost race and for a stale lock; the words beside it tell which. GitHub puts the
  // words into the bracket itself.
  const said = reason.startsWith('cannot lock ref') ? reason : stderr;
  if (reason !== 'failed to update ref' && said !== reason) return 'unknown';
  if (lockHeld.test(said)) return 'locked';
  if (lockFailed.test(said)) return 'trouble';
  if (lostRace.test(said)) return 'lost';
  if (createRace.test(said)) return 'exists';
  return 'unknown';
}

function isServerTrouble(stderr: string): boolean {
  return /No space left on device|Disk quota exceeded|File too large|pack exceeds maximum allowed size|insufficient permission for adding an object|Read-only file system|unable to create temporary object directory/.test(
    stderr,
  );
}

/**
 * Exit code 128 without a line about the branch. These are the words with which git ends before it has seen the
 * remote's branches (`discover_refs` over http, `die_initial_contact` elsewhere); once a pack may be on its way it
 * says "RPC failed" or "hung up". What the server itself says stands behind "remote: " and proves nothing.
 */
const unsent = [
  /^fatal: unable to access '/m,
  /^fatal: could not read (Username|Password) for /m,
  /^fatal: Authentication failed for /m,
  /^fatal: repository '.*' not found/m,
  /^fatal: '.*' does not appear to be a git repository/m,
  /^fatal: (remote error: )?access denied or repository not exported/m,
  /^fatal: detected dubious ownership in repository/m,
  /^fatal: unable to (connect to|look up) /m,
  /^fatal: Could not read from remote repository\./m,
];
/**
 * A status that answers the request with the objects. 413 comes before they are handed on, and what is handed on of
 * a request without a length is a pack that breaks off: the branch stays. Any other status may come from a server
 * between, after the effect.
 */
const tooLarge = /^error: RPC failed; HTTP 413 /m;
const sent = /RPC failed|unexpected disconnect|the remote end hung up|early EOF/;

function classifyFatal(stderr: string): PushVerdict {
  return !sent.test(stderr) && unsent.some((pattern) => pattern.test(stderr)) ? 'unsent' : 'unknown';
}
