/** What a scenario file may say, and that what is wrong with one is told with its place. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changeKeys } from '../../src/simulator/device-change.ts';
import { readKeysFile } from '../../src/simulator/keys-file.ts';
import { simulatorOptions } from '../../src/simulator/options.ts';
import { readScenario } from '../../src/simulator/scenario.ts';
import { scenarioSchema } from '../../src/simulator/scenario-schema.ts';
import { createService } from '../../src/simulator/service.ts';
import { playTimeline } from '../../src/simulator/timeline.ts';
import { fleet, head, optionsOf } from './scenarios.ts';

function told(text: string): string {
  const read = readScenario(Buffer.from(text));
  if (read.ok) return '';
  return read.problems
    .map(
      ({ line, column, code, message, hint }) =>
        `${line}:${column} ${code} ${message}${hint ? `; ${hint}` : ''}`,
    )
    .join('\n');
}

describe('a scenario', () => {
  it('is one of several fleets, groups and seeds, in JSON as well', () => {
    const text = JSON.stringify({
      apiVersion: 'snowgate/v1',
      kind: 'Scenario',
      seed: 42,
      settings: { tokenLife: '0s', pageSize: 3, listTags: false, listOrder: 'id', cancelLoses: true },
      fleets: [
        {
          account: '111122223333',
          region: 'eu-west-1',
          accessKeyIds: ['AKIDONE'],
          devices: [{ name: 'x', count: 2 }],
        },
        { account: '444455556666', region: 'eu-west-1', accessKeyIds: ['AKIDTWO'], devices: [] },
      ],
    });
    expect(optionsOf(text)).toMatchObject({
      seed: 42,
      settings: {
        tokenLifeMs: 0,
        pageSize: 3,
        listTags: false,
        listOrder: 'id',
        cancelLoses: true,
        rebootMs: 5_000,
      },
      fleets: [
        { accessKeyIds: ['AKIDONE'], devices: [{ name: 'x-1' }, { name: 'x-2' }] },
        { account: '444455556666', devices: [] },
      ],
      steps: [],
    });
  });

  it('yields to flags, and does not let them say which devices there are', () => {
    const text = `${head}${fleet}seed: 3\nsettings: {reboot: 1m, unlock: 1m}\nrules: [{operation: "*", effect: throttle}]\n`;
    const rule = ['{"operation":"ListTasks","effect":"internal"}'];
    expect(optionsOf(text, { seed: '9', reboot: '2m', rule })).toMatchObject({
      seed: 9,
      settings: { rebootMs: 120_000, unlockMs: 60_000 },
      rules: [{ effect: 'internal' }, { effect: 'throttle' }],
    });
    const scenario = readScenario(Buffer.from(text));
    if (!scenario.ok) throw new Error('bad scenario');
    const flags = { devices: '3', offline: '1', account: '111122223333', region: 'us-west-2', fleet: ['x'] };
    const options = simulatorOptions(flags, { scenario: scenario.value });
    expect(options.ok ? [] : options.fault.map(({ code, message }) => `${code} ${message}`)).toEqual(
      Object.keys(flags).map((key) => `SG6004 --scenario says which devices there are: leave --${key} out`),
    );
  });

  it.each([
    ['nothing', '', '1:1 SG6006 the file holds no Scenario; write one document of kind: Scenario'],
    ['no fleet', `${head.trim()} []\n`, '3:9 SG1106 fleets is empty'],
    [
      'another kind',
      (head + fleet).replace('Scenario', 'Senario'),
      '2:7 SG1104 kind must be Scenario, not "Senario"; did you mean Scenario?',
    ],
    [
      'a misspelt key',
      `${head}${fleet}timelime: []\n`,
      '7:1 SG1101 unknown key timelime; did you mean timeline?',
    ],
    [
      'a misspelt member of a device',
      head + fleet.replace('{name: b}', '{name: b, onlin: false}'),
      '6:36 SG1101 unknown key fleets[0].devices[1].onlin; did you mean online?',
    ],
    [
      'a misspelt setting',
      `${head}${fleet}settings: {tokenLive: 1m}\n`,
      '7:12 SG1101 unknown key settings.tokenLive; did you mean tokenLife?',
    ],
    [
      'a setting without a unit',
      `${head}${fleet}settings: {reboot: "5"}\n`,
      '7:20 SG1105 settings.reboot "5" is not written as it must be; a time with its unit',
    ],
    [
      'a setting out of bounds',
      `${head}${fleet}settings: {reboot: 400d}\n`,
      '7:20 SG6009 reboot is "400d": it must be a time from 0 to 366d',
    ],
    [
      'a misspelt effect',
      `${head}${fleet}rules: [{operation: "*", effect: throtle}]\n`,
      '7:34 SG1104 rules[0].effect must be',
    ],
    [
      'a rule that cannot be',
      `${head}${fleet}rules: [{operation: "*", effect: slow, delayMs: -1}]\n`,
      '7:9 SG6009 delayMs is "-1"',
    ],
    [
      'an account that is a number',
      (head + fleet).replaceAll('"', ''),
      '4:14 SG1103 fleets[0].account must be text',
    ],
    [
      'a name twice',
      head + fleet.replace('{name: b}', '{name: a}'),
      '6:33 SG6007 the name a is taken; names are unique in the whole scenario',
    ],
    [
      'a name that a group has',
      head + fleet.replace('{name: b}', '{name: c-2}'),
      '6:46 SG6007 the name c-2 is taken',
    ],
    [
      'an id twice',
      head + fleet.replace('{name: a}, {name: b}', '{name: a, id: x}, {name: b, id: x}'),
      '6:47 SG6007 the id x is taken in this fleet',
    ],
    [
      'an id for several',
      head + fleet.replace('count: 2', 'count: 2, id: x'),
      '6:61 SG6009 several devices cannot have one id',
    ],
    [
      'a reserved tag',
      head + fleet.replace('{name: a}', '{name: a, tags: {"aws:x": y}}'),
      '6:31 SG6009 1 validation error detected',
    ],
    ['too many devices', head + fleet.replace('count: 2', 'count: 100001'), '6:54 SG1107'],
    [
      'too many devices together',
      head + fleet.replace('count: 2', 'count: 99999'),
      '6:37 SG6009 a fleet has at most 100000 devices',
    ],
  ])('with %s says where and what', (_name, text, expected) => {
    expect(told(text)).toContain(expected);
  });

  it.each([
    ['no time', '{online: true}', '8:5 SG1102 timeline[0].at is missing'],
    ['a time that is none', '{at: soon, online: true}', '8:10 SG1105 timeline[0].at "soon"'],
    ['a time too far', '{at: 400d, online: true}', '8:10 SG6009 at is "400d"'],
    ['nothing', '{at: 1s}', '8:5 SG6009 nothing happens at this step; write one of present, online'],
    ['only devices', '{at: 1s, devices: [a]}', '8:5 SG6009 nothing happens'],
    [
      'two things',
      '{at: 1s, online: true, clearRules: true}',
      '8:5 SG6009 a step is one thing, not online and clearRules',
    ],
    [
      'devices beside a task',
      '{at: 1s, devices: [a], clearRules: true}',
      '8:23 SG6009 devices says nothing beside clearRules',
    ],
    [
      'an unknown device',
      '{at: 1s, devices: [a, d-1], online: true}',
      '8:27 SG6008 no device is called d-1; did you mean c-1?',
    ],
    ['an unknown task', '{at: 1s, cancel: tsk}', '8:22 SG6008 no task of the timeline is called tsk'],
    [
      'a misspelt end',
      '{at: 1s, outcomes: [{outcome: FAILD}]}',
      'SG1104 timeline[0].outcomes[0].outcome must be',
    ],
    [
      'a misspelt command',
      '{at: 1s, outcomes: [{outcome: FAILED, comand: unlock}]}',
      'unknown key timeline[0].outcomes[0].comand; did you mean command?',
    ],
    [
      'every without times',
      '{at: 1s, every: 1s, online: true}',
      '8:21 SG6009 every says nothing without times',
    ],
    [
      'times without every',
      '{at: 1s, times: 2, online: true}',
      '8:21 SG6009 times says nothing without every',
    ],
    ['too many repetitions', '{at: 1s, every: 1s, times: 10001, online: true}', 'SG1107'],
    [
      'repetitions beyond a year',
      '{at: 1s, every: 300d, times: 3, online: true}',
      '8:34 SG6009 the last time is more than 366d',
    ],
    [
      'an order of listing',
      '{at: 1s, settings: {listOrder: id}}',
      'unknown key timeline[0].settings.listOrder',
    ],
    [
      'a target that is not there',
      '{at: 1s, task: {command: reboot, targets: [z]}}',
      'SG6008 no device is called z',
    ],
    [
      'a target twice',
      '{at: 1s, task: {command: reboot, targets: [c, c-1]}}',
      '8:20 SG6009 1 validation error detected',
    ],
    [
      'a description that AWS refuses',
      '{at: 1s, task: {command: reboot, targets: [a], description: a-b}}',
      'SG6009 1 validation error detected',
    ],
    [
      'rules that are not cleared',
      '{at: 1s, clearRules: false}',
      'SG1104 timeline[0].clearRules must be true',
    ],
  ])('with a step of %s says where and what', (_name, step, expected) => {
    expect(told(`${head}${fleet}timeline:\n  - ${step}\n`)).toContain(expected);
  });

  it('has at most so many steps, repetitions counted', () => {
    const step = '  - {at: 1s, every: 1s, times: 6000, online: true}\n';
    expect(told(`${head}${fleet}timeline:\n${step}${step}`)).toBe(
      '9:5 SG6009 a timeline has at most 10000 steps, repetitions counted',
    );
  });

  it('has the targets of a task in one fleet', () => {
    const other = fleet.replace('us-west-2', 'eu-west-1').replace(/devices:.*/, 'devices: [{name: far}]');
    const step = 'timeline:\n  - {at: 1s, task: {command: reboot, targets: [a, far]}}\n';
    expect(told(head + fleet + other + step)).toContain('SG6009 the targets of a task are of one fleet');
  });

  it('shows no more problems than anybody reads, and nothing that acts on a terminal', () => {
    const steps = Array.from(
      { length: 5_000 },
      (_, index) => `  - {at: 1s, devices: [x${index}], online: true}\n`,
    );
    expect(told(`${head}${fleet}timeline:\n${steps.join('')}`).split('\n')).toHaveLength(50);
  });

  it.each([
    ['deep nesting', '['.repeat(100_000)],
    ['an alias', 'a: &a [1]\nb: *a\n'],
    ['a mebibyte and more', `# ${'x'.repeat(1024 * 1024)}`],
    ['no text', '\0\0\0\0'],
    ['a list', '- a\n'],
  ])('that is %s is refused', (_name, text) => {
    expect(readScenario(Buffer.from(text)).ok).toBe(false);
  });
});

describe('the documentation', () => {
  const text = readFileSync(new URL('../../docs/SIMULATOR.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => Buffer.from(block));
  it('shows files that can be read, and a scenario that goes as it is written', () => {
    const [scenario, keys, ...others] = blocks;
    const service = createService(optionsOf(String(scenario)), 0);
    playTimeline(service, 86_400_000);
    expect(service.timeline).toMatchObject({ played: service.timeline.steps.length, notes: [] });
    expect(readKeysFile(keys ?? Buffer.from(''))).toMatchObject({ ok: true, value: { length: 2 } });
    expect(others).toEqual([]);
  });

  it.each([
    ['key', Object.keys(scenarioSchema.properties as object)],
    ['part of a step', [...changeKeys, 'task', 'cancel', 'rule', 'clearRules', 'settings', 'every', 'times']],
  ])('names every %s of a scenario', (_name, words) => {
    const part = text.slice(text.indexOf('## Scenarios'), text.indexOf('## The control paths'));
    expect(words.filter((word) => !part.includes(word))).toEqual([]);
  });
});
