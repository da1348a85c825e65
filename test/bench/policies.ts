/**
 * `npm run bench`, the part about policies: verdicts for many tasks under many policies, where their time goes, and what a pass
 * costs in which nothing has changed. All as ratios to parsing the same manifests in the same run, because machines differ
 * and are noisy; each figure is the best of a few rounds.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveConfig } from '../../src/config/resolve.ts';
import { openSource } from '../../src/git/source.ts';
import { emptyView } from '../../src/ledger/view.ts';
import { collectDesired } from '../../src/manifest/collect.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { makePlan, type PlanInput } from '../../src/plan/plan.ts';
import { loadPolicies, type PolicySet } from '../../src/policy/policy-set.ts';
import { openInput, openRules, openSettings } from '../plan/input.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100000' },
    policies: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
});
const tasksMax = Number(values.tasks);
const policiesMax = Number(values.policies);
const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };
const openMs = Date.parse('2026-11-27T22:30:00Z');
const closedMs = Date.parse('2026-11-27T12:00:00Z');

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

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
  targets: [smd-${index}]
  description: Unlock after customs inspection
  tags: {owner: marine-ops}
  notAfter: 2030-01-01T00:00:00Z
`;
}

const windowText = (index: number): string => `apiVersion: snowgate/v1
kind: Window
metadata: {name: nights-${index}}
spec: {timeZone: Europe/Oslo, open: [{start: "0 ${20 + index} * * *", duration: 6h}], cutoff: 15m}
`;

const rules = {
  window: (index: number): string => `    - {name: window, window: nights-${index % 4}}\n`,
  annotation: (): string => `    - {name: change, require: '"change" in task.annotations'}\n`,
  pattern: (): string => `    - {name: pattern, require: 're(task.annotations.change, "^CHG[0-9]+$")'}\n`,
  count: (): string => `    - {name: count, require: 'fleet.inFlight.tasks < 1000000'}\n`,
};

/** A set of so many policies with these rules, about all of the tasks or about none of them. */
function policySet(kinds: readonly (keyof typeof rules)[], command = 'unlock'): PolicySet {
  const windows = Array.from({ length: 4 }, (_, index) => windowText(index));
  const policies = Array.from({ length: policiesMax }, (_, index) => {
    const head = `apiVersion: snowgate/v1\nkind: Policy\nmetadata: {name: p${index}}\nspec:\n`;
    const match = `  match: {commands: [${command}], fleets: ["north-*"]}\n  rules:\n`;
    return `${head}${match}${kinds.map((kind) => rules[kind](index)).join('')}`;
  });
  const text = [...windows, ...policies].join('---\n');
  const content = { kind: 'bytes', bytes: encode(text) } as const;
  const set = loadPolicies([{ path: 'policies/all.yaml', blob: 'f'.repeat(40), content }], limits);
  if (set.problems.length > 0) throw new Error(JSON.stringify(set.problems[0]));
  return set;
}

function best(act: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const begunMs = performance.now();
    act();
    bestMs = Math.min(bestMs, performance.now() - begunMs);
  }
  return bestMs;
}

function say(what: string, spentMs: number, parseMs: number): void {
  process.stdout.write(`${what.padEnd(64)} ${(spentMs / parseMs).toFixed(2)}\n`);
}

const texts = Array.from({ length: tasksMax }, (_, index) => encode(taskText(index)));
const parseAll = (): ReturnType<typeof parseManifestFile>[] =>
  texts.map((bytes) => parseManifestFile(bytes, limits));
const parseMs = best(() => void parseAll());
const desired = collectDesired(
  parseAll().map((parsed, index) => ({ path: `tasks/t${index}.yaml`, blob: 'a'.repeat(40), parsed })),
);

/** The same tasks under a set of policies at an instant; the input is made outside of what is measured. */
function planInput(policies: PolicySet, nowMs: number): PlanInput {
  return {
    ...openInput(desired, emptyView('bench', 'root'), nowMs, ['north-sea']),
    policies,
    settings: { ...openSettings, uncovered: 'allow' },
    fleetRules: new Map([['north-sea', openRules]]),
  };
}

function measure(what: string, policies: PolicySet, nowMs: number): void {
  const input = planInput(policies, nowMs);
  say(
    what,
    best(() => void makePlan(input)),
    parseMs,
  );
}

process.stdout.write(`${tasksMax} tasks, ${policiesMax} policies; parsing the manifests is 1\n`);
measure('a plan without policies', loadPolicies([], limits), openMs);
measure('policies that are about none of them', policySet(['window'], 'reboot'), openMs);
measure('a window rule each, open', policySet(['window']), openMs);
measure('a window rule each, closed', policySet(['window']), closedMs);
measure('a condition on an annotation each', policySet(['annotation']), openMs);
measure('a pattern each', policySet(['pattern']), openMs);
measure('a count each', policySet(['count']), openMs);
const all = policySet(['window', 'annotation', 'pattern', 'count']);
measure('all four rules each, open', all, openMs);
measure('all four rules each, closed', all, closedMs);

/** The same manifests as one commit of a real repository, made by git itself. */
function makeRepository(dir: string): void {
  const git = (args: readonly string[], input?: string): void => {
    const done = spawnSync('git', ['-C', dir, ...args], { input });
    if (done.status !== 0) throw new Error(done.stderr.toString());
  };
  git(['init', '--quiet', '--bare', '--initial-branch=main']);
  const files = texts.map(
    (bytes, index) =>
      `M 100644 inline tasks/t${index}.yaml\ndata ${bytes.length}\n${new TextDecoder().decode(bytes)}\n`,
  );
  const head = 'commit refs/heads/main\ncommitter Ann <ann@example.com> 1795000000 +0000\ndata 5\ntasks\n';
  git(['fast-import', '--quiet'], `${head}${files.join('')}`);
}

async function measurePass(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-bench-'));
  try {
    makeRepository(dir);
    const text = `apiVersion: snowgate/v1\nkind: Controller\nsource: {url: "file://${dir}"}\nledger: {url: "file://${dir}/ledger"}\nfleets: {north-sea: {region: eu-west-1, account: "111122223333"}}\n`;
    const resolved = resolveConfig(encode(text), { hostName: 'bench', baseDir: dir });
    if (!resolved.ok) throw new Error(resolved.problems[0]?.message);
    const redactor = { register: () => undefined };
    const source = await openSource(resolved.config.source, { stateDir: join(dir, 'state'), redactor });
    if (!source.ok) throw new Error(source.fault.message);
    const read = async (): Promise<void> => {
      const head = await source.value.fetch();
      const tree = head.ok ? await source.value.read(head.value.head) : head;
      if (!tree.ok) throw new Error(tree.fault.message);
    };
    const timed = async (act: () => Promise<void>): Promise<number> => {
      const begunMs = performance.now();
      await act();
      return performance.now() - begunMs;
    };
    say('a first pass: fetch, read and parse from a real repository', await timed(read), parseMs);
    const again = Math.min(await timed(read), await timed(read), await timed(read));
    say('a pass in which nothing changed: fetch and read', again, parseMs);
    const input = planInput(all, closedMs);
    const planMs = best(() => void makePlan(input));
    say('and its plans (two: before and after asking), all held', 2 * planMs, parseMs);
    await source.value.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

await measurePass();
