/** What a commit introduced counts for good: also when its events are old, its task is gone, or nobody wrote down that it went. */
import { describe, expect, it } from 'vitest';
import { RecentEvents } from '../../src/controller/recent-events.ts';
import type { ControllerStatus } from '../../src/controller/status.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { readCursor } from '../../src/notify/cursor.ts';
import { emptyStatusBook, StatusSource } from '../../src/notify/status-source.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { insideText } from '../controller/documents.ts';
import { fleetConfig, makeConfig } from '../controller/world.ts';
import { startMs } from '../http/hook-world.ts';
import { Watched } from '../http/watched.ts';
import * as samples from '../ledger/events.ts';
import { yaml } from '../plan/stage.ts';
import { fileOf, forge, Story } from './desk.ts';

const now = { wallMs: startMs, monotonicMs: 0 };
const commit = samples.commitId(2);

/** A forge that takes everything; `restart` goes through the file of the cursor. */
class Forge {
  #source = new StatusSource(forge, emptyStatusBook);

  restart(): void {
    const kept = readCursor(fileOf('forge', this.#source.save()));
    this.#source = new StatusSource(forge, kept?.statuses.get('forge') ?? emptyStatusBook);
  }

  /** What is sent of a status, each as `state words`. */
  async take(status: ControllerStatus): Promise<string[]> {
    const sent: string[] = [];
    for (;;) {
      const job = await this.#source.next({ status, memo: new Map() }, now);
      const request = job?.request('token', startMs);
      if (request == null) return sent;
      const { state, description } = JSON.parse(request.body) as Record<string, string>;
      sent.push(`${state} ${description}`);
      this.#source.note('taken', now);
    }
  }
}

const decisionOf = (token: string, name: string, action: Decision['action']): Decision => ({
  key: `lab/${name}`,
  fleet: 'lab',
  name,
  token,
  action,
  untilMs: null,
  reasons: [],
});
const a = { token: samples.tokenA, name: 'a' };
const b = { token: samples.tokenB, name: 'b' };
type Who = typeof a;
const held = ({ token, name }: Who): Decision => decisionOf(token, name, 'hold');
const done = ({ token, name }: Who): Decision => decisionOf(token, name, 'done');
const life = (who: Who, outcome: 'failed' | 'succeeded'): LedgerEvent[] => [
  samples.claimed(who),
  samples.issued(who),
  samples.settled({ ...who, outcome }),
];
const originsOf = (...all: readonly Who[]) =>
  new Map(
    all.map(({ token }) => [
      token,
      { position: 1, introducedMs: 0, introduced: { id: commit }, changed: null },
    ]),
  ) as unknown as ControllerStatus['origins'];

describe('a revision whose events are none of the newest any more', () => {
  const story = new Story().write(...life(a, 'failed')).write(...life(b, 'succeeded'));
  const gone = { recent: new RecentEvents(), decisions: [done(b)] };

  it('counts as it did, though its task is gone from the source', async () => {
    const api = new Forge();
    expect(await api.take(story.status({ decisions: [done(a), done(b)] }))).toEqual([
      'failure 1 failed, 1 done',
    ]);
    expect(await api.take(story.status(gone))).toEqual([]);
    api.restart();
    expect(await api.take(story.status(gone))).toEqual([]);
  });

  it('counts beside one that waited longer than that', async () => {
    const early = new Story().write(...life(a, 'failed'));
    const api = new Forge();
    const waiting = { decisions: [done(a), held(b)], origins: originsOf(b) };
    expect(await api.take(early.status(waiting))).toEqual(['failure 1 failed, 1 waiting']);
    expect(await api.take(story.status(gone))).toEqual(['failure 1 failed, 1 done']);
  });
});

describe('a task that was never claimed and goes away without a note', () => {
  const story = new Story();
  const waiting = { decisions: [held(a), held(b)], origins: originsOf(a, b) };

  it('is withdrawn, in a fleet that only observes', async () => {
    const config = makeConfig({ fleets: new Map([['lab', fleetConfig('lab', { mode: 'observe' })]]) });
    const watched = new Watched({ config });
    watched.world.rule({ p: insideText(600, 660) });
    watched.world.commit({ job: yaml() });
    await watched.pass();
    const api = new Forge();
    expect(await api.take(watched.status())).toEqual([expect.stringMatching(/^pending held/)]);
    watched.world.commit({ job: null });
    await watched.pass();
    expect(watched.status().decisions).toEqual([]);
    expect(watched.world.kinds()).toEqual([]);
    expect(await api.take(watched.status())).toEqual(['failure withdrawn']);
    expect(await api.take(watched.status())).toEqual([]);
  });

  it('is withdrawn where it went while nobody ran, and so is one of two', async () => {
    const api = new Forge();
    expect(await api.take(story.status(waiting))).toEqual(['pending 2 waiting']);
    api.restart();
    const one = { decisions: [held(b)], origins: originsOf(b) };
    expect(await api.take(story.status(one))).toEqual(['failure 1 withdrawn, 1 waiting']);
    api.restart();
    expect(await api.take(story.status({ decisions: [] }))).toEqual(['failure 2 withdrawn']);
  });

  const { desired } = story.status();
  it.each<[string, Partial<ControllerStatus>]>([
    ['a pass could not judge', { isJudged: false }],
    ['its name is frozen', { desired: desired && { ...desired, frozen: new Set(['lab/a']) } }],
    ['a file may hold it', { desired: desired && { ...desired, quarantined: new Map([['x.yaml', 'any']]) } }],
  ])('is not taken for gone while %s, nor what is left for the whole', async (_what, over) => {
    const api = new Forge();
    await api.take(story.status({ ...waiting, ...over, isJudged: true }));
    expect(await api.take(story.status({ decisions: [], ...over }))).toEqual([]);
    const half = new Story().write(...life(b, 'succeeded'));
    expect(await api.take(half.status({ decisions: [done(b)], ...over }))).toEqual([]);
    const bad = new Story().write(...life(b, 'failed'));
    expect(await api.take(bad.status({ decisions: [done(b)], ...over }))).toEqual(['failure failed']);
    expect(await api.take(story.status(waiting))).toEqual(['pending 2 waiting']);
  });

  it('is not missed in another ledger', async () => {
    const api = new Forge();
    await api.take(story.status(waiting));
    const view = { ...story.ledger.view, ledgerId: 'another' };
    expect(await api.take(story.status({ decisions: [], view }))).toEqual([]);
  });
});
