/** Is the host of a URL among the pinned ones? As ssh reads known_hosts; that the key is right, only the host can show. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { escapeTerminal } from '../lib/escape.ts';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';

const sshPort = 22;

/**
 * The name under which ssh looks for the host of `url` in a known_hosts file. Fault: SG7042, the file has no key for it.
 * The file is one that can be read.
 */
export async function findPinnedHost(url: string, knownHostsFile: string): Promise<Result<string>> {
  const { host, port } = hostOf(url);
  // ssh takes an entry without a port, too, where there is none with it.
  const names = port === sshPort ? [host] : [`[${host}]:${port}`, host];
  const text = await readFile(knownHostsFile, 'utf8').catch(() => '');
  const entries = text.split('\n').flatMap(hostPatterns);
  const found = names.find((name) => entries.some((patterns) => matches(patterns, name)));
  if (found !== undefined) return ok(found);
  return failed(
    fault(
      'SG7042',
      'human',
      `${knownHostsFile} has no host key of ${escapeTerminal(names[0] ?? host)}`,
      `write down what \`ssh-keyscan ${port === sshPort ? '' : `-p ${port} `}${escapeTerminal(host)}\` prints, and compare its fingerprint with the administrator's before you believe it`,
    ),
  );
}

function hostOf(url: string): { readonly host: string; readonly port: number } {
  const [, rest = ''] = /^ssh:\/\/(?:[^@/]*@)?([^/]*)/i.exec(url) ?? [];
  // user@host:path has no way to name a port.
  if (rest === '')
    return { host: (/^(?:[^@/]*@)?([^:/]+):/.exec(url)?.[1] ?? url).toLowerCase(), port: sshPort };
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(rest) ?? [];
  return { host: (bracketed ?? plain ?? rest).toLowerCase(), port: Number(port ?? sshPort) };
}

/** The names of a line that pins a key; none for a comment, or a key that is revoked. */
function hostPatterns(line: string): (readonly string[])[] {
  const fields = line.trim().split(/\s+/);
  const [first = ''] = fields;
  if (first === '' || first.startsWith('#') || first === '@revoked') return [];
  const names = first.startsWith('@') ? fields[1] : first;
  return names === undefined || fields.length < 3 ? [] : [names.split(',')];
}

function matches(patterns: readonly string[], name: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesOne(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => matchesOne(pattern, name));
}

function matchesOne(pattern: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/=]+)\|([A-Za-z0-9+/=]+)$/.exec(pattern) ?? [];
  if (salt !== undefined) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const literal = pattern.toLowerCase().replace(/[.+^$()|[\]{}\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/\*+/g, '.*').replaceAll('?', '.')}$`).test(name);
}
