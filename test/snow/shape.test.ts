import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDevice, parseExecution } from '../../src/snow/shape.ts';

type Json = Readonly<Record<string, unknown>>;

const atMs = Date.UTC(2026, 10, 23, 12);
const seconds = atMs / 1000;

const device: Json = {
  managedDeviceId: 'smd-1',
  managedDeviceArn: 'arn:aws:snow-device-management:eu-west-1:111122223333:managed-device/smd-1',
  deviceType: 'SNC1_HDD',
  deviceState: 'LOCKED',
  lastReachedOutAt: seconds + 0.25,
  lastUpdatedAt: seconds,
  software: { installState: 'COMPLETED' },
  tags: { ship: 'aurora' },
};
const execution: Json = {
  taskId: 'st-1',
  executionId: '1',
  managedDeviceId: 'smd-1',
  state: 'SUCCEEDED',
  startedAt: seconds,
  lastUpdatedAt: seconds + 2,
};

const tagsOf = (count: number, key = 'k', text = ''): Json =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${key}${index}`, text]));

/** What stands where a moment should and cannot be one. */
const noMoments: readonly unknown[] = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  0,
  1,
  atMs,
  253_402_300_799,
  1e308,
  '1795435200',
  '2026-11-23T12:00:00Z',
  '',
  true,
  [],
  {},
];

/** What stands where a state should and is none. */
const noStates: readonly unknown[] = [
  undefined,
  null,
  '',
  'locked',
  'LOCKED ',
  'LOCKED\n',
  '_LOCKED',
  'L0CKED',
  'L'.repeat(33),
  1,
  [],
  ['LOCKED'],
];

describe('a description of a device', () => {
  it('is what AWS says of state, type, tags and when it was heard', () => {
    expect(parseDevice(device, 'smd-1')).toEqual({
      ok: true,
      value: {
        device: 'smd-1',
        state: 'LOCKED',
        type: 'SNC1_HDD',
        tags: { ship: 'aurora' },
        lastReachedOutMs: atMs + 250,
      },
    });
  });

  it.each([undefined, null])('says nothing of what it leaves out (%s)', (absent) => {
    const bare = { ...device, deviceType: absent, tags: absent, lastReachedOutAt: absent };
    expect(parseDevice(bare, 'smd-1')).toMatchObject({
      value: { type: '', tags: {}, lastReachedOutMs: null },
    });
  });

  it.each(['UNLOCKING', 'UNLOCKED', 'SOMETHING_NEW', 'L'.repeat(32)])('may be in the state %s', (state) => {
    expect(parseDevice({ ...device, deviceState: state }, 'smd-1')).toMatchObject({ value: { state } });
  });

  it.each([
    ...noStates.map((deviceState) => ({ deviceState })),
    ...noMoments.map((lastReachedOutAt) => ({ lastReachedOutAt })),
    ...[undefined, null, 'smd-2', 'SMD-1', ' smd-1', ['smd-1']].map((managedDeviceId) => ({
      managedDeviceId,
    })),
    ...['', ' ', 'a b', 'a\n', '<b>', 'T'.repeat(65), 1, {}].map((deviceType) => ({ deviceType })),
    ...['a', 1, [], [['a', 'b']], { a: 1 }, { a: null }, { a: {} }].map((tags) => ({ tags })),
    { tags: tagsOf(101) },
    { tags: tagsOf(1, 'k'.repeat(256)) },
    { tags: tagsOf(1, 'k', 'v'.repeat(513)) },
    { tags: tagsOf(1, 'k', 'v'.repeat(1_000_000)) },
  ])('cannot be used with %j', (bad: Json) => {
    const parsed = parseDevice({ ...device, ...bad }, 'smd-1');
    expect(parsed).toEqual({ ok: false, why: expect.stringMatching(/^it(s)? /) });
  });

  it.each([
    ['as many tags as AWS allows, and its own', tagsOf(60)],
    [
      'tags as long as AWS allows, of characters beyond the first plane',
      { ['\u{1F6A2}'.repeat(128)]: '\u{1F6A2}'.repeat(256) },
    ],
    ['a tag named like a property of every object', JSON.parse('{"__proto__": "x", "constructor": "y"}')],
  ])('may have %s', (_name, tags) => {
    expect(parseDevice({ ...device, tags }, 'smd-1')).toMatchObject({ ok: true });
    const parsed = parseDevice({ ...device, tags }, 'smd-1');
    expect(parsed.ok ? Object.entries(parsed.value.tags) : null).toEqual(Object.entries(tags));
  });
});

describe('a description of an execution', () => {
  const parse = (more: Json = {}) => parseExecution({ ...execution, ...more }, 'st-1', 'smd-1');

  it('is what AWS says of state and times', () => {
    expect(parse()).toEqual({
      ok: true,
      value: {
        device: 'smd-1',
        executionId: '1',
        state: 'SUCCEEDED',
        startedMs: atMs,
        updatedMs: atMs + 2000,
      },
    });
  });

  it.each([undefined, null])('says nothing of what it leaves out (%s)', (absent) => {
    expect(
      parse({ state: 'QUEUED', executionId: absent, startedAt: absent, lastUpdatedAt: absent }),
    ).toMatchObject({ value: { state: 'QUEUED', executionId: null, startedMs: null, updatedMs: null } });
  });

  it.each([
    ...noStates.map((state) => ({ state })),
    ...noMoments.flatMap((moment) => [{ startedAt: moment }, { lastUpdatedAt: moment }]),
    ...[undefined, null, 'st-2', 'ST-1', 1].map((taskId) => ({ taskId })),
    ...[undefined, null, 'smd-2', ['smd-1']].map((managedDeviceId) => ({ managedDeviceId })),
    ...['', '../1', 'x'.repeat(65), 1, {}].map((executionId) => ({ executionId })),
  ])('cannot be used with %j', (bad: Json) => {
    expect(parse(bad)).toEqual({ ok: false, why: expect.stringMatching(/^it(s)? /) });
  });
});

describe('whatever an answer holds', () => {
  const moment = fc.oneof(fc.double(), fc.integer(), fc.constant(seconds), fc.jsonValue());
  const answer = fc.record(
    {
      taskId: fc.constantFrom('st-1', 'st-2'),
      managedDeviceId: fc.constantFrom('smd-1', 'smd-2'),
      executionId: fc.oneof(fc.constant('1'), fc.jsonValue()),
      state: fc.oneof(fc.constant('QUEUED'), fc.string()),
      deviceState: fc.oneof(fc.constant('LOCKED'), fc.string()),
      deviceType: fc.oneof(fc.constant('EDGE_C'), fc.jsonValue()),
      tags: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
      lastReachedOutAt: moment,
      startedAt: moment,
      lastUpdatedAt: moment,
    },
    { requiredKeys: [] },
  );

  it('it is used only where it is about what was asked, with whole times of this century', () => {
    const isTime = (atMs: number | null): boolean =>
      atMs === null || (Number.isSafeInteger(atMs) && atMs >= Date.UTC(2015, 0) && atMs < Date.UTC(2100, 0));
    fc.assert(
      fc.property(answer, (json) => {
        const parsed = parseDevice(json, 'smd-1');
        if (parsed.ok) {
          expect(json.managedDeviceId).toBe('smd-1');
          expect(isTime(parsed.value.lastReachedOutMs)).toBe(true);
          expect(parsed.value.state).toMatch(/^[A-Z_]{1,32}$/);
        }
        const execution = parseExecution(json, 'st-1', 'smd-1');
        if (execution.ok) {
          expect([json.taskId, json.managedDeviceId]).toEqual(['st-1', 'smd-1']);
          expect([execution.value.startedMs, execution.value.updatedMs].every(isTime)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('neither throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (json) => {
        parseDevice(json, 'smd-1');
        parseExecution(json, 'st-1', 'smd-1');
      }),
    );
  });
});
