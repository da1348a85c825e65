/** The tag, and what a model is cleaned of: whatever a text holds, it stays a text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, when } from '../../src/http/html.ts';
import { cleanModel, makeClean } from '../../src/http/page-clean.ts';
import { linkTo } from '../../src/http/page-parts.ts';
import { createRedactor } from '../../src/lib/redact.ts';

const acting = [
  '<',
  '>',
  '"',
  "'",
  '&',
  '\u202e',
  '\u0000',
  '\u001b',
  '\u2028',
  '\u200b',
  '\n',
  '`',
  '$',
  '{',
];
const hostile = fc.string({ unit: fc.oneof(fc.constantFrom(...acting), fc.string({ maxLength: 3 })) });

/** What a browser makes of a text without markup. */
function unescapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_whole, name: string) => names[name] ?? '');
}

describe('the tag', () => {
  it('lets no text out of its element or its attribute', () => {
    fc.assert(
      fc.property(hostile, hostile, (text, value) => {
        const made = html`<p title="${value}">${text}</p>`.toString();
        const [whole, inValue = '', inText = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(made) ?? [];
        expect(whole).toBe(made);
        expect(inValue + inText).not.toMatch(/[<>"'\p{Cc}\u2028-\u202e\u200b-\u200f]/u);
        expect(unescapeHtml(inText).length).toBeGreaterThanOrEqual(text.length > 0 ? 1 : 0);
      }),
    );
  });

  it('shows what acts on a reader, and keeps what it has made itself', () => {
    const inner = html`<b>${'<\u202e>'}</b>`;
    expect(html`${inner}${[inner, null, 3]}${when(false, () => inner)}`.toString()).toBe(
      '<b>&lt;\\u{202e}&gt;</b><b>&lt;\\u{202e}&gt;</b>3',
    );
  });
});

describe('a model', () => {
  const redactor = createRedactor();
  redactor.register('canary-1f0c2b7d', 'a file');
  const devices = new Set(['smd-fictbgr3rbcjeqa5']);

  it('is cleaned of secrets, of devices and of texts without an end', () => {
    const clean = makeClean(redactor, devices);
    const model = {
      list: ['canary-1f0c2b7d', { deep: 'on smd-fictbgr3rbcjeqa5, smd-other' }],
      long: 'x'.repeat(10_000),
      number: 7,
      nothing: null,
    };
    const cleaned = cleanModel(model, clean);
    expect(cleaned).toMatchObject({
      list: ['[redacted]', { deep: 'on …eqa5, smd-other' }],
      number: 7,
      nothing: null,
    });
    expect(cleaned.long).toHaveLength(2_000);
    expect(cleanModel(model, makeClean(redactor, null)).list[1]).toEqual({
      deep: 'on smd-fictbgr3rbcjeqa5, smd-other',
    });
  });

  it('shows nothing of a secret, or of a device, that stands where a text is cut', () => {
    const clean = makeClean(redactor, devices);
    for (const hidden of ['canary-1f0c2b7d', 'smd-fictbgr3rbcjeqa5']) {
      for (let before = 1_999 - hidden.length; before < 2_000; before += 1) {
        const shown = clean(`${'.'.repeat(before)} ${hidden}${' x'.repeat(2_000)}`);
        expect([before, shown.length, /canary|smd/.test(shown)]).toEqual([before, 2_000, false]);
      }
    }
  });

  it.each([
    ['/devices/lab/smd-fictbgr3rbcjeqa5'],
    ['https://github.com/a/b/blob/c/x%20smd-fictbgr3rbcjeqa5.yaml'],
    ['/tasks/lab/canary-1f0c2b7d'],
    ['https://github.com/%63anary-1f0c2b7d'],
    ['/tasks/%'],
  ])('loses the link %s, which would tell', (href) => {
    expect(cleanModel({ text: 'x', href }, makeClean(redactor, devices)).href).toBeNull();
  });

  it('keeps a link that tells nothing', () => {
    const href = 'https://github.com/a/b/blob/c/x%20y.yaml#L3';
    const kept = cleanModel({ text: 'x', href }, makeClean(redactor, devices));
    expect(linkTo(kept).toString()).toBe(`<a href="${href}">x</a>`);
    expect(linkTo({ text: 'x', href: null }, 'mono').toString()).toBe('<span class="mono">x</span>');
  });
});
