/** How long a server asks to wait: what it may write, and what it had better not have written. */
import { describe, expect, it } from 'vitest';
import { askedWaitMs } from '../../src/lib/retry-after.ts';

const nowMs = Date.parse('2026-11-29T12:00:00Z');

function wait(headers: Readonly<Record<string, string>>): number | undefined {
  return askedWaitMs((name) => headers[name] ?? null, nowMs);
}

describe('a server that asks to wait', () => {
  it.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['seconds', { 'retry-after': '120' }, 120_000],
    ['none', { 'retry-after': '0' }, 0],
    ['a time', { 'retry-after': 'Sun, 29 Nov 2026 12:05:00 GMT' }, 300_000],
    ['a time that is over', { 'retry-after': 'Sun, 29 Nov 2026 11:00:00 GMT' }, 0],
    ['a time that there is not', { 'retry-after': 'Sun, 39 Nov 2026 12:05:00 GMT' }, undefined],
    ['a time in words of its own', { 'retry-after': 'tomorrow' }, undefined],
    ['a fraction', { 'retry-after': '1.5' }, undefined],
    ['less than nothing', { 'retry-after': '-5' }, undefined],
    ['nothing', {}, undefined],
    [
      'its limit, where that is used up',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs / 1000 + 60) },
      60_000,
    ],
    [
      'its limit, where some is left',
      { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(nowMs / 1000 + 60) },
      undefined,
    ],
    ['its limit, which is over', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }, 0],
  ])('writes %s', (_what, headers, waited) => {
    expect(wait(headers)).toBe(waited);
  });
});
