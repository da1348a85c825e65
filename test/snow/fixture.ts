import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import type { FleetConfig } from '../../src/config/config.ts';
import type { TaskApi } from '../../src/controller/ports.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import { createTaskApi, type TaskApiOptions } from '../../src/snow/task-api.ts';

const undo: (() => Promise<void> | void)[] = [];

/** Ends something after the test, last in first out. */
export function later(work: () => Promise<void> | void): void {
  undo.push(work);
}

/** Loads the SDK, which is done at the first call and takes seconds on a busy machine: no test's time-out is to run meanwhile. */
export async function warmSdk(): Promise<void> {
  const nobody = 'http://127.0.0.1:9';
  // One that asks STS first, and one that comes as far as the service's own client.
  for (const more of [{ account: '111122223333', stsEndpoint: nobody }, {}]) {
    const options = { requestTimeoutMs: 60_000, clock: systemClock, redactor: createRedactor() };
    const api = createTaskApi(fleetAt(nobody, more), options);
    await api.probe();
    api.close();
  }
}

function stubCredentials(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATESTTESTTESTTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-tests');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
}

/** Credentials of the environment, and none from the machine that the tests run on. */
export function useEnvironment(): void {
  beforeAll(async () => {
    stubCredentials();
    await warmSdk();
    vi.unstubAllEnvs();
  });
  beforeEach(stubCredentials);
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const work of undo.splice(0).reverse()) await work();
  });
}

export function fleetAt(endpoint: string, more: Partial<FleetConfig> = {}): FleetConfig {
  return { name: 'lab', region: 'us-west-2', endpoint, labels: {}, requirePolicies: [], ...more };
}

/** Long enough for any machine: a test that waits for a time-out names its own. */
export const patientTimeoutMs = 20_000;

export function openApi(fleet: FleetConfig, options: Partial<TaskApiOptions> = {}): TaskApi {
  const api = createTaskApi(fleet, {
    requestTimeoutMs: patientTimeoutMs,
    clock: systemClock,
    redactor: createRedactor(),
    ...options,
  });
  later(() => api.close());
  return api;
}

export const open = (): 'open' => 'open';

export function taskRequest(more: Partial<TaskRequest> = {}): TaskRequest {
  return {
    clientToken: 'a'.repeat(64),
    command: 'unlock',
    targets: ['smd-fictbgr3rbcjeqa5'],
    description: 'Unlock after customs inspection',
    tags: { owner: 'marine-ops', 'snowgate:revision': 'a'.repeat(64) },
    ...more,
  };
}
