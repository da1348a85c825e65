/** The status of a commit: every outcome counts, the worst wins, and each forge is told in its own words. */
import { afterEach, describe, expect, it } from 'vitest';
import { type StatusForge, statusForges } from '../../src/config/config.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { type CommitStatus, listStatuses, seenCommits } from '../../src/notify/commit-status.ts';
import { createPost } from '../../src/notify/post.ts';
import { emptyStatusBook } from '../../src/notify/status-source.ts';
import { insideText, requireText } from '../controller/documents.ts';
import { refusedCall } from '../controller/scripted-fleet.ts';
import { Watched } from '../http/watched.ts';
import * as samples from '../ledger/events.ts';
import { yaml } from '../plan/stage.ts';
import { Desk, MemoryStore, Story, targetOf } from './desk.ts';
import { type FakeStatuses, startStatuses } from './fake-statuses.ts';

const all = (): boolean => true;
const say = ({ state, description }: CommitStatus): string => `${state}: ${description}`;
const introduced = samples.commitId(2);

function storyStatus(events: readonly LedgerEvent[]): string[] {
  const story = new Story().write(...events);
  const memory = { ...emptyStatusBook, commits: new Map([[samples.tokenA, introduced]]) };
  return listStatuses(story.status(), memory, all).map(say);
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
    expect(listStatuses(story.status(), memory, all).map(say)).toEqual(['failure: failed']);
    expect(listStatuses(story.status(), { ...emptyStatusBook, seq: 0 }, all)).toHaveLength(1);
  });

  it('whose commit is no commit is told of nowhere', () => {
    const bad = samples.claimed();
    const manifest = { ...bad.manifest, commit: '../../../user' };
    expect(storyStatus([{ ...bad, manifest }])).toEqual([]);
  });
});

const statuses = (watched: Watched) => {
  const status = watched.status();
  const commits = seenCommits(status, new Map());
  return listStatuses(status, { ...emptyStatusBook, commits }, all);
};

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
      },
      { key: `${commit} sea`, commit, fleet: 'sea', state: 'pending', description: 'held until 22:00 CET' },
    ]);
  });

  it('are told with the day where that is another one', async () => {
    const watched = new Watched();
    watched.world.commit({ a: yaml({ name: 'a' }) });
    watched.world.rule({ p: insideText(6_000, 6_600) });
    await watched.pass();
    expect(statuses(watched).map(say)).toEqual(['pending: held until Fri 27 Nov 16:00 UTC']);
  });

  it('are told where the file cannot be read, at the commit at which that was seen', async () => {
    const watched = new Watched();
    const first = watched.world.commit({ a: yaml({ name: 'a' }).replace('reboot', 'rebot') });
    await watched.pass();
    const seen = seenCommits(watched.status(), new Map());
    watched.world.commit({ other: yaml({ name: 'other' }) });
    await watched.pass();
    const commits = seenCommits(watched.status(), seen);
    const told = listStatuses(watched.status(), { ...emptyStatusBook, commits }, all);
    expect(told.find(({ commit }) => commit === first)).toMatchObject({
      fleet: 'lab',
      state: 'failure',
      description: 'with errors',
    });
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

describe('a status that is answered with 404', () => {
  let api: FakeStatuses | undefined;
  afterEach(() => api?.close());

  const statusTarget = (apiUrl: string) =>
    targetOf('forge', {
      kind: 'commitStatus',
      forge: 'github',
      apiUrl,
      repository: 'marine/snow-tasks',
      tokenFile: '/secrets/token',
    });
  /** Two commits, of one task each. */
  const stageOf = async () => {
    const watched = new Watched();
    watched.world.rule({ p: insideText(600, 660) });
    const first = watched.world.commit({ a: yaml({ name: 'a' }) });
    const second = watched.world.commit({ b: yaml({ name: 'b' }) });
    await watched.pass();
    return { watched, first, second };
  };
  const offerFor = async (desk: Desk, watched: Watched, minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      desk.notifier.offer(watched.status());
      await new Promise((resolve) => setTimeout(resolve, 5));
      await desk.clock.pass(60_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('keeps no other from its forge, and is taken once its commit is there', async () => {
    api = await startStatuses('github');
    const { posted, apiUrl } = api;
    const { watched, first, second } = await stageOf();
    api.fate = (commit) => (commit === second ? 404 : null);
    const desk = await Desk.open({ targets: [statusTarget(apiUrl)], post: createPost(5_000) });
    await offerFor(desk, watched, 4);
    expect(posted.map(({ commit }) => commit)).toEqual([first]);
    api.fate = () => null;
    await offerFor(desk, watched, 20);
    expect(posted.map(({ commit }) => commit)).toEqual([first, second]);
    expect(desk.log).toMatchObject([{ level: 'warn', fields: { code: 'SG7102' } }]);
    expect(desk.log[0]?.fields['reason']).toContain('permission "Commit statuses"');
    await desk.notifier.close();
  });

  it('is given up after a day, told so, and sent again when it says something else', async () => {
    api = await startStatuses('github');
    const { posted, refusals, apiUrl } = api;
    const { watched } = await stageOf();
    api.fate = () => 404;
    const desk = await Desk.open({ targets: [statusTarget(apiUrl)], post: createPost(5_000) });
    desk.notifier.offer(watched.status());
    for (let hours = 0; hours < 60; hours += 1) {
      desk.notifier.offer(watched.status());
      await new Promise((resolve) => setTimeout(resolve, 5));
      await desk.clock.pass(3_600_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const told = desk.log.filter(({ fields }) => fields['code'] === 'SG7103');
    expect(told[0]?.event).toBe('word was refused for a day, and is not sent again');
    const tries = refusals.length;
    api.fate = () => null;
    await offerFor(desk, watched, 10);
    expect([refusals.length, posted]).toEqual([tries, []]);
    watched.world.rule({ p: insideText(700, 760) });
    await watched.pass();
    await offerFor(desk, watched, 10);
    expect(posted).toHaveLength(2);
    await desk.notifier.close();
  });

  it('or is refused is not taken for one that was sent', async () => {
    api = await startStatuses('github');
    const { posted, refusals, apiUrl } = api;
    const { watched } = await stageOf();
    const store = new MemoryStore();
    const desk = await Desk.open({ targets: [statusTarget(apiUrl)], post: createPost(5_000), store });
    const rule = async (fromMinutes: number): Promise<void> => {
      watched.world.rule({ p: insideText(fromMinutes, 1_000) });
      await watched.pass();
      await offerFor(desk, watched, 3);
    };
    await rule(600);
    api.fate = () => 422;
    await rule(700);
    expect(store.text).toContain('22:00');
    expect(store.text).not.toContain('23:40');
    api.fate = () => null;
    await rule(700);
    await rule(600);
    expect([posted.length, refusals.length]).toEqual([2, 2]);
    await rule(720);
    expect(posted).toHaveLength(4);
    await desk.notifier.close();
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
