import { describe, expect, it } from 'vitest';
import { settledOutcome } from '../../src/controller/looks.ts';

const ends = (...states: string[]) => states.map((state, index) => ({ device: `smd-${index}`, state }));
const targets = (count: number) => Array.from({ length: count }, (_, index) => `smd-${index}`);

describe('the end of a task', () => {
  it.each([
    [['SUCCEEDED'], 'succeeded'],
    [['SUCCEEDED', 'SUCCEEDED'], 'succeeded'],
    [['CANCELED', 'CANCELED'], 'canceled'],
    [['FAILED'], 'failed'],
    [['REJECTED'], 'failed'],
    [['TIMED_OUT'], 'failed'],
    [['FAILED', 'CANCELED'], 'failed'],
    [['SUCCEEDED', 'FAILED'], 'partial'],
    [['SUCCEEDED', 'CANCELED'], 'partial'],
    [['SUCCEEDED', 'REJECTED', 'TIMED_OUT'], 'partial'],
    [['SUCCEEDED', 'IN_PROGRESS'], null],
    [['QUEUED'], null],
    [['FAILED', 'QUEUED'], null],
    [['SUCCEEDED', 'COMPLETED'], null],
    [['SUCCEEDED', ''], null],
    [['succeeded'], null],
  ])('of devices that are %j is %j', (states, expected) => {
    expect(settledOutcome(targets(states.length), ends(...states))).toBe(expected);
  });

  it('is not known while a device has no execution: it may yet run', () => {
    expect(settledOutcome(targets(2), ends('SUCCEEDED'))).toBeNull();
    expect(settledOutcome(targets(1), [])).toBeNull();
    expect(settledOutcome([], [])).toBeNull();
  });

  it('counts executions of devices that were not named, too', () => {
    expect(settledOutcome(targets(1), ends('SUCCEEDED', 'IN_PROGRESS'))).toBeNull();
    expect(settledOutcome(targets(1), ends('SUCCEEDED', 'FAILED'))).toBe('partial');
  });
});
