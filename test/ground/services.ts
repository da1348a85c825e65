/** Servers of a test, each in a process group of its own: ended whole, however the test ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

export interface Service {
  /** What it has written so far, for the message of a test that fails. */
  said(): string;
  /** Ends it at once with all that it started, as a power cut would. */
  kill(): Promise<void>;
}

const keptCharacters = 100_000;
const running = new Set<ChildProcess>();

// A worker that ends in the middle of a test leaves nothing behind.
process.on('exit', () => {
  for (const child of running) killAll(child);
});

/** Starts a server that stays in the foreground. */
export function startService(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Service {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-keptCharacters);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      text += `${program}: ${error.message}`;
      resolve();
    });
    child.on('exit', () => resolve());
  });
  return {
    said: () => text,
    kill: async () => {
      killAll(child);
      await ended;
      running.delete(child);
    },
  };
}

/** All that it started goes first: sshd gives each session a group of its own, which would live on. */
function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  for (const each of [...descendants(pid), -pid]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}

/** The processes below one, where there is a /proc to look into. */
function descendants(root: number): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      // The name stands in brackets and may hold anything; what follows it is state and parent.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while it was looked at.
    }
  }
  const found = new Set([root]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(root);
  return [...found];
}

/** Waits until somebody listens, at a port of loopback or at the path of a socket. */
export async function waitForListener(where: number | string, service: Service): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    if (await accepts(where)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens at ${where}: ${service.said()}`);
}

function accepts(where: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
