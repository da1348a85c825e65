/** Source and ledger through snowgate's own adapters, on real servers; and what must never be seen of it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { LedgerConfig, RemoteConfig, SourceConfig } from '../../src/config/config.ts';
import type { LedgerCommit, PushAnswer } from '../../src/controller/ports.ts';
import { openLedger } from '../../src/git/ledger-branch.ts';
import { initLedger } from '../../src/git/ledger-init.ts';
import { openSource } from '../../src/git/source.ts';
import type { Fault } from '../../src/lib/faults.ts';
import { build, fetched } from '../contract/ledger-world.ts';
import { taskText } from '../contract/source-world.ts';
import { defaultSourceSettings } from '../doubles/source.ts';
import { killAllIn } from '../e2e/processes.ts';
import { beginning, branch, waits } from '../git/ledger-world.ts';
import { users } from './https-server.ts';
import { prepareServerGit, type Repositories } from './repositories.ts';

const run = promisify(execFile);

/** How a repository is reached: the part of the configuration that a test is about. */
export type Reach = Pick<RemoteConfig, 'url' | 'auth' | 'caFile' | 'proxy'>;

export interface Ground {
  readonly dir: string;
  readonly repositories: Repositories;
  /** Writes a secret into a file, and answers its path. */
  secretFile(text: string): Promise<string>;
  /** Fetches the source in a new state directory: `fetched`, or the fault. */
  fetchSource(reach: Reach, fetchTimeoutMs?: number): Promise<'fetched' | Fault>;
  /** Begins the ledger. */
  begin(reach: Reach): Promise<void>;
  /** Fetches the ledger and builds a commit on its tip, as long as its note. */
  make(reach: Reach, note?: string): Promise<LedgerCommit>;
  /** Sends it, over any way. */
  push(reach: Reach, commit: LedgerCommit, pushTimeoutMs?: number): Promise<PushAnswer>;
  tip(): Promise<string>;
  /** Waits until the server's git hangs. */
  untilHanging(): Promise<void>;
  end(): Promise<void>;
}

export const [sourceName, ledgerName] = ['source.git', 'ledger.git'];

/** A folder with the repositories of a server: a source of one manifest, and a ledger that is not begun yet. */
export async function openGround(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'snowgate-ground-'));
  const repositories = await prepareServerGit(join(dir, 'srv'), dir);
  for (const name of [sourceName, ledgerName]) await repositories.make(name);
  await fillSource(dir, join(repositories.root, sourceName));
  // One life of a controller after the other: what is made by one is sent by the next.
  const stateDir = join(dir, 'state');
  let files = 0;
  let seq = 0;
  const withLedger = async <T>(
    reach: Reach,
    pushTimeoutMs: number,
    act: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>,
  ): Promise<T> => {
    const store = await openStore(reach, stateDir, pushTimeoutMs);
    try {
      return await act(store);
    } finally {
      await store.close();
    }
  };
  return {
    dir,
    repositories,
    secretFile: async (text) => {
      files += 1;
      const file = join(dir, `secret-${files}`);
      await writeFile(file, `${text}\n`, { mode: 0o600 });
      return file;
    },
    fetchSource: async (reach, fetchTimeoutMs = waits.fetchTimeoutMs) => {
      files += 1;
      const answer = await fetchOnce(reach, join(dir, `source-${files}`), fetchTimeoutMs);
      return answer.ok ? 'fetched' : expectClean(answer.fault);
    },
    begin: async (reach) => {
      const begun = await initLedger(ledgerConfig(reach), beginning, waits);
      if (!begun.ok) throw new Error(begun.fault.message);
    },
    make: (reach, note) =>
      withLedger(reach, waits.pushTimeoutMs, async (store) => {
        const { tip, segments } = await fetched(store);
        seq = segments.length + 1;
        return build(store, tip, seq, 'a', note);
      }),
    push: (reach, commit, pushTimeoutMs = waits.pushTimeoutMs) =>
      withLedger(reach, pushTimeoutMs, async (store) => expectClean(await store.push(commit))),
    tip: () => repositories.git(ledgerName, 'rev-parse', `refs/heads/${branch}`),
    untilHanging: async () => {
      while (!existsSync(repositories.hangMark)) await new Promise((resolve) => setTimeout(resolve, 25));
    },
    end: async () => {
      killAllIn(dir);
      await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

async function fillSource(dir: string, repository: string): Promise<void> {
  const text = taskText('a');
  const who = 'Ann <ann@example.com> 1790000000 +0000';
  const stream = `commit refs/heads/main\ncommitter ${who}\ndata 1\nx\nM 100644 inline tasks/a.yaml\ndata ${Buffer.byteLength(text)}\n${text}\ndone\n`;
  await writeFile(join(dir, 'import'), stream);
  await run('sh', [
    '-c',
    'git --git-dir "$1" fast-import --quiet --done <"$2"',
    'sh',
    repository,
    join(dir, 'import'),
  ]);
}

function ledgerConfig(reach: Reach): LedgerConfig {
  return { ...reach, branch, insecureTransport: false, pushesPerMinute: 6, replicas: 1, sharesSource: false };
}

async function openStore(reach: Reach, stateDir: string, pushTimeoutMs: number) {
  const store = await openLedger(ledgerConfig(reach), { ...waits, pushTimeoutMs, stateDir });
  if (!store.ok) throw new Error(store.fault.message);
  return store.value;
}

async function fetchOnce(reach: Reach, stateDir: string, fetchTimeoutMs: number) {
  const { path, policies, ...limits } = defaultSourceSettings;
  const config: SourceConfig = {
    ...reach,
    branch: 'main',
    insecureTransport: false,
    path,
    policies,
    namesPolicies: false,
    schedule: '* * * * * *',
    maxAgeMs: 300_000,
    maxRemovals: 10,
    limits: { ...limits, fetchTimeoutMs },
  };
  const source = await openSource(config, { stateDir, redactor: waits.redactor });
  if (!source.ok) throw new Error(source.fault.message);
  const answer = await source.value.fetch();
  await source.value.close();
  return answer;
}

/** Every secret of the ground begins so; no message, hint, line or argument may show one. */
const secret = /canary/;
const encoded = Object.values(users).map(({ name, password }) =>
  Buffer.from(`${name}:${password}`).toString('base64'),
);

/** Proves that what is told holds no secret, and answers it. */
function expectClean<T>(told: T): T {
  const text = JSON.stringify(told);
  expect(text).not.toMatch(secret);
  for (const each of encoded) expect(text).not.toContain(each);
  return told;
}
