/** What pages say of fleets, and of what a pass could not do, where an earlier one could. */
import { describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { fleetConfig, makeConfig } from '../controller/world.ts';
import { yaml } from '../plan/stage.ts';
import { gaugesOf } from './at-once.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

async function textOf(path: string, watched: Watched, status?: ControllerStatus): Promise<string> {
  const web = appOf('web', watched, status === undefined ? {} : { status: () => status });
  const document = await (await web(ask(path, bearer))).text();
  return document.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

async function passed(): Promise<Watched> {
  const watched = new Watched();
  watched.world.commit({ job: yaml({ spec: ['notBefore: 2027-01-01T00:00:00Z'] }) });
  await watched.pass();
  return watched;
}

const change = (status: ControllerStatus, over: Partial<ControllerStatus['fleets'][number]>) => ({
  ...status,
  fleets: status.fleets.map((fleet) => ({ ...fleet, ...over })),
});

describe('the account of a fleet', () => {
  it('that names none is not said to be proved: STS is not asked', async () => {
    const { account: _, ...bare } = fleetConfig('lab');
    const fleets = new Map([['lab', { ...bare, endpoint: 'http://127.0.0.1:9' }]]);
    const watched = new Watched({ config: makeConfig({ fleets }) });
    const status = change(watched.status(), { isProved: true });
    expect(status.fleets).toMatchObject([{ account: null }]);
    const fleet = await textOf('/fleets/lab', watched, status);
    expect(fleet).toContain('Account none configured: STS is not asked Region');
    const overview = await textOf('/', watched, status);
    expect(overview).toMatch(/ no account (?!, not proved)/);
    const web = appOf('web', watched, { status: () => status });
    const api = (await (await web(ask('/api/v1/status', bearer))).json()) as { fleets: object[] };
    expect(api.fleets).toMatchObject([{ name: 'lab', proved: null }]);
    const proofs = gaugesOf(status).filter(({ name }) => name === 'snowgate_fleet_proved');
    expect(proofs).toEqual([]);
  });

  it('is not proved where it was once, and is no more', async () => {
    const watched = await passed();
    const lost = change(watched.status(), { isProved: false });
    for (const path of ['/fleets/lab', '/']) {
      expect(await textOf(path, watched)).not.toContain('not proved');
      const text = await textOf(path, watched, lost);
      expect(text).toContain(', not proved ');
      expect(text).not.toContain('not proved yet');
    }
  });
});

describe('the tasks of a fleet', () => {
  it.each(['/fleets/lab', '/'])(
    'are said not to be listed yet on %s, unless it only observes',
    async (path) => {
      const watched = await passed();
      const note = 'Its tasks are not listed yet';
      expect(await textOf(path, watched)).not.toContain(note);
      expect(await textOf(path, watched, change(watched.status(), { isListed: false }))).toContain(note);
      const observed = change(watched.status(), { isListed: false, stand: 'observed' });
      expect(await textOf(path, watched, observed)).not.toContain(note);
    },
  );
});

describe('what an earlier pass decided', () => {
  it.each(['/fleets/lab', '/'])('is called that on %s', async (path) => {
    const watched = await passed();
    const note = 'what follows may be what an earlier pass decided';
    expect(await textOf(path, watched)).not.toContain(note);
    watched.world.isUnreadable = true;
    await watched.pass();
    expect(await textOf(path, watched)).toContain(note);
  });

  it.each(['/fleets/lab', '/'])(
    'of nothing is not said before a pass has ended, or has decided, on %s',
    async (path) => {
      const watched = new Watched();
      const note = 'an earlier pass';
      expect(await textOf(path, watched)).not.toContain(note);
      watched.world.isUnreadable = true;
      await watched.pass();
      const text = await textOf(path, watched);
      expect(text).not.toContain(note);
      expect(text).toContain('No pass has decided anything yet');
    },
  );

  it.each(['/fleets/lab', '/'])('has a fault of the history beside it on %s', async (path) => {
    const watched = await passed();
    watched.world.isUntraceable = true;
    await watched.pass();
    const { historyFault } = watched.status().source;
    const text = await textOf(path, watched);
    expect(historyFault).not.toBeNull();
    expect(text).toContain('The history of what waits could not be read');
    expect(text).toContain(historyFault?.message);
  });
});
