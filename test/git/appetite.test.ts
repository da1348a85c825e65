/** What a server may make git take of this machine. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainGit } from '../../src/git/git-fault.ts';
import type { GitOptions } from '../../src/git/process.ts';
import { runGit } from '../../src/git/process.ts';

const megabyte = 1024 * 1024;

let dir = '';
let options: GitOptions;
let server: Server;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'snowgate-test-appetite-'));
  const env = { PATH: process.env.PATH ?? '', HOME: dir, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
  options = { cwd: dir, env, stdoutLimitBytes: 1_000_000, timeoutMs: 30_000 };
  server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-advertisement' });
    if (request.url?.startsWith('/endless.git') === true) advertiseForEver(response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(dir, { recursive: true, force: true });
});

function advertiseForEver(response: ServerResponse): void {
  response.write('001e# service=git-upload-pack\n0000');
  const ref = `${'a'.repeat(40)} refs/heads/${'x'.repeat(200)}\n`;
  const line = `${(ref.length + 4).toString(16).padStart(4, '0')}${ref}`;
  const lines = line.repeat(4_000);
  const more = (): void => {
    while (!response.destroyed && response.write(lines)) {
      // The kernel takes more.
    }
  };
  response.on('drain', more);
  more();
}

async function ls(repository: string, memoryBytes: number) {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/${repository}`;
  return runGit(['ls-remote', url], { ...options, limits: { memoryBytes } });
}

describe('git', () => {
  it.runIf(process.platform === 'linux')(
    'is ended when refs without end fill the memory (CVE-2023-49568)',
    async () => {
      const result = await ls('endless.git', 100 * megabyte);
      expect(result).toMatchObject({ code: null, stopped: 'memory' });
      expect(explainGit(result, { doing: 'fetching', secrets: [], timeoutMs: 1 })).toMatchObject({
        code: 'SG3025',
        class: 'human',
        message:
          'fetching was ended: git took more than 768 MiB of memory, which no repository of manifests needs',
      });
    },
  );

  it('is ended when what it fetches fills the disk', async () => {
    const mirrorDir = join(dir, 'mirror.git');
    await mkdir(join(mirrorDir, 'objects', 'pack'), { recursive: true });
    const pack = join(mirrorDir, 'objects', 'pack', 'tmp_pack_x');
    const script = `head -c ${2 * megabyte} /dev/zero > ${pack}; sleep 60`;
    const limits = { memoryBytes: 1024 * megabyte, disk: { mirrorDir, bytes: megabyte } };
    const result = await runGit(['-c', `alias.act=!${script}`, 'act'], { ...options, limits });
    expect(result).toMatchObject({ stopped: 'disk' });
  });

  it('is left alone below its limits, however long it takes', async () => {
    const mirrorDir = join(dir, 'none.git');
    const limits = { memoryBytes: 100 * megabyte, disk: { mirrorDir, bytes: megabyte } };
    const result = await runGit(['-c', 'alias.act=!sleep 0.7; echo done', 'act'], { ...options, limits });
    expect(result).toMatchObject({ code: 0, stopped: null, stdout: Buffer.from('done\n') });
  });
});
