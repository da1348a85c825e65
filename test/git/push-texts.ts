/** Every text of git and of hosts that we know of a push, and what it may be taken for. */
import type { PushVerdict } from '../../src/git/push-answer.ts';

export const ref = 'refs/heads/snowgate-ledger';
export const commit = '53df02a9f677d922a77ae3946117c770a464afc3';
export const to = 'To https://git.example.com/ledger.git\n';
const failedPush = "error: failed to push some refs to 'https://git.example.com/ledger.git'\n";

function line(flag: string, outcome: string): string {
  return `${to}${flag}\t${commit}:${ref}\t${outcome}\nDone\n`;
}

export interface Case {
  readonly name: string;
  readonly code: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly creates?: boolean;
  readonly verdict: PushVerdict;
}

export const cases: readonly Case[] = [
  { name: 'the branch moved', code: 0, stdout: line(' ', 'cbf489a..53df02a'), verdict: 'landed' },
  { name: 'the same commit again', code: 0, stdout: line('=', '[up to date]'), verdict: 'landed' },
  {
    name: 'the branch was made by a creation',
    code: 0,
    stdout: line('*', '[new branch]'),
    creates: true,
    verdict: 'landed',
  },
  { name: 'the branch was made by a move', code: 0, stdout: line('*', '[new branch]'), verdict: 'unknown' },
  {
    name: 'a forced update',
    code: 0,
    stdout: line('+', 'cbf489a...53df02a (forced update)'),
    verdict: 'unknown',
  },
  {
    name: 'a moved line with a bad exit code',
    code: 1,
    stdout: line(' ', 'cbf489a..53df02a'),
    verdict: 'unknown',
  },
  {
    name: 'an up-to-date line with exit 128',
    code: 128,
    stdout: line('=', '[up to date]'),
    verdict: 'unknown',
  },
  {
    name: 'a rejection with exit code 0',
    code: 0,
    stdout: line('!', '[rejected] (stale info)'),
    verdict: 'unknown',
  },
  {
    name: 'Done alone after a cut connection',
    code: 1,
    stdout: `${to}Done\n`,
    stderr: failedPush,
    verdict: 'unknown',
  },
  { name: 'Done alone with exit code 0', code: 0, stdout: `${to}Done\n`, verdict: 'unknown' },
  { name: 'nothing at all', code: 0, verdict: 'unknown' },
  {
    name: 'another branch of the same push',
    code: 0,
    stdout: `${to} \t${commit}:refs/heads/other\tcbf489a..53df02a\nDone\n`,
    verdict: 'unknown',
  },
  {
    name: 'another commit on our branch',
    code: 0,
    stdout: `${to} \t${'a'.repeat(40)}:${ref}\tcbf489a..53df02a\nDone\n`,
    verdict: 'unknown',
  },
  {
    name: 'two lines for our branch',
    code: 0,
    stdout: `${line(' ', 'cbf489a..53df02a')}${line('!', '[rejected] (stale info)')}`,
    verdict: 'unknown',
  },
  {
    name: 'not a fast-forward',
    code: 1,
    stdout: line('!', '[rejected] (non-fast-forward)'),
    verdict: 'lost',
  },
  { name: 'fetch first', code: 1, stdout: line('!', '[rejected] (fetch first)'), verdict: 'lost' },
  { name: 'needs force', code: 1, stdout: line('!', '[rejected] (needs force)'), verdict: 'lost' },
  { name: 'stale info', code: 1, stdout: line('!', '[rejected] (stale info)'), verdict: 'lost' },
  {
    name: 'stale info of a creation',
    code: 1,
    stdout: line('!', '[rejected] (stale info)'),
    creates: true,
    verdict: 'exists',
  },
  {
    name: 'a rejection of another kind',
    code: 1,
    stdout: line('!', '[rejected] (already exists)'),
    verdict: 'unknown',
  },
  {
    name: 'a race lost in the server',
    code: 1,
    stdout: line('!', '[remote rejected] (failed to update ref)'),
    stderr: `remote: error: cannot lock ref '${ref}': is at ${'b'.repeat(40)} but expected ${'c'.repeat(40)}        \n${failedPush}`,
    verdict: 'lost',
  },
  {
    name: 'a race lost at GitHub, told in the bracket',
    code: 1,
    stdout: line(
      '!',
      `[remote rejected] (cannot lock ref '${ref}': is at ${'b'.repeat(40)} but expected ${'c'.repeat(40)})`,
    ),
    verdict: 'lost',
  },
  {
    name: 'a race of two creations',
    code: 1,
    stdout: line('!', '[remote rejected] (failed to update ref)'),
    stderr: `remote: error: cannot lock ref '${ref}': reference already exists\n`,
    creates: true,
    verdict: 'exists',
  },
  {
    name: 'a lock in the server',
    code: 1,
    stdout: line('!', '[remote rejected] (failed to update ref)'),
    stderr: `remote: error: cannot lock ref '${ref}': Unable to create '/srv/ledger.git/./${ref}.lock': File exists.\n`,
    verdict: 'locked',
  },
  {
    name: 'the same bracket without a reason',
    code: 1,
    stdout: line('!', '[remote rejected] (failed to update ref)'),
    stderr: failedPush,
    verdict: 'unknown',
  },
  {
    name: 'pre-receive declined',
    code: 1,
    stdout: line('!', '[remote rejected] (pre-receive hook declined)'),
    verdict: 'refused',
  },
  {
    name: 'update declined',
    code: 1,
    stdout: line('!', '[remote rejected] (hook declined)'),
    verdict: 'refused',
  },
  {
    name: 'a protected branch of GitHub',
    code: 1,
    stdout: line('!', '[remote rejected] (protected branch hook declined)'),
    verdict: 'refused',
  },
  {
    name: 'denyNonFastForwards',
    code: 1,
    stdout: line('!', '[remote rejected] (non-fast-forward)'),
    verdict: 'refused',
  },
  {
    name: 'deletion prohibited',
    code: 1,
    stdout: line('!', '[remote rejected] (deletion prohibited)'),
    verdict: 'refused',
  },
  ...[
    'branch is currently checked out',
    'deny updating a hidden ref',
    'push declined due to repository rule violations',
    "TF401027: You need the Git 'GenericContribute' permission to perform this action.",
    'TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.',
    'prohibited by Gerrit: not permitted: update',
  ].map(
    (reason): Case => ({
      name: reason,
      code: 1,
      stdout: line('!', `[remote rejected] (${reason})`),
      verdict: 'refused',
    }),
  ),
  ...['Permission denied', 'No space left on device', 'Read-only file system'].map(
    (reason): Case => ({
      name: `a lock that cannot be made: ${reason}`,
      code: 1,
      stdout: line('!', '[remote rejected] (failed to update ref)'),
      stderr: `remote: error: cannot lock ref '${ref}': Unable to create '/srv/ledger.git/./${ref}.lock': ${reason}        \n`,
      verdict: 'trouble',
    }),
  ),
  {
    name: 'a lock that cannot be filled',
    code: 1,
    stdout: line('!', '[remote rejected] (failed to update ref)'),
    stderr: `remote: error: cannot update ref '${ref}': couldn't write '/srv/ledger.git/./${ref}.lock'        \n${failedPush}`,
    verdict: 'trouble',
  },
  {
    name: 'objects that cannot be kept',
    code: 1,
    stdout: line('!', '[remote rejected] (unable to migrate objects to permanent storage)'),
    verdict: 'trouble',
  },
  {
    name: 'a full quota',
    code: 1,
    stdout: line('!', '[remote rejected] (unpacker error)'),
    stderr: 'remote: fatal: write error: Disk quota exceeded\n',
    verdict: 'trouble',
  },
  {
    name: 'a request that is too large for the web server',
    code: 1,
    stdout: 'Done\n',
    stderr:
      'error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\n',
    verdict: 'trouble',
  },
  {
    name: 'a server that only says that the request is too large',
    code: 1,
    stdout: 'Done\n',
    stderr: 'remote: error: RPC failed; HTTP 413 curl 22\nfatal: the remote end hung up unexpectedly\n',
    verdict: 'unknown',
  },
  {
    name: 'a landed line although the request was too large',
    code: 1,
    stdout: line(' ', 'cbf489a..53df02a'),
    stderr: 'error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\n',
    verdict: 'unknown',
  },
  {
    name: 'no space left',
    code: 1,
    stdout: line('!', '[remote rejected] (unpacker error)'),
    stderr: 'remote: fatal: write error: No space left on device\n',
    verdict: 'trouble',
  },
  {
    name: 'a pack too large',
    code: 1,
    stdout: line('!', '[remote rejected] (unpacker error)'),
    stderr: 'remote: fatal: pack exceeds maximum allowed size\n',
    verdict: 'trouble',
  },
  {
    name: 'an unpacker error without a reason',
    code: 1,
    stdout: line('!', '[remote rejected] (unpacker error)'),
    verdict: 'unknown',
  },
  {
    name: 'remote failed to report status',
    code: 1,
    stdout: line('!', '[remote failure] (remote failed to report status)'),
    verdict: 'unknown',
  },
  {
    name: 'an internal error of the host',
    code: 1,
    stdout: line('!', '[remote rejected] (Internal Server Error)'),
    verdict: 'unknown',
  },
  {
    name: 'an unexpected disconnect',
    code: 128,
    stderr:
      'send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\n',
    verdict: 'unknown',
  },
  {
    name: 'a connection reset',
    code: 1,
    stdout: 'Done\n',
    stderr: 'error: RPC failed; curl 56 Recv failure: Connection reset by peer\n',
    verdict: 'unknown',
  },
  { name: 'a signal', code: null, stdout: line(' ', 'cbf489a..53df02a'), verdict: 'unknown' },
  {
    name: 'no connection',
    code: 128,
    stderr:
      "fatal: unable to access 'https://git.example.com/ledger.git/': Failed to connect to git.example.com port 443\n",
    verdict: 'unsent',
  },
  {
    name: 'no such host',
    code: 128,
    stderr: "fatal: unable to access 'https://git.example.com/': Could not resolve host: git.example.com\n",
    verdict: 'unsent',
  },
  {
    name: 'ssh without a connection',
    code: 128,
    stderr:
      'ssh: connect to host git.example.com port 22: Connection refused\nfatal: Could not read from remote repository.\n',
    verdict: 'unsent',
  },
  {
    name: 'a name and password asked for',
    code: 128,
    stderr: "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled\n",
    verdict: 'unsent',
  },
  {
    name: 'a wrong password',
    code: 128,
    stderr: "fatal: Authentication failed for 'https://git.example.com/ledger.git/'\n",
    verdict: 'unsent',
  },
  {
    name: 'a 403',
    code: 128,
    stderr:
      "fatal: unable to access 'https://git.example.com/ledger.git/': The requested URL returned error: 403\n",
    verdict: 'unsent',
  },
  {
    name: 'a 500',
    code: 128,
    stderr:
      "fatal: unable to access 'https://git.example.com/ledger.git/': The requested URL returned error: 500\n",
    verdict: 'unsent',
  },
  {
    name: 'no such repository',
    code: 128,
    stderr: "fatal: repository 'https://git.example.com/ledger.git/' not found\n",
    verdict: 'unsent',
  },
  {
    name: 'no repository in the folder',
    code: 128,
    stderr:
      "fatal: '/srv/ledger.git' does not appear to be a git repository\nfatal: Could not read from remote repository.\n",
    verdict: 'unsent',
  },
  {
    name: 'GitHub without permission, with its own words before',
    code: 128,
    stderr:
      "remote: Permission to marine/ledger.git denied to bot.\nfatal: unable to access 'https://github.com/marine/ledger.git/': The requested URL returned error: 403\n",
    verdict: 'unsent',
  },
  {
    name: 'a 403 once the pack is on its way',
    code: 128,
    stderr:
      'error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nfatal: the remote end hung up unexpectedly\n',
    verdict: 'unknown',
  },
  {
    name: 'a server that only says that nothing was sent',
    code: 128,
    stderr: "remote: fatal: unable to access 'https://git.example.com/': Failed to connect\n",
    verdict: 'unknown',
  },
  {
    name: 'a key that ssh does not take',
    code: 128,
    stderr:
      'git@git.example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n',
    verdict: 'unsent',
  },
  {
    name: 'words of another tongue',
    code: 128,
    stderr: 'fatal: qualcosa è andato storto\n',
    verdict: 'unknown',
  },
];
