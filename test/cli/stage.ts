/** A source repository, a ledger repository, a simulated AWS and a configuration: what a controller needs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { makeFolder, taskText } from './folder.ts';
import { type Ran, type RunSettings, run } from './terminal.ts';

export interface Stage {
  readonly dir: string;
  readonly configFile: string;
  readonly simulator: Simulator;
  git(repository: 'source' | 'ledger.git', ...args: string[]): string;
  /** Writes files into the source (null removes one) and commits them. */
  commit(files: Readonly<Record<string, string | null>>): string;
  /** Writes the configuration anew, with other lines below some of its keys. */
  configure(change: { readonly ledger?: string; readonly source?: string; readonly fleets?: string }): void;
  /** The same configuration with another state directory: a controller that remembers nothing. */
  withStateDir(name: string): string;
  run(argv: readonly string[], settings?: RunSettings): Promise<Ran>;
  /** Begins the ledger, and pins it in the configuration; what `ledger init --format json` answered. */
  begin(): Promise<Ran>;
  /** Tasks that the simulated AWS holds, with the tokens they were asked by. */
  tasks(): Promise<{ readonly taskId: string; readonly clientToken: string }[]>;
  close(): Promise<void>;
}

const fleets = 'lab: {region: us-west-2, endpoint: "ENDPOINT"}';

/** Makes it; `files` are the source's first commit. */
export async function makeStage(files: Readonly<Record<string, string>>): Promise<Stage> {
  const folder = makeFolder();
  const { dir } = folder;
  const simulator = await startSimulator({ seed: 1 });
  const git: Stage['git'] = (repository, ...args) =>
    execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
      cwd: join(dir, repository),
      encoding: 'utf8',
    }).trim();
  mkdirSync(join(dir, 'ledger.git'));
  mkdirSync(join(dir, 'source'));
  git('ledger.git', 'init', '--quiet', '--bare', '--initial-branch=main');
  git('source', 'init', '--quiet', '--initial-branch=main');
  const commit: Stage['commit'] = (changed) => {
    for (const [path, text] of Object.entries(changed)) {
      if (text === null) rmSync(join(dir, 'source', path));
      else folder.write(`source/${path}`, text);
    }
    git('source', 'add', '--all');
    git('source', 'commit', '--quiet', '--allow-empty', '--message=Change');
    return git('source', 'rev-parse', 'HEAD');
  };
  const configure: Stage['configure'] = (change) => {
    const endpointed = (change.fleets ?? fleets).replaceAll('ENDPOINT', simulator.endpoint);
    folder.write(
      'snowgate.yaml',
      `apiVersion: snowgate/v1
kind: Controller
source: {url: "file://${dir}/source"${change.source ?? ''}}
ledger: {url: "file://${dir}/ledger.git", pushesPerMinute: 600${change.ledger ?? ''}}
stateDir: ${dir}/state
replica: stage
fleets: {${endpointed}}
policy: {uncovered: allow}
issue: {deadline: 5s, requestTimeout: 2s}
recovery: {takeover: 16s, settling: 8s}
`,
    );
  };
  configure({});
  commit({ 'README.md': 'tasks\n', ...files });
  const runHere: Stage['run'] = (argv, settings) => run(argv, { cwd: dir, ...settings });
  const begin: Stage['begin'] = async () => {
    const made = await runHere(['ledger', 'init', '--issue-existing', '--format', 'json']);
    configure({ ledger: `, id: ${JSON.parse(made.stdout).ledger}` });
    return made;
  };
  return {
    dir,
    configFile: join(dir, 'snowgate.yaml'),
    simulator,
    git,
    commit,
    configure,
    withStateDir: (name) => {
      const text = readFileSync(join(dir, 'snowgate.yaml'), 'utf8');
      return folder.write(`${name}.yaml`, text.replace(`${dir}/state`, `${dir}/${name}`));
    },
    run: runHere,
    begin,
    tasks: async () => {
      const answer = await fetch(`${simulator.endpoint}/_simulator/state`);
      const state = (await answer.json()) as {
        fleets: { tasks: { taskId: string; clientToken: string }[] }[];
      };
      return state.fleets.flatMap((fleet) => fleet.tasks);
    },
    close: async () => {
      await simulator.close();
      folder.remove();
    },
  };
}

/** The source's first task, as most tests want it. */
export const oneTask = { 'tasks/a.yaml': taskText('unlock-a') };

/** Credentials that the simulator takes, for a process that would otherwise look for real ones. */
export function takeTestCredentials(): void {
  for (const name of Object.keys(process.env)) if (/^AWS_/.test(name)) delete process.env[name];
  process.env.AWS_ACCESS_KEY_ID = 'TESTKEY';
  process.env.AWS_SECRET_ACCESS_KEY = 'canary-6a2f4f1f9b21';
}
