/** However deep, long or odd a body is, it hints at what is watched, and does nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hookProviders } from '../../src/config/config.ts';
import { everything, hinted, json } from './hook-world.ts';

describe('whatever a body holds', () => {
  it('deep JSON is read without end or fault', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"repository":', '}'],
      ['{"push":{"changes":[', ']}}'],
    ] as const) {
      const depth = Math.floor(500_000 / (open.length + close.length));
      const whole = Buffer.from(`${open.repeat(depth)}null${close.repeat(depth)}`);
      for (const provider of hookProviders) {
        expect(hinted(provider, whole), provider).toBe(everything);
      }
      expect(hinted('generic', Buffer.from(open.repeat(depth)))).toBe(everything);
    }
  });

  it('long lists are looked at to a bound', () => {
    const clone = Array.from({ length: 20_000 }, (_, index) => ({
      href: `https://git.example.com/a/${index}`,
    }));
    const body = json({ repository: { links: { clone } }, changes: Array(20_000).fill(null) });
    expect(hinted('bitbucket', body, {}, 'https://git.example.com/a/19')).toBe('source ledger');
    expect(hinted('bitbucket', body, {}, 'https://git.example.com/a/20')).toBe('');
  });

  it('a change that cannot be read may be of any branch', () => {
    const other = { ref: { id: 'refs/heads/x' } };
    const repository = { links: { clone: [{ href: 'https://git.example.com/marine/snow-tasks.git' }] } };
    expect(hinted('bitbucket', json({ repository, changes: [other] }))).toBe('');
    expect(hinted('bitbucket', json({ repository, changes: [other, { ref: 7 }] }))).toBe('source ledger');
  });

  it('nothing throws, and only watched names come out', () => {
    const key = fc.constantFrom(
      'repository',
      'project',
      'links',
      'clone',
      'html',
      'href',
      'ref',
      'id',
      'push',
      'changes',
      'new',
      'old',
      'name',
      'type',
      'clone_url',
      'git_http_url',
      'full_name',
      'event_name',
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(
          null,
          'main',
          'refs/heads/main',
          'https://git.example.com/marine/snow-tasks.git',
          'a/b',
          '',
        ),
        fc.string(),
        fc.integer(),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(key, tie('node'), { maxKeys: 6 }),
      ),
    }));
    const bytes = fc.oneof(
      node.map(json),
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    );
    const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded');
    fc.assert(
      fc.property(fc.constantFrom(...hookProviders), bytes, type, (provider, body, contentType) => {
        const names = hinted(provider, body, { 'content-type': contentType }).split(' ');
        expect(everything.split(' ')).toEqual(expect.arrayContaining(names.filter((name) => name !== '')));
      }),
      { numRuns: 1_000 },
    );
  });
});
