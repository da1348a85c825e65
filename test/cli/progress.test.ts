import { describe, expect, it } from 'vitest';
import { startProgress } from '../../src/cli/progress.ts';
import { rememberingOutlet } from './terminal.ts';

function show(columns: number, env: Record<string, string> = {}, stepMs = 400): string {
  const stderr = rememberingOutlet(columns);
  let nowMs = 0;
  const progress = startProgress('reading files', 1_000, { stderr, env }, () => nowMs);
  for (let step = 0; step < 5; step += 1) {
    nowMs += stepMs;
    progress.add(200);
  }
  progress.end();
  return stderr.text();
}

/** What a terminal shows in the end, and the longest line that it ever showed. */
function replay(text: string): { shown: string; longest: number } {
  let line: string[] = [];
  let column = 0;
  let longest = 0;
  for (const character of text) {
    if (character === '\r') column = 0;
    else line[column++] = character;
    longest = Math.max(longest, line.length);
  }
  line = [...line.join('').trimEnd()];
  return { shown: line.join(''), longest };
}

describe('progress', () => {
  it('is a line that is written anew after a second, and removed', () => {
    const text = show(80);
    expect(text).toContain('\rreading files: 600 of 1000');
    expect(text).not.toContain('400 of');
    expect(text).not.toContain('\n');
    expect(replay(text).shown).toBe('');
  });

  it.each([1, 2, 10, 20, 40])('never reaches the last of %i columns', (columns) => {
    expect(replay(show(columns)).longest).toBeLessThan(Math.max(2, columns));
  });

  it.each([
    ['what is no terminal', 0, {}],
    ['CI', 80, { CI: 'true' }],
    ['a terminal that cannot', 80, { TERM: 'dumb' }],
  ])('says nothing to %s', (_, columns, env) => {
    expect(show(columns, env)).toBe('');
  });

  it('says nothing of what is quick', () => {
    expect(show(80, {}, 100)).toBe('');
  });
});
