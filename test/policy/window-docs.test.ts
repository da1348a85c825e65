import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readText } from './window-world.ts';

const blocks = ['WINDOWS.md'].flatMap((name) => {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```yaml\n([^`]*kind: Window[^`]*)```/g)].map(([, block = '']) => block);
});

describe('the windows of the documentation', () => {
  it.each(blocks)('%# is read without a finding', (block) => {
    expect(readText(block)).toMatchObject({ window: { name: 'north-sea-nights' }, problems: [] });
  });

  it('are there', () => {
    expect(blocks).toHaveLength(1);
  });
});
