/** The status of a commit of which a part cannot be read: no other part of it makes it a success. */
import { describe, expect, it } from 'vitest';
import { finish } from '../../src/lib/turns.ts';
import { keepBroken } from '../../src/notify/commit-memory.ts';
import { type CommitStatus, type StatusMemory, surveyStatuses } from '../../src/notify/commit-status.ts';
import { readCursor } from '../../src/notify/cursor.ts';
import { emptyStatusBook } from '../../src/notify/status-source.ts';
import { makeConfig, policySource } from '../controller/world.ts';
import { Watched } from '../http/watched.ts';
import { yaml } from '../plan/stage.ts';
import { fileOf } from './desk.ts';

const say = ({ state, description }: CommitStatus): string => `${state}: ${description}`;

describe('the revisions of a commit that holds a file that cannot be read', () => {
  const garbage = 'kind: [Task';
  const noKind = 'apiVersion: snowgate/v1\nkind: Nope\nmetadata: {name: nope}\n';

  /** What each look says, each with what the one before has kept, through a file as a restart reads it. */
  async function watch(watched: Watched) {
    let memory: StatusMemory = emptyStatusBook;
    const lookOn = async (wantsFleet: (fleet: string | null) => boolean = () => true) => {
      await watched.pass();
      watched.world.clock.advance(10_000);
      await watched.pass();
      const survey = finish(surveyStatuses(watched.status(), memory, wantsFleet, new Map()));
      const sent = new Map([...memory.sent, ...survey.statuses.map(({ key }) => [key, 'sent'] as const)]);
      const book = { ...memory, ...survey, sent, ledger: 'x' };
      const kept = {
        ...book,
        broken: keepBroken(book.broken),
        brokenFiles: keepBroken(book.brokenFiles),
      };
      memory = readCursor(fileOf('forge', kept))?.statuses.get('forge') ?? emptyStatusBook;
      return survey.statuses.map((one) => `${one.commit} ${one.fleet} ${say(one)}`);
    };
    expect(await lookOn()).toEqual([]);
    return lookOn;
  }

  it.each([
    ['is no YAML', garbage],
    ['is of an unknown kind', noKind],
  ])('that %s they fail with it, until it is mended', async (_what, text) => {
    const watched = new Watched();
    const lookOn = await watch(watched);
    const commit = watched.world.commit({ good: yaml(), bad: text });
    expect(await lookOn()).toEqual([`${commit} lab failure: 1 with errors, 1 running`]);
    watched.world.commit({ other: yaml({ name: 'other', fleet: 'sea' }) });
    const [first, second] = await lookOn();
    expect([first, second].join('\n')).toContain(`${commit} lab failure: 1 with errors, 1 running`);
    watched.world.commit({ bad: null });
    expect(await lookOn()).toContain(`${commit} lab running: running`);
  });

  it('they fail in each of their fleets', async () => {
    const watched = new Watched();
    const lookOn = await watch(watched);
    watched.world.commit({ a: yaml(), b: yaml({ name: 'b', fleet: 'sea' }), c: garbage, d: noKind });
    const told = await lookOn();
    expect(told.map((one) => one.replace(/^\w+ /, '')).sort()).toEqual([
      'lab failure: 2 with errors, 1 running',
      'sea failure: 2 with errors, 1 running',
    ]);
  });

  it('a commit without any, or none that is asked for, has a status without a fleet', async () => {
    const watched = new Watched();
    const lookOn = await watch(watched);
    const first = watched.world.commit({ bad: garbage });
    expect(await lookOn()).toEqual([`${first} null failure: with errors`]);
    const second = watched.world.commit({ good: yaml(), worse: noKind });
    const told = await lookOn((fleet) => fleet !== 'lab');
    expect(told.sort()).toEqual(
      [`${first} null failure: with errors`, `${second} null failure: with errors`].sort(),
    );
  });

  it('one of policies counts where it lies beside them', async () => {
    const watched = new Watched();
    const lookOn = await watch(watched);
    const commit = watched.world.rule({ p: garbage });
    expect(await lookOn()).toEqual([`${commit} null failure: with errors`]);
  });

  it('one of policies from elsewhere is none of their commits', async () => {
    const watched = new Watched({ config: makeConfig({ policySource }) });
    const lookOn = await watch(watched);
    watched.world.rule({ p: garbage }, watched.world.policyOrigin);
    expect(await lookOn()).toEqual([]);
  });

  it('one that broke before anybody looked counts nowhere, also after an update that brings the look', async () => {
    const watched = new Watched();
    watched.world.commit({ bad: garbage });
    const { brokenFiles: _, ...older } = emptyStatusBook;
    const kept = { ...older, ledger: 'x', broken: { names: new Map(), isWhole: true } };
    const memory = readCursor(fileOf('forge', kept))?.statuses.get('forge');
    expect(memory?.broken.isWhole).toBe(true);
    await watched.pass();
    const survey = surveyStatuses(watched.status(), memory ?? emptyStatusBook, () => true, new Map());
    expect(finish(survey).statuses).toEqual([]);
  });
});
