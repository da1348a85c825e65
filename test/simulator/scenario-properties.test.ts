/** Timelines that nobody would write: whatever they say, they are refused or played, and looking changes nothing. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerControl } from '../../src/simulator/control.ts';
import { defaultOptions } from '../../src/simulator/options.ts';
import { readScenario } from '../../src/simulator/scenario.ts';
import { createService } from '../../src/simulator/service.ts';
import { playTimeline } from '../../src/simulator/timeline.ts';
import { optionsOf } from './scenarios.ts';

interface Sample {
  readonly at: string;
  readonly cancel?: string;
  readonly task?: { readonly name: string };
}

describe('whatever is written', () => {
  const some = <T>(...values: T[]) => fc.constantFrom(...values);
  const names = fc.subarray(['a', 'c', 'c-1', 'c-2'], { minLength: 1 });
  const outcome = fc.record(
    {
      outcome: some('FAILED', 'REJECTED', 'TIMED_OUT'),
      command: some('reboot', 'unlock'),
      times: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ['outcome'] },
  );
  const change = fc.record(
    {
      devices: names,
      online: fc.boolean(),
      present: fc.boolean(),
      state: some('LOCKED', 'UNLOCKED'),
      outcomes: fc.array(outcome),
    },
    { requiredKeys: ['online'] },
  );
  const task = fc.record({
    name: some('t', 'u'),
    command: some('reboot', 'unlock'),
    targets: some(['a'], ['c'], ['a', 'c-1']),
  });
  const happening = fc.oneof(
    change,
    fc.record({ task }),
    fc.record({ cancel: some('t', 'u') }),
    fc.record({
      rule: fc.record({ operation: some('*', 'ListTasks'), effect: some('throttle', 'cutAfter') }),
    }),
    fc.record({ clearRules: some(true) }),
    fc.record({ settings: fc.record({ pickup: some('0s', '5s'), cancelLoses: fc.boolean() }) }),
  );
  const good = fc
    .tuple(some('0s', '1s', '30s', '1h'), happening, fc.integer({ min: 2, max: 5 }))
    .map(([at, rest, times]): Sample => ({ at, ...(times === 5 ? {} : { every: '7s', times }), ...rest }));
  /** One thing in a step is something else. */
  const bad = fc
    .tuple(
      good,
      some('at', 'every', 'times', 'devices', 'online', 'outcomes', 'task', 'cancel', 'rule'),
      fc.jsonValue(),
    )
    .map(([step, key, value]) => ({ ...step, [key]: value }));

  it('is read or refused, and what is read is played to its end', () => {
    const seen = { played: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: good }, bad), { maxLength: 8 }), (timeline) => {
        const text = JSON.stringify({
          apiVersion: 'snowgate/v1',
          kind: 'Scenario',
          fleets: [
            {
              account: '111122223333',
              region: 'us-west-2',
              devices: [{ name: 'a' }, { name: 'c', count: 2 }],
            },
          ],
          timeline,
        });
        const read = readScenario(Buffer.from(text));
        if (!read.ok) {
          seen.refused += 1;
          return;
        }
        const { fleets, steps } = read.value;
        const service = createService({ ...defaultOptions, fleets, steps }, 0);
        playTimeline(service, 1e12);
        expect(service.timeline.played).toBe(steps.length);
        seen.played += steps.length;
      }),
      { numRuns: 400 },
    );
    // Neither half of the property may be empty.
    expect(seen.played).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(20);
  });

  it('plays the same whether it was looked at all along or at its end', () => {
    const looks = fc.array(fc.integer({ min: 0, max: 4_000_000 }), { maxLength: 20 });
    const known = (steps: readonly Sample[]): boolean =>
      steps.every(({ cancel }) => cancel === undefined || steps.some((step) => step.task?.name === cancel));
    fc.assert(
      fc.property(fc.array(good, { maxLength: 8 }).filter(known), looks, (timeline, times) => {
        const fleets = [
          { account: '111122223333', region: 'us-west-2', devices: [{ name: 'a' }, { name: 'c', count: 2 }] },
        ];
        const text = JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Scenario', fleets, timeline });
        const options = optionsOf(text);
        const play = (looked: readonly number[]): unknown => {
          const service = createService(options, 0);
          const request = { method: 'GET', path: '/_simulator/state', bodyText: '' };
          for (const nowMs of looked) answerControl(service, request, nowMs);
          return answerControl(service, request, 5_000_000).body;
        };
        expect(play([...times].sort((one, other) => one - other))).toEqual(play([]));
      }),
      { numRuns: 200 },
    );
  });
});
