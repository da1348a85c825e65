/**
 * What is planned in a pull request is what the daemon does after the merge, token for token: generated repositories on which a
 * controller has acted, generated changes of them, the plan of their merge, and then the merge itself and the controller's passes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBetween } from '../../src/cli/merge-plan.ts';
import type { CommitId, SourceRepository } from '../../src/controller/ports.ts';
import { makeController } from '../../src/controller/state.ts';

import { emptyView, type LedgerView } from '../../src/ledger/view.ts';
import { ok } from '../../src/lib/faults.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import type { TaskChange } from '../../src/plan/difference.ts';
import { asksAnew, isUnasked, mergeCommit, plannedRequest } from '../../src/report/merge.ts';
import { policyText, suspensionText, windowText } from '../controller/documents.ts';
import { type Life, ledgerId, makeConfig, startMs, World } from '../controller/world.ts';

const minuteMs = 60_000;

/** A task as a pull request may leave it; every part may change by itself. */
interface Written {
  readonly command: 'reboot' | 'unlock';
  readonly devices: readonly number[];
  readonly description: string | null;
  readonly run: number;
  /** Minutes after the start of the world. */
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  readonly after: string | null;
  readonly label: string | null;
  readonly isBroken: boolean;
}

const names = ['t0', 't1', 't2', 't3', 't4', 't5', 't6'] as const;
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.nat(3).chain((roll): fc.Arbitrary<T | null> => (roll === 0 ? value : fc.constant(null)));

const written: fc.Arbitrary<Written> = fc.record({
  command: fc.constantFrom('reboot', 'unlock'),
  devices: fc.uniqueArray(fc.integer({ min: 0, max: 14 }), { minLength: 1, maxLength: 2 }),
  description: seldom(fc.constantFrom('one', 'two')),
  run: fc.constantFrom(1, 1, 1, 2, 3),
  notBefore: seldom(fc.constantFrom(-60, 30, 90)),
  notAfter: seldom(fc.constantFrom(-10, 60, 600)),
  after: seldom(fc.constantFrom(...names)),
  label: seldom(fc.constantFrom('x', 'y')),
  isBroken: fc.integer({ min: 0, max: 19 }).map((roll) => roll === 0),
});

interface Tree {
  readonly tasks: Readonly<Record<string, Written>>;
  /** Minutes after the start at which unlocks are allowed; null: no such policy. */
  readonly window: number | null;
  readonly isSuspended: boolean;
  readonly needsLabel: boolean;
  /** Which of the tasks of the base have ended when the pull request is opened: every how-manieth. */
  readonly endedEvery: number;
}

const tree: fc.Arbitrary<Tree> = fc.record({
  tasks: fc.dictionary(fc.constantFrom(...names), written, { noNullPrototype: true }),
  window: seldom(fc.constantFrom(-30, 20, 80)),
  isSuspended: fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0),
  needsLabel: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
  endedEvery: fc.integer({ min: 1, max: 3 }),
});

/** Another tree, most of it the same. */
function changed(base: Tree): fc.Arbitrary<Tree> {
  return fc
    .tuple(tree, fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(7)), { minLength: 1, maxLength: 6 }))
    .map(([other, edits]): Tree => {
      const tasks: Record<string, Written> = { ...base.tasks };
      for (const [name, edit] of edits) {
        const [old, fresh] = [tasks[name], other.tasks[name]];
        if (edit === 0) delete tasks[name];
        else if (edit === 1 && old !== undefined) tasks[name] = { ...old, run: old.run + 1 };
        else if (edit === 2 && old !== undefined) tasks[name] = { ...old, label: 'z', notAfter: 900 };
        else if (edit === 3 && old !== undefined) tasks[name] = { ...old, description: 'three' };
        else if (edit === 4 && old !== undefined) {
          delete tasks[name];
          tasks[`${name}x`] = old;
        } else if (fresh !== undefined) tasks[name] = fresh;
      }
      const turn = edits.length % 3 === 0 ? other : base;
      return { ...turn, tasks };
    });
}

const at = (minutes: number): string => new Date(startMs + minutes * minuteMs).toISOString();

function taskFile(name: string, task: Written): string {
  const { command, devices, description, run, notBefore, notAfter, after, label, isBroken } = task;
  const spec = {
    fleet: 'lab',
    command: isBroken ? 'rebot' : command,
    targets: devices.map((device) => `smd-${device}`),
    run,
    ...(description === null ? {} : { description }),
    ...(notBefore === null ? {} : { notBefore: at(notBefore) }),
    ...(notAfter === null || (notBefore !== null && notAfter <= notBefore) ? {} : { notAfter: at(notAfter) }),
    ...(after === null || after === name ? {} : { after: [after] }),
  };
  const metadata = { name, ...(label === null ? {} : { labels: { site: label } }) };
  return `${JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Task', metadata, spec })}\n`;
}

function filesOf({ tasks, window, isSuspended, needsLabel }: Tree): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, task] of Object.entries(tasks)) files[`tasks/${name}.yaml`] = taskFile(name, task);
  if (window !== null) {
    const policy = policyText('unlocks', [{ name: 'window', window: 'w' }], { commands: ['unlock'] });
    files['policies/w.yaml'] = `${windowText('w', [[window, window + 60]])}---\n${policy}`;
  }
  if (isSuspended) files['policies/stop.yaml'] = suspensionText();
  if (needsLabel)
    files['policies/label.yaml'] = policyText('label', [
      { name: 'label', require: '"site" in task.labels', otherwise: 'deny' },
    ]);
  return files;
}

/** The changes that turn one tree into another. */
function changesOf(before: Tree, after: Tree): Record<string, string | null> {
  const [old, now] = [filesOf(before), filesOf(after)];
  const gone = Object.keys(old).filter((path) => !(path in now));
  return { ...now, ...Object.fromEntries(gone.map((path) => [path, null])) };
}

/** The origin itself as a source: it knows the merge before anybody has pushed it. */
function seeing(world: World, base: CommitId): SourceRepository {
  const { origin } = world;
  return {
    fetch: async () => ok({ head: base }),
    descends: async (head, ancestor) => ok(origin.ancestry(head).has(ancestor)),
    read: async (head) => origin.read(head),
    trace: async (head, wanted) => origin.trace(head, wanted),
    traceFiles: async (head, paths) => origin.traceFiles(head, paths),
  };
}

async function planMergeOf(world: World, life: Life, base: CommitId, files: Record<string, string | null>) {
  const merge = world.origin.build(base, { files, timeMs: world.clock.wall, message: 'merge' });
  const controller = makeController({
    ...life.c,
    clock: world.clock,
    source: seeing(world, base),
    apis: new Map(),
  });
  const view: LedgerView = life.c.state.view ?? emptyView(ledgerId, '');
  const between = await planBetween(controller, view, base, { commit: merge, isMade: true });
  if (!between.ok) throw new Error(between.fault.message);
  return between.value;
}

/** What the plan says would be sent for each change, as it says it before the merge; nothing where it asks for nothing. */
function requestsOf(changes: readonly TaskChange[]): ReadonlyMap<TaskChange, TaskRequest> {
  const ledger = { kind: 'read', id: ledgerId, tip: '', ahead: null } as const;
  const asking = changes.flatMap((change): [TaskChange, TaskRequest][] =>
    change.after === null || !isUnasked(change) ? [] : [[change, plannedRequest(change.after, { ledger })]],
  );
  return new Map(asking);
}

const byToken = (a: TaskRequest, b: TaskRequest): number => (a.clientToken < b.clientToken ? -1 : 1);

interface Outcome {
  readonly issued: number;
  readonly held: number;
  readonly cancelled: number;
}

/** Plans, merges, lets the controller come to rest, and compares. */
async function compare(past: Tree, before: Tree, after: Tree): Promise<Outcome> {
  const world = new World();
  const config = makeConfig({ source: { ...makeConfig().source, maxRemovals: 100 } });
  const life = world.start({ config });
  // The base has a past: what was wanted once is withdrawn, or was asked for.
  world.origin.commit({ files: filesOf(past), timeMs: world.clock.wall });
  await life.settle();
  world.clock.advance(minuteMs);
  const base = world.origin.commit({ files: changesOf(past, before), timeMs: world.clock.wall });
  await life.settle();
  world.lab.tasks.forEach((task, index) => {
    task.ended = index % before.endedEvery === 0;
  });
  world.clock.advance(5 * minuteMs);
  await life.settle();
  const files = changesOf(before, after);
  const planned = await planMergeOf(world, life, base, files);
  const requests = requestsOf(planned.changes);
  const anew = new Set(planned.changes.filter(asksAnew));
  const asked = world.lab.requests.length;
  const cancels = world.lab.asked.filter((operation) => operation.startsWith('cancel ')).length;
  const commit = world.origin.commit({
    files,
    timeMs: world.clock.wall,
    author: 'Forge <forge@example.com>',
  });
  await life.settle();
  const sent = world.lab.requests.slice(asked);
  const tried = world.lab.asked.filter((operation) => operation.startsWith('cancel ')).slice(cancels);
  if (planned.halts.length > 0) {
    expect([sent, tried]).toEqual([[], []]);
    return { issued: 0, held: 0, cancelled: 0 };
  }
  const now = planned.changes.filter(
    (change) => change.decision?.action === 'issue' && change.kind !== 'judged' && anew.has(change),
  );
  const freed = planned.changes.filter(
    ({ kind, decision }) =>
      kind !== 'added' && kind !== 'revised' && kind !== 'renamed' && decision?.action === 'issue',
  );
  const expected = (change: TaskChange): TaskRequest => {
    const request = requests.get(change);
    if (request === undefined) throw new Error(`the plan has no request for ${change.key}`);
    expect(request.tags['snowgate:commit']).toBe(mergeCommit);
    return { ...request, tags: { ...request.tags, 'snowgate:commit': commit } };
  };
  const first = now.filter(({ behind }) => behind.nearest.length === 0).map((change) => expected(change));
  const all = [...now, ...freed].map((change) => expected(change));
  // What nothing stands before is asked for, byte for byte; and nothing is asked for that was not planned.
  expect(sent.sort(byToken)).toEqual(expect.arrayContaining(first.sort(byToken)));
  for (const request of sent) expect(all).toContainEqual(request);
  for (const change of planned.changes) {
    if (change.firstMs === null && change.after !== null) {
      expect(sent.map(({ clientToken }) => clientToken)).not.toContain(change.after.manifest.token);
    }
  }
  const due = planned.changes.flatMap(({ decision, rest }) =>
    [decision, ...rest].filter((one) => one?.action === 'cancel'),
  );
  expect(tried).toHaveLength(due.length);
  await waitForFirst(world, life, after, planned.changes);
  return { issued: first.length, held: planned.changes.length - now.length, cancelled: due.length };
}

/** The first of the instants at which something was to be asked for: not a moment sooner, and then at once. */
async function waitForFirst(
  world: World,
  life: Life,
  { tasks }: Tree,
  changes: readonly TaskChange[],
): Promise<void> {
  const held = changes.filter(({ decision, firstMs }) => decision?.action === 'hold' && firstMs !== null);
  const firstMs = Math.min(...held.map((change) => change.firstMs ?? Number.POSITIVE_INFINITY));
  if (!Number.isFinite(firstMs)) return;
  const uses = Object.values(tasks).flatMap(({ devices }) => devices);
  const tokens = held
    .filter((change) => change.firstMs === firstMs)
    .flatMap(({ after }) => (after === null ? [] : [after.manifest]));
  const sent = (): string[] => world.lab.requests.map(({ clientToken }) => clientToken);
  const leftMs = firstMs - world.clock.wall;
  if (leftMs > 2 * minuteMs) {
    world.clock.advance(leftMs - minuteMs);
    await life.pass();
    for (const { token } of tokens) expect(sent()).not.toContain(token);
  }
  world.clock.advance(firstMs - world.clock.wall);
  await life.settle();
  for (const { token, targets } of tokens) {
    // Another task on one of its devices may have been asked for meanwhile.
    const isAlone = targets.every(
      (target) => uses.filter((device) => target === `smd-${device}`).length === 1,
    );
    if (isAlone) expect(sent()).toContain(token);
  }
}

describe('a plan of a merge', () => {
  it('is what the controller does after it', async () => {
    const sum = { issued: 0, held: 0, cancelled: 0 };
    await fc.assert(
      fc.asyncProperty(
        tree.chain((past) =>
          changed(past).chain((before) => fc.tuple(fc.constant(past), fc.constant(before), changed(before))),
        ),
        async ([past, before, after]) => {
          const outcome = await compare(past, before, after);
          sum.issued += outcome.issued;
          sum.held += outcome.held;
          sum.cancelled += outcome.cancelled;
        },
      ),
      { numRuns: 300 },
    );
    // Generated worlds in which nothing happens would prove nothing.
    expect(sum.issued).toBeGreaterThan(60);
    expect(sum.held).toBeGreaterThan(60);
    expect(sum.cancelled).toBeGreaterThan(4);
  });
});
