/** The book that pages are made from: right, bounded, and no older than it promises. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { knownDevices } from '../../src/http/device-names.ts';
import {
  bookAgeMaxMs,
  endedListedMax,
  groupInputOf,
  makeBook,
  type TaskBook,
  TaskBooks,
} from '../../src/http/page-book.ts';
import { makeForges } from '../../src/http/page-forge.ts';
import { windowModel, windowsModel } from '../../src/http/page-windows.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { endedMax } from '../../src/ledger/summary.ts';
import { finish, Turns } from '../../src/lib/turns.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { groupTasks, statusGroups } from '../../src/report/task-groups.ts';
import { claimed, issued, Ledger, noted, settled } from '../ledger/events.ts';
import { type Story, tellStory } from '../pages/story.ts';
import { yaml } from '../plan/stage.ts';
import { doAtOnce } from './at-once.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

const bookOf = (status: ControllerStatus): TaskBook => finish(makeBook(status));

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

describe('a book', () => {
  it('has every task where all of them find room', () => {
    const status = story.status();
    const book = bookOf(status);
    const names = (tasks: readonly { readonly key: string; readonly token: string | null }[] = []) =>
      tasks.map(({ key, token }) => `${key} ${token}`).sort();
    const all = groupTasks(groupInputOf(status));
    for (const group of statusGroups)
      expect(names(book.groups.get(group))).toEqual(names(all.filter((task) => task.group === group)));
    expect(book.older).toEqual({ ended: 0, quiet: 0 });
    expect(book.byFleet.get('north-sea')).toMatchObject({ inFlight: 1 });
    expect(book.byWindow.get('north-sea-nights')?.number).toBe(1);
    expect(book.byWindow.get('depot-days')).toBeUndefined();
  });
});

describe('a page of the book', () => {
  it('bears the name of the pass that the book is of, and not of one that has ended since', async () => {
    let ended = 0;
    const status = (): ControllerStatus => {
      ended += 1;
      const plain = story.status();
      return { ...plain, passes: { ...plain.passes, ended } };
    };
    const answer = await appOf('web', story, { status })(ask('/', bearer));
    expect([ended, await answer.text()]).toEqual([3, expect.stringContaining('life-1.2.0')]);
  });

  it('takes the later word where a revision is decided twice', () => {
    const status = story.status();
    const [first] = status.decisions;
    if (first === undefined) throw new Error('nothing is decided');
    const decisions: Decision[] = [
      { ...first, action: 'deny' },
      { ...first, action: 'hold', reasons: [] },
    ];
    const book = bookOf({ ...status, decisions });
    expect(book.groups.get('waiting')?.map(({ state }) => state)).toEqual(['hold']);
    expect(book.groups.get('needsPerson')?.map(({ key }) => key)).not.toContain(first.key);
  });

  it('counts in the list of windows what waits, and shows it on the page of one', () => {
    const status = story.status();
    const { config } = story.life.c;
    const world = { status, config, forges: makeForges(config), tasks: bookOf(status), showsDevices: true };
    const { rows } = finish(windowsModel(world)).windows;
    expect(rows.map(({ id, waiting }) => [id, waiting])).toEqual([
      ['window-depot-days', { rows: [], more: 0 }],
      ['window-north-sea-nights', { rows: [], more: 1 }],
    ]);
    expect(windowModel(world, 'north-sea-nights')?.waiting).toMatchObject({ rows: [{}], more: 0 });
  });

  it('begins with the revision that Git asks for, whichever came last', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml({ spec: ['notBefore: 2027-06-01T00:00:00Z'] }) });
    await watched.pass();
    const status = watched.status();
    const token = status.desired?.tasks.get('lab/job')?.manifest.token ?? '';
    const { view } = new Ledger().write(noted({ token }), noted());
    const web = appOf('web', watched, { status: () => ({ ...status, view }) });
    const text = await (await web(ask('/tasks/lab/job', bearer))).text();
    expect(text).toContain('What Git asks for now');
    expect(text).toContain('Earlier revisions <span class="number">1</span>');
  });
});

describe('a ledger of years', () => {
  const number = endedListedMax + 500;
  const at = (index: number): string => new Date(Date.UTC(2020, 0, 1) + index * 60_000).toISOString();
  const tokenOf = (index: number): string => String(index).padStart(64, '0');

  /** The first of all has failed, and its manifest is still there. */
  function life(index: number): LedgerEvent[] {
    const base = { token: tokenOf(index), name: `n${index}`, at: at(index) };
    const device = `smd-${index}`;
    const request = { ...claimed(base).request, targets: [device] };
    const isBad = index === 0;
    const executions = [{ device, state: isBad ? 'FAILED' : 'SUCCEEDED', executionId: 'ex-1' }];
    return [
      claimed({ ...base, request } as Parameters<typeof claimed>[0]),
      issued({ ...base, taskId: `st-${index}` }),
      settled({ ...base, executions, outcome: isBad ? 'failed' : 'succeeded' }),
    ];
  }

  let watched: Watched;
  let status: ControllerStatus;
  beforeAll(async () => {
    const ledger = new Ledger();
    for (let index = 0; index < number; index += 1) ledger.write(...life(index));
    watched = new Watched();
    watched.world.commit({ n0: yaml({ name: 'n0', targets: ['smd-0'] }) });
    await watched.pass();
    const plain = watched.status();
    const manifest = plain.desired?.tasks.get('lab/n0')?.manifest;
    if (manifest === undefined) throw new Error('it is not wanted');
    // As it was asked for, so that it is the same revision.
    const receipt = ledger.receipt(tokenOf(0));
    ledger.view.receipts.delete(tokenOf(0));
    ledger.view.receipts.set(manifest.token, { ...receipt, token: manifest.token });
    ledger.view.tokensByKey.set('lab/n0', [manifest.token]);
    ledger.view.summary.badEnds.set('lab/n0', manifest.token);
    status = { ...plain, view: ledger.view, decisions: [] };
  });

  const textOf = async (path: string): Promise<string> => {
    const answer = await appOf('web', watched, { status: () => status })(ask(path, bearer));
    return (await answer.text()).replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
  };

  it('is listed as far as anybody reads, the newest, and counted beyond', () => {
    const { value: book, stops } = doAtOnce(makeBook(status));
    const ended = book.groups.get('ended') ?? [];
    const share = endedMax;
    expect(ended).toHaveLength(share);
    expect(ended[0]?.key).toBe(`lab/n${number - 1}`);
    expect(ended.at(-1)?.key).toBe(`lab/n${number - share}`);
    expect(book.older).toEqual({ ended: number - 1 - share, quiet: 0 });
    expect(stops).toBeGreaterThan(20);
  });

  it('keeps what needs somebody, however old it is', () => {
    const keys = bookOf(status)
      .groups.get('needsPerson')
      ?.map(({ key }) => key);
    expect(keys).toEqual(['lab/n0']);
  });

  it('says on its pages what they leave out', async () => {
    const cut = `Of ${number - 1} ended tasks of all fleets the newest ${endedMax} are listed: snowgate ledger list has all of them.`;
    expect(await textOf('/')).toContain(`and ${number - 11} more: the newest ${endedMax}`);
    const found = await textOf(`/tasks?text=${tokenOf(1)}`);
    expect(found).toContain('No task is like that.');
    expect(found).toContain(cut);
    expect(await textOf('/fleets/lab')).toContain(cut);
  });

  it('has a page for each task and device all the same', async () => {
    expect(await textOf('/tasks/lab/n1')).toContain('The newest revision');
    const device = await textOf('/devices/lab/smd-1');
    expect(device).toContain('Tasks on it 1');
    expect(device).toMatch(/lab\/n1\D/);
  });

  it('lists of what was noted alone no more either', () => {
    const ledger = new Ledger();
    const notes = Array.from({ length: number }, (_, index) =>
      noted({ token: tokenOf(index), name: `n${index}` }),
    );
    ledger.write(...notes);
    const book = bookOf({ ...status, view: ledger.view });
    expect(book.groups.get('ended')).toHaveLength(endedListedMax);
    expect(book.older.ended).toBe(500);
  });
});

describe('the books', () => {
  async function watch() {
    const watched = new Watched();
    watched.world.commit({ job: yaml({ spec: ['notBefore: 2027-06-01T00:00:00Z'] }) });
    await watched.pass();
    let over: Partial<ControllerStatus> = {};
    const books = new TaskBooks(() => ({ ...watched.status(), ...over }), new Turns());
    return { watched, books, show: (more: Partial<ControllerStatus>) => (over = more) };
  }

  it('are one for all that ask before the next pass', async () => {
    const { books, watched } = await watch();
    const [first, second] = await Promise.all([books.read(), books.read()]);
    expect(second).toBe(first);
    expect(await books.read()).toBe(first);
    await watched.pass();
    expect(await books.read()).not.toBe(first);
  });

  it('are made anew when something halts', async () => {
    const { books, show } = await watch();
    const first = await books.read();
    show({ halts: [{ code: 'SG6201', message: 'rewritten' }] });
    expect(await books.read()).not.toBe(first);
  });

  it('lag behind a ledger that grows, and no longer than they say', async () => {
    const { books, show, watched } = await watch();
    const { atMs, view } = watched.status();
    if (view === null) throw new Error('no view');
    show({ atMs });
    const first = await books.read();
    const grown = { ...view, seq: view.seq + 1 };
    show({ atMs: atMs + bookAgeMaxMs - 1, view: grown });
    expect(await books.read()).toBe(first);
    show({ atMs: atMs + bookAgeMaxMs, view: grown });
    expect(await books.read()).not.toBe(first);
  });

  it('give nobody one that was begun before the pass that they have heard of', async () => {
    const { books, watched } = await watch();
    const early = books.read();
    await watched.pass();
    const late = books.read();
    expect((await early).revision).not.toBe((await late).revision);
    expect((await late).revision).toBe(`life-1.2.0`);
  });

  it('survive a bug', async () => {
    const { books, show } = await watch();
    show({ decisions: [{ key: 'lab/job', token: null, action: 'hold' }] as unknown as Decision[] });
    await expect(books.read()).rejects.toThrow();
    show({});
    expect((await books.read()).groups.get('waiting')).toHaveLength(1);
  });
});

describe('the devices that are hidden', () => {
  it('are those of the source, of the ledger, of AWS, and of the source as it was before', () => {
    const view = new Ledger().write(claimed()).view;
    const status = story.status();
    const [fleet] = status.fleets;
    if (fleet === undefined) throw new Error('no fleet');
    const fleets = [{ ...fleet, devices: new Set(['smd-listed']) }];
    const known = knownDevices({ desired: null, view, fleets }, status.desired);
    for (const device of ['smd-1', 'smd-listed', 'smd-k2pv9dgh5w7rlc4f'])
      expect([device, known.has(device)]).toEqual([device, true]);
    expect(known.has('smd-nobody')).toBe(false);
    expect(
      knownDevices({ desired: status.desired, view: null, fleets: [] }).has('smd-k2pv9dgh5w7rlc4f'),
    ).toBe(true);
  });
});
