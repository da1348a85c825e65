import { afterAll, beforeAll, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { defaultOptions } from '../../src/simulator/options.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { addRule, changeSettings, createService } from '../../src/simulator/service.ts';
import { createTaskApi } from '../../src/snow/task-api.ts';
import { createTaskDouble } from '../doubles/task-api.ts';
import { warmSdk } from '../snow/fixture.ts';
import { type TaskWorld, taskApiContract } from './task-api.ts';

/** Short enough for the calls that hang, long enough for a busy machine. */
const requestTimeoutMs = 2000;

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
  const service = createService(defaultOptions, nowMs);
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
    advance: async (durationMs) => {
      nowMs += durationMs;
    },
    tokens: async () => [...fleet.tasks.values()].map((task) => task.clientToken ?? ''),
    end: async () => undefined,
  };
}

async function startReal(): Promise<TaskWorld> {
  const simulator = await startSimulator();
  const [fleet] = simulator.fleets;
  if (fleet === undefined) throw new Error('no fleet');
  const api = createTaskApi(
    { name: 'lab', region: fleet.region, endpoint: simulator.endpoint },
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

taskApiContract('the in-memory double', startDouble);
taskApiContract('the real SDK against the simulator', startReal);
