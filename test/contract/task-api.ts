/**
 * What every TaskApi promises, whatever it stands on. Faults are ordered by the simulator's rules, which the double's
 * model and the wire server share; the API is asked only through its port.
 */
import { describe, expect, it } from 'vitest';
import type { CreateOutcome, Listing, Read } from '../../src/controller/ports.ts';
import type { RuleOptions } from '../../src/simulator/rules.ts';
import {
  issuedId,
  open,
  readFaults,
  request,
  type TaskWorld,
  token,
  value,
  worldFrom,
} from './task-world.ts';

/** What a rule makes of CreateTask, and how many tasks there are afterwards. */
const faults: readonly (readonly [RuleOptions['effect'], Partial<CreateOutcome>, number])[] = [
  ['throttle', { kind: 'throttled', reason: 'throttled' }, 0],
  ['quota', { kind: 'throttled', reason: 'quota' }, 0],
  ['accessDenied', { kind: 'denied' }, 0],
  ['expiredToken', { kind: 'denied' }, 0],
  ['invalidToken', { kind: 'denied' }, 0],
  ['validation', { kind: 'refused', error: 'ValidationException' }, 0],
  ['notFound', { kind: 'refused', error: 'ResourceNotFoundException' }, 0],
  ['internal', { kind: 'unknown' }, 0],
  ['internalAfter', { kind: 'unknown' }, 1],
  ['unavailable', { kind: 'unknown' }, 0],
  ['html502', { kind: 'unknown' }, 0],
  ['html502After', { kind: 'unknown' }, 1],
  ['cutJson', { kind: 'unknown' }, 1],
  ['cutBody', { kind: 'unknown' }, 1],
  ['empty', { kind: 'unknown' }, 1],
  ['cutBefore', { kind: 'unknown' }, 0],
  ['cutAfter', { kind: 'unknown' }, 1],
  ['hang', { kind: 'unknown' }, 0],
  ['hangAfter', { kind: 'unknown' }, 1],
];

/** Effects after which nobody can say what a CancelTask did. */
const cancelFaults = [
  'throttle',
  'accessDenied',
  'internal',
  'internalAfter',
  'html502After',
  'cutAfter',
  'hangAfter',
] as const;

function timeOf(probe: Read<null>): Read<number | null> {
  return { kind: 'ok', value: probe.server?.serverMs ?? null };
}

export function taskApiContract(name: string, start: () => Promise<TaskWorld>): void {
  const withWorld = worldFrom(start);

  describe(`TaskApi: ${name}`, () => {
    it(
      'proves the account',
      withWorld(async (world) => {
        expect(value(await world.api.prove())).toEqual({ account: world.account });
      }),
    );

    it(
      'creates a task that can be described and listed with all its tags',
      withWorld(async (world) => {
        const tags = { owner: 'marine-ops', 'snowgate:revision': token(1), 'snowgate:task': 'lab/a' };
        const taskId = issuedId(await world.api.createTask(request(world, 1, { tags }), open));
        expect(value(await world.api.describeTask(taskId))).toMatchObject({
          taskId,
          taskArn: expect.stringContaining(taskId),
          state: 'IN_PROGRESS',
          targets: [world.devices[0]],
          tags,
        });
        expect(value(await world.api.listTasks()).tasks).toEqual([{ taskId, state: 'IN_PROGRESS', tags }]);
        const { createdMs, completedMs } = value(await world.api.describeTask(taskId));
        expect(Math.abs((createdMs ?? 0) - (value(await world.api.probe().then(timeOf)) ?? 0))).toBeLessThan(
          10_000,
        );
        expect(completedMs).toBeNull();
      }),
    );

    it(
      'lists as active what may still run, and no more',
      withWorld(async (world) => {
        await world.change({ pageSize: 1, pickupMs: 10, unlockMs: 10 });
        await world.api.createTask(request(world, 1), open);
        await world.advance(60_000);
        // The real thing's time goes on by itself: what is to be active must not be over at once.
        await world.change({ pickupMs: 3_600_000 });
        const later = [2, 3].map((n) => request(world, n));
        const made = await Promise.all(later.map((one) => world.api.createTask(one, open)));
        expect(value(await world.api.listTasks()).tasks).toHaveLength(3);
        const active = value(await world.api.listActiveTasks());
        expect(active.tasks.map(({ taskId }) => taskId).sort()).toEqual(made.map(issuedId).sort());
        expect(new Set(active.tasks.map(({ state }) => state))).toEqual(new Set(['IN_PROGRESS']));
      }),
    );

    it(
      'lists every device over many pages, or fails',
      withWorld(async (world) => {
        await world.change({ pageSize: 2 });
        const devices = value(await world.api.listDevices());
        expect(devices.map(({ device }) => device).sort()).toEqual([...world.devices].sort());
        await world.order({ operation: 'ListDevices', effect: 'internal', times: 1, skip: 1 });
        expect((await world.api.listDevices()).kind).toBe('failed');
      }),
    );

    it(
      'cancels what is queued, and tells why not where nothing is any more',
      withWorld(async (world) => {
        await world.change({ pickupMs: 1_000, unlockMs: 10 });
        const first = issuedId(await world.api.createTask(request(world, 1), open));
        expect(await world.api.cancelTask(first, open)).toMatchObject({
          kind: 'accepted',
          requestId: expect.any(String),
        });
        expect(value(await world.api.listExecutions(first)).map(({ state }) => state)).toEqual(['CANCELED']);
        expect(value(await world.api.describeTask(first)).state).toBe('CANCELED');
        const second = issuedId(await world.api.createTask(request(world, 2), open));
        await world.advance(60_000);
        expect(await world.api.cancelTask(second, open)).toMatchObject({
          kind: 'refused',
          error: expect.stringMatching(/Exception$/),
          message: expect.stringContaining(second),
        });
        expect(await world.api.cancelTask('st-0000000000000000', open)).toMatchObject({
          kind: 'refused',
          error: 'ResourceNotFoundException',
        });
      }),
    );

    it(
      'cancels nothing through a closed gate',
      withWorld(async (world) => {
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        expect(await world.api.cancelTask(taskId, () => 'closed')).toMatchObject({ kind: 'failed' });
        expect(value(await world.api.describeTask(taskId)).state).toBe('IN_PROGRESS');
      }),
    );

    it.each(cancelFaults)('CancelTask after the effect %s has failed, and may be asked again', (effect) =>
      withWorld(async (world) => {
        await world.change({ pickupMs: 3_600_000 });
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        await world.order({ operation: 'CancelTask', effect, times: 1 });
        expect(await world.api.cancelTask(taskId, open)).toMatchObject({
          kind: 'failed',
          throttled: effect === 'throttle',
          fault: { message: expect.stringContaining('CancelTask') },
        });
        expect((await world.api.cancelTask(taskId, open)).kind).toMatch(/accepted|refused/);
        expect(value(await world.api.describeTask(taskId)).state).toBe('CANCELED');
      })(),
    );

    it(
      'gives the same task for the same token',
      withWorld(async (world) => {
        const first = issuedId(await world.api.createTask(request(world, 1), open));
        expect(issuedId(await world.api.createTask(request(world, 1), open))).toBe(first);
        expect(await world.tokens()).toEqual([token(1)]);
      }),
    );

    it(
      "refuses in AWS's words what AWS calls invalid or does not know",
      withWorld(async (world) => {
        const invalid = request(world, 1, { description: 'no / slash' });
        expect(await world.api.createTask(invalid, open)).toMatchObject({
          kind: 'refused',
          error: 'ValidationException',
          message: expect.stringContaining('description'),
        });
        const unknown = request(world, 2, { targets: ['smd-0000000000000000'] });
        expect(await world.api.createTask(unknown, open)).toMatchObject({
          kind: 'refused',
          error: 'ResourceNotFoundException',
        });
      }),
    );

    it.each(faults)('CreateTask after the effect %s', (effect, expected, tasks) =>
      withWorld(async (world) => {
        await world.order({ operation: 'CreateTask', effect, times: 1 });
        expect(await world.api.createTask(request(world, 1), open)).toMatchObject(expected);
        expect(await world.tokens()).toHaveLength(tasks);
      })(),
    );

    it(
      'sends nothing through a closed gate, asked before and again when all is ready',
      withWorld(async (world) => {
        expect(await world.api.createTask(request(world, 1), () => 'closed')).toMatchObject({
          kind: 'unsent',
          reason: 'gate',
        });
        let asked = 0;
        const closing = (): 'open' | 'closed' => {
          asked += 1;
          return asked === 1 ? 'open' : 'closed';
        };
        expect(await world.api.createTask(request(world, 2), closing)).toMatchObject({
          kind: 'unsent',
          reason: 'gate',
        });
        expect(asked).toBeGreaterThanOrEqual(2);
        expect(await world.tokens()).toEqual([]);
      }),
    );

    it(
      'lists every task once, over many pages, describing those that come without tags',
      withWorld(async (world) => {
        await world.change({ pageSize: 2, listTags: false });
        const expected = new Map<string, string>();
        for (let n = 1; n <= 7; n += 1) {
          expected.set(issuedId(await world.api.createTask(request(world, n), open)), token(n));
        }
        const listing: Listing = value(await world.api.listTasks());
        expect(new Map(listing.tasks.map(({ taskId, tags }) => [taskId, tags['snowgate:revision']]))).toEqual(
          expected,
        );
        expect(listing.tasks).toHaveLength(7);
        expect(listing.pages).toBeGreaterThanOrEqual(4);
      }),
    );

    it(
      'goes on after an empty page that has a successor',
      withWorld(async (world) => {
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        await world.order({ operation: 'ListTasks', effect: 'emptyPage', times: 1 });
        expect(value(await world.api.listTasks()).tasks.map((task) => task.taskId)).toEqual([taskId]);
      }),
    );

    it.each(readFaults)('a listing whose later page meets %s is %s, never a part', (effect, kind) =>
      withWorld(async (world) => {
        await world.change({ pageSize: 1 });
        for (let n = 1; n <= 3; n += 1) await world.api.createTask(request(world, n), open);
        await world.order({ operation: 'ListTasks', effect, times: 1, skip: 1 });
        const listing = await world.api.listTasks();
        expect(listing.kind).toBe(kind);
        expect(listing).not.toHaveProperty('value');
        expect(value(await world.api.listTasks()).tasks).toHaveLength(3);
      })(),
    );

    it.each(readFaults)('a listing one of whose descriptions meets %s is a failure', (effect) =>
      withWorld(async (world) => {
        await world.change({ listTags: false });
        for (let n = 1; n <= 3; n += 1) await world.api.createTask(request(world, n), open);
        await world.order({ operation: 'DescribeTask', effect, times: 1, skip: 1 });
        expect((await world.api.listTasks()).kind).not.toBe('ok');
      })(),
    );

    it(
      'knows no task that was never made',
      withWorld(async (world) => {
        expect(await world.api.describeTask('st-0000000000000000')).toMatchObject({
          kind: 'notFound',
          fault: { code: 'SG5015' },
        });
      }),
    );

    it(
      'lists the executions of a task over many pages, to their end',
      withWorld(async (world) => {
        await world.change({ pageSize: 1, pickupMs: 10, unlockMs: 10 });
        const targets = world.devices.slice(0, 3);
        const taskId = issuedId(await world.api.createTask(request(world, 1, { targets }), open));
        const queued = value(await world.api.listExecutions(taskId));
        expect(queued.map(({ device }) => device).sort()).toEqual([...targets].sort());
        await world.advance(60_000);
        expect(value(await world.api.listExecutions(taskId)).map(({ state }) => state)).toEqual([
          'SUCCEEDED',
          'SUCCEEDED',
          'SUCCEEDED',
        ]);
        expect(value(await world.api.describeTask(taskId)).state).toBe('COMPLETED');
      }),
    );

    it(
      'probes permission and tells the time',
      withWorld(async (world) => {
        const probe = await world.api.probe();
        expect(probe).toMatchObject({ kind: 'ok', value: null });
        expect(Math.abs((probe.server?.serverMs ?? 0) - (probe.server?.wallMs ?? 0))).toBeLessThan(10_000);
        await world.order({ operation: 'ListDevices', effect: 'accessDenied', times: 1 });
        const denied = await world.api.probe();
        expect(denied).toMatchObject({ kind: 'denied', fault: { code: 'SG5008', class: 'human' } });
        expect(denied.server).toBeDefined();
      }),
    );
  });
}
