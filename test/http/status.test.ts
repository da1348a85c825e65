/** What a controller tells of itself, when a pass could not read what the one before it had read. */
import { describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { ledgerId, type World } from '../controller/world.ts';
import { identity, resolved } from '../ledger/events.ts';
import { yaml } from '../plan/stage.ts';
import { Watched } from './watched.ts';

const held = yaml({ spec: ['notBefore: 2027-01-01T00:00:00Z'] });

async function begun(): Promise<Watched> {
  const watched = new Watched();
  watched.world.commit({ job: held });
  await watched.pass();
  expect(told(watched.status())).toEqual(['lab/job hold true']);
  return watched;
}

const told = ({ decisions, origins }: ControllerStatus): string[] =>
  decisions.map(({ key, action, token }) => `${key} ${action} ${origins.has(token ?? '')}`);

describe('the status', () => {
  it('is judged after a pass that has read everything, and not before', async () => {
    const watched = new Watched();
    expect(watched.status().isJudged).toBe(false);
    await watched.pass();
    expect(watched.status().isJudged).toBe(true);
  });

  it.each<[string, Partial<World>]>([
    ['the ledger', { ledgerDown: true }],
    ['the source', { isUnreadable: true }],
    ['its history', { isUntraceable: true }],
  ])('tells what an earlier pass decided where %s cannot be read', async (_what, lost) => {
    const watched = await begun();
    Object.assign(watched.world, lost);
    await watched.pass();
    const status = watched.status();
    expect(told(status)).toEqual(['lab/job hold true']);
    expect(status.desired?.tasks.size).toBe(1);
    expect(status.isJudged).toBe(false);
  });

  it('is not judged where a head halts', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    await watched.pass();
    watched.world.commit({ job: null });
    await watched.pass();
    expect(watched.status().problems.map(({ code }) => code)).toEqual(['SG6202']);
    expect(watched.status().isJudged).toBe(false);
  });

  it('tells every listener of a pass, though one has a bug', async () => {
    const watched = new Watched();
    let heard = 0;
    watched.book.subscribe(() => {
      throw new Error('planned by the test');
    });
    watched.book.subscribe(() => {
      heard += 1;
    });
    await watched.pass();
    await watched.pass();
    expect(heard).toBe(2);
    const bugs = watched.world.log.filter(({ event }) => event === 'a bug kept a pass from being told');
    expect(bugs).toHaveLength(2);
    expect(String(bugs[0]?.fields['reason'])).toContain('planned by the test');
  });

  it('looks once for tasks that the ledger does not know, for each listing and height of the ledger', async () => {
    const watched = new Watched();
    const { world } = watched;
    const stranger = 'f'.repeat(64);
    world.lab.make({
      targets: ['smd-9'],
      tags: { 'snowgate:ledger': ledgerId, 'snowgate:revision': stranger },
    });
    world.commit({ job: held });
    await watched.pass();
    const { view } = watched.life.c.state;
    if (view === null) throw new Error('the ledger was not read');
    const asked: string[] = [];
    const get = view.receipts.get.bind(view.receipts);
    view.receipts.get = (token) => {
      asked.push(token);
      return get(token);
    };
    const unknown = (): number[] => watched.status().fleets.map(({ unknownTasks }) => unknownTasks);
    expect(unknown()).toEqual([1, 0]);
    expect(unknown()).toEqual([1, 0]);
    expect(asked).toEqual([]);
    const revision = { command: 'reboot', targets: ['smd-9'], taskRun: 1, identity } as const;
    await world.write([resolved({ token: stranger, name: 'gone', taskId: 'st-lab-1', revision })]);
    await watched.pass();
    expect(unknown()).toEqual([0, 0]);
  });
});
