/** Processes of a test: the built program and what it starts. Whatever a test began is ended, however the test ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** So much of what a process writes is kept; a test that needs more is wrong. */
const keptCharacters = 8_000_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One line of the program's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly code?: string;
  readonly reason?: string;
  readonly hint?: string;
  readonly task?: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
  isRunning(): boolean;
  /** The log so far. */
  log(): LogLine[];
}

/** Starts the built program in a process group of its own. */
export function startProgram(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Started {
  if (!existsSync(main)) throw new Error('dist/main.js is not there: npm run build makes it');
  const child = spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { PATH: process.env.PATH ?? '', TMPDIR: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] = (text[name] + chunk).slice(-keptCharacters);
    });
  }
  let running = true;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      running = false;
    });
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, text, ended, isRunning: () => running, log: () => readLog(text.stderr) };
}

function readLog(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
    } catch {
      // The last line of a process that was killed may be half of one.
      return [];
    }
  });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly environment: string;
}

/** Every process whose environment holds a text; empty where there is no /proc to look into. */
function findProcesses(text: string): Process[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!/^[0-9]+$/.test(entry) || pid === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      if (!environment.includes(text)) return [];
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const status = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // The name stands in brackets and may hold anything; what follows it is state and parent.
      const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid, parent, command, environment }];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}

/**
 * Kills every git that was started for a state directory. Not those that serve a `file://` remote, nor what they
 * started: they stand for a server on another machine, which a killed client does not take with it.
 */
export function killGitOf(stateDir: string): number {
  const found = findProcesses(`${stateDir}/git/home`);
  const servers = new Set(
    found.filter(({ command }) => /(receive|upload)-pack/.test(command)).map(({ pid }) => pid),
  );
  for (let before = -1; before !== servers.size; ) {
    before = servers.size;
    for (const { pid, parent } of found) if (servers.has(parent)) servers.add(pid);
  }
  const clients = found.filter(({ pid }) => !servers.has(pid));
  for (const { pid } of clients) kill(pid);
  return clients.length;
}

/** Kills everything whose environment names a folder: what a killed program left behind below it. */
export function killAllIn(dir: string): void {
  for (const { pid } of findProcesses(dir)) kill(pid);
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
