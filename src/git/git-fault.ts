import { escapeRecord } from '../lib/escape.ts';
import type { Fault, FaultClass, FaultCode } from '../lib/faults.ts';
import { fault } from '../lib/faults.ts';
import { redactShapes } from '../lib/redact.ts';
import { diskLimitBytes, memoryLimitBytes } from './appetite.ts';
import type { GitResult } from './process.ts';
import type { RemoteAccess } from './remote.ts';

/** What a run of git was for: `fetching branch main of https://...`. */
export interface GitContext {
  readonly doing: string;
  readonly secrets: readonly string[];
  /** Texts of the configuration that git repeats, such as the URL: taken out before its words are judged. */
  readonly names?: readonly string[];
  readonly timeoutMs: number;
  /** A proxy is on the way: whom curl cannot connect to is that one. */
  readonly proxied?: boolean;
  /** No remote had a part in it: only the disk and our mirror can be at fault. */
  readonly local?: boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly code: FaultCode;
  readonly class: FaultClass;
  readonly reason: string;
  readonly hint: string;
  /** What of git's words a person needs, where it does not stand in their last lines. */
  readonly telling?: RegExp;
  /** Only where a proxy is on the way. */
  readonly proxied?: true;
}

/**
 * git's words (LC_ALL=C) and what they mean. The first rule that matches decides, so the special ones come first:
 * curl's TLS errors begin with "unable to access" like an unreachable host, and "Could not read from remote
 * repository" ends every failure of ssh. The texts are those of git 2.39 and of git's own source up to 2.52.
 */
const rules: readonly Rule[] = [
  {
    pattern: /couldn't find remote ref|remote branch .* not found/i,
    code: 'SG3005',
    class: 'human',
    reason: 'the branch is not there',
    hint: 'check the branch in the configuration; one that was deleted is never taken for empty',
  },
  {
    pattern: /host key verification failed|remote host identification has changed|no .* host key is known/i,
    code: 'SG3007',
    class: 'human',
    reason: 'the host key is not the one that is pinned',
    hint: "check the host key with the server's administrator and correct knownHostsFile; never accept it blindly",
    // The lines after it are ssh's advice to forget the pinned key.
    telling: /the \S+ key sent by the remote host is\s+SHA256:[A-Za-z0-9+/]+/i,
  },
  {
    // Before the rule for TLS: a server that dies is no certificate that is wrong.
    pattern:
      /non-properly terminated|error in the (pull|push) function|SSL_ERROR_(SYSCALL|ZERO_RETURN)|unexpected eof while reading/i,
    code: 'SG3017',
    class: 'retry',
    reason: 'the connection ended in the middle',
    hint: 'it is tried again; look at the server or a proxy between if it goes on',
  },
  {
    pattern:
      /ssl certificate problem|certificate (verify|verification) failed|ssl connection|gnutls_handshake|server certificate|error setting certificate|tls connect error|SSL_ERROR|no alternative certificate subject|certificate subject name|problem with the ssl ca cert|error reading ca cert|ssl: no alternative/i,
    code: 'SG3006',
    class: 'human',
    reason: 'TLS failed',
    hint: "look at the dates, the names and the authority of the server's certificate; a private authority is named by auth.caFile",
  },
  {
    pattern:
      /connect tunnel failed, response 4|http code 4[0-9][0-9] from proxy|returned error: 407|complete socks.* \(2\)/i,
    code: 'SG3026',
    class: 'human',
    reason: 'the proxy does not let snowgate through',
    hint: "have the repository's host and port allowed in the proxy of auth.proxy, or name another; it is given no password",
  },
  {
    pattern: /connect tunnel failed|http code [0-9]+ from proxy|complete socks/i,
    code: 'SG3002',
    class: 'retry',
    reason: 'the proxy does not reach the server',
    hint: 'it is tried again; check the URL, and the way from the proxy of auth.proxy to the server, if it goes on',
  },
  {
    proxied: true,
    pattern: /could(n't| not) resolve proxy|failed to connect to|couldn't connect|connection refused/i,
    code: 'SG3002',
    class: 'retry',
    reason: 'the proxy cannot be reached',
    hint: 'it is tried again; check auth.proxy, and that the proxy runs, if it goes on',
  },
  {
    pattern: /no space left on device|disk quota exceeded|read-only file system|file too large/i,
    code: 'SG3009',
    class: 'human',
    reason: 'a disk is full or cannot be written',
    hint: 'make room in stateDir, or on the server where the text begins with "remote:"',
  },
  {
    pattern: /dubious ownership/i,
    code: 'SG3010',
    class: 'human',
    reason: 'the repository belongs to another user',
    hint: 'a file:// repository must belong to the user that snowgate runs as: chown it, or serve it over https or ssh',
  },
  {
    pattern:
      /fsck error|error in object|fsck-objects|hasDotgit|hasDotdot|fullPathname|duplicateEntries|(unpack-objects|index-pack) failed.*fsck/i,
    code: 'SG3011',
    class: 'human',
    reason: 'the repository holds a malformed object',
    hint: 'the commit must be removed from the branch; git fsck in a clone names it',
  },
  {
    pattern: /repository corruption on the remote side/i,
    code: 'SG3016',
    class: 'retry',
    reason: "the server's own git gave up on the repository: it is damaged, or git was ended there",
    hint: 'it is tried again; if it goes on, run git fsck in the repository on the server',
  },
  {
    pattern: /unable to update url base from redirection|returned error: 30[0-9]/i,
    code: 'SG3012',
    class: 'human',
    reason: 'the server redirects elsewhere, and credentials do not follow',
    hint: "put the repository's present URL into the configuration",
  },
  {
    pattern:
      /could not read (username|password)|authentication failed|permission denied|returned error: 40[13]|http basic: access denied|invalid (username|credentials)|load key .*(invalid|incorrect|error|bad)|too many authentication failures|marked as read.only|not have write access|write access .*not granted|not allowed to (push|pull|write|read|download|upload|access|view)|permission to .* denied|denied by fallthru|cannot push with deploy/i,
    code: 'SG3003',
    class: 'human',
    reason: 'the server refuses these credentials',
    hint: 'check auth in the configuration and the permissions of the token, password or key; the file is read again each time',
  },
  {
    pattern:
      /repository (.* )?not found|does not appear to be a git repository|access denied or repository not exported|returned error: 404|project you were looking for could not be found|not a git repository/i,
    code: 'SG3004',
    class: 'human',
    reason: 'there is no such repository, or these credentials may not see it',
    hint: 'check the URL; hosts answer so, too, where a private repository is asked for without permission',
  },
  {
    pattern: /returned error: (5[0-9][0-9]|429|408)/i,
    code: 'SG3016',
    class: 'retry',
    reason: 'the server answered with an error of its own',
    hint: 'it is tried again; look at the server if it goes on',
  },
  {
    pattern: /returned error: 413/i,
    code: 'SG3027',
    class: 'human',
    reason: 'the server takes no request of this size',
    hint: 'raise its limit, or that of the web server before it',
  },
  {
    pattern: /returned error: 4[0-9][0-9]/i,
    code: 'SG3027',
    class: 'human',
    reason: 'the server does not take such a request',
    hint: "check the URL, its scheme and its port, and look into the server's log",
  },
  {
    pattern: /operation too slow|operation timed out|connection timed out|timed out after|timeout/i,
    code: 'SG3008',
    class: 'retry',
    reason: 'the server took too long',
    hint: 'it is tried again; a repository that needs longer is given more with source.limits.fetchTimeout',
  },
  {
    pattern:
      /could not resolve|couldn't resolve|failed to connect|couldn't connect|connection refused|network is unreachable|no route to host|name or service not known|temporary failure in name resolution|connect to host|unable to connect|proxy connect/i,
    code: 'SG3002',
    class: 'retry',
    reason: 'the server cannot be reached',
    hint: 'it is tried again; check the network, the proxy and the URL if it goes on',
  },
  {
    pattern:
      /early eof|rpc failed|unexpected disconnect|hung up|connection reset|empty reply|bytes of body are still expected|unexpected eof|broken pipe|recv failure|send failure|could not read from remote|invalid index-pack output|bad (pack|line length|band)|protocol error|expected flush|invalid response|unable to access/i,
    code: 'SG3017',
    class: 'retry',
    reason: 'the connection ended in the middle',
    hint: 'it is tried again; look at the server or a proxy between if it goes on',
  },
];

/** 128 is git's own word for "cannot go on"; of a repository that is ours alone it means damage. */
const localRules: readonly Rule[] = [
  ...rules.filter(({ code }) => code === 'SG3009' || code === 'SG3010'),
  {
    pattern: /^(fatal|error):/m,
    code: 'SG3033',
    class: 'retry',
    reason: 'our copy of the repository is damaged',
    hint: 'it is made anew at the next fetch; check the disk if it happens again',
  },
];

/** Why a run of git failed, as a fault with nothing secret or unprintable in it. */
export function explainGit(result: GitResult, context: GitContext): Fault {
  if (result.spawnError !== null) return spawnFault(result.spawnError, context);
  if (result.stopped !== null) return stoppedFault(result, context);
  const said = scrub(result.stderr, context.secrets);
  let judged = said;
  for (const name of context.names ?? []) judged = judged.replaceAll(name, '');
  const judge = context.local === true ? localRules : rules;
  const rule = judge.find(
    ({ pattern, proxied }) => (proxied !== true || context.proxied === true) && pattern.test(judged),
  );
  const telling = rule?.telling?.exec(said)?.[0] ?? null;
  const words = telling === null ? lastWords(said) : boundWords(telling.replace(/\s+/g, ' '));
  const tail = words === '' ? '' : ` (git: ${words})`;
  if (rule !== undefined) {
    return fault(rule.code, rule.class, `${context.doing} failed: ${rule.reason}${tail}`, rule.hint);
  }
  const ended = result.code === null ? `signal ${result.signal ?? 'unknown'}` : `exit code ${result.code}`;
  return fault(
    'SG3019',
    'retry',
    `${context.doing} failed: git ended with ${ended}${tail}`,
    'it is tried again; please report the text if it goes on, so that it gets a code of its own',
  );
}

/** {@link explainGit} for a run that talked to a remote. */
export function explainRemote(
  result: GitResult,
  access: RemoteAccess,
  doing: string,
  timeoutMs: number,
): Fault {
  return explainGit(result, {
    doing: `${doing} ${access.shown}`,
    secrets: access.secrets,
    names: [access.url, access.shown],
    timeoutMs,
    proxied: access.proxied,
  });
}

function spawnFault(code: string, context: GitContext): Fault {
  const hint =
    code === 'ENOENT'
      ? 'install git 2.39 or later where PATH finds it, and check that stateDir was not removed'
      : 'the machine could not start a process: check its memory and its limit of processes';
  return fault('SG3001', 'human', `${context.doing} failed: git could not be started (${code})`, hint);
}

function stoppedFault(result: GitResult, context: GitContext): Fault {
  const { doing, timeoutMs } = context;
  if (result.stopped === 'aborted') {
    return fault('SG3018', 'retry', `${doing} was interrupted because snowgate is stopping`);
  }
  if (result.stopped === 'timeout') {
    const hint =
      'it is tried again; a repository that needs longer is given more with source.limits.fetchTimeout';
    return fault('SG3008', 'retry', `${doing} took longer than ${timeoutMs / 1000} s and was ended`, hint);
  }
  if (result.stopped === 'memory' || result.stopped === 'disk') return greedFault(doing, result.stopped);
  const why = result.stopped === 'outputLimit' ? 'more output than is allowed' : 'output that cannot be read';
  return fault(
    'SG3019',
    'retry',
    `${doing} was ended: git gave ${why}`,
    'check the repository with git fsck',
  );
}

function greedFault(doing: string, what: 'memory' | 'disk'): Fault {
  const bytes = what === 'memory' ? memoryLimitBytes : diskLimitBytes;
  return fault(
    'SG3025',
    'human',
    `${doing} was ended: git took more than ${bytes / 1024 / 1024} MiB of ${what}, which no repository of manifests needs`,
    'look at the server and at the size of the repository: keep manifests in one of their own',
  );
}

/** Enough for git's own two or three lines, and little of what a hostile server has to say. */
const shortLimit = 300;

function lastWords(said: string): string {
  const lines = said.split(/[\r\n]+/).map((line) => line.trim());
  const telling = lines.filter(
    (line) => line !== '' && !/^(hint:|please make sure|and the repository exists)/i.test(line),
  );
  return boundWords(telling.slice(-4).join('; '));
}

/** Words of git or a server as they may stand in a message: what matters is at their end. */
export function boundWords(words: string): string {
  const short = words.length > shortLimit ? `...${words.slice(-shortLimit)}` : words;
  // Escaping makes a character longer: the bound is for hostile text, ours fits.
  return escapeRecord(short, 2 * shortLimit);
}

/** Removes the secrets of a run from what git said, by value, then what looks like one. */
export function scrub(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length > 0) clean = clean.replaceAll(secret, '[redacted]');
  return redactShapes(clean);
}
