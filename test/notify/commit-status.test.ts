/** The status of a commit: every outcome counts, the worst wins, and each forge is told in its own words. */
import { afterEach, describe, expect, it } from 'vitest';
import { type StatusForge, statusForges } from '../../src/config/config.ts';
import type { ControllerStatus } from '../../src/controller/status.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { finish } from '../../src/lib/turns.ts';
import { keepBroken } from '../../src/notify/commit-memory.ts';
import { type CommitStatus, type StatusMemory, surveyStatuses } from '../../src/notify/commit-status.ts';
import { readCursor } from '../../src/notify/cursor.ts';
import { createPost } from '../../src/notify/post.ts';
import { emptyStatusBook } from '../../src/notify/status-source.ts';
import { insideText, policyText, requireText } from '../controller/documents.ts';
import { refusedCall } from '../controller/scripted-fleet.ts';
import { Watched } from '../http/watched.ts';
import * as samples from '../ledger/events.ts';
import { yaml } from '../plan/stage.ts';
import { Desk, fileOf, MemoryStore, Story, targetOf } from './desk.ts';
import { type FakeStatuses, startStatuses } from './fake-statuses.ts';

const look = (status: ControllerStatus, memory: StatusMemory = emptyStatusBook) =>
  finish(surveyStatuses(status, memory, () => true, new Map()));
const listStatuses = (status: ControllerStatus, memory?: StatusMemory) => look(status, memory).statuses;
const say = ({ state, description }: CommitStatus): string => `${state}: ${description}`;
const introduced = samples.commitId(2);

function storyStatus(events: readonly LedgerEvent[]): string[] {
  const story = new Story().write(...events);
  const memory = { ...emptyStatusBook, commits: new Map([[samples.tokenA, introduced]]) };
  return listStatuses(story.status(), memory).map(say);
}

describe('one revision', () => {
  const issued = [samples.claimed(), samples.issued()];
  const outside: LedgerEvent = {
    ...samples.settled(),
    kind: 'ranOutsideWindow',
    closedAt: '2026-11-23T11:00:00.000Z',
    runs: [{ device: 'smd-1', startedAt: '2026-11-23T11:30:00.000Z', cause: 'lostRace' }],
  };
  it.each<[string, LedgerEvent[], string[]]>([
    ['claimed', [samples.claimed()], ['running: being asked']],
    ['issued', issued, ['running: running']],
    ['refused', [samples.claimed(), samples.refused()], ['failure: refused by AWS']],
    ['in doubt', [samples.claimed(), samples.unknown()], ['pending: in doubt']],
    ['ambiguous', [samples.claimed(), samples.unknown(), samples.ambiguous()], ['failure: ambiguous']],
    ['doubled', [samples.claimed(), samples.unknown(), samples.doubled()], ['failure: DOUBLED']],
    ['succeeded', [...issued, samples.settled({ outcome: 'succeeded' })], ['success: done']],
    ['partial', [...issued, samples.settled({ outcome: 'partial' })], ['failure: partly done']],
    ['failed', [...issued, samples.settled({ outcome: 'failed' })], ['failure: failed']],
    ['canceled', [...issued, samples.settled({ outcome: 'canceled' })], ['failure: cancelled']],
    ['missed', [...issued, samples.settled({ outcome: 'missed' })], ['failure: missed']],
    ['vanished', [...issued, samples.settled({ outcome: 'vanished' })], ['failure: vanished']],
    [
      'outside',
      [...issued, outside, samples.settled({ outcome: 'succeeded' })],
      ['failure: outside the window'],
    ],
    ['denied', [samples.noted({ reason: 'denied' })], ['failure: denied']],
    ['expired', [samples.noted({ reason: 'expired' })], ['failure: expired']],
    ['withdrawn', [samples.noted({ reason: 'withdrawn' })], ['failure: withdrawn']],
    ['baseline', [samples.baseline()], []],
  ])('that is %s', (_what, events, told) => {
    expect(storyStatus(events)).toEqual(told);
  });

  it('that ended long ago, and of which no status was sent, is left alone', () => {
    const old = { at: '2026-11-01T12:00:00.000Z' };
    const events = [
      samples.claimed(old),
      samples.issued(old),
      samples.settled({ ...old, outcome: 'failed' }),
    ];
    expect(storyStatus(events)).toEqual([]);
    const story = new Story().write(...events);
    const key = `${introduced} lab`;
    const memory = { ...emptyStatusBook, sent: new Map([[key, 'pending running']]) };
    expect(listStatuses(story.status(), memory).map(say)).toEqual(['failure: failed']);
    expect(listStatuses(story.status(), { ...emptyStatusBook, seq: 0 })).toHaveLength(1);
  });

  it('whose commit is no commit is told of nowhere', () => {
    const bad = samples.claimed();
    const manifest = { ...bad.manifest, commit: '../../../user' };
    expect(storyStatus([{ ...bad, manifest }])).toEqual([]);
  });
});

const statuses = (watched: Watched) => listStatuses(watched.status());

describe('the revisions of a commit', () => {
  it('are one status for each fleet, and the worst wins', async () => {
    const watched = new Watched();
    const commit = watched.world.commit({
      a: yaml({ name: 'a' }),
      b: yaml({ name: 'b' }),
      c: yaml({ name: 'c' }),
      far: yaml({ name: 'far', fleet: 'sea' }),
    });
    const zone = { timeZone: 'Europe/Oslo' };
    watched.world.rule({ p: insideText(600, 660, {}, zone, { names: ['c', 'far'] }) });
    watched.world.lab.scripts.push(() => refusedCall);
    await watched.pass();
    watched.world.clock.advance(10_000);
    await watched.pass();
    expect(statuses(watched)).toEqual([
      {
        key: `${commit} lab`,
        commit,
        fleet: 'lab',
        state: 'failure',
        description: '1 refused by AWS, 1 running, 1 held until 22:00 CET',
        revisions: 3,
        isPaused: false,
      },
      {
        key: `${commit} sea`,
        commit,
        fleet: 'sea',
        state: 'pending',
        description: 'held until 22:00 CET',
        revisions: 1,
        isPaused: false,
      },
    ]);
  });

  it('are told with the day where that is another one', async () => {
    const watched = new Watched();
    watched.world.commit({ a: yaml({ name: 'a' }) });
    watched.world.rule({ p: insideText(6_000, 6_600) });
    await watched.pass();
    expect(statuses(watched).map(say)).toEqual(['pending: held until Fri 27 Nov 16:00 UTC']);
  });

  const broken = (name: string) => yaml({ name }).replace('reboot', 'rebot');

  it('are told where the file cannot be read, at the commit at which that was seen, until it is mended', async () => {
    const watched = new Watched();
    await watched.pass();
    let memory: StatusMemory = { ...emptyStatusBook, ...look(watched.status()) };
    const failing = async (): Promise<string[]> => {
      await watched.pass();
      const survey = look(watched.status(), memory);
      memory = { ...memory, ...survey };
      return survey.statuses.flatMap(({ commit, description }) =>
        description === 'with errors' ? [commit] : [],
      );
    };
    const first = watched.world.commit({ a: broken('a') });
    expect(await failing()).toEqual([first]);
    watched.world.commit({ other: yaml({ name: 'other' }) });
    expect(await failing()).toEqual([first]);
    watched.world.commit({ a: yaml({ name: 'a' }) });
    expect(await failing()).toEqual([]);
    const third = watched.world.commit({ a: broken('a') });
    expect(await failing()).toEqual([third]);
  });

  it('that are held say of no more of them when they end than is known', async () => {
    const watched = new Watched();
    watched.world.commit({
      a: yaml({ name: 'a' }),
      b: yaml({ name: 'b' }),
      c: yaml({ name: 'c' }),
      d: yaml({ name: 'd', spec: ['notBefore: 2026-12-01T00:00:00Z'] }),
    });
    watched.world.rule({
      p: insideText(600, 660, {}, {}, { names: ['a', 'b'] }),
      q: policyText('q', [{ name: 'never', require: 'false', otherwise: 'hold' }], { names: ['c'] }),
    });
    await watched.pass();
    expect(statuses(watched).map(say)).toEqual(['pending: 2 held until 22:00 UTC, 2 held']);
  });

  it('are not told of files that broke before anybody looked, however many there are', async () => {
    const watched = new Watched();
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n}`, broken(`f${n}`)]));
    watched.world.commit(files);
    await watched.pass();
    const { decisions } = watched.status();
    const many = Array.from({ length: 100 }, (_, n) =>
      decisions.map((one) => ({ ...one, key: `${one.key}-${n}`, name: `${one.name}-${n}` })),
    ).flat();
    let memory: StatusMemory = emptyStatusBook;
    const restart = (): void => {
      const text = fileOf('forge', { ...memory, ledger: 'x', broken: keepBroken(memory.broken) });
      memory = readCursor(text)?.statuses.get('forge') ?? emptyStatusBook;
    };
    const lookAgain = (): readonly string[] => {
      const status = watched.status();
      const survey = look({ ...status, decisions: [...status.decisions, ...many] }, memory);
      memory = { ...memory, ...survey };
      return survey.statuses.map((one) => `${one.commit} ${say(one)}`);
    };
    expect(lookAgain()).toEqual([]);
    restart();
    const good = watched.world.commit({ good: yaml({ name: 'good' }) });
    watched.world.rule({ p: insideText(600, 660) });
    await watched.pass();
    for (let passes = 0; passes < 3; passes += 1) {
      expect(lookAgain()).toEqual([`${good} pending: held until 22:00 UTC`]);
      restart();
    }
    expect(lookAgain()).toHaveLength(1);
    const bad = watched.world.commit({ bad: broken('bad') });
    await watched.pass();
    expect(lookAgain()).toContain(`${bad} failure: with errors`);
  });
});

describe.each(statusForges)('the API of %s', (forge) => {
  let api: FakeStatuses | undefined;
  afterEach(() => api?.close());

  const forgeTarget = (forgeName: StatusForge, apiUrl: string) =>
    targetOf('forge', {
      kind: 'commitStatus',
      forge: forgeName,
      apiUrl,
      repository: 'marine/snow-tasks',
      tokenFile: '/secrets/token',
    });

  it('is told of each change once, and of nothing again after a restart', async () => {
    api = await startStatuses(forge);
    const { posted, refusals, apiUrl } = api;
    const watched = new Watched();
    const commit = watched.world.commit({ job: yaml() });
    watched.world.rule({ p: insideText(10, 600) });
    const store = new MemoryStore();
    const settings = { targets: [forgeTarget(forge, apiUrl)], post: createPost(5_000), store };
    let desk = await Desk.open(settings);
    const step = async (): Promise<void> => {
      await watched.pass();
      watched.world.clock.advance(10_000);
      await watched.pass();
      desk.notifier.offer(watched.status());
      const before = posted.length;
      await untilReal(desk, () => posted.length > before);
    };
    await step();
    watched.world.clock.advance(11 * 60_000);
    await step();
    await desk.notifier.close();
    desk = await Desk.open(settings);
    desk.notifier.offer(watched.status());
    await realPause(desk);
    const [task] = watched.world.lab.tasks;
    if (task === undefined) throw new Error('nothing was made');
    task.executions = ['FAILED'];
    task.state = 'COMPLETED';
    watched.world.clock.advance(60_000);
    await step();
    const running = forge === 'gitlab' ? 'running' : 'pending';
    const failed = forge === 'gitlab' ? 'failed' : 'failure';
    const name = 'snowgate/lab';
    expect(posted).toEqual([
      { commit, name, state: 'pending', description: 'held until 12:10 UTC' },
      { commit, name, state: running, description: 'running' },
      { commit, name, state: failed, description: 'failed' },
    ]);
    expect(refusals).toEqual([]);
    expect(desk.log).toEqual([]);
    await desk.notifier.close();
  });

  it('is told of a commit of which nothing can be read under a name without a fleet', async () => {
    api = await startStatuses(forge);
    const { posted, apiUrl } = api;
    const watched = new Watched();
    const desk = await Desk.open({ targets: [forgeTarget(forge, apiUrl)], post: createPost(5_000) });
    await watched.pass();
    desk.notifier.offer(watched.status());
    await realPause(desk);
    const commit = watched.world.commit({ bad: 'kind: [Task' });
    await watched.pass();
    desk.notifier.offer(watched.status());
    await untilReal(desk, () => posted.length > 0);
    desk.notifier.offer(watched.status());
    await realPause(desk);
    const state = forge === 'gitlab' ? 'failed' : 'failure';
    expect(posted).toEqual([{ commit, name: 'snowgate', state, description: 'with errors' }]);
    await desk.notifier.close();
  });

  it('is told of what was denied, corrected, and withdrawn', async () => {
    api = await startStatuses(forge);
    const { posted, apiUrl } = api;
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    watched.world.rule({ p: requireText('false', { otherwise: 'deny' }) });
    const desk = await Desk.open({ targets: [forgeTarget(forge, apiUrl)], post: createPost(5_000) });
    const turn = async (): Promise<void> => {
      await watched.pass();
      desk.notifier.offer(watched.status());
      const before = posted.length;
      await untilReal(desk, () => posted.length > before);
      watched.world.clock.advance(30_000);
    };
    await turn();
    watched.world.rule({ p: insideText(600, 660) });
    await turn();
    watched.world.commit({ job: null, other: yaml({ name: 'other' }) });
    await turn();
    await realPause(desk);
    const failed = forge === 'gitlab' ? 'failed' : 'failure';
    const told = posted.map(({ state, description }) => `${state} ${description}`);
    expect(told.slice(0, 2)).toEqual([`${failed} denied`, 'pending held until 22:00 UTC']);
    expect(told.slice(2).sort()).toEqual([`${failed} withdrawn`, 'pending held until 22:00 UTC'].sort());
    await desk.notifier.close();
  });

  it('whose state stands already is left at that, and a wrong token is told once', async () => {
    api = await startStatuses(forge);
    const wrong = targetOf('forge', {
      ...forgeTarget(forge, api.apiUrl).via,
      tokenFile: '/secrets/hmac',
    } as ReturnType<typeof targetOf>['via']);
    const story = new Story().write(samples.claimed());
    const desk = await Desk.open({ targets: [wrong], post: createPost(5_000) });
    desk.notifier.offer(story.status());
    await untilReal(desk, () => (api?.refusals.length ?? 0) > 2);
    await desk.notifier.close();
    const told = desk.log.filter(({ level }) => level === 'error');
    expect(told).toMatchObject([{ fields: { code: 'SG7102', reason: 'it answered 401: Bad credentials' } }]);
    api.posted.push({ commit: introduced, name: 'snowgate/lab', state: 'pending', description: '' });
    const held = { action: 'hold', untilMs: null, reasons: [] } as const;
    const decision = { key: 'lab/job', fleet: 'lab', name: 'job', token: samples.tokenB, ...held };
    const origins = new Map([
      [samples.tokenB, { position: 1, introducedMs: 0, introduced: { id: introduced }, changed: null }],
    ]) as unknown as ReturnType<Story['status']>['origins'];
    const right = await Desk.open({ targets: [forgeTarget(forge, api.apiUrl)], post: createPost(5_000) });
    right.notifier.offer(new Story().status({ decisions: [decision], origins }));
    await untilReal(right, () => right.counts.get('forge sent') === 1);
    expect(right.log).toEqual([]);
    await right.notifier.close();
  });
});

/** With room for sockets. */
async function untilReal(desk: Desk, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await desk.clock.pass(500);
  }
  throw new Error('it never came to that');
}

async function realPause(desk: Desk): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await desk.clock.pass(1_000);
  }
}
