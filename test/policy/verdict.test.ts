import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoInstant, judge, policySetDigest } from '../../src/policy/verdict.ts';
import { manifestOf, yaml } from '../plan/stage.ts';

const startMs = Date.parse('2026-11-27T21:00:00.000Z');
const endMs = Date.parse('2026-11-28T03:00:00.000Z');
const task = (...spec: string[]) => manifestOf(yaml({ spec }));
const notBefore = 'notBefore: 2026-11-27T22:00:00+01:00';
const notAfter = 'notAfter: 2026-11-28T04:00:00+01:00';
const none = { files: [] };
const some = { files: [{ path: 'policies/a.yaml', blob: 'f'.repeat(40) }] };
const codes = (verdict: ReturnType<typeof judge>): string[] => verdict.reasons.map(({ code }) => code);

describe('a verdict', () => {
  it.each([
    [startMs - 1, 'hold'],
    [startMs, 'allow'],
    [startMs + 1, 'allow'],
    [endMs - 1, 'allow'],
    [endMs, 'deny'],
    [endMs + 1, 'deny'],
  ])('at %i is %s: times are half-open, to the millisecond', (nowMs, action) => {
    expect(judge(task(notBefore, notAfter), none, nowMs).action).toBe(action);
  });

  it('without times is allow at any instant, with no end', () => {
    for (const nowMs of [0, startMs, 8.64e15]) {
      expect(judge(task(), none, nowMs)).toEqual({ action: 'allow', untilMs: null, reasons: [] });
    }
  });

  it('holds until notBefore, and allows until notAfter', () => {
    const manifest = task(notBefore, notAfter);
    expect(judge(manifest, none, startMs - 5)).toMatchObject({ action: 'hold', untilMs: startMs });
    expect(judge(manifest, none, startMs)).toMatchObject({ action: 'allow', untilMs: endMs });
  });

  it('is hold wherever there is a policy file, for nothing is ever ignored; only a commit ends it', () => {
    for (const manifest of [task(), task(notBefore), task(notAfter), task(notBefore, notAfter)]) {
      for (const nowMs of [startMs - 1, startMs, endMs - 1]) {
        expect(judge(manifest, some, nowMs)).toMatchObject({ action: 'hold', untilMs: null });
      }
    }
  });

  it('gives every reason', () => {
    expect(codes(judge(task(notBefore), some, startMs - 1))).toEqual(['SG6103', 'SG6101']);
  });

  it('is deny over hold, and gives the reasons of both', () => {
    const verdict = judge(task(notAfter), some, endMs);
    expect(verdict).toMatchObject({ action: 'deny', expired: true });
    expect(codes(verdict)).toEqual(['SG6102', 'SG6103']);
  });

  it('names a policy file as data, quoted, and counts the rest', () => {
    const files = [{ path: 'policies/\u001b[2J"\n.yaml', blob: 'f' }, ...some.files, ...some.files];
    const [reason] = judge(task(), { files }, startMs).reasons;
    expect(reason?.message).toContain('"policies/\\u001b[2J\\"\\n.yaml" and 2 more');
  });

  it('never allows once its time is over, nor before it has come', () => {
    fc.assert(
      fc.property(fc.integer({ min: startMs - 10, max: endMs + 10 }), (nowMs) => {
        const { action } = judge(task(notBefore, notAfter), none, nowMs);
        expect(action === 'allow').toBe(nowMs >= startMs && nowMs < endMs);
      }),
    );
  });
});

describe('the digest of a policy set', () => {
  const a = { path: 'policies/a.yaml', blob: 'a'.repeat(40) };
  const b = { path: 'policies/b.yaml', blob: 'b'.repeat(40) };

  it('does not change with the order of files, and changes with every path and blob', () => {
    const sets = [
      { files: [] },
      { files: [a] },
      { files: [b] },
      { files: [a, b] },
      { files: [{ ...a, path: 'policies/c.yaml' }] },
      { files: [{ ...a, blob: b.blob }] },
      { files: [a, a] },
    ];
    expect(new Set(sets.map(policySetDigest)).size).toBe(sets.length);
    expect(policySetDigest({ files: [b, a] })).toBe(policySetDigest({ files: [a, b] }));
    expect(policySetDigest(none)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('an instant', () => {
  it('is written in UTC with milliseconds', () => {
    expect(isoInstant(startMs)).toBe('2026-11-27T21:00:00.000Z');
  });
});
