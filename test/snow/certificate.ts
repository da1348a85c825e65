import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = 'openssl';

/** A key and a certificate that is its own authority, for one host name; written into the folder too. */
export function makeCertificate(
  folder: string,
  host: string,
): { readonly key: string; readonly cert: string } {
  const settings = ['[req]', 'distinguished_name=dn', 'x509_extensions=ext', '[dn]', '[ext]'];
  settings.push(`subjectAltName=DNS:${host}`, 'basicConstraints=critical,CA:true');
  writeFileSync(join(folder, 'openssl.cnf'), `${settings.join('\n')}\n`);
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${host}`;
  const files = ['-config', 'openssl.cnf', '-keyout', 'key.pem', '-out', 'cert.pem'];
  execFileSync(openssl, [...args.split(' '), ...files], { cwd: folder, stdio: 'ignore', timeout: 30_000 });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { key: read('key.pem'), cert: read('cert.pem') };
}
