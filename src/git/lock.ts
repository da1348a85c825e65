import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { makeFolder } from './folder.ts';
import { homeMark, stateDirFault } from './home.ts';

/** The right to use a state directory; ends with `close` or with the process, whatever ends it. */
export interface StateLock {
  close(): Promise<void>;
}

/** A socket's path has 108 bytes in the kernel, its final NUL included. */
const socketPathLimitBytes = 107;
/** Somebody else may be taking over the same stale socket; more rounds than this means that it is held. */
const takeoverRoundsMax = 5;

/**
 * Takes the state directory for this process. The lock is a listening socket in it, not a file with a process id:
 * a `kill -9` leaves a socket that answers nobody, and ids repeat (in a container everybody is 1).
 * It is seen by every process and container on this machine, not by another machine on a shared disk.
 * After it, no git of an earlier life runs in the directory (on Linux). Faults: SG3020 in use, SG3021 unusable.
 */
export async function lockStateDir(stateDir: string): Promise<Result<StateLock>> {
  const path = join(stateDir, 'lock.sock');
  if (Buffer.byteLength(path) > socketPathLimitBytes) return failed(longPathFault(stateDir, path));
  try {
    await makeFolder(stateDir);
    for (let round = 0; round < takeoverRoundsMax; round += 1) {
      const server = await listen(path);
      if (server !== null) {
        await endLeftovers(join(stateDir, 'git', 'home'));
        return ok({ close: () => new Promise((resolve) => server.close(() => resolve())) });
      }
      if (await answers(path)) break;
      await setStaleAside(path);
    }
  } catch (error) {
    return failed(stateDirFault(stateDir, error));
  }
  return failed(
    fault(
      'SG3020',
      'human',
      `the state directory ${stateDir} is in use by another snowgate process`,
      'stop the other process, or give each replica a stateDir of its own',
    ),
  );
}

function longPathFault(stateDir: string, path: string) {
  const over = Buffer.byteLength(path) - socketPathLimitBytes;
  return fault(
    'SG3021',
    'human',
    `the state directory ${stateDir} cannot be used: its path is ${over} bytes too long for a socket in it`,
    'choose a shorter stateDir',
  );
}

/** Binding creates the socket or fails where one is, in one step. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((peer) => peer.destroy());
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(path, () => {
      // Holding the lock alone keeps no process alive.
      server.unref();
      resolve(server);
    });
  });
}

/** Only a refusal proves that nobody listens; any other trouble counts as an answer, and the lock as held. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

/**
 * Moved aside before it is removed, and asked once more: between the question and the move another process may have
 * put its own socket there, which is then put back.
 */
async function setStaleAside(path: string): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if (await answers(aside)) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** What is left behind has so long to remove its own lock files, as in `runGit`; then it is killed. */
const leftoverGraceMs = 2_000;
const leftoverPollMs = 20;

/**
 * Ends what git processes an earlier life of this state directory left behind: a fetch that outlived its parent
 * would write into the mirror beside us. They are asked before they are killed: one that serves a file:// ledger and
 * is killed in the middle of a push would leave that branch locked for good.
 */
async function endLeftovers(home: string): Promise<void> {
  let left = await findLeftovers(home, await readdir('/proc').catch(() => []));
  send(left, 'SIGTERM');
  for (let waitedMs = 0; left.length > 0 && waitedMs < leftoverGraceMs; waitedMs += leftoverPollMs) {
    await setTimeout(leftoverPollMs);
    left = await findLeftovers(home, left);
  }
  send(left, 'SIGKILL');
}

/**
 * Those of the candidates that an earlier life started; they are known by the variable that we gave them. Elsewhere
 * than on Linux there is no /proc to look into, and they end by their own network time limits.
 */
async function findLeftovers(home: string, candidates: readonly string[]): Promise<string[]> {
  const mark = Buffer.from(`${homeMark}=${home}\0`);
  const found: string[] = [];
  for (const entry of candidates) {
    if (!/^[0-9]+$/.test(entry) || Number(entry) === process.pid) continue;
    const environment = await readFile(`/proc/${entry}/environ`).catch(() => null);
    if (environment?.includes(mark) === true) found.push(entry);
  }
  return found;
}

function send(entries: readonly string[], signal: NodeJS.Signals): void {
  for (const entry of entries) {
    try {
      process.kill(Number(entry), signal);
    } catch {
      // It ended by itself meanwhile, or belongs to somebody else and cannot write to our mirror either.
    }
  }
}
