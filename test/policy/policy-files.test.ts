import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import { file, limits, policyText, sayCase, windowText, write } from './policy-world.ts';

const truth = { name: 'always', require: 'true' };
const nights = windowText('nights', { open: [{ start: '0 22 * * *', duration: '6h' }] });
const held = (set: PolicySet): string => sayCase({ set });

describe('files', () => {
  const unreadable: PolicyFile = {
    path: 'policies/link.yaml',
    blob: '',
    content: {
      kind: 'unreadable',
      problem: { code: 'SG3041', severity: 'error', line: 1, column: 1, message: 'a link' },
    },
  };

  it('that cannot be read hold everything, and say so', () => {
    const set = loadPolicies([unreadable], limits);
    expect(held(set)).toBe('hold SG6309');
    expect(set.problems).toMatchObject([{ code: 'SG3041', place: { path: 'policies/link.yaml' } }]);
  });

  it.each<[string, PolicyFile]>([
    ['of too many bytes', file('a.yaml', `# ${'x'.repeat(limits.fileBytes)}`)],
    ['of too many documents', file('a.yaml', ...Array.from({ length: 101 }, () => nights))],
    ['that are no text', { ...unreadable, content: { kind: 'bytes', bytes: Uint8Array.of(0xff, 0xfe, 0) } }],
    ['nested too deep', file('a.yaml', `${'['.repeat(40)}${']'.repeat(40)}`)],
  ])('%s hold everything', (_what, one) => {
    const set = loadPolicies([one], limits);
    expect(held(set)).toBe('hold SG6309');
    expect(set.problems.length).toBeGreaterThan(0);
  });

  it('of a policy with errors tell the windows that are not there, too', () => {
    const rules = [
      { name: 'a', window: 'night' },
      { name: 'b', window: { anyOf: ['nights', 'days'] } },
      { name: 'c', window: 7 },
    ];
    const bad = policyText('bad', rules, { comands: ['unlock'] });
    const { problems, broken } = loadPolicies([file('p.yaml', bad), file('w.yaml', nights)], limits);
    expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'SG1408 there is no window night',
      'SG1408 there is no window days',
      expect.stringMatching(/^SG1103 .*rules\[2\]\.window/),
      expect.stringMatching(/^SG1101 .*comands/),
    ]);
    expect(broken).toHaveLength(1);
  });

  it('of a calendar count where a window names them, and are told where none does', () => {
    const text = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'BEGIN:VEVENT',
      'UID:1',
      'DTSTART:20261201T080000Z',
      'DTEND:20261201T100000Z',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n');
    const calendar = file('policies/a.ics', text);
    const window = file('policies/w.yaml', windowText('w', { open: [{ ics: 'a.ics' }] }));
    expect(loadPolicies([calendar, window], limits).windows.has('w')).toBe(true);
    expect(loadPolicies([calendar], limits).problems).toMatchObject([
      { code: 'SG1411', severity: 'warning' },
    ]);
    expect(loadPolicies([window], limits).windows.has('w')).toBe(false);
    const lost = loadPolicies([{ ...unreadable, path: 'policies/a.ics' }, window], limits);
    expect(lost.broken).toMatchObject([{ kind: 'window', name: 'w' }]);
    const elsewhere = file('other/a.ics', text);
    expect(loadPolicies([elsewhere, window], limits).windows.has('w')).toBe(false);
  });

  it('of any bytes come to a set, and what is no sound document holds or is told', () => {
    const parts = [
      nights,
      policyText('p', [truth]),
      'kind: Policy',
      'spec: {match: ',
      '{',
      '---\n',
      '\u0000',
      'a: &a [*a]',
    ];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(fc.constantFrom(...parts), { maxLength: 5 })
        .map((some) => new TextEncoder().encode(some.join('\n'))),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        const set = loadPolicies(
          [{ path: 'a.yaml', blob: '', content: { kind: 'bytes', bytes: some } }],
          limits,
        );
        const errors = set.problems.filter(({ severity }) => severity === 'error');
        expect(errors.length > 0).toBe(set.broken.length > 0 || set.policies.length > 1);
      }),
      { numRuns: 300 },
    );
  });
});

/** Their work is bounded by what they hold; these are the worst of it, and a test that hangs fails by its time-out. */
describe('floods', () => {
  const names = (count: number): number[] => [...Array(count).keys()];
  const codes = (set: PolicySet): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { code } of set.problems) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  };

  it('of rules in one file are read to the last byte of it, and beyond it nothing is', () => {
    // The most operators that one condition may have; 50 of them fill the file. Five to eight times what 50 times `true` take.
    const long = `${'task.run == 2 || '.repeat(60)}true`;
    const fifty = (require: string) =>
      policyText(
        'p',
        names(50).map((n) => ({ name: `r${n}`, require })),
      );
    expect(loadPolicies([file('a.yaml', fifty(long))], limits).policies[0]?.rules).toHaveLength(50);
    expect(held(loadPolicies([file('a.yaml', fifty(`${long}${' '.repeat(300)}`))], limits))).toBe(
      'hold SG6309',
    );
    const many = policyText(
      'p',
      names(51).map((n) => ({ name: `r${n}`, require: 'true' })),
    );
    expect(held(loadPolicies([file('a.yaml', many)], limits))).toBe('hold SG6309');
  });

  it.each([
    ['nested', `${'('.repeat(1_000)}true${')'.repeat(1_000)}`],
    ['denied again and again', `${'!'.repeat(4_000)}true`],
    ['long', `"${'x'.repeat(4_100)}" == task.name`],
    [
      'loops in loops',
      'task.targets.all(a, task.targets.all(b, task.targets.all(c, task.targets.all(d, a == d))))',
    ],
    ['a hard pattern', 're(task.description, "(a|a){1,1000}{1,1000}b")'],
  ])('of work in one condition are refused: %s', (_what, require) => {
    const set = loadPolicies([file('a.yaml', policyText('p', [{ name: 'r', require }]))], limits);
    expect(set.policies).toEqual([]);
    expect(held(set)).toBe('hold SG6309');
  });

  it('of a thousand files are read, each by itself', () => {
    // Ten times a hundred files, and no more.
    const files = names(1_000).map((n) =>
      file(`p/${n}.yaml`, policyText(`p-${n}`, [truth], { names: [`n${n}`] })),
    );
    const set = loadPolicies(files, limits);
    expect([set.policies.length, set.problems.length, held(set)]).toEqual([1_000, 0, 'allow']);
  });

  it('of rules and documents in many files are read up to a bound, behind which everything is held', () => {
    const rules = (count: number) => names(count).map((n) => ({ name: `r${n}`, require: 'true' }));
    const files = names(102).map((n) => file(`p/${100 + n}.yaml`, policyText(`p-${n}`, rules(50))));
    expect(held(loadPolicies(files.slice(0, 100), limits))).toBe('allow');
    const set = loadPolicies(files, limits);
    expect([codes(set), held(set)]).toEqual([{ SG1413: 1 }, 'hold SG6309']);
    const empty = names(100).map(() => '{}');
    const broken = loadPolicies(
      names(60).map((n) => file(`p/${n}.yaml`, ...empty)),
      limits,
    );
    expect(codes(broken)).toEqual({ SG1402: 5_000, SG1413: 1 });
  });

  it('of names that are not there are told with a hint for the first hundred', () => {
    const unknown = names(40).map((f) =>
      file(
        `p/${f}.yaml`,
        ...names(50).map((n) => policyText(`policy-${f}-${n}`, [{ name: 'r', window: `nights-${f}-${n}` }])),
      ),
    );
    const set = loadPolicies([file('p/w.yaml', nights), ...unknown], limits);
    expect(codes(set)).toEqual({ SG1408: 2_000 });
    const waivers = names(20).map((f) =>
      file(
        `v/${f}.yaml`,
        ...names(100).map((n) =>
          write('Waiver', `v-${f}-${n}`, {
            fleet: 'a',
            task: 'b',
            run: 1,
            rules: names(3).map((r) => `policy-${f}-${n}/s${r}`),
            reason: 'x',
            expires: '2026-11-28T12:00:00Z',
          }),
        ),
      ),
    );
    const both = loadPolicies([...unknown, ...waivers], limits);
    expect(codes(both)).toEqual({ SG1408: 2_000, SG1409: 6_000 });
    const hinted = both.problems.filter(({ code, hint }) => code === 'SG1409' && hint?.startsWith('did you'));
    expect(hinted).toHaveLength(100);
  });
});
