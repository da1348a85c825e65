/** Commands that are interrupted while git waits for a server: they end, and leave neither process nor folder behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders } from './folder.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A server that takes every connection and never says a word. */
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
});
let folder: Folder;
let child: ChildProcess | null = null;

beforeAll(
  () =>
    new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    }),
);
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});
afterEach(() => {
  if (child?.exitCode === null) child.kill('SIGKILL');
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  removeFolders();
});

function configText(): string {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return `apiVersion: snowgate/v1
kind: Controller
source: {url: "${url}/source.git"}
ledger: {url: "${url}/ledger.git"}
stateDir: ${folder.dir}/state
replica: one
fleets: {lab: {region: us-west-2, endpoint: "${url}"}}
policy: {uncovered: allow}
`;
}

/** Processes, other than waiting to be collected, whose environment names our folder: every git of the command has it. */
function gitsLeft(): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^[0-9]+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/environ`, 'latin1').includes(`SNOWGATE_GIT_HOME=${folder.dir}`);
    } catch {
      return false;
    }
  });
}

async function interrupt(argv: readonly string[], signals: readonly NodeJS.Signals[]) {
  folder = makeFolder();
  folder.write('snowgate.yaml', configText());
  mkdirSync(join(folder.dir, 'tmp'));
  const env = { PATH: process.env.PATH ?? '', TMPDIR: join(folder.dir, 'tmp') };
  const started = spawn(process.execPath, [main, ...argv], { cwd: folder.dir, env, stdio: 'ignore' });
  child = started;
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    started.on('exit', (code, signal) => resolve({ code, signal }));
  });
  await expect.poll(() => sockets.size, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
  for (const signal of signals) started.kill(signal);
  return ended;
}

const token = '0'.repeat(64);
const commands = [
  { argv: ['plan'] },
  { argv: ['ledger', 'init'] },
  { argv: ['ledger', 'init', '--issue-existing'] },
  { argv: ['ledger', 'list'] },
  { argv: ['ledger', 'show', 'lab/a'] },
  { argv: ['ledger', 'verify'] },
  { argv: ['ledger', 'resolve', token, '--not-created', '--reason', 'x'] },
];

describe.runIf(process.platform === 'linux')('a command that waits for a server', () => {
  it.each(commands)('ends at the first signal: $argv', { timeout: 30_000 }, async ({ argv }) => {
    expect(await interrupt(argv, ['SIGTERM'])).toEqual({ code: 3, signal: null });
    expect(readdirSync(join(folder.dir, 'tmp'))).toEqual([]);
    await expect.poll(gitsLeft).toEqual([]);
  });

  it.each(commands)('ends at the second, too: $argv', { timeout: 30_000 }, async ({ argv }) => {
    const { code } = await interrupt(argv, ['SIGINT', 'SIGTERM', 'SIGHUP']);
    expect([3, 129, 130, 143]).toContain(code);
    expect(readdirSync(join(folder.dir, 'tmp'))).toEqual([]);
    await expect.poll(gitsLeft).toEqual([]);
  });

  it('ends at once at the second: the controller itself, which keeps its state directory', async () => {
    const { code } = await interrupt(['run'], ['SIGTERM', 'SIGINT']);
    expect([130, 143]).toContain(code);
    await expect.poll(gitsLeft).toEqual([]);
    expect(readdirSync(join(folder.dir, 'state'))).toContain('ledger');
  });
});
