/** What can be written on the command line, and what is said about the rest. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { defaultSeat } from '../../src/simulator/defaults.ts';
import { simulatorFlags } from '../../src/simulator/flags.ts';
import { defaultOptions, simulatorOptions } from '../../src/simulator/options.ts';
import { operationNames } from '../../src/simulator/routes.ts';
import { effectNames } from '../../src/simulator/rules.ts';
import { openSimulator } from '../../src/simulator/server.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { settingKeys } from '../../src/simulator/written.ts';

describe('flags', () => {
  it('left out mean the defaults, on port 4010', () => {
    expect(simulatorOptions({})).toEqual({
      ok: true,
      value: { ...defaultOptions, listen: { host: '127.0.0.1', port: 4010 } },
    });
  });

  it('are all understood', () => {
    const options = simulatorOptions({
      listen: '[::1]:0',
      devices: '3',
      offline: '1',
      seed: '42',
      rule: ['{"operation":"CreateTask","effect":"throttle","times":3}'],
      fleet: ['111122223333/eu-west-1/AKIDONE,AKIDALSO', '444455556666/eu-west-1/AKIDTWO'],
      tokenLife: '0',
      listLag: '500ms',
      listRetention: '24h',
      lateEffect: '30s',
      cancelLag: '1s',
      cancelLoses: 'true',
      pickup: '2s',
      reboot: '3m',
      unlock: '1m',
      executionLife: '7d',
      pageSize: '10',
      listTags: 'false',
      listOrder: 'id',
      openTasksMax: '100',
      tasksMax: '1000',
      skew: '-7m',
      checkSkew: 'false',
    });
    expect(options).toEqual({
      ok: true,
      value: {
        listen: { host: '::1', port: 0 },
        seed: 42,
        fleets: [
          { account: '111122223333', region: 'eu-west-1', accessKeyIds: ['AKIDONE', 'AKIDALSO'], devices: 3 },
          { account: '444455556666', region: 'eu-west-1', accessKeyIds: ['AKIDTWO'], devices: 3 },
        ],
        offline: 1,
        settings: {
          tokenLifeMs: 0,
          listLagMs: 500,
          listRetentionMs: 86_400_000,
          lateEffectMs: 30_000,
          cancelLagMs: 1_000,
          cancelLoses: true,
          pickupMs: 2_000,
          rebootMs: 180_000,
          unlockMs: 60_000,
          executionLifeMs: 604_800_000,
          pageSize: 10,
          listTags: false,
          listOrder: 'id',
          openTasksMax: 100,
          tasksMax: 1_000,
        },
        rules: [{ operation: 'CreateTask', effect: 'throttle', times: 3 }],
        skewMs: -420_000,
        checkSkew: false,
        signingKeys: [],
        steps: [],
      },
    });
  });

  it('have a flag for every setting, named as it is', () => {
    const keys = simulatorFlags.map(({ key }) => key);
    for (const key of settingKeys) expect(keys).toContain(key.replace(/Ms$/, ''));
    for (const { key, flags } of simulatorFlags) {
      const camel = flags
        .replace(/^--| .*$/g, '')
        .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      expect(camel).toBe(key);
    }
  });

  it('choose account and region of the one fleet', () => {
    const options = simulatorOptions({ account: '444455556666', region: 'eu-north-1', devices: '0' });
    expect(options).toMatchObject({
      value: { fleets: [{ ...defaultSeat, account: '444455556666', region: 'eu-north-1', devices: 0 }] },
    });
  });
});

describe('the documentation', () => {
  const text = readFileSync(new URL('../../docs/SIMULATOR.md', import.meta.url), 'utf8');
  it.each([
    ['flag', simulatorFlags.map(({ flags }) => flags.replace(/ .*$/, ''))],
    ['setting', settingKeys.filter((key) => key !== 'listOrder')],
    ['effect', effectNames],
    ['operation', operationNames],
  ])('names every %s', (_name, words) => {
    expect(words.filter((word) => !new RegExp(`${word}\\b`).test(text))).toEqual([]);
  });
});

describe('a flag that is wrong', () => {
  it.each([
    [{ listen: '0.0.0.0:4010' }, 'SG6002', 'loopback'],
    [{ listen: '[::]:4010' }, 'SG6002', 'loopback'],
    [{ listen: 'example.com:4010' }, 'SG6002', 'loopback'],
    [{ listen: '127.0.0.999:1' }, 'SG6002', 'loopback'],
    [{ listen: ':4010' }, 'SG6002', 'loopback'],
    [{ listen: '127.0.0.1' }, 'SG6002', 'HOST:PORT'],
    [{ listen: '127.0.0.1:65536' }, 'SG6002', '65535'],
    [{ devices: '-1' }, 'SG6001', '--devices is "-1"'],
    [{ devices: 'many' }, 'SG6001', '--devices is "many"'],
    [{ devices: '2', offline: '9' }, 'SG6001', '--offline 9 is more than the 2 devices of each fleet'],
    [{ offline: '9' }, 'SG6001', '--offline 9 is more than the 6 devices'],
    [{ tokenLife: '10' }, 'SG6001', '--token-life is "10"'],
    [{ tokenLife: '10 m' }, 'SG6001', '--token-life is "10 m"'],
    [{ reboot: '400d' }, 'SG6001', '366d'],
    [{ pageSize: '0' }, 'SG6001', 'from 1 to 100'],
    [{ listTags: 'yes' }, 'SG6001', 'true or false'],
    [{ listOrder: 'oldst' }, 'SG6001', 'did you mean "oldest"'],
    [{ skew: '--7m' }, 'SG6001', '--skew is "--7m"'],
    [{ checkSkew: 'maybe' }, 'SG6001', 'true or false'],
    [{ rule: ['{'] }, 'SG6001', 'is not JSON'],
    [{ rule: ['{"operation":"CreateTask"}'] }, 'SG6001', 'a rule needs effect'],
    [{ tokenLive: '1m' }, 'SG6003', 'did you mean "tokenLife"'],
    [{ account: '12' }, 'SG6004', 'twelve digits'],
    [{ region: 'EU' }, 'SG6004', 'eu-west-1'],
    [{ fleet: ['x'] }, 'SG6004', 'ACCOUNT/REGION/KEY'],
    [{ fleet: ['111122223333/a/K', '111122223333/a/L'] }, 'SG6004', 'given twice'],
    [{ fleet: ['111122223333/a/K', '444455556666/a/K'] }, 'SG6004', 'speaks for both'],
    [{ fleet: ['111122223333/a/K'], region: 'a' }, 'SG6004', 'leave those flags out'],
    [{ devices: '\u001b[2J' }, 'SG6001', '--devices is "\\u{1b}[2J"'],
  ])('%j: %s ... %s', (written, code, text) => {
    const options = simulatorOptions(written);
    expect(
      options.ok ? [] : options.fault.map((found) => [found.code, found.message.includes(text)]),
    ).toEqual([[code, true]]);
  });

  it('does not hide the others', () => {
    const options = simulatorOptions({ listen: '0.0.0.0:1', devices: 'x', listLag: 'y', nonsense: '1' });
    expect(options.ok ? [] : options.fault.map(({ code }) => code).sort()).toEqual([
      'SG6001',
      'SG6001',
      'SG6002',
      'SG6003',
    ]);
  });
});

describe('opening', () => {
  it('refuses an address beyond loopback, whoever asks', async () => {
    const opened = await openSimulator({ ...defaultOptions, listen: { host: '0.0.0.0', port: 0 } });
    expect(opened).toMatchObject({ ok: false, fault: { code: 'SG6002' } });
  });

  it.each([
    ['no fleet', []],
    ['a fleet twice', [defaultSeat, defaultSeat]],
    [
      'a fleet without a key among others',
      [defaultSeat, { ...defaultSeat, region: 'a', accessKeyIds: ['K'] }],
    ],
  ])('refuses %s', async (_name, fleets) => {
    expect(await openSimulator({ ...defaultOptions, fleets })).toMatchObject({
      ok: false,
      fault: { code: 'SG6004' },
    });
  });

  it('says that the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const opened = await openSimulator({ ...defaultOptions, listen: { host: '127.0.0.1', port } });
    expect(opened).toMatchObject({
      ok: false,
      fault: { code: 'SG6005', message: `cannot listen on 127.0.0.1:${port}: EADDRINUSE` },
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it('begins with the first devices offline', async () => {
    const opened = await openSimulator({ ...defaultOptions, settings: defaultSettings, offline: 2 });
    if (!opened.ok) throw new Error(opened.fault.message);
    const response = await fetch(`${opened.value.endpoint}/_simulator/state`);
    const state = (await response.json()) as { fleets: { devices: { online: boolean }[] }[] };
    await opened.value.close();
    expect(state.fleets[0]?.devices.map(({ online }) => online)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});
