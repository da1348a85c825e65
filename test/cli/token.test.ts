import { createHash } from 'node:crypto';
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

  it('gives JSON', async () => {
    const { stdout } = await token({ 'a.yaml': taskText('a') }, ['a.yaml', '--format', 'json']);
    expect(JSON.parse(stdout)).toEqual([
      { token: expect.stringMatching(/^[0-9a-f]{64}$/), fleet: 'lab', name: 'a', path: 'a.yaml', line: 1 },
    ]);
  });
});
