/** What every TaskApi promises of devices and executions that it describes. */
import { describe, expect, it } from 'vitest';
import { issuedId, open, readFaults, request, type TaskWorld, value, worldFrom } from './task-world.ts';

/** What a caller may believe of two moments that the same test lies between. */
const slackMs = 10_000;

/** What the API says the time is, in the service's own time: that of a task made now. */
async function serviceNow(world: TaskWorld, n: number): Promise<number> {
  const taskId = issuedId(await world.api.createTask(request(world, n), open));
  return value(await world.api.describeTask(taskId)).createdMs ?? Number.NaN;
}

export function taskDescriptionsContract(name: string, start: () => Promise<TaskWorld>): void {
  const withWorld = worldFrom(start);

  describe(`TaskApi, descriptions: ${name}`, () => {
    it(
      'describes devices that are locked and unlocked, with their tags',
      withWorld(async (world) => {
        const [locked = '', unlocked = ''] = world.devices;
        const described = value(await world.api.describeDevice(locked));
        expect(described).toEqual({
          device: locked,
          state: 'LOCKED',
          type: expect.stringMatching(/^[A-Z0-9_]+$/),
          tags: { ship: 'aurora', 'site/deck': '2 aft' },
          lastReachedOutMs: expect.any(Number),
        });
        const nowMs = await serviceNow(world, 1);
        expect(Math.abs((described.lastReachedOutMs ?? 0) - nowMs)).toBeLessThan(slackMs);
        expect(value(await world.api.describeDevice(unlocked))).toMatchObject({
          state: 'UNLOCKED',
          tags: {},
        });
      }),
    );

    it(
      'tells how a device is unlocked, step by step',
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        await world.change({ pickupMs: 1_000, unlockMs: 3_600_000 });
        await world.api.createTask(request(world, 1), open);
        await world.advance(60_000);
        expect(value(await world.api.describeDevice(device)).state).toBe('UNLOCKING');
        await world.advance(3_600_000);
        expect(value(await world.api.describeDevice(device)).state).toBe('UNLOCKED');
      }),
    );

    it(
      'tells when a device was heard: now while it is online, and when it went while it is not',
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        const heard = async () =>
          value(await world.api.describeDevice(device)).lastReachedOutMs ?? Number.NaN;
        const first = await heard();
        await world.advance(3_600_000);
        expect(await heard()).toBeGreaterThanOrEqual(first + 3_600_000);
        await world.turn(device, { online: false });
        const left = await heard();
        await world.advance(3_600_000);
        expect(await heard()).toBe(left);
        await world.turn(device, { online: true });
        expect(await heard()).toBeGreaterThanOrEqual(left + 3_600_000);
      }),
    );

    it(
      'tells no time of a device that was never heard, until it is',
      withWorld(async (world) => {
        const device = world.devices[5] ?? '';
        expect(value(await world.api.describeDevice(device))).toMatchObject({
          device,
          state: 'LOCKED',
          lastReachedOutMs: null,
        });
        await world.turn(device, { online: true });
        expect(value(await world.api.describeDevice(device)).lastReachedOutMs).not.toBeNull();
      }),
    );

    it(
      'knows no device that the account does not have',
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        const unknown = { kind: 'notFound', fault: { code: 'SG5015' } };
        expect(await world.api.describeDevice('smd-0000000000000000')).toMatchObject(unknown);
        await world.turn(device, { present: false });
        expect(await world.api.describeDevice(device)).toMatchObject(unknown);
      }),
    );

    it(
      'describes an execution that is queued, then at work, then succeeded',
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        await world.change({ pickupMs: 60_000, unlockMs: 3_600_000 });
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        const { createdMs } = value(await world.api.describeTask(taskId));
        const queued = value(await world.api.describeExecution(taskId, device));
        expect(queued).toEqual({
          device,
          executionId: expect.any(String),
          state: 'QUEUED',
          startedMs: null,
          updatedMs: createdMs,
        });
        await world.advance(120_000);
        const running = value(await world.api.describeExecution(taskId, device));
        expect(running).toMatchObject({ state: 'IN_PROGRESS', executionId: queued.executionId });
        expect(running.startedMs).toBe((createdMs ?? 0) + 60_000);
        await world.advance(7_200_000);
        expect(value(await world.api.describeExecution(taskId, device))).toMatchObject({
          state: 'SUCCEEDED',
          startedMs: running.startedMs,
          updatedMs: (running.startedMs ?? 0) + 3_600_000,
        });
      }),
    );

    it(
      'tells no start of an execution that was cancelled while it was queued',
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        await world.change({ pickupMs: 3_600_000 });
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        const queued = value(await world.api.describeExecution(taskId, device));
        await world.advance(60_000);
        await world.api.cancelTask(taskId, open);
        const cancelled = value(await world.api.describeExecution(taskId, device));
        expect(cancelled).toMatchObject({ state: 'CANCELED', startedMs: null });
        expect(cancelled.updatedMs).toBeGreaterThanOrEqual((queued.updatedMs ?? 0) + 60_000);
      }),
    );

    it(
      'describes the execution on the device that was asked for, and none of a stranger',
      withWorld(async (world) => {
        const targets = world.devices.slice(0, 2);
        const taskId = issuedId(await world.api.createTask(request(world, 1, { targets }), open));
        for (const device of targets) {
          expect(value(await world.api.describeExecution(taskId, device)).device).toBe(device);
        }
        const unknown = { kind: 'notFound', fault: { code: 'SG5015' } };
        const [first = '', , third = ''] = world.devices;
        expect(await world.api.describeExecution(taskId, third)).toMatchObject(unknown);
        expect(await world.api.describeExecution('st-0000000000000000', first)).toMatchObject(unknown);
      }),
    );

    it.each(readFaults)('a description that meets %s is %s, and nothing is believed', (effect, kind) =>
      withWorld(async (world) => {
        const [device = ''] = world.devices;
        const taskId = issuedId(await world.api.createTask(request(world, 1), open));
        for (const [operation, ask] of [
          ['DescribeDevice', () => world.api.describeDevice(device)],
          ['DescribeExecution', () => world.api.describeExecution(taskId, device)],
        ] as const) {
          await world.order({ operation, effect, times: 1 });
          const read = await ask();
          expect(read).toMatchObject({ kind, fault: { message: expect.stringContaining(operation) } });
          expect(read).not.toHaveProperty('value');
          expect((await ask()).kind).toBe('ok');
        }
      })(),
    );
  });
}
