/** The action from its first step to its last, with the built program: an event comes, and a comment is there. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { removeFolders } from '../cli/folder.ts';
import { makeReviewStage, ownedTask } from '../cli/review-stage.ts';
import { startForge } from './fake-forge.ts';
import { pullRequestPayload } from './payloads.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { inputs, runs } = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  inputs: Record<string, { default: string }>;
  runs: { steps: { id: string; run: string; env: Record<string, string> }[] };
};

beforeAll(() => {
  if (!existsSync(join(root, 'dist/main.js'))) throw new Error('npm run build makes dist/main.js');
});
afterAll(removeFolders);

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runStep(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const flags = ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script];
  return new Promise((resolve) => {
    execFile('bash', flags, { cwd, env, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 70;
      resolve({ code, stdout, stderr });
    });
  });
}

describe('the action', () => {
  it('comments on a pull request, and leaves no secret behind', async () => {
    const stage = makeReviewStage({ 'tasks/b.yaml': ownedTask('unlock-b', false), '.npmrc': 'registry=x\n' });
    const forge = await startForge();
    const npm = stage.folder.write(
      'bin/npm',
      `#!/bin/sh\nmkdir -p "$3/node_modules" && ln -s "${root}" "$3/node_modules/snowgate"\n`,
    );
    chmodSync(npm, 0o755);
    const given = { ...Object.fromEntries(Object.entries(inputs).map(([name, one]) => [name, one.default])) };
    const runner = stage.env(
      'pull_request',
      pullRequestPayload({ base: stage.base, head: stage.head }),
      forge,
    );
    const { GITHUB_TOKEN: token = '', ...known } = runner;
    Object.assign(given, {
      token,
      package: stage.folder.write('packed/snowgate.tgz', 'x'),
      'ledger-token': 'canary-ledger-7d21',
      'policy-token': 'canary-policy-90b3',
    });
    let said = '';
    let code = 0;
    for (const step of runs.steps) {
      // As the runner does: an expression is put into the environment, never into the script.
      const env = Object.entries(step.env).map(([name, value]) => {
        const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1];
        return [name, input === undefined ? (stage.outputs().folder ?? '') : (given[input] ?? '')];
      });
      const ran = await runStep(step.run, stage.dir, {
        PATH: `${join(stage.folder.dir, 'bin')}:${process.env.PATH ?? ''}`,
        HOME: stage.folder.dir,
        GITHUB_WORKSPACE: stage.dir,
        ...known,
        ...Object.fromEntries(env),
      });
      said += `${ran.stdout}${ran.stderr}`;
      code = ran.code;
    }
    await forge.close();
    expect(code).toBe(1);
    expect(forge.writes()).toEqual(['POST']);
    expect(forge.comments[0]?.body).toContain('snowgate review: failed');
    expect(said).toMatch(/^snowgate \d+\.\d+\.\d+\n/);
    expect(said).toMatch(/^::error file=tasks\/b.yaml,line=1,col=1,title=SG6301::/m);
    expect(stage.outputs()).toMatchObject({ result: 'failed', denied: '1', comment: 'created' });
    expect(`${said}${stage.summary()}${JSON.stringify(stage.outputs())}`).not.toMatch(/canary/);
    const temp = join(stage.folder.dir, 'temp');
    const left = readdirSync(temp).map((name) => name.replace(/-[A-Za-z0-9]+$/, ''));
    expect(left.sort()).toEqual(['snowgate-cli', 'snowgate-review']);
  });
});
