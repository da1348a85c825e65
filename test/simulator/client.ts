/** What the simulator's tests share: the real client, a started simulator that is always closed, its control paths. */
import { SnowDeviceManagementClient } from '@aws-sdk/client-snow-device-management';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import type { Simulator } from '../../src/simulator/server.ts';
import { startSimulator } from '../../src/simulator/server.ts';

export interface Scene {
  readonly simulator: Simulator;
  readonly client: SnowDeviceManagementClient;
  readonly devices: readonly string[];
  /** Asks a control path; rejects where the answer is not 200. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
}

export function makeClient(
  endpoint: string,
  scope: { readonly accessKeyId?: string; readonly region?: string; readonly requestTimeoutMs?: number } = {},
): SnowDeviceManagementClient {
  return new SnowDeviceManagementClient({
    endpoint,
    region: scope.region ?? 'us-west-2',
    credentials: { accessKeyId: scope.accessKeyId ?? 'AKIDTEST', secretAccessKey: 'not-a-secret' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: scope.requestTimeoutMs ?? 20_000 }),
  });
}

export async function askControl(
  endpoint: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${endpoint}/_simulator${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** Runs a test against a simulator of its own, and ends both afterwards. */
export async function withScene(
  options: Partial<SimulatorOptions>,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator(options);
  const client = makeClient(simulator.endpoint);
  try {
    await play({
      simulator,
      client,
      devices: simulator.fleets[0]?.devices ?? [],
      control: async (method, path, body) => {
        const answer = await askControl(simulator.endpoint, method, path, body);
        if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
        return answer.body;
      },
    });
  } finally {
    client.destroy();
    await simulator.close();
  }
}
