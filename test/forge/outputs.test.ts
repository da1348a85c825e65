/** The file of outputs is read back as a runner reads it: no value gives another. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOutputs } from '../../src/forge/outputs.ts';
import { disarmCommands } from '../../src/forge/runner-log.ts';

/** As the runner does: `name=value` lines, and `name<<delimiter` with everything up to a line that is the delimiter. */
function readOutputs(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [, name = '', delimiter] = /^([^=]*?)<<(.*)$/.exec(line) ?? [];
    if (delimiter === undefined) {
      const equals = line.indexOf('=');
      values[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    const end = lines.indexOf(delimiter, at + 1);
    if (end < 0) throw new Error('no end');
    values[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return values;
}

const delimiter = 'snowgate-0123456789abcdef';

describe('outputs', () => {
  it('are what was handed over, whatever a value holds', () => {
    const pieces = ['\n', '=', '<<', 'EOF', delimiter.slice(0, -1), 'result', 'passed', '%0A', ' ', '\u2028'];
    const hostile = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((chosen) => chosen.join(''));
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        expect(readOutputs(formatOutputs({ result: a, plan: b }, delimiter))).toEqual({ result: a, plan: b });
      }),
    );
  });

  it('are not written where a value holds the delimiter', () => {
    expect(() => formatOutputs({ result: `x\n${delimiter}\nresult=passed` }, delimiter)).toThrow('delimiter');
    expect(() => formatOutputs({}, 'EOF')).toThrow('long word');
  });
});

/** As the runner does: the newer form at the beginning of a line, the older one anywhere. */
function isCommand(line: string): boolean {
  return line.trimStart().startsWith('::') || line.includes('##[');
}

describe('the log of a step', () => {
  it.each([
    '::add-mask::x',
    ' \t::stop-commands::x',
    'a ##[stop-commands]x',
    '\u00a0::error::x',
    '##[[error]x',
  ])('holds no command: %j', (line) => {
    expect(isCommand(line)).toBe(true);
    const told = disarmCommands(`first\n${line}\nlast\n`);
    expect(told.split('\n').filter(isCommand)).toEqual([]);
    expect(told).toMatch(/^first\n[\s\S]*\nlast\n$/);
  });

  it('keeps everything else', () => {
    const text = 'error SG1104: a::b # [x] ## [y]\n  hint: see tasks/a.yaml:3:4\n';
    expect(disarmCommands(text)).toBe(text);
  });
});
