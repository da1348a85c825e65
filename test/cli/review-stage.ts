/** A checkout as a workflow has it for a pull request, the files and the environment of its runner, and a forge. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeForge } from '../forge/fake-forge.ts';
import { forgeToken } from '../forge/fake-forge.ts';
import { type Folder, makeFolder, taskText } from './folder.ts';

type Files = Readonly<Record<string, string | null>>;

export interface ReviewStage {
  readonly folder: Folder;
  /** The checkout. */
  readonly dir: string;
  readonly base: string;
  readonly head: string;
  /** What the runner sets, with an event of this name and payload. */
  env(name: string, payload: unknown, forge?: FakeForge): Record<string, string>;
  summary(): string;
  /** The outputs of the newest run, as the runner reads them. */
  outputs(): Record<string, string>;
  /** Forgets summary and outputs, as the runner does for each step. */
  clear(): void;
}

export const reviewConfig = `apiVersion: snowgate/v1
kind: Controller
source: {url: "https://git.example.com/marine/snow-tasks.git"}
ledger: {id: 6f1c8a52-3f0e-4a0b-9c1d-2f6d1f0f7a11, url: "file:///nowhere/snow-ledger.git"}
stateDir: /nowhere/state
fleets: {lab: {region: us-west-2, endpoint: "http://127.0.0.1:9"}}
`;

const policy = `apiVersion: snowgate/v1
kind: Policy
metadata: {name: owned}
spec:
  description: Every task names its owner.
  rules:
    - {name: owner, require: '"owner" in task.labels', message: no owner, otherwise: deny}
`;

/** A manifest that the policy allows, or denies. */
export function ownedTask(name: string, isOwned = true): string {
  const labels = isOwned ? '  labels: {owner: ann}\n' : '';
  return taskText(name).replace('spec:\n', `${labels}spec:\n`);
}

const policyTest = `apiVersion: snowgate/v1
kind: PolicyTest
metadata: {name: owned}
spec:
  policies: [owned.yaml]
  given:
    now: 2026-11-25T12:00:00+01:00
    task: {fleet: lab, command: unlock, targets: [smd-a], labels: {owner: ann}}
  cases:
    - {name: with an owner, expect: {verdict: allow}}
    - {name: without one, task: {labels: {}}, expect: {verdict: deny, rule: owned/owner}}
`;

/** The base holds one task; `change` is what the pull request does, and the checkout is the merge of both where there is one. */
export function makeReviewStage(change: Files, more: Files = {}): ReviewStage {
  const folder = makeFolder();
  const dir = join(folder.dir, 'checkout');
  mkdirSync(dir);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
      cwd: dir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  const commit = (files: Files): string => {
    for (const [path, text] of Object.entries(files)) {
      if (text === null) rmSync(join(dir, path));
      else folder.write(join('checkout', path), text);
    }
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message=Change');
    return git('rev-parse', 'HEAD');
  };
  git('init', '--quiet', '--initial-branch=main');
  commit({
    'snowgate.yaml': reviewConfig,
    'policies/owned.yaml': policy,
    'policies/owned.test.yaml': policyTest,
    'tasks/a.yaml': ownedTask('unlock-a').replace('smd-iq2pogbjsf2jpc2j', 'smd-o3uuq2sllugi7pnu'),
  });
  git('branch', 'change');
  const base = commit({ 'README.md': 'tasks\n', ...more });
  git('checkout', '--quiet', 'change');
  const head = commit(change);
  git('checkout', '--quiet', '--detach', base);
  try {
    git('merge', '--quiet', '--no-ff', '--message=Merge', head);
  } catch {
    git('merge', '--abort');
  }
  const file = (name: string): string => join(folder.dir, name);
  mkdirSync(file('temp'));
  return {
    folder,
    dir,
    base,
    head,
    env: (name, payload, forge) => ({
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: name,
      GITHUB_EVENT_PATH: folder.write(
        'event.json',
        typeof payload === 'string' ? payload : JSON.stringify(payload),
      ),
      GITHUB_REPOSITORY: 'marine/snow-tasks',
      GITHUB_RUN_ID: '9000000001',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_STEP_SUMMARY: file('summary.md'),
      GITHUB_OUTPUT: file('outputs'),
      RUNNER_TEMP: file('temp'),
      ...(forge === undefined ? {} : { GITHUB_API_URL: forge.apiUrl, GITHUB_TOKEN: forgeToken }),
    }),
    summary: () => (existsSync(file('summary.md')) ? readFileSync(file('summary.md'), 'utf8') : ''),
    outputs: () => readOutputs(existsSync(file('outputs')) ? readFileSync(file('outputs'), 'utf8') : ''),
    clear: () => {
      rmSync(file('summary.md'), { force: true });
      rmSync(file('outputs'), { force: true });
    },
  };
}

/** As the runner does. */
function readOutputs(text: string): Record<string, string> {
  const found = text.matchAll(/^([\w-]+)(?:=(.*)|<<(.+)\n([\s\S]*?)\n\3)$/gm);
  return Object.fromEntries([...found].map(([, name = '', short, , long]) => [name, short ?? long ?? '']));
}
