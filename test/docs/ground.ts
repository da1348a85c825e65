/**
 * What the runbooks of docs/OPERATIONS.md are run on: repositories of tasks and of the ledger, a simulated AWS, and the folder
 * in which an operator works, with `snowgate.yaml` and a clone of the tasks.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { defaultOptions } from '../../src/simulator/options.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { run } from '../cli/terminal.ts';
import { type Following, follow } from './follow.ts';
import { wordsOf } from './page.ts';

const execute = promisify(execFile);

type Tree = Readonly<Record<string, unknown>>;

export interface Ground {
  /** Where the operator works. */
  readonly dir: string;
  /** The controller's `stateDir`, which the page calls `/var/lib/snowgate`. */
  readonly stateDir: string;
  /** Where the repositories of the server lie. */
  readonly serverDir: string;
  readonly simulator: Simulator;
  /** Devices of fleet north-sea. */
  readonly devices: readonly string[];
  /** Writes files into the clone of the tasks (null removes one), commits and pushes; answers the head. */
  commit(files: Readonly<Record<string, string | null>>): Promise<string>;
  /** Git in the operator's folder. */
  git(...args: string[]): Promise<string>;
  /** Git in a repository of the server. */
  serve(repository: Repository, ...args: string[]): Promise<string>;
  snowgate(...argv: string[]): Promise<Answer>;
  /** Changes the configuration: sections are merged, null removes a key. */
  configure(change: Tree): void;
  /** The tasks that AWS holds. */
  tasks(): Promise<readonly SimulatedTask[]>;
  control(path: string, body: object): Promise<void>;
  /** Does what a section of a page shows, step by step; answers each shown line that the programs did not write. */
  follow(section: string, options?: Partial<Following>): Promise<string[]>;
  end(): Promise<void>;
}

export interface SimulatedTask {
  readonly taskId: string;
  readonly clientToken: string;
}

export type Repository = 'snow-tasks.git' | 'snow-ledger.git';

export interface Answer {
  readonly exit: number;
  readonly text: string;
}

/** Every page names the server so; git is told where it is. */
const server = 'https://git.example.com/marine/';
const usualStateDir = '/var/lib/snowgate';
const accessKeyId = 'TESTKEY';

/** Makes the ground. Its fleets are of one account: north-sea in eu-west-1, and an empty one in eu-north-1. */
export async function openGround(): Promise<Ground> {
  process.env.AWS_ACCESS_KEY_ID = accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-word-of-any-page';
  const base = mkdtempSync(join(tmpdir(), 'snowgate-docs-'));
  const [dir, stateDir] = [join(base, 'ops'), join(base, 'state')];
  const seat = { account: '111122223333', accessKeyIds: [accessKeyId], devices: 6 };
  const simulator = await startSimulator({
    ...defaultOptions,
    fleets: [
      { ...seat, region: 'eu-west-1' },
      { ...seat, region: 'eu-north-1' },
    ],
    // No device comes to its end while a page is followed, or all would depend on how fast this machine is.
    settings: { ...defaultOptions.settings, tokenLifeMs: 0, pickupMs: 20, rebootMs: 3_600_000 },
  });
  const settings = ['[user]', 'name = Ann', 'email = ann@example.com', '[init]', 'defaultBranch = main'];
  const redirect = [`[url "file://${base}/"]`, `insteadOf = ${server}`];
  mkdirSync(dir);
  writeFileSync(join(base, 'gitconfig'), [...settings, ...redirect, ''].join('\n'));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: base,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(base, 'gitconfig'),
  };
  const git = async (cwd: string, ...args: string[]): Promise<string> =>
    (await execute('git', args, { cwd, env })).stdout.trim();
  for (const name of ['snow-tasks.git', 'snow-ledger.git'])
    await git(base, 'init', '--quiet', '--bare', name);
  await git(dir, 'clone', '--quiet', `${server}snow-tasks.git`);
  writeFileSync(join(dir, 'snow-tasks', 'README.md'), 'Tasks of our ships\n');
  const configFile = join(dir, 'snowgate.yaml');
  const hide = (text: string): string =>
    text.replaceAll(`file://${base}/`, server).replaceAll(stateDir, usualStateDir);
  const ground: Omit<Ground, 'follow'> = {
    dir,
    stateDir,
    serverDir: base,
    simulator,
    devices: simulator.fleets[0]?.devices ?? [],
    git: (...args) => git(dir, ...args),
    serve: (repository, ...args) => git(join(base, repository), ...args),
    commit: async (files) => {
      const clone = join(dir, 'snow-tasks');
      for (const [path, text] of Object.entries(files)) writeIn(join(clone, path), text);
      await git(clone, 'add', '--all');
      await git(clone, 'commit', '--quiet', '--allow-empty', '--message=Change the tasks');
      await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
      return git(clone, 'rev-parse', 'HEAD');
    },
    snowgate: async (...argv) => {
      const { exit, stdout, stderr } = await run(argv, { cwd: dir });
      // The log is for machines, and stands apart from results; what is said of the configuration belongs to them.
      const told = stderr.split('\n').filter((line) => !line.startsWith('{') && line !== '');
      return { exit, text: hide([...told, stdout].join('\n')) };
    },
    configure: (change) => {
      const old: Tree = parse(readFileSync(configFile, 'utf8'));
      writeFileSync(configFile, stringify(merge(old, change)));
    },
    tasks: async () => {
      const answer = await fetch(`${simulator.endpoint}/_simulator/state`);
      const state = (await answer.json()) as { fleets: { tasks: SimulatedTask[] }[] };
      return state.fleets.flatMap(({ tasks }) => tasks);
    },
    control: async (path, body) => {
      const answer = await fetch(`${simulator.endpoint}/_simulator${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    end: async () => {
      await simulator.close();
      rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
  writeFileSync(configFile, stringify(usualConfiguration(base, stateDir, simulator.endpoint)));
  await ground.commit({});
  const type = async (line: string): Promise<string> => {
    const [program = '', ...argv] = wordsOf(line);
    if (program === 'snowgate') return (await ground.snowgate(...argv)).text;
    const { stdout, stderr } = await execute('sh', ['-c', line], { cwd: dir, env });
    return hide(`${stderr}${stdout}`);
  };
  return {
    ...ground,
    follow: (section, { words = {}, ...others } = {}) =>
      follow(section, {
        type,
        write: (text) => ground.configure(parse(text)),
        words: { [usualStateDir]: () => stateDir, ...words },
        ...others,
      }),
  };
}

/** The id of the ledger that was made. */
export async function readLedgerId({ serve }: Pick<Ground, 'serve'>): Promise<string> {
  const root = await serve('snow-ledger.git', 'rev-list', '--max-parents=0', 'snowgate-ledger');
  return JSON.parse(await serve('snow-ledger.git', 'show', `${root}:FORMAT`)).ledger;
}

/** A short settling, so that a doubt can be looked at; deadlines that a busy machine keeps, and that nothing waits for. */
function usualConfiguration(base: string, stateDir: string, endpoint: string): Tree {
  return {
    apiVersion: 'snowgate/v1',
    kind: 'Controller',
    source: { url: `file://${base}/snow-tasks.git` },
    ledger: { url: `file://${base}/snow-ledger.git`, pushesPerMinute: 600 },
    stateDir,
    replica: 'bridge',
    fleets: { 'north-sea': { region: 'eu-west-1', endpoint } },
    policy: { uncovered: 'allow' },
    issue: { deadline: '30s', requestTimeout: '10s', rate: 50 },
    recovery: { takeover: '90s', settling: '300ms' },
  };
}

function merge(base: Tree, change: Tree): Tree {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isTree(old) && isTree(value) ? merge(old, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function writeIn(file: string, text: string | null): void {
  rmSync(file, { force: true });
  if (text === null) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
