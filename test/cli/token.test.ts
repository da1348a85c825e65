import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { run } from './terminal.ts';

let folder: Folder = makeFolder();
afterEach(removeFolders);

async function token(files: Readonly<Record<string, string>>, argv: readonly string[]) {
  folder = makeFolder(files);
  return run(['token', ...argv], { cwd: folder.dir });
}

describe('token', () => {
  it('prints what sha256sum makes of --canonical, which has no final newline', async () => {
    const files = { 'a.yaml': taskText('a', { tags: { owner: 'me' }, description: 'Hello' }) };
    const canonical = await token(files, ['a.yaml', '--canonical']);
    const plain = await token(files, ['a.yaml']);
    const sum = createHash('sha256').update(canonical.stdout).digest('hex');
    expect(plain).toEqual({ exit: 0, stdout: `${sum}  lab/a\n`, stderr: '' });
    expect(canonical.stdout).toBe(
      '{"apiVersion":"snowgate/v1","command":"unlock","description":"Hello","fleet":"lab","kind":"Task","name":"a","run":1,"tags":{"owner":"me"},"targets":["smd-iq2pogbjsf2jpc2j"]}',
    );
  });

  it('lists every manifest in the order of its place', async () => {
    const files = { 'b.yaml': `${taskText('z')}---\n${taskText('y')}`, 'a.yaml': taskText('x') };
    const { stdout } = await token(files, ['b.yaml', 'a.yaml']);
    expect(stdout.split('\n').map((line) => line.slice(66))).toEqual(['lab/x', 'lab/z', 'lab/y', '']);
  });

  it('tells the valid ones, and ends with 1, where others are not', async () => {
    const files = { 'a.yaml': `${taskText('good')}---\n${taskText('bad', { command: 'no' })}` };
    const { exit, stdout, stderr } = await token(files, ['a.yaml']);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^[0-9a-f]{64} {2}lab\/good\n$/);
    expect(stderr).toContain('a.yaml:');
  });

  it.each([
    ['several documents', `${taskText('a')}---\n${taskText('b')}`, 2],
    ['no document', '# nothing\n', 0],
  ])('--canonical refuses %s', async (_name, text, documents) => {
    const { exit, stdout, stderr } = await token({ 'a.yaml': text }, ['a.yaml', '--canonical']);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain(`error SG7004: --canonical takes one document, and there are ${documents}`);
  });

  it('--canonical prints nothing of an invalid document', async () => {
    const { exit, stdout } = await token({ 'a.yaml': taskText('a', { run: 0 }) }, ['a.yaml', '--canonical']);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
  });

  it('warns where there is nothing to tell, as validate does', async () => {
    const { exit, stdout, stderr } = await token({ 'x/README.md': '' }, ['x']);
    expect({ exit, stdout, stderr }).toEqual({
      exit: 0,
      stdout: '',
      stderr: 'x:1:1: warning SG7006: no .yaml or .yml file here: nothing was checked\n',
    });
  });

  it('tells the rest beside what nobody could commit as a manifest', async () => {
    folder = makeFolder({ 'x/a.yaml': taskText('a') });
    writeFileSync(Buffer.from(`${folder.dir}/x/bad\xff.yaml`, 'latin1'), taskText('b'));
    const { exit, stdout, stderr } = await run(['token', 'x'], { cwd: folder.dir });
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^[0-9a-f]{64} {2}lab\/a\n$/);
    expect(stderr).toContain('x/bad\\xff.yaml:1:1: error SG3043: this path is not UTF-8');
  });

  it('gives JSON', async () => {
    const { stdout } = await token({ 'a.yaml': taskText('a') }, ['a.yaml', '--format', 'json']);
    expect(JSON.parse(stdout)).toEqual([
      { token: expect.stringMatching(/^[0-9a-f]{64}$/), fleet: 'lab', name: 'a', path: 'a.yaml', line: 1 },
    ]);
  });
});
