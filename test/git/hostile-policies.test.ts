/** Policies made to hurt: each is told by name and costs bounded work, on the source and on a repository of their own. */
import { afterEach, describe, expect, it } from 'vitest';
import { readPolicies, tellPolicy } from '../contract/policy-world.ts';
import { readHead, startMs } from '../contract/source-world.ts';
import type { RawEntry } from './raw-tree.ts';
import { writeBlob, writeTree } from './raw-tree.ts';
import type { GitPolicyWorld } from './source-world.ts';
import { openPolicyWorld } from './source-world.ts';

const opened: GitPolicyWorld[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.end();
});

async function openWorld(): Promise<GitPolicyWorld> {
  const one = await openPolicyWorld();
  opened.push(one);
  return one;
}

async function commitPolicies({ world }: GitPolicyWorld, entries: readonly RawEntry[]): Promise<string> {
  const id = await writeTree(world, entries);
  return world.commitTree(await writeTree(world, [{ mode: '40000', name: 'policies', id }]));
}

describe('hostile policies', () => {
  it('with names that cannot be shown are problems, whatever their suffix, and the rest is read', async () => {
    const one = await openWorld();
    const id = await writeBlob(one.world, 'kind: Window');
    const names = [
      Buffer.from('--upload-pack=touch pwned.yaml'),
      Buffer.from('a\nb.yaml'),
      Buffer.from('b\u001b[31m.txt'),
      Buffer.from([0x64, 0xff, 0xfe, ...Buffer.from('.yaml')]),
      Buffer.from('e\u202elmay.test'),
      Buffer.from(`f${'x'.repeat(1100)}.yaml`),
    ];
    await commitPolicies(
      one,
      names.map((name) => ({ mode: '100644', name, id })),
    );
    const expected = [
      ['policies/--upload-pack=touch pwned.yaml', 'kind: Window'],
      ['policies/a\\x0ab.yaml', 'SG3043'],
      ['policies/b\\x1b[31m.txt', 'SG3043'],
      ['policies/d\\xff\\xfe.yaml', 'SG3043'],
      ['policies/e\u202elmay.test', 'SG3072'],
      [expect.stringMatching(/^policies\/fx+\.\.\.$/), 'SG3044'],
    ];
    const { files, head } = await readPolicies(one.policies);
    expect(files.map(tellPolicy)).toEqual(expected);
    expect((await readHead(one.world.source)).policies).toEqual(files);
    const paths = files.map(({ path }) => path);
    const traced = await one.policies.traceFiles(head, paths);
    expect(traced.ok && [...traced.value.keys()]).toEqual(paths.slice(0, 1));
  });

  it('do not come into memory when one is huge', async () => {
    const one = await openWorld();
    const huge = await writeBlob(one.world, Buffer.alloc(48 * 1024 * 1024));
    await commitPolicies(one, [{ mode: '100644', name: 'w.yaml', id: huge }]);
    expect((await readPolicies(one.policies)).files.map(tellPolicy)).toEqual([['policies/w.yaml', 'SG3045']]);
  });

  it('are counted, not followed, when a tree holds itself many times over', async () => {
    const one = await openWorld();
    const good = await one.commit({ files: { 'policies/w.yaml': 'kind: Window' }, timeMs: startMs });
    await readPolicies(one.policies);
    let id = await writeBlob(one.world, 'x');
    let mode = '100644';
    for (let level = 0; level < 10; level += 1) {
      const entries = Array.from({ length: 10 }, (_unused, index) => ({ mode, name: `${index}`, id }));
      id = await writeTree(one.world, entries);
      mode = '40000';
    }
    const bomb = await one.world.commitTree(await writeTree(one.world, [{ mode, name: 'policies', id }]));
    await one.policies.fetch();
    const fault = { code: 'SG3071', class: 'human' };
    expect(await one.policies.read(bomb)).toMatchObject({ ok: false, fault });
    expect(await one.policies.read(good)).toMatchObject({ ok: true });
    await one.world.source.fetch();
    expect(await one.world.source.read(bomb)).toMatchObject({ ok: false, fault });
    // The past is walked up to it, and what lies behind it is left out.
    await one.commit({ files: { policies: null, 'policies/w.yaml': 'kind: Window' }, timeMs: startMs });
    await one.commit({ files: { 'policies/new.yaml': 'x' }, timeMs: startMs });
    const { head } = await readPolicies(one.policies);
    const traced = await one.policies.traceFiles(head, ['policies/w.yaml', 'policies/new.yaml']);
    expect(traced.ok && [...traced.value.keys()]).toEqual(['policies/new.yaml']);
  });

  it.each([
    ['a file', '100644'],
    ['a link', '120000'],
  ])('whose folder is %s are told, and not taken for none', async (_name, mode) => {
    const one = await openWorld();
    const id = await writeBlob(one.world, 'tasks');
    const head = await one.world.commitTree(await writeTree(one.world, [{ mode, name: 'policies', id }]));
    await one.policies.fetch();
    expect(await one.policies.read(head)).toMatchObject({
      ok: false,
      fault: { code: 'SG3031', hint: expect.stringContaining('policySource.path') },
    });
  });
});
