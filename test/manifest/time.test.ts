import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTime } from '../../src/manifest/time.ts';

describe('instants', () => {
  test.each([
    ['2026-11-27T22:00:00+01:00', '2026-11-27T21:00:00.000Z'],
    ['2026-11-27T22:00:00Z', '2026-11-27T22:00:00.000Z'],
    ['2026-11-27T22:00:00.5Z', '2026-11-27T22:00:00.500Z'],
    ['2026-11-27T22:00:00.123-09:30', '2026-11-28T07:30:00.123Z'],
    ['2028-02-29T00:00:00+14:00', '2028-02-28T10:00:00.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(parseTime(text)).toEqual({ ok: true, epochMs: Date.parse(instant) });
  });

  test('agree with the platform', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }), (date) => {
        expect(parseTime(date.toISOString())).toEqual({ ok: true, epochMs: date.getTime() });
      }),
    );
  });
});

test.each([
  ['2026-11-27T22:00:00', 'offset'],
  ['2026-11-27', 'offset'],
  ['2026-11-27T22:00Z', 'offset'],
  ['2026-11-27t22:00:00z', 'offset'],
  ['2026-11-27T22:00:00.1234Z', 'offset'],
  ['2026-11-27T22:00:00+0100', 'offset'],
  [' 2026-11-27T22:00:00Z', 'offset'],
  ['2026-11-27T22:00:00Z\n', 'offset'],
  ['2026-12-31T23:59:60Z', 'leap second'],
  ['2026-11-27T24:00:00Z', 'time of day'],
  ['2026-11-27T22:60:00Z', 'time of day'],
  ['2026-11-31T22:00:00Z', 'calendar'],
  ['2026-00-01T22:00:00Z', 'calendar'],
  ['2027-02-29T22:00:00Z', 'calendar'],
  ['2026-11-27T22:00:00-00:00', 'unknown'],
  ['2026-11-27T22:00:00+14:01', 'nowhere'],
  ['2026-11-27T22:00:00+01:60', 'nowhere'],
  ['9999-12-31T23:59:59-00:01', 'years'],
  ['0000-01-01T00:00:00+00:01', 'years'],
])('%j is refused', (text, reason) => {
  expect(parseTime(text)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
});
