/** Commit messages made to hurt, or to deceive: what is told of them is short, plain, and nothing but what git says. */
import { afterEach, describe, expect, it } from 'vitest';
import type { CommitRef } from '../../src/controller/ports.ts';
import { parseTrailers } from '../../src/git/trailers.ts';
import { startMs, taskText, traceHead } from '../contract/source-world.ts';
import type { GitSourceWorld } from './source-world.ts';
import { openSourceWorld } from './source-world.ts';

const worlds: GitSourceWorld[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.end();
});

const megabyte = 1024 * 1024;

/** What is told of the commit that introduced a task, made byte by byte: `headers` beside tree, parent and people. */
async function told(
  message: string | Buffer,
  person = 'Ann <ann@example.com>',
  headers = '',
): Promise<CommitRef> {
  const world = await openSourceWorld();
  worlds.push(world);
  const root = await world.commit({ files: { 'README.md': 'root' }, timeMs: startMs });
  const next = await world.commit({ files: { 'tasks/a.yaml': taskText('a') }, timeMs: startMs });
  const tree = await world.git(['rev-parse', `${next}^{tree}`]);
  const seconds = startMs / 1000;
  const head = `tree ${tree}\nparent ${root}\nauthor ${person} ${seconds} +0000\ncommitter ${person} ${seconds} +0000\n`;
  const raw = Buffer.concat([Buffer.from(`${head}${headers}\n`), Buffer.from(message)]);
  await world.move(await world.git(['hash-object', '-t', 'commit', '-w', '--stdin'], raw));
  const found = (await traceHead(world.source)).a;
  if (found === undefined) throw new Error('the task was not traced');
  expect(found).toMatchObject({ position: 2, introduced: { timeMs: startMs } });
  return found.introduced;
}

function everyText({ author, committer, subject, trailers }: CommitRef): string[] {
  return [author, committer, subject, ...Object.keys(trailers), ...Object.values(trailers).flat()];
}

describe('a commit message', () => {
  it('of 10 MB is not read, and the commit is told all the same', async () => {
    const ref = await told(`${'A'.repeat(10 * megabyte)}\n\nApproved-By: Bo\n`);
    expect(ref.subject).toMatch(/^\(not read: the commit has 104\d{5} bytes, and at most 262144 are read\)$/);
    expect(ref.trailers).toEqual({});
    expect(everyText(ref).every((text) => text.length <= 200)).toBe(true);
  });

  it.each([
    ['letters', 'A'],
    ['marks without a width', '\u0301'],
    ['characters of two units', '\u{1f9ca}'],
  ])('whose subject is a hundred thousand bytes of %s is cut', async (_name, character) => {
    const count = 100_000 / Buffer.byteLength(character);
    const ref = await told(`x${character.repeat(count)}\n\nApproved-By: Bo\n`);
    expect(ref.subject.length).toBeLessThanOrEqual(200);
    expect(ref.subject).toMatch(/^x.*\u2026$/su);
    expect(ref.trailers).toEqual({ 'approved-by': ['Bo'] });
  });

  it('with a NUL, behind which git sees nothing and others may, is refused by the fetch', async () => {
    await expect(told('Add a\n\nword\0\n\nApproved-By: Bo\n')).rejects.toThrow('nulInCommit');
  });

  it('has nothing in it that acts on who reads it', async () => {
    const bad = '\u001b[31m\u202eevil\u2066\u200b\u0007\r';
    const ref = await told(
      `Add ${bad}x\n\nReason: ${bad}x\n`,
      `${bad.replaceAll('\r', '')}x <a@example.com>`,
    );
    for (const text of everyText(ref)) expect(text).not.toMatch(/[\p{Cc}\u200b\u202e\u2066]/u);
    expect(ref.subject).toContain('\\u{202e}evil');
    expect(ref.committer).toContain('\\u{202e}evil');
    expect(ref.trailers.reason?.[0]).toContain('\\u{202e}evil');
  });

  it('of bytes that are no text, or of a lying encoding, is told as something', async () => {
    const bytes = Buffer.concat([Buffer.from('Add '), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from(' a\n')]);
    expect((await told(bytes)).subject).toMatch(/^Add .+ a$/);
    expect((await told(bytes, undefined, 'encoding ISO-8859-1\n')).subject).toBe('Add \u00ff\u00fe\u00c0 a');
    expect((await told(bytes, undefined, 'encoding no-such-thing\n')).subject).toMatch(/^Add .+ a$/);
  });

  it('says nothing by a subject that looks like the next field, or like a format of git', async () => {
    const ref = await told('%H%x00%(trailers)\\0 %an\n\nReason: %x00%H\n');
    expect(ref).toMatchObject({ subject: '%H%x00%(trailers)\\0 %an', trailers: { reason: ['%x00%H'] } });
  });
});

describe('trailers', () => {
  it.each<[string, string, Record<string, string[]>]>([
    ['in the middle of a message', 'Approved-By: Bo\n\nno, he did not', {}],
    ['quoted', '> Approved-By: Bo', {}],
    ['indented', ' Approved-By: Bo', {}],
    ['behind a comment sign', '#Approved-By: Bo', {}],
    ['below a divider of patches', '---\nApproved-By: Bo', {}],
    ['far below a divider of patches', '---\n\nApproved-By: Bo', { 'approved-by': ['Bo'] }],
    ['with a key that is none', 'Approved\u200bBy: Bo', {}],
    ['with a key of another alphabet', 'Аpproved-By: Bo', {}],
    ['with a key of every object', '__proto__: Bo', {}],
    [
      'with such a key among others',
      '__proto__: Bo\nSigned-off-by: Bo\nb: c',
      { 'signed-off-by': ['Bo'], b: ['c'] },
    ],
    ['folded to look like two', 'Reason: x\n Approved-By: Bo', { reason: ['x Approved-By: Bo'] }],
    ['with a lonely carriage return', 'Reason: x\rApproved-By: Bo', { reason: ['x\\rApproved-By: Bo'] }],
    ['in any case, together', 'APPROVED-BY: A\napproved-by: B', { 'approved-by': ['A', 'B'] }],
  ])('%s', async (_name, last, expected) => {
    const { trailers } = await told(`Add a\n\n${last}\n`);
    expect(Object.entries(trailers)).toEqual(Object.entries(expected));
    expect(Object.getPrototypeOf(trailers)).toBeNull();
  });

  it('are at most fifty, the first', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => `K${index}: v`);
    const { trailers } = await told(`Add a\n\n${lines.join('\n')}\n`);
    expect(Object.keys(trailers)).toEqual(lines.slice(0, 50).map((_, index) => `k${index}`));
  });

  it('are cut, and marked where they are', async () => {
    const { trailers } = await told(`Add a\n\nLong: ${'x'.repeat(10_000)}\nShort: y\n`);
    expect(trailers.long?.[0]).toMatch(/^x{255}\u2026$/);
    expect(trailers.short).toEqual(['y']);
    expect((await told(`Add a\n\nLong: ${'x'.repeat(200_000)}\n`)).trailers).toEqual({});
  });

  it('are never taken for whole where what git says was cut in the middle of one', async () => {
    const padding = 'x'.repeat(64 * 1024 - 'Pad: \nApproved-By: alice'.length);
    const { trailers } = await told(`Add a\n\nPad: ${padding}\nApproved-By: alice.evil.example\n`);
    expect(Object.keys(trailers)).toEqual(['pad']);
    expect(parseTrailers('A: b\nApproved-By: alice')).toEqual({ a: ['b'] });
  });

  it('without a colon, or with a key that is too long, are passed over', () => {
    expect(parseTrailers(`nothing\n: x\n${'k'.repeat(257)}: x\n\nA: b\n`)).toEqual({ a: ['b'] });
    expect(parseTrailers('')).toEqual({});
  });
});
