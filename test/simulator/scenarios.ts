/** Scenarios in text, as tests write them: one fleet of a, b, c-1 and c-2. */
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { simulatorOptions } from '../../src/simulator/options.ts';
import { readScenario } from '../../src/simulator/scenario.ts';

export const head = 'apiVersion: snowgate/v1\nkind: Scenario\nfleets:\n';
export const fleet =
  '  - account: "111122223333"\n    region: us-west-2\n    devices: [{name: a}, {name: b}, {name: c, count: 2}]\n';

export function optionsOf(text: string, written: Record<string, unknown> = {}): SimulatorOptions {
  const scenario = readScenario(Buffer.from(text));
  if (!scenario.ok) throw new Error(JSON.stringify(scenario.problems));
  const options = simulatorOptions({ listen: '127.0.0.1:0', ...written }, { scenario: scenario.value });
  if (!options.ok) throw new Error(JSON.stringify(options.fault));
  return options.value;
}
