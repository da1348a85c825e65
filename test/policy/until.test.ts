import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRunGates } from '../../src/policy/running.ts';
import type { Case } from './policy-world.ts';
import { judgeCase, loadSound, manifest, policyText, say, windowText, write } from './policy-world.ts';
import { commit, ruleFacts } from './rule-facts.ts';

const at = (text: string): number => Date.parse(text);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A world of ten hours, minute by minute: outside them every window is closed. */
const minutes = 600;
const beginMs = at('2026-11-27T00:00:00Z');
const msOf = (minute: number): number => beginMs + minute * 60_000;
const iso = (minute: number): string => new Date(msOf(minute)).toISOString();
const wall = (minute: number): string => iso(minute).slice(0, 16);

interface SmallWindow {
  readonly open: readonly (readonly [number, number])[];
  readonly closed: readonly (readonly [number, number])[];
  readonly cutoff: number;
}

/** Whether it is open, and accepts, in each minute. */
function draw({ open, closed, cutoff }: SmallWindow): { isOpen: boolean[]; accepts: boolean[] } {
  const within = (spans: SmallWindow['open'], minute: number): boolean =>
    spans.some(([start, length]) => start <= minute && minute < start + length);
  const isOpen = Array.from({ length: minutes }, (_, m) => within(open, m) && !within(closed, m));
  const accepts = isOpen.map((is, m) => {
    if (!is) return false;
    const end = isOpen.indexOf(false, m);
    return m < (end < 0 ? minutes : end) - cutoff;
  });
  return { isOpen, accepts };
}

const span = fc.tuple(fc.integer({ min: 1, max: 480 }), fc.integer({ min: 1, max: 90 }));
const smallWindow: fc.Arbitrary<SmallWindow> = fc.record({
  open: fc.array(span, { minLength: 2, maxLength: 4 }),
  closed: fc.array(span, { maxLength: 2 }),
  cutoff: fc.constantFrom(0, 0, 5, 30),
});
const smallRule = fc.record({
  anyOf: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
  onClose: fc.constantFrom('cancel', 'leave'),
});
const minute = fc.integer({ min: 0, max: 580 });
const world = fc.record({
  windows: fc.tuple(smallWindow, smallWindow, smallWindow),
  rules: fc.array(smallRule, { minLength: 1, maxLength: 3 }),
  now: minute,
  notBefore: fc.option(fc.integer({ min: 0, max: 300 })),
  lasts: fc.option(fc.integer({ min: 1, max: 290 })),
  suspended: fc.option(minute),
});
type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

const entry = ([start, length]: readonly [number, number]): object => ({
  from: wall(start),
  to: wall(start + length),
});

function caseOf({ windows, rules, now, notBefore, lasts, suspended }: World): Case {
  const set = loadSound(
    ...windows.map(({ open, closed, cutoff }, index) =>
      windowText(`w${index}`, {
        open: open.map(entry),
        closed: closed.map(entry),
        ...(cutoff === 0 ? {} : { cutoff: `${cutoff}m` }),
      }),
    ),
    policyText(
      'p',
      rules.map(({ anyOf, onClose }, index) => ({
        name: `r${index}`,
        window: { anyOf: anyOf.map((one) => `w${one}`) },
        onClose,
      })),
    ),
    ...(suspended === null ? [] : [write('Suspension', 's', { reason: 'x', until: iso(suspended) })]),
  );
  const spec = {
    ...(notBefore === null ? {} : { notBefore: iso(notBefore) }),
    ...(lasts === null ? {} : { notAfter: iso((notBefore ?? 0) + lasts) }),
  };
  return { set, manifest: manifest(spec), nowMs: msOf(now) };
}

/** The same, minute by minute and without any of the product's parts. */
function imagine({ windows, rules, notBefore, lasts, suspended }: World) {
  const drawn = windows.map(draw);
  const notAfter = lasts === null ? Number.POSITIVE_INFINITY : (notBefore ?? 0) + lasts;
  const gate = (key: 'isOpen' | 'accepts', m: number, some: World['rules'] = rules): boolean =>
    some.every(({ anyOf }) => anyOf.some((index) => drawn[index]?.[key][m] === true));
  const strict = rules.filter(({ onClose }) => onClose === 'cancel');
  const first = (from: number, is: (m: number) => boolean): number | null => {
    for (let m = from; m < minutes; m += 1) if (is(m)) return msOf(m);
    return null;
  };
  return {
    first,
    isAllowed: (m: number) =>
      gate('accepts', m) && m >= (notBefore ?? 0) && m >= (suspended ?? 0) && m < notAfter,
    mayAsk: (m: number) => gate('accepts', m) && m < notAfter,
    mayRun: (m: number) => gate('isOpen', m) && m < notAfter,
    mayStay: (m: number) => gate('isOpen', m, strict) && m < notAfter,
    notAfter,
  };
}

describe('until', () => {
  it('is the first instant at which it is allowed, and no earlier one allows it', () => {
    fc.assert(
      fc.property(world, (given) => {
        const verdict = judgeCase(caseOf(given));
        const { first, isAllowed, mayAsk, mayRun, mayStay, notAfter } = imagine(given);
        expect(verdict.action === 'allow').toBe(isAllowed(given.now));
        if (verdict.action === 'deny') expect(given.now).toBeGreaterThanOrEqual(notAfter);
        if (verdict.action === 'hold') expect(verdict.untilMs).toBe(first(given.now, isAllowed));
        if (verdict.action !== 'allow') return;
        expect(verdict.untilMs).toBe(first(given.now, (m) => !mayAsk(m)));
        expect(verdict.closesMs).toBe(first(given.now, (m) => !mayRun(m)));
        expect(verdict.cancelMs).toBe(first(given.now, (m) => !mayStay(m)));
      }),
      { numRuns: 800 },
    );
  });

  it('is the first instant at which the judge itself says so', () => {
    fc.assert(
      fc.property(world, (given) => {
        const whole = caseOf(given);
        const verdict = judgeCase(whole);
        if (verdict.action !== 'hold') return;
        let firstMs: number | null = null;
        for (let m = given.now; m < minutes && firstMs === null; m += 1) {
          if (judgeCase({ ...whole, nowMs: msOf(m) }).action === 'allow') firstMs = msOf(m);
        }
        expect(verdict.untilMs).toBe(firstMs);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same whatever was asked before: what is kept beside a window changes no answer', () => {
    fc.assert(
      fc.property(world, fc.array(minute, { maxLength: 6 }), (given, before) => {
        const used = caseOf(given);
        for (const m of before) judgeCase({ ...used, nowMs: msOf(m) });
        expect(say(judgeCase(used))).toBe(say(judgeCase(caseOf(given))));
        const [first, again] = [judgeCase(used), judgeCase(used)];
        expect(again).toEqual(first);
        expect(first).toMatchObject({ reasons: judgeCase(caseOf(given)).reasons });
      }),
      { numRuns: 200 },
    );
  });

  it('of what may run is the same as of what was allowed, by its windows that cancel', () => {
    fc.assert(
      fc.property(world, (given) => {
        const whole = caseOf({ ...given, notBefore: null, lasts: null });
        const { first, mayStay } = imagine({ ...given, notBefore: null, lasts: null });
        const gates = findRunGates(manifest(), {}, whole.set, ['p']);
        if (gates.kind !== 'known') throw new Error('the policy is there');
        expect(gates.endsAt(msOf(given.now))).toBe(first(given.now, (m) => !mayStay(m)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('what never comes', () => {
  const rules = [
    { name: 'a', window: 'even' },
    { name: 'b', window: 'odd' },
  ];
  const often = (name: string, start: string, more: readonly object[] = []): string =>
    windowText(name, { open: [{ start, duration: '1m' }, ...more] });

  it('is said plainly, where no window opens with the others within 400 days', () => {
    const set = loadSound(often('even', '0 1 * * *'), often('odd', '0 2 * * *'), policyText('p', rules));
    const verdict = judgeCase({ set });
    expect(verdict).toMatchObject({ action: 'hold', untilMs: null });
    expect(say(verdict)).toBe('hold SG6303 SG6303 SG6304');
    expect(verdict.reasons.at(-1)).toMatchObject({ endedBy: 'commit' });
    expect(verdict.reasons.at(-1)?.message).toContain('not open together within 400 days');
  });

  it('is not said of windows that open often, and together only after many openings', () => {
    // 96 times a day each, and once together after 280 days and 27,000 openings.
    const late = { from: '2027-09-03T00:00', to: '2027-09-03T01:00' };
    const set = loadSound(
      often('even', '*/15 * * * *'),
      often('odd', '5-59/15 * * * *', [late]),
      policyText('p', rules),
    );
    expect(judgeCase({ set })).toMatchObject({ action: 'hold', untilMs: at('2027-09-03T00:00:00Z') });
    // Asked again and again, by each task and each pass: it is walked once.
    for (let pass = 0; pass < 1_000; pass += 1) {
      const nowMs = at('2026-11-27T21:31:00Z') + pass * 30_000;
      const verdict = judgeCase({ set, nowMs });
      if (verdict.action === 'hold') expect(verdict.untilMs).toBe(at('2027-09-03T00:00:00Z'));
    }
  });

  it('is not said of windows that relieve each other without an end', () => {
    const set = loadSound(
      windowText('day', { open: [{ start: '0,30 * * * *', duration: '15m' }] }),
      windowText('night', { open: [{ start: '15,45 * * * *', duration: '15m' }] }),
      policyText('p', [{ name: 'r', window: { anyOf: ['day', 'night'] } }]),
    );
    for (let pass = 0; pass < 1_000; pass += 1) {
      const nowMs = at('2026-11-27T21:31:00Z') + pass * 30_000;
      expect(judgeCase({ set, nowMs })).toMatchObject({ action: 'allow', untilMs: null, cancelMs: null });
    }
  });

  it('is told where notAfter comes first', () => {
    const set = loadSound(often('even', '0 1 * * *'), policyText('p', [{ name: 'a', window: 'even' }]));
    const timed = (notAfter: string): Case => ({ set, manifest: manifest({ notAfter }) });
    const gone = judgeCase(timed('2026-11-28T01:00:00Z'));
    expect(gone).toMatchObject({ action: 'hold', untilMs: null });
    expect(say(gone)).toBe('hold SG6303 SG6305');
    expect(gone.reasons.at(-1)?.message).toContain('it will expire');
    expect(judgeCase(timed('2026-11-28T01:00:00.001Z'))).toMatchObject({
      untilMs: at('2026-11-28T01:00:00Z'),
    });
  });

  it('is told where it will have waited too long by then', () => {
    const set = loadSound(
      windowText('even', { open: [{ from: '2026-12-20T00:00', to: '2026-12-21T00:00' }] }),
      policyText('p', [{ name: 'a', window: 'even' }]),
    );
    const facts = ruleFacts({ introduced: { ...commit, timeMs: at('2026-11-20T00:00:00Z') } });
    const waiting = (days: number): Case => ({ set, facts, settings: { maxWaitMs: days * dayMs } });
    const verdict = judgeCase(waiting(29));
    expect([say(verdict), verdict.action === 'hold' && verdict.untilMs]).toEqual([
      'hold SG6303 SG6305',
      null,
    ]);
    expect(judgeCase(waiting(30))).toMatchObject({ untilMs: at('2026-12-20T00:00:00Z') });
  });

  it('has no time where anything but a time ends it', () => {
    const set = loadSound(
      often('even', '0 1 * * *'),
      policyText('p', [
        { name: 'a', window: 'even' },
        { name: 'b', require: 'fleet.inFlight.tasks < 1', otherwise: 'hold' },
      ]),
    );
    expect(judgeCase({ set })).toMatchObject({ action: 'hold', untilMs: null });
  });
});

describe('what may still run', () => {
  const gatesOf = (rule: object) => {
    const set = loadSound(
      windowText('w', { open: [{ start: '0 20 * * *', duration: '2h' }], cutoff: '30m' }),
      policyText('p', [{ name: 'r', window: 'w', ...rule }], { commands: ['unlock'] }),
    );
    return (names: readonly string[], one = manifest()) => findRunGates(one, {}, set, names);
  };

  it('ends when its window closes, and not at the cutoff; and now where it is closed', () => {
    const gates = gatesOf({})(['p']);
    if (gates.kind !== 'known') throw new Error('it is');
    const closes = at('2026-11-27T22:00:00Z');
    expect(gates.endsAt(at('2026-11-27T21:45:00Z'))).toBe(closes);
    expect(gates.endsAt(closes - 1)).toBe(closes);
    expect(gates.endsAt(closes)).toBe(closes);
    expect(gates.endsAt(closes + hourMs)).toBe(closes + hourMs);
  });

  it('has no end where the rule leaves it, or only warns', () => {
    for (const rule of [{ onClose: 'leave' }, { otherwise: 'warn' }]) {
      const gates = gatesOf(rule)(['p']);
      if (gates.kind !== 'known') throw new Error('it is');
      expect(gates.endsAt(at('2026-11-27T12:00:00Z'))).toBeNull();
    }
  });

  it('is not known where a policy that allowed it is gone, is about others, or has a window that does not load', () => {
    const gates = gatesOf({});
    expect(gates(['p', 'q']).kind).toBe('unknown');
    expect(gates(['p'], manifest({ command: 'reboot' })).kind).toBe('unknown');
    expect(gates([]).kind).toBe('known');
  });
});
