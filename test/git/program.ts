import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** Programs that a test needs beside git, and that a machine may lack: then it is skipped, and says why. */
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** Where a program is, or null; its absence is printed once, with what to install. */
export function findProgram(name: string, debianPackage: string): string | null {
  const folder = folders.find((candidate) => candidate !== '' && existsSync(`${candidate}/${name}`));
  if (folder !== undefined) return `${folder}/${name}`;
  process.stderr.write(`tests that need ${name} are skipped: install ${debianPackage}\n`);
  return null;
}

/** A loopback port where nobody listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
