/** What a scenario says happens when it says it. */
import { readFileSync } from 'node:fs';
import {
  CreateTaskCommand,
  DescribeDeviceEc2InstancesCommand,
  ListDevicesCommand,
  ListExecutionsCommand,
  ListTasksCommand,
} from '@aws-sdk/client-snow-device-management';
import { describe, expect, it } from 'vitest';
import { answerControl } from '../../src/simulator/control.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { defaultOptions } from '../../src/simulator/options.ts';
import { createService } from '../../src/simulator/service.ts';
import { playTimeline } from '../../src/simulator/timeline.ts';
import { makeClient, withScene } from './client.ts';
import { fleet, head, optionsOf } from './scenarios.ts';

/** The state of the service as the control path shows it, with the whole timeline played by then. */
function stateAt(options: SimulatorOptions, ...looksMs: number[]): unknown {
  const service = createService(options, 0);
  let body: unknown;
  for (const nowMs of looksMs)
    body = answerControl(service, { method: 'GET', path: '/_simulator/state', bodyText: '' }, nowMs).body;
  return body;
}

interface State {
  readonly timeline: {
    readonly steps: number;
    readonly played: number;
    readonly notes: string[];
    readonly tasks: Record<string, string>;
  };
  readonly rules: readonly unknown[];
  readonly settings: Record<string, unknown>;
  readonly fleets: readonly {
    readonly devices: readonly {
      name: string;
      online: boolean;
      present: boolean;
      state: string;
      outcomes: unknown[];
    }[];
    readonly tasks: readonly {
      taskId: string;
      state: string;
      targets: string[];
      executions: { state: string }[];
    }[];
  }[];
}

function look(options: SimulatorOptions, ...looksMs: number[]): State {
  return stateAt(options, ...looksMs) as State;
}

describe('the example', () => {
  const bytes = readFileSync(new URL('../../examples/scenarios/rough-sea.yaml', import.meta.url));
  const options = optionsOf(bytes.toString('utf8'));
  const hourMs = 3_600_000;

  it('plays to its end, and every end of an execution is reached', async () => {
    await withScene(options, async ({ simulator, control }) => {
      const client = makeClient(simulator.endpoint, { region: 'eu-west-1' });
      const names = async (): Promise<number | undefined> =>
        (await client.send(new ListDevicesCommand({}))).devices?.length;
      expect(await names()).toBe(6);
      await control('POST', '/time', { advanceMs: 2 * hourMs });
      expect(await names()).toBe(7);
      const ids = { managedDeviceId: 'smd-7sxf7bqp54x4kynn', instanceIds: ['s.i-0a1b2c3d4e5f60718'] };
      const described = await client.send(new DescribeDeviceEc2InstancesCommand(ids));
      expect(described.instances?.[0]?.instance?.instanceType).toBe('sbe-c.xlarge');
      await control('POST', '/time', { advanceMs: 5 * hourMs });
      expect(await names()).toBe(6);
      const { timeline } = (await control('GET', '')) as State;
      expect(timeline).toMatchObject({ played: timeline.steps, notes: [] });
      const ends: Record<string, string> = {};
      for (const [name, taskId] of Object.entries(timeline.tasks)) {
        const { executions } = await client.send(new ListExecutionsCommand({ taskId }));
        ends[name] = (executions ?? []).map(({ state }) => state).join(' ');
      }
      expect(ends).toEqual({
        'by-hand': 'REJECTED SUCCEEDED',
        restart: 'FAILED',
        'for-the-lander': 'TIMED_OUT',
        'second-thoughts': 'CANCELED',
      });
      client.destroy();
    });
  });

  it.each([
    [29 * 60_000, true],
    [30 * 60_000, false],
    [40 * 60_000, true],
    [301 * 60_000, false],
    [311 * 60_000, true],
  ])('has the buoys online after %i ms: %s', (nowMs, online) => {
    const buoys = look(options, nowMs).fleets[0]?.devices.filter(({ name }) => name.startsWith('buoy-'));
    expect(buoys?.map((device) => device.online)).toEqual([online, online, online]);
  });

  it.each([
    [4.5, '30000 2'],
    [4.9, '30000 3'],
    [5.5, '0 0'],
  ])('after %d hours has a lag and rules: %s', (hours, expected) => {
    const { rules, settings } = look(options, hours * hourMs);
    expect(`${String(settings.listLagMs)} ${rules.length}`).toBe(expected);
  });

  it('is the same whether it was looked at all along or at its end', () => {
    const looks = Array.from({ length: 500 }, (_, index) => (index * 7 * hourMs) / 500);
    expect(stateAt(options, ...looks, 7 * hourMs)).toEqual(stateAt(options, 7 * hourMs));
  });
});

describe('a timeline', () => {
  const at = (steps: string): SimulatorOptions => optionsOf(`${head}${fleet}timeline:\n${steps}`);
  it.each([
    ['before its time', 999, 'true 0'],
    ['at its time', 1_000, 'false 1'],
    ['long after', 1e9, 'false 1'],
  ])('plays a step %s', (_name, nowMs, expected) => {
    const state = look(at('  - {at: 1s, devices: [b], online: false}\n'), nowMs);
    expect(`${state.fleets[0]?.devices[1]?.online} ${state.timeline.played}`).toBe(expected);
  });

  it('plays steps by time, and those of one time in the order of the file', () => {
    const steps =
      '  - {at: 2s, state: LOCKED}\n  - {at: 1s, state: UNLOCKED}\n  - {at: 2s, devices: [a], state: UNLOCKING}\n';
    const states = (nowMs: number) => look(at(steps), nowMs).fleets[0]?.devices.map(({ state }) => state);
    expect(states(1_000)).toEqual(['UNLOCKED', 'UNLOCKED', 'UNLOCKED', 'UNLOCKED']);
    expect(states(2_000)).toEqual(['UNLOCKING', 'LOCKED', 'LOCKED', 'LOCKED']);
  });

  it('notes what did not go as it was written, and goes on', () => {
    const steps = [
      '{at: 1s, devices: [a], present: false}',
      '{at: 2s, task: {name: t, command: reboot, targets: [a]}}',
      '{at: 3s, cancel: t}',
      '{at: 4s, task: {name: u, command: reboot, targets: [b]}}',
      '{at: 30s, cancel: u}',
      '{at: 31s, devices: [b], online: false}',
    ];
    const { timeline, fleets } = look(at(steps.map((step) => `  - ${step}\n`).join('')), 60_000);
    expect(timeline.notes).toEqual([
      expect.stringMatching(/^2s: task t: ResourceNotFoundException: /),
      '3s: cancel t: the task was never made',
      expect.stringMatching(/^30s: cancel u: ValidationException: /),
    ]);
    expect(fleets[0]?.devices[1]?.online).toBe(false);
  });

  it('bounds its notes', () => {
    const steps =
      '  - {at: 0s, task: {name: t, command: reboot, targets: [a]}}\n  - {at: 1h, every: 1m, times: 5000, cancel: t}\n';
    expect(look(at(steps), 1e10).timeline).toMatchObject({ played: 5_001, notes: { length: 100 } });
  });

  it('cancels while the task waits, and the name is that of the newest task', () => {
    const steps =
      '  - {at: 0s, devices: [a], online: false}\n  - {at: 1s, every: 1s, times: 3, task: {name: t, command: reboot, targets: [a]}}\n  - {at: 9s, cancel: t}\n';
    const states = look(at(steps), 10_000).fleets[0]?.tasks.map(({ state }) => state);
    expect(states).toEqual(['IN_PROGRESS', 'IN_PROGRESS', 'CANCELED']);
  });

  it('strikes a caller with its rules, and moves on with the control path for time', async () => {
    const options = at(
      '  - {at: 1h, rule: {operation: ListTasks, effect: throttle}}\n  - {at: 2h, clearRules: true}\n',
    );
    await withScene(options, async ({ client, control }) => {
      const outcome = () =>
        client.send(new ListTasksCommand({})).then(
          () => 'ok',
          (error: unknown) => (error as Error).name,
        );
      const seen: string[] = [];
      for (const advanceMs of [0, 3_600_000, 3_600_000]) {
        await control('POST', '/time', { advanceMs });
        seen.push(await outcome());
      }
      expect(seen).toEqual(['ok', 'ThrottlingException', 'ok']);
    });
  });

  it('plays what falls due while a call waits, before its work is done', async () => {
    const options = at('  - {at: 100ms, devices: [a], present: false}\n');
    const rules = [{ operation: 'CreateTask', effect: 'slowBefore', delayMs: 300 }] as const;
    await withScene({ ...options, rules }, async ({ client, devices }) => {
      const command = new CreateTaskCommand({ command: { reboot: {} }, targets: devices.slice(0, 1) });
      await expect(client.send(command)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    });
  });

  it('of a service that nobody moves stands still', () => {
    const service = createService(defaultOptions, 0);
    playTimeline(service, 1e12);
    expect(service.timeline).toMatchObject({ played: 0, steps: [] });
  });
});
