import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Match, MatchSubject } from '../../src/policy/match.ts';
import { findMismatch, matchesGlob, matchesTask } from '../../src/policy/match.ts';

const subject: MatchSubject = {
  fleet: 'north-sea',
  name: 'unlock-aurora',
  command: 'unlock',
  targets: ['smd-1', 'smd-2'],
  labels: { site: 'aurora', tier: '' },
  fleetLabels: { env: 'production' },
};

describe('a glob', () => {
  it.each<[string, string, boolean]>([
    ['north-*', 'north-sea', true],
    ['north-*', 'far-north-sea', false],
    ['north', 'north-sea', false],
    ['*sea', 'north-sea-2', false],
    ['*', '', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['a*b*c', 'a-b-b-c', true],
    ['**', 'anything', true],
    ['*a', 'ba', true],
    ['*ab', 'aab', true],
    ['North', 'north', false],
    ['a*', 'a*', true],
    ['/a', 'a', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('says what a slow search says', () => {
    const slow = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === '';
      const rest = pattern.slice(1);
      if (pattern.startsWith('*')) {
        return Array.from({ length: text.length + 1 }, (_, skip) => text.slice(skip)).some((tail) =>
          slow(rest, tail),
        );
      }
      return text !== '' && (pattern.startsWith('?') || pattern[0] === text[0]) && slow(rest, text.slice(1));
    };
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 7 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 9 });
    fc.assert(
      fc.property(pattern, text, (p, t) => matchesGlob(p, t) === slow(p, t)),
      { numRuns: 3000 },
    );
  });

  it('looks at no more than the product of the lengths, whatever the pattern', () => {
    // The patterns that take for ever where each star is tried again for each other: 64 stars, of 128 characters at most.
    for (const pattern of ['*a'.repeat(64), `${'*a'.repeat(63)}*b`, `${'*?'.repeat(63)}*b`]) {
      const plain = 'a'.repeat(255);
      let looks = 0;
      const counted = new Proxy<object>(Object(plain), {
        get: (target, key) => {
          if (typeof key === 'string' && /^[0-9]+$/.test(key)) looks += 1;
          const value: unknown = Reflect.get(target, key, target);
          return value;
        },
      });
      matchesGlob(pattern, counted as unknown as string);
      expect(looks).toBeLessThanOrEqual(2 * pattern.length * plain.length);
      expect(matchesGlob(pattern, plain)).toBe(!pattern.endsWith('b'));
    }
  });
});

describe('a match', () => {
  it.each<[string, Match, string | null]>([
    ['nothing at all', {}, null],
    ['a command', { commands: ['unlock'] }, null],
    ['another command', { commands: ['reboot'] }, 'commands'],
    ['one of two commands', { commands: ['reboot', 'unlock'] }, null],
    ['a fleet', { fleets: ['south', 'north-*'] }, null],
    ['another fleet', { fleets: ['south', 'north'] }, 'fleets'],
    ['a name', { names: ['unlock-*'] }, null],
    ['another name', { names: ['aurora'] }, 'names'],
    ['any of its devices', { targets: ['smd-2'] }, null],
    ['no device of it', { targets: ['smd-3', 'smd'] }, 'targets'],
    ['a label', { labels: { site: 'aur*' } }, null],
    ['a list for a label', { labels: { site: ['x', 'aurora'] } }, null],
    ['two labels, of which one differs', { labels: { site: 'aurora', tier: 'a*' } }, 'labels'],
    ['an empty label, by a star', { labels: { tier: '*' } }, null],
    ['an empty label, by one character', { labels: { tier: '?' } }, 'labels'],
    ['a label that is not there, by a star', { labels: { owner: '*' } }, 'labels'],
    ['a label of the fleet', { fleetLabels: { env: 'prod*' } }, null],
    ['a label of the task among those of the fleet', { fleetLabels: { site: '*' } }, 'fleetLabels'],
    ['keys of which one differs', { commands: ['unlock'], fleets: ['south'] }, 'fleets'],
    ['what is left out', { fleets: ['north-*'], exclude: { names: ['unlock-*'] } }, 'exclude'],
    ['what would be left out, by all keys', { exclude: { names: ['unlock-*'], fleets: ['south'] } }, null],
    ['left out by one of its devices alone', { exclude: { targets: ['smd-2'] } }, null],
    ['left out by all its devices', { exclude: { targets: ['smd-2', 'smd-1'] } }, 'exclude'],
    ['left out by all keys', { exclude: { names: ['unlock-*'], fleets: ['north-*'] } }, 'exclude'],
  ])('%s', (_what, match, mismatch) => {
    expect(findMismatch(match, subject)).toBe(mismatch);
    expect(matchesTask(match, subject)).toBe(mismatch === null);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'takes the label %s for one like any other',
    (key) => {
      const wanted = JSON.parse(`{"${key}": "*"}`) as Record<string, string>;
      const bearing = JSON.parse(`{"${key}": "x"}`) as Record<string, string>;
      expect(findMismatch({ labels: wanted }, subject)).toBe('labels');
      expect(findMismatch({ labels: wanted }, { ...subject, labels: bearing })).toBeNull();
      expect(findMismatch({ fleetLabels: wanted }, { ...subject, fleetLabels: bearing })).toBeNull();
    },
  );

  it('is narrower with each key, and never wider by what it leaves out', () => {
    const glob = fc.constantFrom('*', 'north-*', 'unlock-aurora', 'smd-?', 'x', 'aurora');
    const globs = fc.array(glob, { minLength: 1, maxLength: 3 });
    const keys = fc.record(
      {
        fleets: globs,
        names: globs,
        targets: globs,
        labels: fc.dictionary(fc.constantFrom('site', 'x'), glob),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(keys, keys, (some, exclude) => {
        const whole = matchesTask({ ...some, exclude }, subject);
        const { targets = ['*'], ...others } = exclude;
        const isLeftOut =
          matchesTask(others, subject) &&
          subject.targets.every((device) => matchesTask({ targets }, { ...subject, targets: [device] }));
        expect(whole).toBe(matchesTask(some, subject) && !isLeftOut);
        for (const [key, value] of Object.entries(some)) {
          if (whole) expect(matchesTask({ [key]: value }, subject)).toBe(true);
        }
      }),
    );
  });
});
