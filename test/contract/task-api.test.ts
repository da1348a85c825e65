import { afterAll, beforeAll, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { defaultSeat } from '../../src/simulator/defaults.ts';
import { changeDevice } from '../../src/simulator/device-change.ts';
import { defaultOptions } from '../../src/simulator/options.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { addRule, changeSettings, createService } from '../../src/simulator/service.ts';
import { createTaskApi } from '../../src/snow/task-api.ts';
import { createTaskDouble } from '../doubles/task-api.ts';
import { warmSdk } from '../snow/fixture.ts';
import { taskApiContract } from './task-api.ts';
import { taskDescriptionsContract } from './task-descriptions.ts';
import { type TaskWorld, worldDevices } from './task-world.ts';

/** Short enough for the calls that hang, long enough for a busy machine. */
const requestTimeoutMs = 2000;

const fleets = [{ ...defaultSeat, devices: worldDevices }];

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATESTTESTTESTTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-tests');
  await warmSdk();
});
afterAll(() => {
  vi.unstubAllEnvs();
});

async function startDouble(): Promise<TaskWorld> {
  let nowMs = Date.UTC(2026, 10, 23, 12);
  const service = createService({ ...defaultOptions, fleets }, nowMs);
  const [fleet] = service.fleets;
  if (fleet === undefined) throw new Error('no fleet');
  const api = createTaskDouble({
    service,
    fleet: 'lab',
    account: fleet.account,
    region: fleet.region,
    serviceMs: () => nowMs,
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    timeoutMs: requestTimeoutMs,
  });
  return {
    api,
    account: fleet.account,
    devices: fleet.devices.map(({ deviceId }) => deviceId),
    order: async (rule) => void addRule(service, rule),
    change: async (settings) => changeSettings(service, settings, nowMs),
    turn: async (id, change) => {
      const device = fleet.deviceById.get(id);
      if (device === undefined) throw new Error(`no device ${id}`);
      changeDevice(fleet, device, change, nowMs);
    },
    advance: async (durationMs) => {
      nowMs += durationMs;
    },
    tokens: async () => [...fleet.tasks.values()].map((task) => task.clientToken ?? ''),
    end: async () => undefined,
  };
}

async function startReal(): Promise<TaskWorld> {
  const simulator = await startSimulator({ fleets });
  const [fleet] = simulator.fleets;
  if (fleet === undefined) throw new Error('no fleet');
  const api = createTaskApi(
    { name: 'lab', region: fleet.region, endpoint: simulator.endpoint, labels: {}, requirePolicies: [] },
    { requestTimeoutMs, clock: systemClock, redactor: createRedactor() },
  );
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${simulator.endpoint}/_simulator/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  return {
    api,
    // Behind an endpoint, a fleet without an account asks nobody for one.
    account: '',
    devices: fleet.devices,
    order: (rule) => post('rules', rule),
    change: (settings) => post('settings', settings),
    turn: (device, change) => post('devices', { ids: [device], ...change }),
    advance: (durationMs) => post('time', { advanceMs: durationMs }),
    tokens: async () => {
      const answer = await fetch(`${simulator.endpoint}/_simulator/state`);
      const state = (await answer.json()) as { fleets: { tasks: { clientToken: string }[] }[] };
      return state.fleets.flatMap(({ tasks }) => tasks.map((task) => task.clientToken));
    },
    end: async () => {
      api.close();
      await simulator.close();
    },
  };
}

for (const contract of [taskApiContract, taskDescriptionsContract]) {
  contract('the in-memory double', startDouble);
  contract('the real SDK against the simulator', startReal);
}
