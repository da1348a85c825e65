/** The image is built seldom, and nowhere near here: what it copies must at least be let through. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('the Dockerfile', () => {
  it('copies only what is there and .dockerignore lets through', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    const passed = read('.dockerignore').split('\n');
    expect(copied.length).toBeGreaterThan(5);
    for (const source of copied) {
      expect(existsSync(new URL(`../${source}`, import.meta.url)), source).toBe(true);
      expect(passed, source).toContain(`!${source}`);
    }
  });
});
