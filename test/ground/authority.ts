/** A private certificate authority and the certificates of a server, made by openssl. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is right or wrong with a server's certificate, seen from 127.0.0.1. */
export const certificates = ['good', 'expired', 'otherName'] as const;
export type Certificate = (typeof certificates)[number];

export interface Authority {
  /** The authority's own certificate: what `auth.caFile` names. */
  readonly caFile: string;
  /** That of an authority which has signed nothing here. */
  readonly otherCaFile: string;
  /** The paths of key and certificate. */
  files(name: Certificate): { readonly key: string; readonly certificate: string };
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes everything in `dir`, which must exist. */
export async function makeAuthority(openssl: string, dir: string): Promise<Authority> {
  const file = (name: string): string => join(dir, name);
  for (const name of ['ca', 'other-ca']) {
    const subject = ['-days', '2', '-subj', `/CN=${name}`];
    await run(openssl, [
      ...['req', '-x509', ...newKey, ...subject],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
    ]);
  }
  for (const name of certificates) {
    const request = ['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)];
    await run(openssl, ['req', ...newKey, '-subj', '/CN=git.example', ...request]);
    const names = name === 'otherName' ? 'DNS:other.example' : 'IP:127.0.0.1';
    await writeFile(file(`${name}.ext`), `subjectAltName=${names}\n`);
    const signer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial'];
    const validity = ['-days', name === 'expired' ? '-1' : '2', '-extfile', file(`${name}.ext`)];
    await run(openssl, [
      ...['x509', '-req', '-in', file(`${name}.csr`), ...signer, ...validity],
      ...['-out', file(`${name}.crt`)],
    ]);
  }
  return {
    caFile: file('ca.crt'),
    otherCaFile: file('other-ca.crt'),
    files: (name) => ({ key: file(`${name}.key`), certificate: file(`${name}.crt`) }),
  };
}
