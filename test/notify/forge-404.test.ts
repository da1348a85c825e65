/** A forge that answers 404: to a commit that it does not have yet, or to a token that may not write. */
import { afterEach, describe, expect, it } from 'vitest';
import { createPost } from '../../src/notify/post.ts';
import { insideText } from '../controller/documents.ts';
import { Watched } from '../http/watched.ts';
import { yaml } from '../plan/stage.ts';
import { Desk, MemoryStore, targetOf } from './desk.ts';
import { type FakeStatuses, startStatuses } from './fake-statuses.ts';

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
  const passReal = async (desk: Desk, seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await desk.clock.pass(1_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
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

  it('makes no other wait, however many there are', async () => {
    api = await startStatuses('github');
    const { posted, apiUrl } = api;
    const { watched, first, second } = await stageOf();
    const later: string[] = [];
    for (const name of ['c', 'd', 'e', 'f', 'g', 'h', 'i']) {
      later.push(watched.world.commit({ [name]: yaml({ name }) }));
    }
    await watched.pass();
    api.fate = (commit) => (commit === second || later.includes(commit) ? 404 : null);
    const desk = await Desk.open({ targets: [statusTarget(apiUrl)], post: createPost(5_000) });
    desk.notifier.offer(watched.status());
    await passReal(desk, 60);
    expect(posted.map(({ commit }) => commit)).toEqual([first]);
    // What is left was tried, and is tried again with growing pauses: what is new does not wait for them.
    desk.notifier.offer(watched.status());
    await passReal(desk, 60);
    const newest = watched.world.commit({ new: yaml({ name: 'new' }) });
    await watched.pass();
    desk.notifier.offer(watched.status());
    await passReal(desk, 10);
    expect(posted.map(({ commit }) => commit)).toEqual([first, newest]);
    await desk.notifier.close();
    expect(desk.clock.sleeping).toBe(0);
  });

  it('is tried again in its time, though the wall clock is set back by days', async () => {
    api = await startStatuses('github');
    const { posted, apiUrl } = api;
    const { watched, first, second } = await stageOf();
    api.fate = () => 404;
    const desk = await Desk.open({ targets: [statusTarget(apiUrl)], post: createPost(5_000) });
    const behind = desk.clock.wall;
    desk.clock.wall += 48 * 3_600_000;
    await offerFor(desk, watched, 3);
    desk.clock.wall = behind;
    api.fate = () => null;
    await offerFor(desk, watched, 20);
    expect(posted.map(({ commit }) => commit).sort()).toEqual([first, second].sort());
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
