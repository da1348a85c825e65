/** What a look settles. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { settleDoubt } from '../../src/plan/look.ts';
import {
  ambiguous,
  claimed,
  emptyLook,
  Ledger,
  laterClaim,
  refused,
  released,
  unknown,
} from '../ledger/events.ts';

const startMs = Date.parse('2026-11-23T12:00:00.000Z');
const trustMs = 24 * 3600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const hit = (taskId: string, ...targets: string[]) => ({ taskId, taskArn: null, targets });
const receiptOf = (...events: LedgerEvent[]) => new Ledger().write(...events).receipt();
const inDoubt = () => receiptOf(claimed(), unknown());
const isAmbiguous = () => receiptOf(claimed(), unknown(), ambiguous());
const young = startMs + 60_000;

describe('a look', () => {
  it('with one hit of the claimed targets adopts it, however old the doubt', () => {
    const found = hit('st-1', 'smd-1');
    for (const nowMs of [young, startMs + 365 * trustMs]) {
      expect(settleDoubt(inDoubt(), [found], nowMs, trustMs)).toEqual({ kind: 'adopted', hit: found });
      expect(settleDoubt(isAmbiguous(), [found], nowMs, trustMs)).toEqual({ kind: 'adopted', hit: found });
    }
  });

  it('compares targets as sets', () => {
    const request = {
      clientToken: 'a'.repeat(64),
      command: 'reboot',
      targets: ['smd-1', 'smd-2'],
      tags: {},
    } as const;
    const receipt = receiptOf(claimed({ request }), unknown());
    expect(settleDoubt(receipt, [hit('st-1', 'smd-2', 'smd-1')], young, trustMs).kind).toBe('adopted');
  });

  it.each([
    ['other', ['smd-9']],
    ['more', ['smd-1', 'smd-2']],
    ['no', []],
    ['repeated', ['smd-1', 'smd-1']],
  ])('with a hit of %s targets is ambiguous, and stays so', (_what, targets) => {
    const found = [hit('st-1', ...targets)];
    const other = { kind: 'ambiguous', reason: 'otherTargets' };
    expect(settleDoubt(inDoubt(), found, young, trustMs)).toEqual(other);
    expect(settleDoubt(isAmbiguous(), found, young, trustMs)).toEqual({ kind: 'unchanged' });
  });

  it('with two tasks is the alarm of alarms, whatever their targets', () => {
    const found = [hit('st-1', 'smd-1'), hit('st-2', 'smd-9')];
    const alarm = { kind: 'doubled', taskIds: ['st-1', 'st-2'] };
    expect(settleDoubt(inDoubt(), found, young, trustMs)).toEqual(alarm);
    expect(settleDoubt(isAmbiguous(), found, young, trustMs)).toEqual(alarm);
  });

  it('without a hit ends a doubt that is younger than the trust in the listing, and no other', () => {
    const at = (nowMs: number) => settleDoubt(inDoubt(), [], nowMs, trustMs);
    expect(at(startMs)).toEqual({ kind: 'absent' });
    expect(at(startMs + trustMs - 1)).toEqual({ kind: 'absent' });
    expect(at(startMs + trustMs)).toEqual({ kind: 'ambiguous', reason: 'tooOld' });
    expect(at(startMs + 10 * trustMs)).toEqual({ kind: 'ambiguous', reason: 'tooOld' });
  });

  it('without a hit leaves the ambiguous to people', () => {
    for (const nowMs of [startMs, young, startMs + 10 * trustMs]) {
      expect(settleDoubt(isAmbiguous(), [], nowMs, trustMs)).toEqual({ kind: 'unchanged' });
    }
  });

  it('goes by the oldest doubt, not by the newest claim', () => {
    const second = laterClaim({ at: iso(startMs + trustMs) });
    const old = receiptOf(claimed(), unknown());
    // Another attempt came later, and its end is unknown too; the first was never looked at.
    old.attempts.push({
      ...receiptOf(claimed(), released(), second, unknown({ attempt: 2 })).attempts[1],
    } as never);
    expect(settleDoubt(old, [], startMs + trustMs, trustMs)).toEqual({ kind: 'ambiguous', reason: 'tooOld' });
  });

  it('counts only attempts that may have made a task', () => {
    const later = iso(startMs + trustMs);
    const rest = [laterClaim({ at: later }), unknown({ attempt: 2 })];
    expect(settleDoubt(receiptOf(claimed(), released(), ...rest), [], startMs + trustMs, trustMs).kind).toBe(
      'absent',
    );
    const looked = [
      claimed(),
      unknown(),
      laterClaim({ at: later, look: emptyLook }),
      unknown({ attempt: 2 }),
    ];
    expect(settleDoubt(receiptOf(...looked), [], startMs + trustMs, trustMs).kind).toBe('absent');
  });

  it('goes by the claim that was given up, where nobody wrote its end', () => {
    const open = receiptOf(claimed());
    expect(settleDoubt(open, [], young, trustMs).kind).toBe('absent');
    expect(settleDoubt(open, [], startMs + trustMs, trustMs).kind).toBe('ambiguous');
  });

  it('that finds no doubt at all ends none by mistake', () => {
    expect(settleDoubt(receiptOf(claimed(), refused()), [], young, trustMs).kind).not.toBe('adopted');
  });
});
