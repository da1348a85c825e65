/** Takeover and settling by the observer's own watch: DESIGN 5. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Watch } from '../../src/controller/watch.ts';
import {
  absent,
  ambiguous,
  claimed,
  emptyLook,
  issued,
  Ledger,
  laterClaim,
  refused,
  released,
  tokenA,
  unknown,
} from '../ledger/events.ts';

const recovery = { takeoverMs: 180_000, settlingMs: 30_000, listTrustMs: 86_400_000 };
const bothMs = recovery.takeoverMs + recovery.settlingMs;
const observer = () => new Watch('observer', recovery);
/** The run of the claims that the fixtures make. */
const own = () => new Watch('life-1', recovery);

describe("another process's claim", () => {
  it('is never in doubt before it was watched for takeover, from first sight', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 20 }),
        (firstMs, gaps) => {
          const watch = observer();
          const { view } = new Ledger().write(claimed({ at: '1999-01-01T00:00:00.000Z' }));
          let nowMs = firstMs;
          watch.observe(view, nowMs);
          for (const gapMs of gaps) {
            nowMs += gapMs;
            watch.observe(view, nowMs);
            const doubts = watch.doubts(view, nowMs);
            if (nowMs < firstMs + recovery.takeoverMs) expect(doubts).toEqual([]);
            else {
              expect(doubts).toEqual([{ token: tokenA, fleet: 'lab', lookableAtMs: firstMs + bothMs }]);
            }
          }
        },
      ),
    );
  });

  it('is watched again from zero after a restart', () => {
    const { view } = new Ledger().write(claimed());
    const before = observer();
    before.observe(view, 0);
    expect(before.doubts(view, recovery.takeoverMs)).toHaveLength(1);
    const after = observer();
    after.observe(view, recovery.takeoverMs);
    expect(after.doubts(view, 2 * recovery.takeoverMs - 1)).toEqual([]);
    expect(after.doubts(view, 2 * recovery.takeoverMs)).toHaveLength(1);
  });

  it('that was never observed is seen first when it is asked about, so never in doubt', () => {
    const { view } = new Ledger().write(claimed());
    for (const nowMs of [0, 1e6, 1e12]) expect(observer().doubts(view, nowMs)).toEqual([]);
  });

  it('anew is watched anew: an older attempt lends it no time', () => {
    const ledger = new Ledger().write(claimed());
    const watch = observer();
    watch.observe(ledger.view, 0);
    ledger.write(released(), laterClaim());
    watch.observe(ledger.view, 170_000);
    expect(watch.doubts(ledger.view, 349_999)).toEqual([]);
    expect(watch.doubts(ledger.view, 350_000)).toHaveLength(1);
  });

  it('is given up at a time that is told, and told only while it lies ahead', () => {
    const { view } = new Ledger().write(claimed());
    const watch = observer();
    watch.observe(view, 1_000);
    expect(watch.nextTakeoverMs(view, 2_000)).toBe(181_000);
    expect(watch.nextTakeoverMs(view, 181_000)).toBeNull();
    expect(own().nextTakeoverMs(view, 2_000)).toBeNull();
  });

  it('of the same replica in an earlier life is as foreign as any', () => {
    const { view } = new Ledger().write(claimed());
    const next = new Watch('life-2', recovery);
    next.observe(view, 0);
    expect(next.doubts(view, recovery.takeoverMs)).toHaveLength(1);
  });
});

describe('an own claim', () => {
  it('is never in doubt while it is open', () => {
    const { view } = new Ledger().write(claimed());
    const watch = own();
    for (const nowMs of [0, 1e6, 1e12]) {
      watch.observe(view, nowMs);
      expect(watch.doubts(view, nowMs)).toEqual([]);
    }
  });

  it('whose call ended without an answer may be looked at settling after that end', () => {
    const { view } = new Ledger().write(claimed(), unknown());
    const watch = own();
    watch.noteCallEnd(tokenA, 1, 5_000);
    watch.observe(view, 60_000);
    expect(watch.doubts(view, 60_000)[0]?.lookableAtMs).toBe(35_000);
  });
});

describe("an unknown end of another's attempt", () => {
  it('may be looked at settling after it was first seen, and not before', () => {
    const { view } = new Ledger().write(claimed(), unknown({ at: '1999-01-01T00:00:00.000Z' }));
    const watch = observer();
    watch.observe(view, 7_000);
    watch.observe(view, 20_000);
    expect(watch.doubts(view, 20_000)).toEqual([{ token: tokenA, fleet: 'lab', lookableAtMs: 37_000 }]);
  });

  it('is timed by what was seen last, though another process claims to be this one', () => {
    const { view } = new Ledger().write(claimed(), unknown());
    const watch = observer();
    watch.noteCallEnd(tokenA, 1, 0);
    watch.observe(view, 100_000);
    expect(watch.doubts(view, 100_000)[0]?.lookableAtMs).toBe(130_000);
  });
});

describe('what is settled', () => {
  it.each([
    ['issued', [issued()]],
    ['released', [released()]],
    ['refused', [refused()]],
    ['found absent', [unknown(), absent()]],
    ['ambiguous', [unknown(), ambiguous()]],
  ])('as %s is forgotten, and nobody looks at it', (_how, events) => {
    const ledger = new Ledger().write(claimed());
    const watch = observer();
    watch.observe(ledger.view, 0);
    ledger.write(...events);
    watch.observe(ledger.view, recovery.takeoverMs);
    expect(watch.doubts(ledger.view, 1e9)).toEqual([]);
    expect(watch.nextTakeoverMs(ledger.view, 0)).toBeNull();
  });

  it('by a look lends no time to the claim that follows', () => {
    const ledger = new Ledger().write(claimed(), unknown());
    const watch = observer();
    watch.observe(ledger.view, 0);
    ledger.write(laterClaim({ look: emptyLook }));
    watch.observe(ledger.view, 100_000);
    expect(watch.doubts(ledger.view, 279_999)).toEqual([]);
    expect(watch.doubts(ledger.view, 280_000)[0]?.lookableAtMs).toBe(100_000 + bothMs);
  });
});
