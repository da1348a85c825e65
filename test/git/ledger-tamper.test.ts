/** What somebody with the right key may do to the branch, and that each of it halts, by name and with a way out. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLedger } from '../../src/git/ledger-audit.ts';
import { ledgerLimits } from '../../src/git/ledger-reader.ts';
import { append, fetched, segmentPath, segmentText } from '../contract/ledger-world.ts';
import { beginWorld, branch, format, type GitWorld, waits } from './ledger-world.ts';

let world: GitWorld;
const ref = `refs/heads/${branch}`;

beforeEach(async () => {
  world = await beginWorld('file');
});
afterEach(() => world.end());

interface Entry {
  readonly path: string;
  readonly text: string;
  readonly mode?: string;
}

/** Pushes, as an intruder with the right key would, a commit with these changes on top of the branch. */
async function intrude(change: {
  readonly add?: readonly Entry[];
  readonly remove?: readonly string[];
  readonly parents?: readonly string[];
  readonly orphan?: boolean;
}): Promise<string> {
  const tip = (await world.tip()) ?? '';
  const lines = ['commit refs/heads/intruder', 'committer x <x> 1700000000 +0000', 'data 2', 'x', ''];
  const [first, ...merged] = change.orphan === true ? [] : [tip, ...(change.parents ?? [])];
  if (first !== undefined) lines.push(`from ${first}`);
  for (const parent of merged) lines.push(`merge ${parent}`);
  for (const path of change.remove ?? []) lines.push(`D ${path}`);
  for (const { path, text, mode = '100644' } of change.add ?? []) {
    lines.push(`M ${mode} inline ${JSON.stringify(path)}`, `data ${Buffer.byteLength(text)}`, text);
  }
  lines.push('done', '');
  await world.git(['fast-import', '--quiet', '--force', '--done'], lines.join('\n'));
  const commit = await world.git(['rev-parse', 'refs/heads/intruder']);
  await world.git(['update-ref', '-d', 'refs/heads/intruder']);
  await world.git(['update-ref', ref, commit]);
  return commit;
}

const next: Entry = { path: segmentPath(2, 'x'), text: segmentText(2, 'x') };

const tamperings: readonly {
  readonly name: string;
  readonly change: Parameters<typeof intrude>[0];
  readonly code: string;
  readonly message: RegExp;
}[] = [
  {
    name: 'a segment changed',
    change: { add: [{ path: segmentPath(1, 'a'), text: 'other\n' }] },
    code: 'SG4015',
    message: /changes "2026.*only ever added/,
  },
  {
    name: 'a segment removed',
    change: { remove: [segmentPath(1, 'a')] },
    code: 'SG4015',
    message: /removes "2026.*only ever added/,
  },
  {
    name: 'a segment added and another removed',
    change: { add: [next], remove: [segmentPath(1, 'a')] },
    code: 'SG4015',
    message: /removes/,
  },
  {
    name: 'a segment made a symbolic link',
    change: { add: [{ path: segmentPath(1, 'a'), text: '/etc/passwd', mode: '120000' }] },
    code: 'SG4015',
    message: /changes the type of/,
  },
  {
    name: 'FORMAT changed',
    change: { add: [{ path: 'FORMAT', text: '{}\n' }] },
    code: 'SG4015',
    message: /"FORMAT"/,
  },
  {
    name: 'two segments in one commit',
    change: { add: [next, { ...next, path: segmentPath(3, 'x') }] },
    code: 'SG4015',
    message: /more than one file/,
  },
  {
    name: 'a thousand files in one commit',
    change: { add: Array.from({ length: 1000 }, (_, index) => ({ path: `x/${index}`, text: 'x' })) },
    code: 'SG4015',
    message: /more than one file/,
  },
  { name: 'an empty commit', change: {}, code: 'SG4015', message: /changes no file/ },
  {
    name: 'an executable segment',
    change: { add: [{ ...next, mode: '100755' }] },
    code: 'SG4015',
    message: /mode 100755/,
  },
  {
    name: 'a symbolic link',
    change: { add: [{ ...next, mode: '120000' }] },
    code: 'SG4015',
    message: /mode 120000/,
  },
  {
    name: 'another name',
    change: { add: [{ ...next, path: 'README.md' }] },
    code: 'SG4016',
    message: /"README.md"/,
  },
  {
    name: 'a name with a line break and a bidi mark',
    change: { add: [{ ...next, path: 'a\n\u202ecommit.jsonl' }] },
    code: 'SG4016',
    message: /^[ -~]*$/,
  },
  {
    name: 'a name of ten thousand characters',
    change: { add: [{ ...next, path: `${'x'.repeat(10_000)}.jsonl` }] },
    code: 'SG4016',
    message: /^.{1,600}$/,
  },
  {
    name: 'a number too high',
    change: { add: [{ ...next, path: segmentPath(3, 'x') }] },
    code: 'SG4017',
    message: /is number 2 but its file says 3/,
  },
  {
    name: 'a number used before',
    change: { add: [{ ...next, path: segmentPath(1, 'x') }] },
    code: 'SG4017',
    message: /is number 2 but its file says 1/,
  },
];

describe('a ledger that was tampered with', () => {
  it.each(tamperings)('$name halts with $code', async ({ change, code, message }) => {
    const a = await world.open('a');
    const good = await append(a, (await fetched(a)).tip, 1, 'a');
    const bad = await intrude(change);
    const halt = await a.fetch();
    expect(halt).toMatchObject({
      kind: 'halted',
      fault: {
        code,
        class: 'human',
        message: expect.stringMatching(message),
        hint: expect.stringContaining(`back to its last good commit ${good}`),
      },
    });
    expect(halt).toMatchObject({ fault: { message: expect.stringContaining(bad) } });
    // It is seen by one who starts, too; and the way out that the hint names is one.
    expect(await readLedger(world.config, waits)).toMatchObject({ kind: 'halted', fault: { code } });
    await world.rewind(good);
    expect(await fetched(a)).toMatchObject({ tip: good });
    expect(await fetched(await world.open('a'))).toMatchObject({ tip: good });
  });

  it('a bad commit halts also when good ones follow it', async () => {
    const a = await world.open('a');
    await append(a, (await fetched(a)).tip, 1, 'a');
    await intrude({ add: [{ ...next, path: 'README.md' }] });
    await intrude({ add: [{ ...next, path: segmentPath(3, 'x') }] });
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4016' } });
  });

  it('a merge halts with SG4014', async () => {
    const a = await world.open('a');
    const good = await append(a, (await fetched(a)).tip, 1, 'a');
    const side = await intrude({ add: [next] });
    await world.rewind(good);
    await intrude({ parents: [side], add: [{ ...next, path: segmentPath(2, 'y') }] });
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4014' } });
  });

  it('a second root below the branch halts with SG4014', async () => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const orphan = await intrude({ orphan: true, add: [{ path: 'x', text: 'x' }] });
    await world.rewind(tip);
    await intrude({ parents: [orphan], add: [{ ...next, path: segmentPath(1, 'x') }] });
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG4014' } });
    expect(await readLedger(world.config, waits)).toMatchObject({ kind: 'halted' });
  });

  it('a segment that is not UTF-8, or too large, halts with SG4018', async () => {
    const small = { ...waits, limits: { ...ledgerLimits, segmentBytes: 10 } };
    await intrude({ add: [{ path: segmentPath(1, 'x'), text: segmentText(1, 'x') }] });
    expect(await readLedger(world.config, small)).toMatchObject({
      kind: 'halted',
      fault: { code: 'SG4018', message: expect.stringContaining('more than 10') },
    });
    const latin = join(world.dir, 'latin');
    await writeFile(latin, Buffer.from([0x7b, 0xe6, 0x7d, 0x0a]));
    const id = await world.git(['hash-object', '-w', latin]);
    await world.git(
      ['fast-import', '--quiet', '--force', '--done'],
      `commit ${ref}\ncommitter x <x> 1700000000 +0000\ndata 0\nfrom ${await world.tip()}\nM 100644 ${id} ${segmentPath(2, 'x')}\ndone\n`,
    );
    expect(await readLedger(world.config, waits)).toMatchObject({
      kind: 'halted',
      fault: { code: 'SG4018', message: expect.stringContaining('not UTF-8') },
    });
  });

  it('more commits or more bytes than are read halt with SG4019', async () => {
    const a = await world.open('a');
    let { tip } = await fetched(a);
    for (let seq = 1; seq <= 3; seq += 1) tip = await append(a, tip, seq, 'a');
    const halt = { kind: 'halted', fault: { code: 'SG4019' } };
    const read = (limits: object) =>
      readLedger(world.config, { ...waits, limits: { ...ledgerLimits, ...limits } });
    expect(await read({ commits: 2 })).toMatchObject(halt);
    expect(await read({ ledgerBytes: 100 })).toMatchObject(halt);
    expect(await read({ commits: 3 })).toMatchObject({ kind: 'fetched' });
  });

  it('a commit that git itself refuses halts, and is not waited out', async () => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const tree = await world.git(['rev-parse', `${tip}^{tree}`]);
    const raw = join(world.dir, 'raw');
    await writeFile(raw, `tree ${tree}\nparent ${tip}\nauthor x\ncommitter x\n\nx\n`);
    await world.rewind(await world.git(['hash-object', '-w', '-t', 'commit', '--literally', raw]));
    expect(await a.fetch()).toMatchObject({ kind: 'halted', fault: { code: 'SG3011', class: 'human' } });
  });

  it('a branch whose first commit is not FORMAT alone is no ledger: SG4013', async () => {
    for (const add of [
      [{ path: 'README.md', text: 'x' }],
      [
        { path: 'FORMAT', text: format },
        { path: 'README.md', text: 'x' },
      ],
    ]) {
      await intrude({ orphan: true, add });
      expect(await readLedger(world.config, waits)).toMatchObject({
        kind: 'halted',
        fault: { code: 'SG4013', hint: expect.stringContaining('ledger.branch') },
      });
    }
  });

  it('another ledger in its place halts with SG4012, and can be taken up on purpose', async () => {
    const a = await world.open('a');
    await append(a, (await fetched(a)).tip, 1, 'a');
    const other = await intrude({ orphan: true, add: [{ path: 'FORMAT', text: `${format} ` }] });
    expect(await a.fetch()).toMatchObject({
      kind: 'halted',
      fault: { code: 'SG4012', hint: expect.stringContaining(`ledger.acceptCommit: ${other}`) },
    });
    expect((await (await world.open('a')).fetch()).kind).toBe('halted');
    expect(await fetched(await world.open('a', { acceptCommit: other }))).toMatchObject({ root: other });
  });
});
