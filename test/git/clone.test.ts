/** Clones as people and CI systems have them: real repositories, and what a merge in them would be. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clone, openClone } from '../../src/git/clone.ts';
import { createRedactor } from '../../src/lib/redact.ts';

let dir = '';
const opened: Clone[] = [];

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'snowgate-test-clone-')));
});

afterEach(async () => {
  for (const clone of opened.splice(0)) await clone.close();
  rmSync(dir, { recursive: true, force: true });
});

function git(cwd: string, ...args: string[]): string {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...who, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

function commit(repository: string, files: Readonly<Record<string, string | null>>): string {
  for (const [path, text] of Object.entries(files)) {
    const full = join(repository, path);
    mkdirSync(dirname(full), { recursive: true });
    if (text === null) rmSync(full);
    else writeFileSync(full, text);
  }
  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--allow-empty', '--message=Change');
  return git(repository, 'rev-parse', 'HEAD');
}

/** A repository with a line `main` and, from its first commit on, another one `feature`. */
function makeRepository(format = 'sha1'): string {
  const repository = join(dir, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet', '--initial-branch=main', `--object-format=${format}`);
  commit(repository, { 'tasks/a.yaml': 'one\ntwo\nthree\nfour\nfive\n', 'tasks/b.yaml': 'b\n' });
  git(repository, 'branch', 'feature');
  return repository;
}

function onFeature(repository: string, files: Readonly<Record<string, string | null>>): string {
  git(repository, 'checkout', '--quiet', 'feature');
  const head = commit(repository, files);
  git(repository, 'checkout', '--quiet', 'main');
  return head;
}

let states = 0;
async function open(cwd: string): Promise<Clone> {
  states += 1;
  const clone = await openClone(cwd, { stateDir: join(dir, `state-${states}`), redactor: createRedactor() });
  if (!clone.ok) throw new Error(`${clone.fault.code} ${clone.fault.message}`);
  opened.push(clone.value);
  return clone.value;
}

/** What opening says, or what merging `feature` into `main` says: a code, or the files of the merge. */
async function say(cwd: string): Promise<string> {
  const clone = await openClone(cwd, { stateDir: join(dir, 'state'), redactor: createRedactor() });
  if (!clone.ok) return `${clone.fault.code} ${clone.fault.message}`;
  opened.push(clone.value);
  return sayMerge(clone.value);
}

async function sayMerge(clone: Clone): Promise<string> {
  const base = await clone.resolve('main');
  const head = await clone.resolve('feature');
  if (!base.ok || !head.ok) return 'no such branches';
  const merge = await clone.merge(base.value, head.value, 1_700_000_000_000);
  if (!merge.ok) return `${merge.fault.code} ${merge.fault.message}`;
  const tree = execFileSync(
    'git',
    ['--git-dir', clone.mirror.dir, 'ls-tree', '-r', '--name-only', merge.value.commit],
    {
      encoding: 'utf8',
    },
  );
  return `${merge.value.isMade ? 'made' : 'nothing'}: ${tree.trim().split('\n').join(' ')}`;
}

describe('a merge', () => {
  it('is the head where the base has gone no further', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    expect(await say(repository)).toBe('made: tasks/a.yaml tasks/b.yaml tasks/c.yaml');
  });

  it('brings both lines together, and follows a file that one of them has renamed', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/a.yaml': 'one\ntwo\nthree\nfour\nchanged\n' });
    git(repository, 'mv', 'tasks/a.yaml', 'tasks/z.yaml');
    commit(repository, { 'tasks/d.yaml': 'd\n' });
    const clone = await open(repository);
    expect(await sayMerge(clone)).toBe('made: tasks/b.yaml tasks/d.yaml tasks/z.yaml');
    const [base, head] = [await clone.resolve('main'), await clone.resolve('feature')];
    if (!base.ok || !head.ok) throw new Error('no branches');
    const merge = await clone.merge(base.value, head.value, 1_700_000_000_000);
    if (!merge.ok) throw new Error(merge.fault.message);
    const read = await clone.readFile(merge.value.commit, 'tasks/z.yaml', 1_000);
    expect(read).toEqual({
      ok: true,
      value: { kind: 'file', bytes: Uint8Array.from(Buffer.from('one\ntwo\nthree\nfour\nchanged\n')) },
    });
  });

  it('is nothing where the head is in the base', async () => {
    const repository = makeRepository();
    commit(repository, { 'tasks/c.yaml': 'c\n' });
    expect(await say(repository)).toBe('nothing: tasks/a.yaml tasks/b.yaml tasks/c.yaml');
  });

  it('names the files that conflict', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/a.yaml': 'mine\n', 'tasks/b.yaml': null });
    commit(repository, { 'tasks/a.yaml': 'yours\n', 'tasks/b.yaml': 'edited\n' });
    expect(await say(repository)).toMatch(/^SG3053 head and base conflict in tasks\/a.yaml, tasks\/b.yaml:/);
  });

  it('is refused to lines that have nothing in common', async () => {
    const repository = makeRepository();
    git(repository, 'checkout', '--quiet', '--orphan', 'other');
    commit(repository, { 'tasks/c.yaml': 'c\n' });
    git(repository, 'branch', '--force', 'feature', 'other');
    expect(await say(repository)).toMatch(/^SG3053 head and base have no commit in common/);
  });

  it('is made of ids of the other kind, too', async () => {
    const repository = makeRepository('sha256');
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    commit(repository, { 'tasks/d.yaml': 'd\n' });
    expect(await say(repository)).toBe('made: tasks/a.yaml tasks/b.yaml tasks/c.yaml tasks/d.yaml');
  });
});

describe('a clone', () => {
  it('is found from a folder within it, and from another work tree of it', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    git(repository, 'worktree', 'add', '--quiet', join(dir, 'beside'), 'feature');
    const inner = await open(join(repository, 'tasks'));
    const beside = await open(join(dir, 'beside', 'tasks'));
    expect([inner.root, beside.root]).toEqual([repository, join(dir, 'beside')]);
    expect(await sayMerge(beside)).toBe(await sayMerge(inner));
  });

  it('may be bare, or borrow its objects from yet another one', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    git(dir, 'clone', '--quiet', '--bare', repository, join(dir, 'bare.git'));
    git(dir, 'clone', '--quiet', '--bare', '--shared', repository, join(dir, 'shared.git'));
    expect((await open(join(dir, 'bare.git'))).root).toBeNull();
    expect(await sayMerge(await open(join(dir, 'shared.git')))).toMatch(/^made:/);
  });

  it('must be whole, and there', async () => {
    const repository = makeRepository();
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    commit(repository, { 'tasks/d.yaml': 'd\n' });
    git(repository, 'config', 'uploadpack.allowFilter', 'true');
    git(dir, 'clone', '--quiet', '--depth=1', `file://${repository}`, join(dir, 'shallow'));
    git(dir, 'clone', '--quiet', '--filter=blob:none', `file://${repository}`, join(dir, 'partial'));
    mkdirSync(join(dir, 'empty'));
    expect(await say(join(dir, 'shallow'))).toMatch(/^SG3052 .*shallow/);
    expect(await say(join(dir, 'partial'))).toMatch(/^SG3052 .*partial/);
    expect(await say(join(dir, 'empty'))).toMatch(/^SG3050 /);
  });

  it.each([
    'nobody',
    '--help',
    '-x',
    '',
    'main; true',
    '--output=x',
    'main:tasks',
    '@{9999}',
    'main\nfeature',
  ])('has no commit of the name %j', async (name) => {
    const clone = await open(makeRepository());
    const found = await clone.resolve(name);
    expect(found.ok ? found.value : found.fault.code).toBe('SG3051');
  });

  it('is owned by somebody else where a container says so, and is looked at all the same', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can give a folder away');
    const repository = makeRepository();
    onFeature(repository, { 'tasks/c.yaml': 'c\n' });
    execFileSync('chown', ['-R', '65534:65534', repository]);
    expect(await say(repository)).toMatch(/^made:/);
  });
});

describe('a hostile clone', () => {
  /** Every file below a folder, but for those of no meaning, with its size. */
  function listing(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }

  it('runs nothing, and is left as it is', async () => {
    const repository = makeRepository();
    const mark = join(dir, 'ran');
    const program = join(dir, 'program');
    writeFileSync(program, `#!/bin/sh\ntouch ${mark}\nexit 0\n`);
    chmodSync(program, 0o755);
    onFeature(repository, {
      'tasks/a.yaml': 'one\ntwo\nthree\nfour\nsix\n',
      '.gitattributes': '* merge=evil filter=evil diff=evil\n',
    });
    commit(repository, {
      'tasks/a.yaml': 'zero\ntwo\nthree\nfour\nfive\n',
      '.gitattributes': '* merge=evil filter=evil diff=evil\n',
    });
    for (const [key, value] of [
      ['core.fsmonitor', program],
      ['core.hooksPath', dir],
      ['core.sshCommand', program],
      ['core.askPass', program],
      ['core.alternateRefsCommand', program],
      ['core.pager', program],
      ['core.gitProxy', program],
      ['credential.helper', program],
      ['merge.evil.driver', program],
      ['filter.evil.smudge', program],
      ['filter.evil.clean', program],
      ['diff.external', program],
      ['diff.evil.textconv', program],
      ['gpg.program', program],
      ['commit.gpgSign', 'true'],
      ['log.showSignature', 'true'],
      ['alias.rev-parse', `!${program}`],
    ])
      git(repository, 'config', key ?? '', value ?? '');
    for (const hook of [
      'post-checkout',
      'pre-commit',
      'post-merge',
      'reference-transaction',
      'post-index-change',
    ]) {
      writeFileSync(join(dir, hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
      writeFileSync(join(repository, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    }
    rmSync(mark, { force: true });
    const before = listing(repository);
    expect(await say(repository)).toBe('made: .gitattributes tasks/a.yaml tasks/b.yaml');
    expect(existsSync(mark)).toBe(false);
    expect(listing(repository)).toEqual(before);
  });

  it('does not get more of a file read than was asked for', async () => {
    const repository = makeRepository();
    const head = commit(repository, { 'big.yaml': 'x'.repeat(100_000), 'small.yaml': 'x' });
    const clone = await open(repository);
    const big = await clone.readFile(head, 'big.yaml', 1_000);
    expect(big.ok && big.value.kind === 'file' && big.value.bytes.length).toBe(1_001);
    for (const path of ['none.yaml', 'tasks', ':(top)big.yaml', 'b*', '']) {
      expect(await clone.readFile(head, path, 1_000)).toEqual({ ok: true, value: { kind: 'none' } });
    }
  });

  it('has no file behind a symbolic link, nor on a way through one', async () => {
    const repository = makeRepository();
    symlinkSync('/etc/passwd', join(repository, 'link.yaml'));
    symlinkSync('tasks', join(repository, 'folder'));
    const head = commit(repository, {});
    const clone = await open(repository);
    for (const path of ['link.yaml', 'folder', 'folder/a.yaml']) {
      expect(await clone.readFile(head, path, 1_000)).toEqual({ ok: true, value: { kind: 'link' } });
    }
  });
});
