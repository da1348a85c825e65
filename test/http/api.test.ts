/** What the API answers; asked without a socket. */
import { describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { taskListJson } from '../../src/http/api.ts';
import type { App } from '../../src/http/app.ts';
import { Cursors } from '../../src/http/cursor.ts';
import { TaskOrder } from '../../src/http/task-order.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { Turns } from '../../src/lib/turns.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { yaml } from '../plan/stage.ts';
import { doAtOnce } from './at-once.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

async function issued(): Promise<Watched> {
  const watched = new Watched();
  watched.world.commit({
    job: yaml(),
    late: yaml({ name: 'late', spec: ['notBefore: 2027-06-01T00:00:00Z'] }),
  });
  for (let turn = 0; turn < 4; turn += 1) {
    await watched.pass();
    watched.world.clock.advance(6_000);
  }
  return watched;
}

interface Listed {
  readonly status: number;
  readonly total: number;
  readonly next: string | null;
  readonly tasks: readonly { readonly name: string; readonly token: string | null }[];
}

/** Every page, each with the `next` of the one before. */
async function readPages(web: App, query = ''): Promise<Listed[]> {
  const pages: Listed[] = [];
  for (let next: string | null | undefined; next !== null; ) {
    const after: string = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
    const answer = await web(ask(`/api/v1/tasks?${query}${after}`, bearer));
    expect(answer.status).toBe(200);
    const page = (await answer.json()) as Listed;
    pages.push(page);
    if (pages.length > 10) throw new Error('the pages have no end');
    next = page.next;
  }
  return pages;
}

/** A status whose tasks have these names, each with a revision. */
function tasksNamed(watched: Watched, ...names: readonly string[]): ControllerStatus {
  const status = watched.status();
  const [one] = status.decisions;
  if (one === undefined) throw new Error('nothing is decided');
  const token = 'f'.repeat(64) as Token;
  const decisions = names.map((name): Decision => ({ ...one, key: `lab/${name}`, name, token }));
  return { ...status, decisions };
}

describe('the API', () => {
  it('tells how everything stands', async () => {
    const watched = await issued();
    const answer = await appOf('web', watched)(ask('/api/v1/status', bearer));
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toMatchObject({
      apiVersion: 'snowgate/v1',
      kind: 'Status',
      replica: 'one',
      ready: true,
      passes: { ended: 4, bugs: 0 },
      source: { head: watched.status().source.head },
      policies: null,
      ledger: { halt: null, refusal: null, unwritten: 0 },
      fleets: [{ name: 'lab', stand: 'open', proved: true }, { name: 'sea' }],
      halts: [],
      tasks: { done: 1, hold: 1, deny: 0 },
      problems: [],
      problemsLeftOut: 0,
    });
  });

  it('lists tasks, page by page', async () => {
    const web = appOf('web', await issued());
    const list = async (query: string): Promise<Listed> => {
      const answer = await web(ask(`/api/v1/tasks${query}`, bearer));
      return { ...((await answer.json()) as Listed), status: answer.status };
    };
    const whole = await list('');
    expect(whole).toMatchObject({ status: 200, kind: 'TaskList', total: 2, next: null });
    expect(whole.tasks).toMatchObject([
      {
        fleet: 'lab',
        name: 'job',
        action: 'done',
        state: 'issued',
        introduced: { commit: expect.stringMatching(/^[0-9a-f]{40}$/), at: null },
        manifest: { path: 'tasks/job.yaml', line: 1 },
      },
      {
        fleet: 'lab',
        name: 'late',
        action: 'hold',
        state: 'pending',
        introduced: { at: expect.any(String) },
      },
    ]);
    const first = await list('?limit=1');
    expect(first.tasks.map(({ name }) => name)).toEqual(['job']);
    const second = await list(`?limit=1&after=${encodeURIComponent(first.next ?? '')}`);
    expect([second.tasks.map(({ name }) => name), second.next]).toEqual([['late'], null]);
    expect((await list('?action=hold')).total).toBe(1);
    expect((await list('?fleet=sea')).total).toBe(0);
    for (const query of [
      '?limit=0',
      '?limit=1001',
      '?limit=x',
      '?action=nonsense',
      '?flet=lab',
      '?limit=2&limit=3',
      '?fleet=lab&fleet=lab',
    ])
      expect([query, (await list(query)).status]).toEqual([query, 400]);
  });

  it('tells what is wrong as JSON, wherever below it that is found', async () => {
    const web = appOf('web', new Watched());
    const told = async (request: Request) => {
      const answer = await web(request);
      return [answer.status, await answer.json()];
    };
    expect(await told(ask('/api/v1/nothing', bearer))).toEqual([404, { problem: 'not found' }]);
    expect(await told(ask('/api/', bearer))).toEqual([404, { problem: 'not found' }]);
    expect(await told(ask('/api/v1/tasks'))).toEqual([401, { problem: 'a token is needed' }]);
    expect(await told(ask('/api/v1/tasks', bearer, 'PUT'))).toEqual([405, { problem: 'method not allowed' }]);
    expect((await web(ask('/apis', bearer))).headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('lists every task once, in order, in answers of a thousand at most', async () => {
    const watched = await issued();
    const [one] = watched.status().decisions;
    if (one === undefined) throw new Error('nothing is decided');
    // Two revisions of each name, one name that begins like another, and what has none; in no order.
    const wanted = Array.from({ length: 1_250 }, (_, index) => `lab/${'j'.repeat(1 + (index % 3))}-${index}`)
      .flatMap((key) => [`${key} `, `${key} ${'0'.repeat(64)}`, `${key} ${'f'.repeat(64)}`])
      .sort();
    const decisions = wanted.map((id): Decision => {
      const [key = '', token = ''] = id.split(' ');
      return { ...one, key, name: key.slice(4), token: token === '' ? null : (token as Token) };
    });
    decisions.reverse();
    const web = appOf('web', watched, { status: () => ({ ...watched.status(), decisions }) });
    const found: string[] = [];
    for (const { total, next, tasks } of await readPages(web)) {
      expect([total, tasks.length]).toEqual([3_750, next === null ? 750 : 1_000]);
      found.push(...tasks.map(({ name, token }) => `lab/${name} ${token ?? ''}`));
    }
    expect(found).toEqual(wanted);
  });

  it('tells one task with its whole receipt, and nothing of a name that nobody knows', async () => {
    const web = appOf('web', await issued());
    const found = await (await web(ask('/api/v1/tasks/lab/job', bearer))).json();
    expect(found).toMatchObject({
      kind: 'TaskDetail',
      fleet: 'lab',
      name: 'job',
      revisions: [
        {
          state: 'issued',
          decision: { action: 'done' },
          receipt: { targets: ['smd-1', 'smd-2'], attempts: [{ n: 1 }] },
        },
      ],
    });
    for (const path of [
      '/api/v1/tasks/lab/nobody',
      '/api/v1/tasks/__proto__/constructor',
      '/api/v1/tasks/lab/%00',
    ])
      expect([path, (await web(ask(path, bearer))).status]).toEqual([path, 404]);
  });

  it('lists fewer tasks in one answer where their reasons are long, and all in all of them', async () => {
    const watched = await issued();
    const [one] = watched.status().decisions;
    if (one === undefined) throw new Error('nothing is decided');
    const chars = [1_000_000, 1_000_000, 200_000, 200_000, 200_000, 10, 10];
    const decisions = chars.map((length, index): Decision => {
      const half = { code: 'SG6101', message: 'x '.repeat(length / 4) } as const;
      const reasons = [half, half];
      return { ...one, key: `lab/${index}`, name: String(index), reasons };
    });
    const web = appOf('web', watched, { status: () => ({ ...watched.status(), decisions }) });
    const found = (await readPages(web)).map(({ tasks }) => tasks.map(({ name }) => name));
    expect(found).toEqual([['0'], ['1'], ['2', '3', '4'], ['5', '6']]);
  });

  it('tells the newest revisions of a name that has many, and how many are older', async () => {
    const watched = await issued();
    const tokens = Array.from({ length: 450 }, (_, index) => String(index).padStart(64, '0') as Token);
    const status = watched.status();
    const { view } = status;
    if (view === null) throw new Error('the ledger was not read');
    const longView = { ...view, tokensByKey: new Map([['lab/old', tokens]]) };
    const web = appOf('web', watched, { status: () => ({ ...status, view: longView }) });
    const answer = await web(ask('/api/v1/tasks/lab/old', bearer));
    const { revisions, revisionsLeftOut } = (await answer.json()) as {
      readonly revisions: readonly { readonly token: string }[];
      readonly revisionsLeftOut: number;
    };
    expect(revisionsLeftOut).toBe(250);
    expect(revisions.map(({ token }) => token)).toEqual(tokens.slice(-200));
  });

  it('shows no more of a device than the configuration allows', async () => {
    const watched = await issued();
    const web = appOf('web', watched, { config: { redactDevices: true } });
    for (const path of ['/api/v1/status', '/api/v1/tasks', '/api/v1/tasks/lab/job']) {
      const text = await (await web(ask(path, bearer))).text();
      expect(text).not.toContain('smd-1');
    }
    expect(await (await web(ask('/api/v1/tasks/lab/job', bearer))).text()).toContain('…md-1');
  });

  it('hides a secret that holds the id of a device as a whole', async () => {
    const watched = await issued();
    const redactor = createRedactor();
    redactor.register('canary/smd-1/1f0c2b7d', 'a file');
    const plain = watched.status();
    const message = 'the key is canary/smd-1/1f0c2b7d';
    const decisions = plain.decisions.map((one) => ({
      ...one,
      reasons: [{ code: 'SG6301' as const, message }],
    }));
    const config = { redactDevices: true };
    const web = appOf('web', watched, { status: () => ({ ...plain, decisions }), redactor, config });
    const text = await (await web(ask('/api/v1/tasks', bearer))).text();
    expect(text).toContain('the key is [redacted]');
    expect(text).not.toMatch(/canary|1f0c2b7d/);
  });

  it('shortens a device that came to be known after the last answer', async () => {
    const watched = await issued();
    const web = appOf('web', watched, { config: { redactDevices: true } });
    const told = async (path: string): Promise<string> => (await web(ask(path, bearer))).text();
    await told('/api/v1/status');
    watched.world.commit({ job: yaml(), next: yaml({ name: 'next', targets: ['smd-new9'] }) });
    for (let turn = 0; turn < 4; turn += 1) {
      await watched.pass();
      watched.world.clock.advance(6_000);
    }
    const text = await told('/api/v1/tasks/lab/next');
    expect(text).toContain('…new9');
    expect(text).not.toContain('smd-new9');
  });

  it('shows no secret, and no text of others that acts', async () => {
    const redactor = createRedactor();
    redactor.register('canary-1f0c2b7d', 'a file');
    const watched = new Watched();
    const bad = (kind: string): string => `apiVersion: snowgate/v1\nkind: "${kind}"\n`;
    watched.world.commit({ 'canary-1f0c2b7d-\u202e': bad('<script>canary-1f0c2b7d') });
    await watched.pass();
    const text = await (await appOf('web', watched, { redactor })(ask('/api/v1/status', bearer))).text();
    expect(text).toContain('SG1202');
    expect(text).toContain('\\u202e');
    expect(text).not.toContain('canary-1f0c2b7d');
    expect(text).not.toContain('\u202e');
  });
});

describe('the pages of the list of tasks', () => {
  const device = 'smd-abcdefgh1';
  const secret = 'canary-1f0c2b7d';

  async function told(web: App, query: string): Promise<readonly [number, unknown]> {
    const answer = await web(ask(`/api/v1/tasks?${query}`, bearer));
    return [answer.status, await answer.json()];
  }

  it('follow each other where a name is hidden, and no word between them tells it', async () => {
    const watched = await issued();
    watched.world.commit({ [device]: yaml({ name: device, targets: [device] }) });
    await watched.pass();
    const status = tasksNamed(watched, 'a', secret, device, 'z');
    const redactor = createRedactor();
    redactor.register(secret, 'a file');
    const web = appOf('web', watched, { status: () => status, redactor, config: { redactDevices: true } });
    const pages = await readPages(web, 'limit=1');
    const names = ['a', '[redacted]', '…fgh1', 'z'];
    expect(pages.map(({ tasks }) => tasks.map(({ name }) => name))).toEqual(names.map((name) => [name]));
    const words = pages.flatMap(({ next }) => next ?? []);
    expect(new Set(words.map((word) => word.length)).size).toBe(1);
    for (const word of words)
      expect(Buffer.from(word, 'base64url').toString('latin1')).not.toMatch(/lab|canary|smd|fgh1|ffff/);
  });

  it('follow each other whatever of a word looks like a secret', async () => {
    const watched = await issued();
    const status = tasksNamed(watched, 'a', 'b', 'c');
    const redact = (text: string): string => text.replaceAll(/[A-Za-z0-9_-]{65,}/g, '[redacted]');
    const redactor = { ...createRedactor(), redact };
    const pages = await readPages(appOf('web', watched, { status: () => status, redactor }), 'limit=1');
    expect(pages.map(({ tasks }) => tasks.map(({ name }) => name))).toEqual([['a'], ['b'], ['c']]);
  });

  it('go on where the last task of a page is gone, and where others came', async () => {
    const watched = await issued();
    let status = tasksNamed(watched, 'b', 'd', 'f');
    const web = appOf('web', watched, { status: () => status });
    const [, first] = await told(web, 'limit=2');
    status = tasksNamed(watched, 'a', 'c', 'e', 'f');
    const [, second] = await told(web, `after=${(first as Listed).next}`);
    expect(second).toMatchObject({ total: 4, next: null, tasks: [{ name: 'e' }, { name: 'f' }] });
  });

  it('are made in slices, and put in order once for all who ask', async () => {
    const watched = await issued();
    const names = Array.from({ length: 20_000 }, (_, index) => `job-${index}`);
    const status = tasksNamed(watched, ...names);
    const order = new TaskOrder(new Turns());
    const [ordered, again] = await Promise.all([1, 2].map(() => order.read(status.decisions)));
    if (ordered === undefined) throw new Error('there are two');
    expect(again).toBe(ordered);
    expect(ordered.map(({ name }) => name)).toEqual([...names].sort());
    expect(await order.read(tasksNamed(watched, 'new').decisions)).toHaveLength(1);
    const listed = doAtOnce(taskListJson(status, {}, { ordered, cursors: new Cursors() }));
    expect(listed).toMatchObject({ stops: 20, value: { ok: true, value: { total: 20_000 } } });
  });

  it('are begun anew after a restart, and by whoever gives back something else', async () => {
    const watched = await issued();
    const status = tasksNamed(watched, 'a', 'b');
    const lives = [1, 2].map(() => appOf('web', watched, { status: () => status }));
    const [web, other] = lives;
    if (web === undefined || other === undefined) throw new Error('there are two');
    const [, first] = await told(web, 'limit=1');
    const next = (first as Listed).next ?? '';
    expect(await told(web, `after=${next}`)).toMatchObject([200, { tasks: [{ name: 'b' }] }]);
    const changed = `${next.slice(0, -9)}${next.at(-9) === 'A' ? 'B' : 'A'}${next.slice(-8)}`;
    const problem =
      'after is no `next` of this process, which may have been restarted: begin anew without it';
    for (const after of [changed, next.slice(0, -4), '', 'null', `lab/a ${'f'.repeat(64)}`])
      expect([after, await told(web, `after=${encodeURIComponent(after)}`)]).toEqual([
        after,
        [400, { problem }],
      ]);
    expect(await told(other, `after=${next}`)).toEqual([400, { problem }]);
  });
});
