import { describe, expect, it } from 'vitest';
import type { DeviceExecution } from '../../src/ledger/events.ts';
import { judgeEnd, judgeNews, type News, type Observation } from '../../src/plan/observation.ts';
import { claimed, issued, Ledger, progress } from '../ledger/events.ts';

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
  ])('of devices that are %j is %j, whatever the task is called', (states, expected) => {
    expect(judgeEnd(targets(states.length), ends(...states), null)).toBe(expected);
    expect(judgeEnd(targets(states.length), ends(...states), 'IN_PROGRESS')).toBe(expected);
  });

  it('is not known while a device has no execution: it may yet run', () => {
    expect(judgeEnd(targets(2), ends('SUCCEEDED'), null)).toBeNull();
    expect(judgeEnd(targets(1), [], 'IN_PROGRESS')).toBeNull();
    expect(judgeEnd([], [], 'COMPLETED')).toBeNull();
  });

  it.each([
    [[], 'COMPLETED', 'missed'],
    [[], 'CANCELED', 'canceled'],
    [['CANCELED'], 'COMPLETED', 'missed'],
    [['CANCELED'], 'CANCELED', 'canceled'],
    [['SUCCEEDED'], 'COMPLETED', 'partial'],
    [['FAILED'], 'CANCELED', 'failed'],
    // The guide's prose has a state that the model does not: the task being over, it is one that did not succeed.
    [['COMPLETED', 'COMPLETED'], 'COMPLETED', 'failed'],
    [['SUCCEEDED', 'COMPLETED'], 'COMPLETED', 'partial'],
    // Over, but a device goes on: what it does decides.
    [['IN_PROGRESS'], 'CANCELED', null],
    [['QUEUED', 'SUCCEEDED'], 'COMPLETED', null],
  ])('of devices %j of two, of a task that is %s, is %j', (states, state, expected) => {
    expect(judgeEnd(targets(2), ends(...states), state)).toBe(expected);
  });
});

describe('what was seen', () => {
  const device = (index: number, state: string): DeviceExecution => ({
    device: `smd-${index}`,
    state,
    executionId: `ex-${index}`,
  });
  const request = { ...claimed().request, targets: ['smd-1', 'smd-2'] } as never;
  const inFlight = () => new Ledger().write(claimed({ request }), issued());
  const see = (...executions: DeviceExecution[]): Observation => ({ state: null, executions, gone: false });
  const news = (ledger: Ledger, seen: Observation): News => judgeNews(ledger.receipt(), seen);

  it('is no news while every device is queued', () => {
    expect(news(inFlight(), see(device(1, 'QUEUED'), device(2, 'QUEUED'))).kind).toBe('none');
    expect(news(inFlight(), see()).kind).toBe('none');
  });

  it('is progress once a device has begun, and no news the second time', () => {
    const ledger = inFlight();
    const seen = see(device(1, 'IN_PROGRESS'), device(2, 'QUEUED'));
    expect(news(ledger, seen)).toEqual({ kind: 'progress', executions: seen.executions });
    ledger.write(progress({ executions: seen.executions }));
    expect(news(ledger, seen).kind).toBe('none');
  });

  it('takes no device back: an old answer is none', () => {
    const ledger = inFlight();
    ledger.write(progress({ executions: [device(1, 'SUCCEEDED'), device(2, 'IN_PROGRESS')] }));
    expect(news(ledger, see(device(1, 'QUEUED'), device(2, 'QUEUED'))).kind).toBe('none');
    expect(news(ledger, see(device(1, 'IN_PROGRESS'), device(2, 'FAILED')))).toEqual({
      kind: 'settled',
      outcome: 'partial',
      executions: [device(1, 'SUCCEEDED'), device(2, 'FAILED')],
    });
  });

  it('counts only devices that were asked', () => {
    const seen = see(device(1, 'SUCCEEDED'), device(2, 'SUCCEEDED'), device(9, 'FAILED'));
    expect(news(inFlight(), seen)).toEqual({
      kind: 'settled',
      outcome: 'succeeded',
      executions: [device(1, 'SUCCEEDED'), device(2, 'SUCCEEDED')],
    });
  });

  it('is the end where AWS does not know the task any more; what was known of its devices is kept', () => {
    const ledger = inFlight().write(progress({ executions: [device(1, 'IN_PROGRESS')] }));
    expect(news(ledger, { state: null, executions: [], gone: true })).toEqual({
      kind: 'settled',
      outcome: 'vanished',
      executions: [device(1, 'IN_PROGRESS')],
    });
  });
});
