/** Delivery: in order, as it is asked for, with patience; and nobody waits for anybody else. */
import { describe, expect, it } from 'vitest';
import type { Post } from '../../src/notify/post.ts';
import { StepClock } from '../http/hook-world.ts';
import { claimed, issued, settled } from '../ledger/events.ts';
import {
  answered,
  at,
  breathe,
  Desk,
  eventsIn,
  idsOf,
  problem,
  receiver,
  Story,
  siem,
  slack,
  slackUrl,
  storyOf,
  targetOf,
  webhookTo,
} from './desk.ts';

const hour = 3_600_000;

describe('what waits', () => {
  it('is sent in the order of the ledger, signed, once', async () => {
    const { post, requests, taken } = receiver();
    const desk = await Desk.open({ targets: [siem], post });
    const story = storyOf(5);
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 5);
    desk.notifier.offer(story.status());
    await desk.pass(60_000);
    expect(taken).toEqual(idsOf(story));
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'snowgate/1.2.3',
      'x-snowgate-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    });
    expect(desk.counts.get('siem sent')).toBe(5);
    await desk.notifier.close();
  });

  it('is what the target asks for', async () => {
    const { post, taken } = receiver();
    const only = targetOf('siem', webhookTo(), { fleets: ['sea*'], events: ['issued'], severity: 'info' });
    const desk = await Desk.open({ targets: [only], post });
    const story = new Story().tell(
      issued({ fleet: 'lab' }),
      issued({ fleet: 'sea' }),
      settled({ fleet: 'sea' }),
    );
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 1);
    await desk.pass(60_000);
    expect(taken).toEqual([idsOf(story)[1]]);
    await desk.notifier.close();
  });

  it('names devices by the end of their ids to a target that asks for that, and to no other', async () => {
    const { post, requests } = receiver();
    const shy = targetOf('shy', webhookTo('https://shy.example/'), { redactDevices: true });
    const desk = await Desk.open({ targets: [siem, shy], post });
    const story = new Story().write(claimed()).write(issued());
    desk.notifier.offer(story.status());
    await desk.until(() => requests.length === 2);
    const devices = requests.map(({ url, body }) => `${new URL(url).host} ${JSON.parse(body).data.devices}`);
    expect(devices.sort()).toEqual(['shy.example …md-1', 'siem.example smd-1']);
    await desk.notifier.close();
  });

  it('without a cursor is what happened within a day, and how things stand', async () => {
    const { post, taken } = receiver();
    const desk = await Desk.open({ targets: [siem], post });
    const story = new Story().tell(settled({ at: at(-25 * hour) }), settled({ at: at(-23 * hour) }));
    desk.notifier.offer(story.status({ sourceProblems: [problem(1)] }));
    await desk.until(() => taken.length === 2);
    await desk.pass(60_000);
    expect(taken).toEqual([idsOf(story)[1], expect.stringMatching(/^now_[0-9a-f]{32}$/)]);
    await desk.notifier.close();
  });

  it('of a halt that is over is its end, for whoever was told of it, and the next time is news', async () => {
    const { post, requests, taken } = receiver();
    const halts = targetOf('siem', webhookTo(), { events: ['halted'], severity: 'error' });
    const desk = await Desk.open({ targets: [halts], post });
    const story = new Story();
    const halted = story.status({ problems: [{ code: 'SG6201', message: 'rewritten' }] });
    for (const [status, count] of [
      [halted, 1],
      [story.status(), 2],
      [halted, 3],
      [halted, 3],
    ] as const) {
      desk.notifier.offer(status);
      await desk.until(() => taken.length >= count);
      await desk.pass(5_000);
    }
    const [first = ''] = taken;
    expect(taken).toEqual([first, `${first}_end`, `${first}_1`]);
    expect(requests.flatMap(eventsIn).map(({ data }) => data.kind)).toEqual([
      'halted',
      'haltEnded',
      'halted',
    ]);
    await desk.notifier.close();
  });

  it('of a pass that ended early ends nothing', async () => {
    const { post, taken } = receiver();
    const desk = await Desk.open({ targets: [siem], post });
    const story = new Story();
    const standing = { sourceProblems: [problem(1)] };
    desk.notifier.offer(story.status(standing));
    await desk.until(() => taken.length === 1);
    const early = { problems: [{ code: 'SG6206', message: 'away' }], sourceProblems: null } as const;
    desk.notifier.offer(story.status(early));
    await desk.pass(5_000);
    desk.notifier.offer(story.status(standing));
    await desk.pass(5_000);
    expect(taken).toHaveLength(1);
    await desk.notifier.close();
  });
});

describe('a receiver', () => {
  it('that was down for hours is told everything, folded, and nobody is told twice after that', async () => {
    let isDown = true;
    const { post, requests, taken } = receiver(() => (isDown ? 0 : 200));
    const desk = await Desk.open({ targets: [siem], post });
    const story = storyOf(3);
    desk.notifier.offer(story.status());
    for (let hours = 0; hours < 5; hours += 1) {
      storyOf(30, story);
      desk.notifier.offer(story.status());
      await desk.pass(hour, 20);
    }
    expect(taken).toEqual([]);
    expect(requests.length).toBeLessThan(120);
    isDown = false;
    const before = requests.length;
    await desk.until(() => taken.length === 153, 10_000);
    expect(taken).toEqual(idsOf(story));
    expect(requests.length - before).toBeLessThanOrEqual(6);
    const told = desk.log.filter(({ level }) => level === 'warn' || level === 'error');
    expect(told).toMatchObject([{ fields: { target: 'siem', code: 'SG7101', reason: 'ECONNRESET' } }]);
    expect(desk.log.at(-1)).toMatchObject({ event: 'word is taken again' });
    await desk.notifier.close();
  });

  it('that is told by a chat gets one message for a storm', async () => {
    const texts: string[] = [];
    const post: Post = async ({ url, body }) => {
      expect(url).toBe(slackUrl);
      texts.push(JSON.parse(body).text);
      return answered(200, 'ok');
    };
    const desk = await Desk.open({ targets: [targetOf('chat', slack)], post });
    desk.notifier.offer(storyOf(500).status());
    await desk.until(() => texts.length > 0);
    await desk.pass(60_000);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/^\*500 notices: 500 succeeded\*\n/);
    await desk.notifier.close();
  });

  it.each([
    [500, 'again'],
    [503, 'again'],
    [429, 'again'],
    [408, 'again'],
    [301, 'again'],
    [401, 'again'],
    [404, 'again'],
    [400, 'refused'],
    [413, 'refused'],
    [422, 'refused'],
  ])('that answers %d is asked again, or the message is dropped and told once: %s', async (status, what) => {
    let left = 2;
    const { post, requests, taken } = receiver(() => (left-- > 0 ? status : 200));
    const desk = await Desk.open({ targets: [siem], post });
    const story = storyOf(4);
    desk.notifier.offer(story.status());
    await desk.pass(120_000, 60);
    const all = idsOf(story);
    expect(taken).toEqual(what === 'again' ? all : all.slice(2));
    expect(requests).toHaveLength(what === 'again' ? 6 : 4);
    expect(desk.counts.get(`siem ${what === 'again' ? 'retried' : 'refused'}`)).toBe(2);
    expect(desk.log.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
    await desk.notifier.close();
  });

  it('that refuses what is folded gets it one by one, and loses only what it does not like', async () => {
    const bad = '_7_0"';
    const { post, requests, taken } = receiver(({ body }) => (body.includes(bad) ? 413 : 200));
    const desk = await Desk.open({ targets: [siem], post });
    const story = storyOf(60);
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 59);
    await desk.pass(60_000);
    expect(taken).toEqual(idsOf(story).filter((id) => !`${id}"`.endsWith(bad)));
    expect(requests).toHaveLength(1 + 50 + 10);
    await desk.notifier.close();
  });

  it('that asks to wait is waited for, within bounds', async () => {
    const asked: number[] = [];
    const waits = ['60', '86400'];
    const clock = new StepClock();
    const post: Post = async () => {
      asked.push(clock.monotonicMs());
      const wait = waits.shift();
      return wait === undefined ? answered(200) : answered(429, '', { 'retry-after': wait });
    };
    const desk = await Desk.open({ targets: [siem], post, clock });
    desk.notifier.offer(storyOf(1).status());
    await desk.pass(20 * 60_000, 400);
    expect(asked).toHaveLength(3);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBe(60_000);
    expect((asked[2] ?? 0) - (asked[1] ?? 0)).toBe(15 * 60_000);
    await desk.notifier.close();
  });

  it('that never answers keeps no other from its word', async () => {
    const { post: good, taken } = receiver();
    const post: Post = (request, signal) => {
      if (request.url.includes('siem')) return good(request, signal);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'unanswered', why: 'stopped' }));
      });
    };
    const slow = targetOf('slow', webhookTo('https://slow.example/'));
    const desk = await Desk.open({ targets: [slow, siem], post });
    const story = storyOf(5);
    desk.notifier.offer(story.status());
    await desk.until(() => taken.length === 5);
    const closing = desk.notifier.close();
    await desk.pass(900);
    let isClosed = false;
    const closed = closing.then(() => (isClosed = true));
    await breathe();
    expect(isClosed).toBe(false);
    await desk.pass(200);
    await closed;
  });
});

describe('an offer', () => {
  it('returns at once and never throws, whatever it is of', async () => {
    const { post, taken } = receiver();
    const desk = await Desk.open({ targets: [siem], post });
    const broken = new Proxy({} as ReturnType<Story['status']>, {
      get: (_target, name) => {
        throw new TypeError(`no ${String(name)}`);
      },
    });
    desk.notifier.offer(broken);
    await breathe();
    desk.notifier.offer(broken);
    await breathe();
    expect(desk.log).toMatchObject([{ fields: { code: 'SG7107', target: 'siem', reason: 'TypeError' } }]);
    desk.notifier.offer(storyOf(1).status());
    await desk.until(() => taken.length === 1);
    await desk.notifier.close();
    desk.notifier.offer(broken);
  });
});
