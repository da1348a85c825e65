/** The files that a target of `notify` names: its secret, and the authorities in place of the machine's. */
import { X509Certificate } from 'node:crypto';
import type { NotifyVia } from '../config/config.ts';
import { parseEndpoint } from '../config/url.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { readBounded } from './files.ts';
import { signHeaders } from './sign.ts';

/** Reads a secret; `what` is what messages call it. */
export type ReadSecret = (file: string, what: string) => Promise<Result<string>>;

const authoritiesBytesMax = 1024 * 1024;

const hint = 'correct the file; it is read again at each use';

/** Where the secret of a way to send is, under which key of the configuration, and what messages call it. */
export function secretOf(via: NotifyVia): {
  readonly key: string;
  readonly file: string;
  readonly what: string;
} {
  switch (via.kind) {
    case 'webhook':
      return { key: 'secretFile', file: via.secretFile, what: 'secret' };
    case 'slack':
      return { key: 'urlFile', file: via.urlFile, what: 'URL' };
    case 'commitStatus':
      return { key: 'tokenFile', file: via.tokenFile, what: 'token' };
  }
}

/** Reads the secret of the target of that name, whatever it is. Fault: SG7104, without the content. */
export async function readViaSecret(
  name: string,
  via: NotifyVia,
  readSecret: ReadSecret,
): Promise<Result<string>> {
  const { file, what } = secretOf(via);
  const read = await readSecret(file, `notify.${name} ${what}`);
  return read.ok ? read : failed(unusable(read.fault.message));
}

/** What is said of a secret that is none. */
export function uselessSecret(via: NotifyVia): Fault {
  const { file, what } = secretOf(via);
  return unusable(`${file} holds no ${what} that can be used`);
}

/** The authorities that are trusted, as PEM; null where none are named. Fault: SG7104. */
export async function readAuthorities({ caFile }: NotifyVia): Promise<Result<string | null>> {
  if (caFile === undefined) return ok(null);
  const read = await readBounded(caFile, authoritiesBytesMax);
  if (!read.ok) return failed(unusable(`${caFile} cannot be read: ${read.fault}`));
  // TLS takes a text without any, says nothing, and trusts nobody.
  return holdsCertificate(read.value) ? read : failed(unusable(`${caFile} holds no certificate`));
}

/** Whether anything can be sent with it. */
export function isUsableSecret(via: NotifyVia, secret: string): boolean {
  switch (via.kind) {
    case 'webhook':
      return signHeaders(secret, '', '', 0) !== null;
    case 'slack':
      // The secret is the URL itself, which must lead over https, or to this machine.
      return parseEndpoint('', secret).ok;
    case 'commitStatus':
      // A header that held another character would be no header.
      return /^[\x21-\x7e]+$/.test(secret);
  }
}

function holdsCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

function unusable(message: string): Fault {
  return fault('SG7104', 'human', message, hint);
}
