/** Pipes cut output anywhere: what is parsed must not depend on where, and what is held must not grow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSegmentPath, type RawCommit } from '../../src/git/ledger-chain.ts';
import { createBatchParser, createRawLogParser } from '../../src/git/ledger-stream.ts';

const id = (digit: string): string => digit.repeat(40);

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

function parseLog(pieces: readonly Buffer[]): RawCommit[] {
  const commits: RawCommit[] = [];
  const parser = createRawLogParser((commit) => commits.push(commit));
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return commits;
}

const added = (digit: string, path: string): string =>
  `\n:000000 100644 ${id('0')} ${id(digit)} A\0${path}\0`;
const places = fc.array(fc.nat(), { maxLength: 20 });

describe('createRawLogParser', () => {
  // A file whose name looks like a commit, and a commit without changes.
  const log = [
    `commit ${id('1')} \0${added('a', 'FORMAT')}`,
    `commit ${id('2')} ${id('1')}\0${added('b', `commit ${id('9')} `)}${added('c', ':x').slice(1)}`,
    `commit ${id('3')} ${id('2')} ${id('1')}\0`,
    `commit ${id('4')} ${id('3')}\0${added('d', '\nnext')}`,
  ].join('');

  it('reads the same wherever the pipe cuts, and takes no file name for a commit', () => {
    const change = { oldMode: '000000', mode: '100644', status: 'A' };
    fc.assert(
      fc.property(places, (cuts) => {
        expect(parseLog(cut(Buffer.from(log), cuts))).toEqual([
          { commit: id('1'), parents: [], changes: [{ ...change, blob: id('a'), path: 'FORMAT' }] },
          {
            commit: id('2'),
            parents: [id('1')],
            changes: [
              { ...change, blob: id('b'), path: `commit ${id('9')} ` },
              { ...change, blob: id('c'), path: ':x' },
            ],
          },
          { commit: id('3'), parents: [id('2'), id('1')], changes: [] },
          { commit: id('4'), parents: [id('3')], changes: [{ ...change, blob: id('d'), path: '\nnext' }] },
        ]);
      }),
    );
  });

  it('throws on output that is cut off or is not of git log', () => {
    const firstEnd = log.indexOf('\0');
    for (const end of [1, firstEnd, firstEnd + 10, log.length - 1]) {
      expect(() => parseLog([Buffer.from(log.slice(0, end))])).toThrow(/./);
    }
    for (const text of ['x\0', 'commit xyz\0', `commit ${id('1')} \0:000000 bad\0`]) {
      expect(() => parseLog([Buffer.from(text)])).toThrow(/./);
    }
  });

  it('tells a commit whose file name never ends, and stops', () => {
    const commits: RawCommit[] = [];
    const parser = createRawLogParser((commit) => commits.push(commit));
    const push = (): void => {
      parser.push(Buffer.from(`commit ${id('1')} \0${added('a', 'x').slice(0, -1)}`));
      for (let piece = 0; piece < 100; piece += 1) parser.push(Buffer.alloc(1024, 'x'));
    };
    expect(push).toThrow(/without an end/);
    expect(commits).toHaveLength(1);
    expect(commits[0]?.changes[0]?.path.length).toBeLessThan(10_000);
  });
});

describe('createBatchParser', () => {
  it('reads the same wherever the pipe cuts, whatever the contents hold', () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(Buffer.from(`${id('a')} blob 3\nabc\n`)),
    );
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), places, (contents, cuts) => {
        const output = contents.map((bytes) =>
          Buffer.concat([Buffer.from(`${id('a')} blob ${bytes.length}\n`), bytes, Buffer.from('\n')]),
        );
        const read: Buffer[] = [];
        const sizes: number[] = [];
        const parser = createBatchParser({
          onHeader: (_, sizeBytes) => sizes.push(sizeBytes),
          onContent: (bytes) => read.push(Buffer.from(bytes)),
        });
        for (const piece of cut(Buffer.concat(output), cuts)) parser.push(piece);
        expect(read.map((bytes) => bytes.toString('hex'))).toEqual(
          contents.map((bytes) => Buffer.from(bytes).toString('hex')),
        );
        expect(sizes).toEqual(contents.map((bytes) => bytes.length));
      }),
    );
  });

  it('throws on what is no blob', () => {
    for (const text of [`${id('a')} missing\n`, `${id('a')} tree 3\n`, 'x'.repeat(300)]) {
      const parser = createBatchParser({ onHeader: () => undefined, onContent: () => undefined });
      expect(() => parser.push(Buffer.from(text))).toThrow(/./);
    }
  });
});

describe('parseSegmentPath', () => {
  it.each([
    ['2026/11/23/14/0000000001-a.jsonl', { seq: 1, replica: 'a' }],
    ['2026/11/23/14/0000012345-ship-7.jsonl', { seq: 12_345, replica: 'ship-7' }],
  ])('reads %s', (path, expected) => {
    expect(parseSegmentPath(path)).toEqual(expected);
  });

  it.each([
    'FORMAT',
    '2026/13/23/14/0000000001-a.jsonl',
    '2026/11/32/14/0000000001-a.jsonl',
    '2026/11/23/24/0000000001-a.jsonl',
    '2026/11/23/14/1-a.jsonl',
    '2026/11/23/14/00000000001-a.jsonl',
    '2026/11/23/14/0000000001-A.jsonl',
    '2026/11/23/14/0000000001-a-.jsonl',
    '2026/11/23/14/0000000001-.jsonl',
    '2026/11/23/14/0000000001-a.b.jsonl',
    `2026/11/23/14/0000000001-${'a'.repeat(64)}.jsonl`,
    '2026/11/23/14/0000000001-a.jsonl\n',
    'x/2026/11/23/14/0000000001-a.jsonl',
  ])('does not take %j', (path) => {
    expect(parseSegmentPath(path)).toBeUndefined();
  });
});
