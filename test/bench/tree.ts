/**
 * `npm run bench`, the part about the command line (`--manifests N`, 10,000 unless said): start-up as ratios to `node -e 0`; the
 * reading of a whole tree as ratios to parsing its bytes in one thread. Repetitions take turns, and the median counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { parseManifestFile } from '../../src/manifest/parse.ts';

const { values } = parseArgs({
  options: {
    manifests: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
  },
});
const manifests = Number(values.manifests);
const rounds = Number(values.rounds);
const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
// From .cache/bench/test/bench, where this is built.
const dist = fileURLToPath(new URL('../../../../dist/', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'snowgate-bench-'));

function taskText(index: number): string {
  return `apiVersion: snowgate/v1
kind: Task
metadata:
  name: unlock-${index}
  labels: {site: aurora}
  annotations: {change: CHG${index}, reason: customs inspection}
spec:
  fleet: north-sea
  command: unlock
  targets: [smd-fictbgr3rbcjeqa5]
  description: Unlock after customs inspection
  tags: {owner: marine-ops}
  notAfter: 2030-01-01T00:00:00Z
`;
}

/** As in every repository of tasks: what is checked beside it is held to its folders and limits. */
const configuration = `apiVersion: snowgate/v1
kind: Controller
source: {url: https://git.example.com/ops/tasks.git, auth: {tokenFile: /run/secrets/source}}
ledger:
  url: https://git.example.com/ops/ledger.git
  id: 11111111-2222-4333-8444-555555555555
  auth: {tokenFile: /run/secrets/ledger}
stateDir: /var/lib/snowgate
fleets:
  north-sea: {region: eu-west-1, account: "111122223333"}
`;

function runProgram(program: string, args: readonly string[], input?: string): void {
  const done = spawnSync(program, args, { cwd: dir, input, maxBuffer: 1e9 });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
}

/** Prints the median of each as a ratio to that of the first. */
async function compare(entries: readonly (readonly [string, () => unknown])[]): Promise<void> {
  const spentMs: number[][] = entries.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [, act]] of entries.entries()) {
      const begunMs = performance.now();
      await act();
      spentMs[index]?.push(performance.now() - begunMs);
    }
  }
  const medians = spentMs.map((all) => all.sort((a, b) => a - b)[rounds >> 1] ?? 0);
  for (const [index, [what]] of entries.entries()) {
    const ratio = (medians[index] ?? 0) / (medians[0] ?? 1);
    process.stdout.write(`${what.padEnd(64)} ${ratio.toFixed(2)}\n`);
  }
}

const snowgate =
  (...args: string[]) =>
  (): void =>
    runProgram(process.execPath, [join(dist, 'main.js'), ...args]);

async function measure(): Promise<void> {
  const texts = Array.from({ length: manifests }, (_, index) => Buffer.from(taskText(index)));
  const files = texts.map((bytes, index) => {
    const folder = join('tasks', `d${Math.floor(index / 1_000)}`);
    mkdirSync(join(dir, folder), { recursive: true });
    const path = join(folder, `t${index}.yaml`);
    writeFileSync(join(dir, path), bytes);
    return { path, full: join(dir, path) };
  });
  runProgram('git', ['init', '--quiet']);
  runProgram('git', ['add', '--all']);
  writeFileSync(join(dir, 'snowgate.yaml'), configuration);
  const ids = spawnSync('git', ['ls-files', '--format=%(objectname)'], { cwd: dir, maxBuffer: 1e9 });
  const [first = ''] = files.map(({ path }) => path);
  process.stdout.write(`start-up beside ${manifests} manifests; node -e 0 is 1\n`);
  await compare([
    ['node -e 0', () => runProgram(process.execPath, ['-e', '0'])],
    ['snowgate --help', snowgate('--help')],
    ['snowgate --version', snowgate('--version')],
    ['snowgate token FILE', snowgate('token', first)],
    ['snowgate validate FILE', snowgate('validate', first)],
  ]);
  const { readParts } = (await import(
    pathToFileURL(join(dist, 'cli/tree-reading.js')).href
  )) as typeof import('../../src/cli/tree-reading.ts');
  const world = {
    stop: new AbortController().signal,
    stderr: { write: () => undefined, isTerminal: false, columns: () => 0 },
    env: {},
  };
  const read = (threads: number) => async (): Promise<void> => {
    const parts = await readParts(files, limits, world, threads);
    if (!parts.ok) throw new Error(parts.fault.message);
  };
  process.stdout.write(`${manifests} manifests; parsing their bytes in one thread is 1\n`);
  await compare([
    ['parsing alone', () => texts.map((bytes) => parseManifestFile(bytes, limits))],
    [
      'git cat-file --batch of the same blobs',
      () => runProgram('git', ['cat-file', '--batch'], String(ids.stdout)),
    ],
    ['reading and parsing, one thread', read(1)],
    ['reading and parsing, two threads', read(2)],
    ['snowgate validate, from start to end', snowgate('validate')],
  ]);
}

try {
  await measure();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
