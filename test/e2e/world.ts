/** What a user has: a source repository, a ledger repository, an AWS (simulated, in a process of its own), and files. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ended, killAllIn, type Started, startProgram } from './processes.ts';

export interface SimulatedTask {
  readonly taskId: string;
  readonly clientToken: string;
  readonly targets: readonly string[];
  readonly state: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A receipt as `ledger list --format json` writes it. */
export interface ListedReceipt {
  readonly token: string;
  readonly name: string;
  readonly state: string;
  readonly run: number | null;
  readonly outcome: string | null;
  readonly taskIds: readonly string[];
  readonly attempts: readonly { readonly n: number; readonly run: string }[];
}

export interface Finished extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Below the sections of a configuration, what is different from {@link World.configure}'s usual one. */
export type Change = Readonly<Record<string, unknown>>;

export interface World {
  readonly dir: string;
  readonly endpoint: string;
  /** Devices of the one fleet. */
  readonly devices: readonly string[];
  git(repository: Repository, ...args: string[]): string;
  /** Writes files into the work tree of the source (null removes one), commits and pushes; answers the head. */
  commit(files: Readonly<Record<string, string | null>>): string;
  /** The same in a repository of their own, `policies.git`, which is made with its first commit. */
  commitPolicies(files: Readonly<Record<string, string | null>>): string;
  /** Writes `NAME.yaml`, and answers its path; sections are merged with the usual ones. */
  configure(name: string, change?: Change): string;
  /** Makes the ledger, and pins it in every configuration that is written from now on. */
  initLedger(...flags: string[]): Promise<string>;
  start(...argv: string[]): Started;
  finish(...argv: string[]): Promise<Finished>;
  list(): Promise<ListedReceipt[]>;
  tasks(): Promise<SimulatedTask[]>;
  /** Calls that the simulated AWS has answered or dropped, by operation. */
  calls(): Promise<Readonly<Record<string, number>>>;
  control(method: string, path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export type Repository = 'work' | 'source.git' | 'ledger.git' | 'policies.git';

/** Not a word that could stand anywhere else: it must never be seen in what the program writes. */
export const canary = 'canary-0b6e8f6d51a7';

const credentials = { AWS_ACCESS_KEY_ID: 'TESTKEY', AWS_SECRET_ACCESS_KEY: canary };

/** Makes the world; `simulatorFlags` are those of `snowgate simulate`. */
export async function makeWorld(...simulatorFlags: string[]): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-e2e-'));
  const started: Started[] = [];
  const start = (...argv: string[]): Started => {
    const process = startProgram(argv, dir, credentials);
    started.push(process);
    return process;
  };
  const close = async (): Promise<void> => {
    for (const { child, isRunning } of started) if (isRunning()) child.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
    killAllIn(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  try {
    const simulator = start('simulate', '--listen', '127.0.0.1:0', ...simulatorFlags);
    const ready = await readReadyLine(simulator);
    makeRepositories(dir);
    return { ...makeUse(dir, ready.endpoint, start), devices: ready.devices, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What this module needs of a test's context: tests run side by side, since they mostly wait. */
export interface Test {
  readonly onTestFinished: (close: () => Promise<void>) => void;
}

/** A world that ends with its test. */
export async function openWorld(test: Test, ...simulatorFlags: string[]): Promise<World> {
  const world = await makeWorld(...simulatorFlags);
  test.onTestFinished(world.close);
  return world;
}

async function readReadyLine({ text, isRunning }: Started): Promise<{ endpoint: string; devices: string[] }> {
  while (!text.stdout.includes('\n')) {
    if (!isRunning()) throw new Error(`the simulator has ended: ${text.stderr}`);
    await sleep(10);
  }
  const { endpoint, fleets } = JSON.parse(text.stdout);
  return { endpoint, devices: fleets[0].devices };
}

function makeRepositories(dir: string): void {
  for (const name of ['source.git', 'ledger.git']) {
    runGit(dir, 'init', '--quiet', '--bare', '--initial-branch=main', name);
  }
  runGit(dir, 'init', '--quiet', '--initial-branch=main', 'work');
  writeFileSync(join(dir, 'work', 'README.md'), 'tasks\n');
  pushAll(join(dir, 'work'), 'source.git', 'Begin');
}

function pushAll(work: string, repository: string, message: string): string {
  runGit(work, 'add', '--all');
  runGit(work, 'commit', '--quiet', '--allow-empty', `--message=${message}`);
  runGit(work, 'push', '--quiet', '--force', `../${repository}`, 'HEAD:main');
  return runGit(work, 'rev-parse', 'HEAD');
}

function commitPolicies(dir: string, files: Readonly<Record<string, string | null>>): string {
  const work = join(dir, 'policy-work');
  if (!existsSync(work)) {
    runGit(dir, 'init', '--quiet', '--bare', '--initial-branch=main', 'policies.git');
    runGit(dir, 'init', '--quiet', '--initial-branch=main', 'policy-work');
  }
  for (const [path, content] of Object.entries(files)) writeIn(join(work, path), content);
  return pushAll(work, 'policies.git', 'Rule');
}

function runGit(cwd: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

type Use = Omit<World, 'devices' | 'close'>;

function makeUse(dir: string, endpoint: string, start: World['start']): Use {
  let pinned: Change = {};
  const configure: World['configure'] = (name, change = {}) => {
    const file = join(dir, `${name}.yaml`);
    const usual = usualConfiguration(dir, endpoint, name);
    writeFileSync(file, JSON.stringify(merge(merge(usual, pinned), change)));
    return file;
  };
  const finish: World['finish'] = async (...argv) => {
    const { text, ended } = start(...argv);
    return { ...(await ended), ...text };
  };
  const control: World['control'] = async (method, path, body) => {
    const answer = await fetch(`${endpoint}/_simulator${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    dir,
    endpoint,
    git: (repository, ...args) => runGit(join(dir, repository), ...args),
    commit: (files) => {
      for (const [path, content] of Object.entries(files)) writeIn(join(dir, 'work', path), content);
      return pushAll(join(dir, 'work'), 'source.git', 'Change');
    },
    commitPolicies: (files) => commitPolicies(dir, files),
    configure,
    initLedger: async (...flags) => {
      const made = await finish(
        'ledger',
        'init',
        '--config',
        configure('init'),
        '--format',
        'json',
        ...flags,
      );
      if (made.code !== 0) throw new Error(`ledger init: ${made.stderr}`);
      const id = String(JSON.parse(made.stdout).ledger);
      pinned = { ledger: { id } };
      return id;
    },
    start,
    finish,
    list: async () => {
      const listed = await finish('ledger', 'list', '--config', configure('reader'), '--format', 'json');
      if (listed.code !== 0) throw new Error(`ledger list: ${listed.stderr}`);
      return JSON.parse(listed.stdout);
    },
    tasks: async () => {
      const state = (await control('GET', '/state')) as { fleets: { tasks: SimulatedTask[] }[] };
      return state.fleets.flatMap(({ tasks }) => tasks);
    },
    calls: async () => ((await control('GET', '')) as { calls: Record<string, number> }).calls,
    control,
  };
}

function writeIn(file: string, content: string | null): void {
  if (content === null) {
    rmSync(file);
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/**
 * Short times, so that recovery can be waited for; long enough that a busy machine keeps them. The state directory's
 * path must fit into that of a socket.
 */
function usualConfiguration(dir: string, endpoint: string, name: string): Change {
  return {
    apiVersion: 'snowgate/v1',
    kind: 'Controller',
    source: { url: `file://${dir}/source.git`, schedule: '* * * * * *' },
    ledger: { url: `file://${dir}/ledger.git`, pushesPerMinute: 600 },
    stateDir: join(dir, `state-${name}`),
    replica: name,
    fleets: { lab: { region: 'us-west-2', endpoint } },
    policy: { uncovered: 'allow' },
    issue: { deadline: '6s', requestTimeout: '2s', rate: 50 },
    recovery: { takeover: '10s', settling: '1500ms' },
  };
}

function merge(base: Change, change: Change): Change {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key];
    merged[key] = isMap(old) && isMap(value) ? merge(old, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A valid manifest of fleet `lab`, but for what is said otherwise. */
export function taskText(name: string, spec: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries({ fleet: 'lab', command: 'unlock', ...spec }).map(
    ([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`,
  );
  return `apiVersion: snowgate/v1\nkind: Task\nmetadata:\n  name: ${name}\nspec:\n${lines.join('')}`;
}

/** A device for each name: a device takes one task at a time, so tasks that are to go together need their own. */
export function deviceOf({ devices }: Pick<World, 'devices'>, name: string): string {
  const sum = [...name].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  const device = devices[sum % devices.length];
  if (device === undefined) throw new Error('the simulated fleet has no device');
  return device;
}

/** The manifest `name`, as a file to commit, on the device of that name. */
export function taskFile(
  world: Pick<World, 'devices'>,
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  return { [`tasks/${name}.yaml`]: taskText(name, { targets: [deviceOf(world, name)], ...spec }) };
}

export function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Flags of a simulated AWS whose devices are quick, and which remembers no token: it gives no help. */
export const quickDevices = [
  '--token-life',
  '0',
  '--pickup',
  '50ms',
  '--unlock',
  '150ms',
  '--reboot',
  '150ms',
];

/** Waits until something is so, and says what was awaited where it never becomes so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > patienceMs) throw new Error(`waited in vain until ${what}`);
    await sleep(100);
  }
}

/** Longer than any recovery of {@link World.configure}'s usual times takes on a busy machine. */
const patienceMs = 45_000;

/** The kinds of events that each commit of the ledger added, oldest commit first; the root has none. */
export function ledgerEvents(world: World): string[][] {
  const commits = world.git('ledger.git', 'rev-list', '--reverse', 'snowgate-ledger').split('\n');
  return commits.slice(1).map((commit) => {
    const added = world.git('ledger.git', 'show', '--format=', '--unified=0', commit);
    const lines = added.split('\n').filter((line) => line.startsWith('+{'));
    return lines.map((line) => String(JSON.parse(line.slice(1)).kind)).filter((kind) => kind !== 'batch');
  });
}
