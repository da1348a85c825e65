/** Each example as its reader would try it: one commit of a repository, and what the built program plans at each moment. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { run } from '../cli/terminal.ts';
import { startProgram } from './processes.ts';
import type { Finished } from './world.ts';

const root = fileURLToPath(new URL('../../examples/', import.meta.url));
const folders = readdirSync(root).filter((name) => existsSync(join(root, name, 'tasks')));

interface Moment {
  readonly at: string;
  /** Files that a later commit has removed. */
  readonly without?: readonly string[];
  readonly exit: number;
  /** By fleet/name: `ACTION until TIME: CODES`. */
  readonly tasks: Readonly<Record<string, string>>;
}

interface Expected {
  readonly committed: string;
  readonly moments: readonly Moment[];
}

const dir = mkdtempSync(join(tmpdir(), 'snowgate-examples-'));
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

function git(cwd: string, date: string, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', ...args], {
    cwd,
    env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

interface Place {
  readonly source: string;
  readonly config: string;
}

/** The example in a repository of its own, beside an empty ledger, with its own configuration or the smallest. */
async function makePlace(name: string, { committed }: Expected): Promise<Place> {
  const base = join(dir, name);
  const source = join(base, 'source');
  cpSync(join(root, name), source, { recursive: true });
  git(source, committed, 'init', '--quiet', '--initial-branch=main');
  git(source, committed, 'add', '--all');
  git(source, committed, 'commit', '--quiet', '--message=Ask');
  mkdirSync(join(base, 'ledger.git'));
  git(join(base, 'ledger.git'), committed, 'init', '--quiet', '--bare', '--initial-branch=main');
  const own = join(source, 'snowgate.yaml');
  const given = existsSync(own) ? parse(readFileSync(own, 'utf8')) : smallest;
  const config = join(base, 'snowgate.yaml');
  const write = (ledger: object): void =>
    writeFileSync(
      config,
      JSON.stringify({
        ...given,
        source: { url: `file://${source}` },
        ledger: { url: `file://${base}/ledger.git`, ...ledger },
        stateDir: join(base, 'state'),
      }),
    );
  write({});
  const made = await snowgate(
    base,
    'ledger',
    'init',
    '--config',
    config,
    '--issue-existing',
    '--format',
    'json',
  );
  expect(made).toMatchObject({ code: 0 });
  write({ id: JSON.parse(made.stdout).ledger });
  return { source, config };
}

const smallest = {
  apiVersion: 'snowgate/v1',
  kind: 'Controller',
  fleets: {
    'north-sea': { region: 'eu-west-1', account: '111122223333' },
    lab: { region: 'us-west-2', account: '444455556666' },
  },
};

async function snowgate(cwd: string, ...argv: string[]): Promise<Finished> {
  const { text, ended } = startProgram(argv, cwd, {});
  return { ...(await ended), ...text };
}

interface Planned {
  readonly fleet: string;
  readonly name: string;
  readonly action: string;
  readonly until: string | null;
  readonly reasons: readonly { readonly code: string }[];
}

/** A task of the plan as an example's expectation is written. */
function sayPlanned({ action, until, reasons }: Planned): string {
  const codes = reasons.map(({ code }) => code).join(', ');
  const time = until === null ? '' : ` until ${until.replace('.000Z', 'Z')}`;
  return `${action}${time}${codes === '' ? '' : `: ${codes}`}`;
}

describe('examples/', () => {
  it('are all in the list, and no others', () => {
    const listed = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `([a-z-]+)` \|/gm)];
    expect(listed.map(([, name]) => name).sort()).toEqual([...folders].sort());
  });

  describe.each(folders)('%s', (name) => {
    const cwd = join(root, name);

    it('is valid', async () => {
      expect(await run(['validate'], { cwd })).toMatchObject({ exit: 0, stderr: '' });
    });

    it('has proved policies', async () => {
      expect(await run(['policy', 'test', '--require-proof'], { cwd })).toMatchObject({
        exit: 0,
        stderr: '',
      });
    });

    it('is told by a README, and is planned as it says', { timeout: 120_000 }, async () => {
      expect(readFileSync(join(cwd, 'README.md'), 'utf8')).toMatch(/^# /);
      const expected: Expected = parse(readFileSync(join(cwd, 'expected.yaml'), 'utf8'));
      const { source, config } = await makePlace(name, expected);
      for (const { at, without = [], exit, tasks } of expected.moments) {
        if (without.length > 0) {
          git(source, expected.committed, 'rm', '--quiet', ...without);
          git(source, expected.committed, 'commit', '--quiet', '--message=Remove');
        }
        const { code, stdout } = await snowgate(
          dir,
          'plan',
          '--at',
          at,
          '--config',
          config,
          '--format',
          'json',
        );
        const { tasks: planned }: { tasks: Planned[] } = JSON.parse(stdout);
        const said = planned.map((task) => [`${task.fleet}/${task.name}`, sayPlanned(task)]);
        expect({ at, exit: code, tasks: Object.fromEntries(said) }).toEqual({ at, exit, tasks });
      }
    });
  });
});
