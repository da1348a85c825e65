/** Pages, their tokens, and the ids on them. */
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/simulator/fleet.ts';
import { createFleet } from '../../src/simulator/fleet.ts';
import { listDevices } from '../../src/simulator/inventory.ts';
import { defaultSettings } from '../../src/simulator/settings.ts';
import { listTasks } from '../../src/simulator/tasks.ts';
import { create, makeFleet, targetsOf } from './fleet.ts';

describe('a listing', () => {
  function collect(fleet: Fleet, size: number, between: (page: number) => void = () => undefined): string[] {
    const found: string[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < 1_000; page += 1) {
      const reply = listTasks(
        fleet,
        { maxResults: size, ...(nextToken === undefined ? {} : { nextToken }) },
        0,
      );
      if (!reply.ok) throw new Error(reply.fault.message);
      found.push(...reply.value.items.map(({ taskId }) => taskId));
      nextToken = reply.value.nextToken;
      if (nextToken === undefined) return found;
      expect(nextToken).toMatch(/^[a-zA-Z0-9+/=]{1,1024}$/);
      between(page);
    }
    throw new Error('the listing has no end');
  }

  it.each(['oldest', 'newest', 'id'] as const)(
    'in the order %s has each task once, for any page size',
    (listOrder) => {
      const fleet = makeFleet({ listOrder });
      const made = Array.from({ length: 23 }, () => create(fleet, 0));
      const expected = { oldest: made, newest: [...made].reverse(), id: [...made].sort() }[listOrder];
      for (const size of [1, 2, 22, 23, 24, 100]) expect(collect(fleet, size)).toEqual(expected);
    },
  );

  it.each([
    ['oldest', true],
    ['newest', false],
  ] as const)('in the order %s shows what is made between its pages: %s', (listOrder, shown) => {
    const fleet = makeFleet({ listOrder });
    const made = Array.from({ length: 5 }, () => create(fleet, 0));
    let late = '';
    const found = collect(fleet, 2, (page) => {
      if (page === 0) late = create(fleet, 0);
    });
    expect(found.includes(late)).toBe(shown);
    for (const taskId of made) expect(found.filter((id) => id === taskId)).toHaveLength(1);
  });

  it('refuses tokens of other listings, fleets and filters, and forged ones', () => {
    const fleet = makeFleet();
    const other = createFleet({ ...makeFleetOptions(), region: 'us-west-2' });
    for (let index = 0; index < 3; index += 1) {
      create(fleet, 0);
      create(other, 0, { targets: targetsOf(other, 0) });
    }
    const page = listTasks(fleet, { maxResults: 1 }, 0);
    const nextToken = page.ok ? (page.value.nextToken ?? '') : '';
    expect(listTasks(fleet, { nextToken }, 0).ok).toBe(true);
    const refused = { ok: false, fault: { code: 'ValidationException' } };
    expect(listTasks(other, { nextToken }, 0)).toMatchObject(refused);
    expect(listTasks(fleet, { nextToken, state: 'IN_PROGRESS' }, 0)).toMatchObject(refused);
    expect(listDevices(fleet, { nextToken }, 0)).toMatchObject(refused);
    expect(listTasks(fleet, { nextToken: btoa('0.2') }, 0)).toMatchObject(refused);
    expect(listTasks(fleet, { nextToken: '====' }, 0)).toMatchObject(refused);
  });

  it('can be filtered by state', () => {
    const fleet = makeFleet();
    const ended = create(fleet, 0);
    const open = create(fleet, 5_000, { targets: targetsOf(fleet, 1) });
    const inState = (state: 'COMPLETED' | 'IN_PROGRESS' | 'CANCELED'): string[] => {
      const reply = listTasks(fleet, { state }, 7_000);
      return reply.ok ? reply.value.items.map(({ taskId }) => taskId) : [];
    };
    expect([inState('COMPLETED'), inState('IN_PROGRESS'), inState('CANCELED')]).toEqual([
      [ended],
      [open],
      [],
    ]);
  });
});

function makeFleetOptions(): Parameters<typeof createFleet>[0] {
  return {
    account: '111122223333',
    region: 'eu-west-1',
    devices: 4,
    seed: 7,
    settings: defaultSettings,
    nowMs: 0,
  };
}

describe('ids', () => {
  it('follow from seed, account and region, and differ between them', () => {
    const ids = (seed: number, region: string): string[] =>
      createFleet({ ...makeFleetOptions(), seed, region }).devices.map(({ deviceId }) => deviceId);
    expect(ids(7, 'eu-west-1')).toEqual(ids(7, 'eu-west-1'));
    const all = [...ids(7, 'eu-west-1'), ...ids(8, 'eu-west-1'), ...ids(7, 'us-west-2')];
    expect(new Set(all).size).toBe(all.length);
    for (const id of all) expect(id).toMatch(/^smd-[a-z2-7]{16}$/);
  });

  it('are never given twice', () => {
    const fleet = makeFleet({ tokenLifeMs: 0 }, 2_000);
    expect(new Set(fleet.devices.map(({ deviceId }) => deviceId)).size).toBe(2_000);
    const made = Array.from({ length: 20_000 }, (_, index) =>
      create(fleet, index, { targets: targetsOf(fleet, index % 2_000) }),
    );
    expect(new Set(made).size).toBe(made.length);
  });
});
