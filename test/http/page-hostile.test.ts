/** What others wrote, on every page: shown, and without power. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/lib/redact.ts';
import { hostilePaths, makeHostile, planted } from '../pages/hostile.ts';
import { yaml } from '../plan/stage.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

/** Every tag and every attribute that our own templates write. */
const ownTag =
  /^(?:a|b|body|br|button|caption|circle|code|dd|defs|details|div|dl|dt|footer|form|h[1-4]|head|header|html|img|input|label|li|line|link|main|meta|nav|noscript|ol|option|p|path|pattern|pre|q|rect|script|section|select|span|strong|summary|svg|table|tbody|td|text|th|thead|time|title|tr|ul)$/;

/** The problems of a document that a text has got out into. */
function breaches(document: string): string[] {
  const found: string[] = [];
  for (const [tag, name = '', rest = ''] of document
    .replace('<!doctype html>', '')
    .matchAll(/<\/?([a-zA-Z0-9]*)([^>]*)>/g)) {
    const attributes = rest
      .replaceAll(/\s[a-zA-Z0-9:-]+="[^"]*"/g, '')
      .replaceAll(/\s(?:defer|selected)\b/g, '');
    if (!ownTag.test(name)) found.push(tag);
    else if (!/^\s*\/?$/.test(attributes)) found.push(tag);
    else if (
      /\son|\sstyle=|javascript:|srcdoc/i.test(
        rest.replaceAll(/(?:aria-label|title|value|content|data-summary|id)="[^"]*"/g, ''),
      )
    )
      found.push(tag);
  }
  const scripts = [...document.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
  if (scripts.some((tag) => !/^<script src="\/assets\/page\.js\?v=[0-9a-f]{16}" defer>$/.test(tag)))
    found.push('script');
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(document.replaceAll('\n', '')))
    found.push('active characters');
  const outside = [...document.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href);
  found.push(...outside.filter((href) => !/^(?:\/(?!\/)|#|https:\/\/github\.com\/marine\/)/.test(href)));
  return found;
}

/** Half of a character is none in an address. */
const encode = (text: string): string => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, ''));

describe('hostile texts', () => {
  it('stand on the pages, and get out nowhere', async () => {
    const web = appOf('web', await makeHostile());
    let all = '';
    for (const path of hostilePaths) {
      const answer = await web(ask(path, bearer));
      const text = await answer.text();
      expect([path, answer.status, breaches(text)]).toEqual([path, 200, []]);
      all += text;
    }
    for (const word of planted)
      expect([word, new RegExp(`${word}(?:&lt;)?[/|]a`).test(all)]).toEqual([word, true]);
  });

  it('in an address are answered with what does not repeat them', async () => {
    const web = appOf('web', new Watched());
    const texts = fc.string({
      unit: fc.oneof(
        fc.constantFrom('<', '>', '"', "'", '&', '\u202e', '\u0000', '%', '.', '?', '#'),
        fc.string({ maxLength: 2 }),
      ),
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        const [a, b] = [encode(one), encode(other)];
        for (const path of [
          `/tasks/${a}/${b}`,
          `/windows/${a}`,
          `/fleets/${a}`,
          `/devices/${a}/${b}`,
          `/tasks?text=${a}`,
          `/tasks?fleet=${a}`,
          `/tasks?action=${a}&page=${b}`,
        ]) {
          const answer = await web(ask(path, bearer));
          expect([200, 400, 404]).toContain(answer.status);
          expect([path, breaches(await answer.text())]).toEqual([path, []]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of any kind in a manifest stay texts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), async (text) => {
        const watched = new Watched();
        const value = JSON.stringify(`<x>${text}</x>"`);
        watched.world.commit({ job: yaml({ description: value }), bad: `kind: ${value}\n` });
        await watched.pass();
        const web = appOf('web', watched);
        for (const path of ['/', '/tasks', '/tasks/lab/job']) {
          expect([path, breaches(await (await web(ask(path, bearer))).text())]).toEqual([path, []]);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('secrets and devices', () => {
  it('are on no page, in no link and in no address', async () => {
    const redactor = createRedactor();
    redactor.register('canary-1f0c2b7d', 'a file');
    const watched = new Watched();
    const late = { spec: ['notBefore: 2027-06-01T00:00:00Z'] };
    const files = {
      job: yaml(late),
      'smd-1': yaml({ name: 'other', targets: ['smd-2'], metadata: ['labels: {wants: smd-1}'], ...late }),
      'canary-1f0c2b7d': 'kind: canary-1f0c2b7d\n',
    };
    const below = Object.entries(files).map(([name, text]) => [`tasks/${name}.yaml`, text]);
    watched.world.origin.commit({
      files: Object.fromEntries(below),
      timeMs: watched.world.clock.wall,
      message: 'unlock smd-1 with canary-1f0c2b7d',
    });
    for (let turn = 0; turn < 3; turn += 1) await watched.pass();
    const web = appOf('web', watched, { redactor, config: { redactDevices: true } });
    for (const path of ['/', '/tasks', '/tasks/lab/job', '/tasks/lab/other', '/fleets/lab', '/windows']) {
      const text = await (await web(ask(path, bearer))).text();
      expect(text).not.toMatch(/canary-1f0c2b7d|smd-[12]\b/);
      expect(text).not.toContain('/devices/');
    }
    expect(await (await web(ask('/tasks/lab/job', bearer))).text()).toContain('unlock …md-1 with [redacted]');
    expect((await web(ask('/devices/lab/smd-1', bearer))).status).toBe(404);
    expect((await web(ask('/devices/lab/nobody', bearer))).status).toBe(404);
    expect(await (await web(ask('/tasks?text=wants', bearer))).text()).toContain('No task is like that');
  });
});
