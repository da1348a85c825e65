/** `snowgate simulate` with files: what is right is served, what is wrong is told with its place. */
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders } from './folder.ts';
import { run } from './terminal.ts';

afterAll(removeFolders);

const keys = `apiVersion: snowgate/v1
kind: SimulatorKeys
keys:
  - {accessKeyId: AKIDONE, secretAccessKey: made-up-for-this, account: "111122223333"}
`;

/** Starts, prints its line, and is asked to end at once. */
function simulate(cwd: string, ...flags: string[]) {
  const stop = AbortSignal.abort();
  return run(['simulate', '--listen', '127.0.0.1:0', ...flags], { cwd, stop });
}

describe('--keys', () => {
  it('names a file that is read', async () => {
    const { dir } = makeFolder({ 'keys.yaml': keys });
    const ran = await simulate(dir, '--keys', 'keys.yaml');
    expect([ran.exit, ran.stderr]).toEqual([0, '']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ fleets: [{ account: '111122223333' }] });
  });

  it('tells what is wrong in the file, by place, and never shows what stands there', async () => {
    const { dir } = makeFolder({ 'keys.yaml': keys.replace('secretAccessKey', 'secretAcessKey') });
    const ran = await simulate(dir, '--keys', 'keys.yaml');
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toBe(
      'keys.yaml:4:28: error SG1101: unknown key keys[0].secretAcessKey\n    hint: did you mean secretAccessKey?\n',
    );
  });

  it('tells what is wrong with the flags in the same breath', async () => {
    const { dir } = makeFolder({ 'keys.yaml': '' });
    const ran = await simulate(dir, '--keys', 'keys.yaml', '--devices', 'many');
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('keys.yaml:1:1: error SG6006: the file holds no SimulatorKeys');
    expect(ran.stderr).toContain('error SG6001: --devices is "many"');
  });

  it.each([
    ['that is not there', 'none.yaml', 'SG7002: none.yaml does not exist'],
    ['that is a folder', '.', 'SG7002: . is no file'],
  ])('names a file %s', async (_name, path, expected) => {
    const ran = await simulate(makeFolder().dir, '--keys', path);
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain(expected);
  });

  it('contradicts fleets whose keys have no secret', async () => {
    const { dir } = makeFolder({ 'keys.yaml': keys });
    const ran = await simulate(dir, '--keys', 'keys.yaml', '--fleet', '111122223333/us-west-2/AKIDTWO');
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('error SG6004: access key id "AKIDTWO" has no secret');
  });
});
