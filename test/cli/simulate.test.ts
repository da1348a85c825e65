/** `snowgate simulate` with files: what is right is served, what is wrong is told with its place. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders } from './folder.ts';
import { run } from './terminal.ts';

afterAll(removeFolders);

const repository = fileURLToPath(new URL('../..', import.meta.url));

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

describe('--scenario', () => {
  const scenario = `apiVersion: snowgate/v1
kind: Scenario
fleets:
  - {account: "111122223333", region: eu-west-1, devices: [{name: aurora, id: smd-aurora}, {name: buoy, count: 2}]}
timeline:
  - {at: 10s, devices: [aurora], online: false}
`;

  it('says which devices there are', async () => {
    const { dir } = makeFolder({ 'night.yaml': scenario });
    const ran = await simulate(dir, '--scenario', 'night.yaml');
    expect([ran.exit, ran.stderr]).toEqual([0, '']);
    const { fleets } = JSON.parse(ran.stdout) as { fleets: { region: string; devices: string[] }[] };
    expect(fleets).toMatchObject([{ region: 'eu-west-1', devices: { length: 3 } }]);
    expect(fleets[0]?.devices[0]).toBe('smd-aurora');
  });

  it('is the example of the documentation', async () => {
    const ran = await simulate(repository, '--scenario', 'examples/scenarios/rough-sea.yaml');
    expect([ran.exit, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('smd-zyk3cvdyumgqvlbf');
  });

  it('tells every problem of the file by its place, and those of the flags beside', async () => {
    const wrong = scenario.replace('online', 'onlin').replace('region', 'regoin');
    const { dir } = makeFolder({ 'night.yaml': wrong, 'keys.yaml': 'kind: x' });
    const ran = await simulate(dir, '--scenario', 'night.yaml', '--keys', 'keys.yaml', '--seed', 'x');
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr.split('\n').filter((line) => line.includes('error'))).toEqual([
      expect.stringMatching(/^keys.yaml:1:1: error SG1102: apiVersion is missing/),
      expect.stringMatching(/^keys.yaml:1:1: error SG1102: keys is missing/),
      expect.stringMatching(/^keys.yaml:1:7: error SG1104: kind must be SimulatorKeys/),
      expect.stringMatching(/^night.yaml:4:31: error SG1101: unknown key fleets\[0\].regoin$/),
      expect.stringMatching(/^night.yaml:6:34: error SG1101: unknown key timeline\[0\].onlin$/),
      'error SG6001: --seed is "x": it must be a whole number from 0 to 4294967295',
    ]);
    expect(ran.stderr).toContain('hint: did you mean region?');
    expect(ran.stderr).toContain('hint: did you mean online?');
  });

  it.each([['devices'], ['offline'], ['account'], ['region'], ['fleet']])(
    'contradicts --%s',
    async (flag) => {
      const { dir } = makeFolder({ 'night.yaml': scenario });
      const value =
        flag === 'fleet' ? '111122223333/us-west-2/AKID' : flag === 'account' ? '111122223333' : '1';
      const ran = await simulate(dir, '--scenario', 'night.yaml', `--${flag}`, value);
      expect(ran.exit).toBe(2);
      expect(ran.stderr).toContain(
        `error SG6004: --scenario says which devices there are: leave --${flag} out`,
      );
    },
  );
});
