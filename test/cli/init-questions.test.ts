/** The dialogues, each answered by a script: what is asked, what is refused, and what becomes of the answers. */
import { describe, expect, it } from 'vitest';
import { askInit } from '../../src/cli/init-questions.ts';
import { askTask } from '../../src/cli/new-task-questions.ts';
import type { Asker } from '../../src/cli/questions.ts';
import { answersWith } from './init-world.ts';

/** By the beginning of a question: what is tried, in this order; only the last is taken. Enter where nothing is said. */
type Script = Readonly<Record<string, readonly string[] | string>>;

function scripted(script: Script) {
  const asked: string[] = [];
  const refused: string[] = [];
  const used = new Map<string, number>();
  const answersTo = (message: string): readonly string[] | undefined => {
    asked.push(message);
    const key = Object.keys(script).find((start) => message.startsWith(start));
    if (key === undefined) return undefined;
    const answer = script[key] ?? '';
    // A question that comes again is answered by the next of its list.
    const turn = used.get(key) ?? 0;
    used.set(key, turn + 1);
    return typeof answer === 'string' ? [answer] : answer.slice(turn);
  };
  const asker: Asker = {
    text: async ({ message, fallback = '', begun = fallback, judge }) => {
      for (const answer of answersTo(message) ?? [begun]) {
        const trouble = judge?.(answer) ?? null;
        if (trouble === null) return answer;
        refused.push(trouble);
        used.set('', 0);
      }
      throw new Error(`no answer to "${message}" is taken: ${refused.at(-1)}`);
    },
    choose: async (message, choices, initial) => {
      const answer = answersTo(message)?.[0] ?? initial;
      const chosen = choices.find(({ value }) => value === answer);
      if (chosen === undefined) throw new Error(`${answer} is no choice of "${message}"`);
      return chosen.value;
    },
    chooseMany: async (message, choices, initial) => {
      const answer = answersTo(message)?.[0];
      return answer === undefined
        ? [...initial]
        : choices.map(({ value }) => value).filter((value) => answer.split(',').includes(value));
    },
    confirm: async (message, initial) => {
      const answer = answersTo(message)?.[0];
      return answer === undefined ? initial : answer === 'yes';
    },
    giveUp: () => {
      throw new Error('gave up');
    },
  };
  return { asker, asked, refused };
}

const guess = { sourceUrl: null, timeZone: 'Europe/Oslo', year: 2026 };
const fleet = {
  'Name of the fleet': 'north-sea',
  'AWS region': 'eu-west-1',
  'AWS account': '111122223333',
};

describe('init asks', () => {
  it('as little as it can, and takes what fits', async () => {
    const { asker, asked } = scripted({ ...fleet, 'Who reviews tasks': '@acme/marine' });
    expect(await askInit(asker, {}, guess)).toEqual(
      answersWith({
        fleets: [
          { name: 'north-sea', region: 'eu-west-1', account: '111122223333', labels: { env: 'production' } },
        ],
        policies: [
          'unlock-inside-window',
          'unlock-only-locked',
          'reboot-at-night',
          'reboot-cool-down',
          'production-owner',
        ],
        sourceUrl: 'https://git.example.com/change-me/snow-tasks.git',
        ledgerUrl: 'https://git.example.com/change-me/snow-ledger.git',
        taskOwners: ['@acme/marine'],
        policyOwners: ['@acme/marine'],
      }),
    );
    expect(asked).toHaveLength(13);
  });

  it('nothing that the flags have said', async () => {
    const { asker, asked } = scripted({});
    const known = answersWith({ policies: ['freeze'] });
    expect(await askInit(asker, known, guess)).toEqual(known);
    expect(asked).toEqual([]);
  });

  it('again where the configuration would not take the answer, and says why', async () => {
    const { asker, refused } = scripted({
      'Name of the fleet': ['North Sea', '', 'north-sea'],
      'AWS region': ['Ireland', 'eu-west-1'],
      'AWS account': ['12', '111122223333'],
      Labels: ['production', 'env=pro!duction', 'env=test'],
      'Time zone': ['CET+1', 'Europe/Olso', 'Europe/Oslo'],
      'URL of the tasks': ['http://git.example.com/tasks', 'https://git.example.com/tasks'],
      'URL of the ledger': ['https://a:b@git.example.com/ledger', 'https://git.example.com/ledger'],
      'Who reviews tasks': ['acme', '@acme'],
    });
    const answers = await askInit(asker, {}, guess);
    expect(answers).toMatchObject({ sourceUrl: 'https://git.example.com/tasks', taskOwners: ['@acme'] });
    expect(answers.fleets[0]?.labels).toEqual({ env: 'test' });
    expect(refused).toEqual([
      expect.stringContaining('"North Sea"'),
      expect.stringMatching(/fleets/),
      expect.stringContaining('region'),
      'write twelve digits',
      'write KEY=VALUE,KEY=VALUE',
      expect.stringContaining('labels'),
      'CET+1 is no time zone; write one of IANA, such as Europe/Oslo',
      'Europe/Olso is no time zone; did you mean Europe/Oslo?',
      expect.stringContaining('source.url is http beyond loopback; use https'),
      'ledger.url holds a password; put it into a file and name it in auth',
      'acme is no account of a forge; write @name, @group/team or an e-mail address',
    ]);
  });
});

it('init takes a fleet without labels', async () => {
  const { asker } = scripted({ ...fleet, Labels: 'none' });
  expect((await askInit(asker, {}, guess)).fleets[0]?.labels).toEqual({});
});

describe('new task asks', () => {
  const open = { labels: {}, annotations: {}, tags: {}, after: [] };

  it('for what is not known, of the fleets that there are', async () => {
    const { asker, asked } = scripted({
      Fleet: 'lab',
      'What the devices': 'reboot',
      'Device ids': 'smd-a, smd-b',
      'Name of the task': 'reboot-lab',
      Reason: 'firmware 1.2: see CHG1',
    });
    expect(await askTask(asker, open, ['north-sea', 'lab'], () => null)).toEqual({
      ...open,
      fleet: 'lab',
      command: 'reboot',
      targets: ['smd-a', 'smd-b'],
      name: 'reboot-lab',
      annotations: { reason: 'firmware 1.2: see CHG1' },
    });
    expect(asked).toHaveLength(5);
  });

  it('for no reason where there are annotations, and for a fleet by name where none is known', async () => {
    const { asker, asked } = scripted({ Fleet: 'lab', 'Device ids': 'smd-a' });
    const task = await askTask(asker, { ...open, annotations: { change: 'CHG1' } }, [], () => null);
    expect(task).toMatchObject({
      fleet: 'lab',
      command: 'unlock',
      name: 'unlock-',
      annotations: { change: 'CHG1' },
    });
    expect(asked.map((question) => question.split(' ')[0])).toEqual(['Fleet', 'What', 'Device', 'Name']);
  });
});
