import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { makeFolder } from './folder.ts';
import { homeMark, stateDirFault } from './home.ts';

/** The right to use a state directory; ends with `close` or with the process, whatever ends it. */
export interface StateLock {
  close(): Promise<void>;
}

/** A socket's path has 108 bytes in the kernel, its final NUL included. */
const socketPathLimitBytes = 107;
/** `lock.sock` was the one name of earlier versions. */
const lockName = /^lock\.(?:[0-9a-f]{6}|sock)$/;
/** Others that try at the same time see a smaller name and leave; more rounds than this means that one is stuck. */
const roundsMax = 250;
const roundMs = 20;
/** A holder that is too busy to say so in this time is believed to hold. */
const answerMs = 1_000;

/**
 * Takes the state directory for this process. The lock is a listening socket in it, not a file with a process id:
 * a `kill -9` leaves a socket that answers nobody, and ids repeat (in a container everybody is 1).
 * It is seen by every process and container on this machine, not by another machine on a shared disk.
 * After it, no git of an earlier life runs in the directory (on Linux). Faults: SG3020 in use, SG3021 unusable.
 *
 * Each process puts a socket of its own there, and then looks for others: it holds only once it has found none that
 * answers. Of two, the one that came second finds the first, so never both hold. A name is used once: one that answers
 * nobody is dead for ever, and may be removed at any time, by anybody, however late. (With one name for all, who
 * removes a dead socket may be removing that of a process which has just taken over.)
 */
export async function lockStateDir(stateDir: string): Promise<Result<StateLock>> {
  const name = `lock.${randomUUID().slice(0, 6)}`;
  const path = join(stateDir, name);
  const tooLong = judgeStateDirPath(stateDir);
  if (tooLong !== null) return failed(tooLong);
  let own: OwnSocket | null = null;
  try {
    await makeFolder(stateDir);
    own = await putSocket(path);
    if (await winAgainstOthers(stateDir, name)) {
      own.hold();
      await endLeftovers(join(stateDir, 'git', 'home'));
      return ok({ close: own.close });
    }
    await own.close();
  } catch (error) {
    await own?.close();
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

/** Of those that try at the same time, the one with the smallest name waits for the others to leave. */
async function winAgainstOthers(stateDir: string, name: string): Promise<boolean> {
  for (let round = 0; round < roundsMax; round += 1) {
    let alone = true;
    for (const other of await readdir(stateDir)) {
      if (other === name || !lockName.test(other)) continue;
      const answer = await ask(join(stateDir, other));
      if (answer === 'dead') await rm(join(stateDir, other), { force: true });
      else if (answer === 'holds' || (answer === 'tries' && other < name)) return false;
      else alone = false;
    }
    if (alone) return true;
    await setTimeout(roundMs);
  }
  return false;
}

/** SG3021 for a path in which no socket has room; else null. */
export function judgeStateDirPath(stateDir: string): Fault | null {
  const over = Buffer.byteLength(join(stateDir, 'lock.000000')) - socketPathLimitBytes;
  if (over <= 0) return null;
  return fault(
    'SG3021',
    'human',
    `the state directory ${stateDir} cannot be used: its path is ${over} bytes too long for a socket in it`,
    'choose a shorter stateDir',
  );
}

/** Whether a process holds the state directory. Only looks: what is dead stays where it is. */
export async function isStateDirHeld(stateDir: string): Promise<boolean> {
  const names = await readdir(stateDir).catch(() => []);
  const answers = await Promise.all(
    names.filter((name) => lockName.test(name)).map((name) => ask(join(stateDir, name))),
  );
  return answers.includes('holds');
}

interface OwnSocket {
  /** From now on it says that it holds, and not only that it tries. */
  hold(): void;
  close(): Promise<void>;
}

const saysHolds = 'h';
const saysTries = 't';

/** Under its name it is seen only when it listens already: before that it would look like one of the dead. */
async function putSocket(path: string): Promise<OwnSocket> {
  let says = saysTries;
  const server = createServer((peer) => {
    peer.on('error', () => undefined);
    peer.end(says);
  });
  const bound = path.replace(/\.([^.]*)$/, '-$1');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(bound, resolve);
  });
  // Holding the lock alone keeps no process alive.
  server.unref();
  const close = async (): Promise<void> => {
    await rm(path, { force: true });
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  try {
    await rename(bound, path);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    hold: () => {
      says = saysHolds;
    },
    close,
  };
}

type Answer = 'holds' | 'tries' | 'dead' | 'unclear';

/** Only a refusal proves that nobody listens. One that hangs up without a word may be about to leave: it is asked again. */
function ask(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const conclude = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, () => conclude('holds'));
    socket.on('data', (said) => conclude(said.toString('latin1') === saysTries ? 'tries' : 'holds'));
    socket.on('end', () => conclude('unclear'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      conclude(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? 'dead' : 'unclear');
    });
  });
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
