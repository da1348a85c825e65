/** What the API answers; asked without a socket. */
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/lib/redact.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { yaml } from '../plan/stage.ts';
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
    for (let after: string | null = ''; after !== null; ) {
      const answer = await web(ask(`/api/v1/tasks?after=${encodeURIComponent(after)}`, bearer));
      const { total, next, tasks } = (await answer.json()) as Listed;
      expect([total, tasks.length]).toEqual([3_750, next === null ? 750 : 1_000]);
      found.push(...tasks.map(({ name, token }) => `lab/${name} ${token ?? ''}`));
      after = next;
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
    const found: string[][] = [];
    for (let after: string | null = ''; after !== null; ) {
      const answer = await web(ask(`/api/v1/tasks?after=${encodeURIComponent(after)}`, bearer));
      const { next, tasks } = (await answer.json()) as Listed;
      found.push(tasks.map(({ name }) => name));
      after = next;
    }
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
