/** What the texts of git and of hosts may be taken for: `push-texts.ts` holds them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyPush } from '../../src/git/push-answer.ts';
import { cases, commit, ref, to } from './push-texts.ts';

describe('classifyPush', () => {
  it.each(cases)('$name: $verdict', ({ code, stdout = '', stderr = '', creates = false, verdict }) => {
    expect(classifyPush({ code, timedOut: false, stdout, stderr }, { ref, commit, creates })).toBe(verdict);
  });

  it.each(cases)(
    '$name, past the time limit: unknown',
    ({ code, stdout = '', stderr = '', creates = false }) => {
      expect(classifyPush({ code, timedOut: true, stdout, stderr }, { ref, commit, creates })).toBe(
        'unknown',
      );
    },
  );

  it('takes nothing for landed but an exit code 0 with the line of this very commit and branch', () => {
    const pieces = fc.constantFrom(
      to,
      'Done\n',
      commit,
      ref,
      ':',
      '\t',
      ' ',
      '=',
      '*',
      '!',
      '\n',
      '[up to date]',
      '0..1',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.integer({ min: 0, max: 2 }), (parts, code) => {
        const stdout = parts.join('');
        const verdict = classifyPush(
          { code, timedOut: false, stdout, stderr: '' },
          { ref, commit, creates: false },
        );
        if (verdict !== 'landed') return;
        expect(code).toBe(0);
        expect(stdout).toContain(`\t${commit}:${ref}\t`);
      }),
    );
  });
});
