/** The table of a window has the times at which it really opens and closes, also where the drawing ends before. */
import { describe, expect, it } from 'vitest';
import { makeBook } from '../../src/http/page-book.ts';
import { makeForges } from '../../src/http/page-forge.ts';
import { type ShownWindow, windowModel } from '../../src/http/page-windows.ts';
import { finish } from '../../src/lib/turns.ts';
import { isoInstant } from '../../src/policy/verdict.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

const windowText = (spec: object): string =>
  JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Window', metadata: { name: 'w' }, spec });

/** Now is noon of Monday, 23 November 2026, in UTC. */
async function watch(spec: object): Promise<Watched> {
  const watched = new Watched();
  watched.world.rule({ w: windowText(spec) });
  await watched.pass();
  return watched;
}

async function show(spec: object): Promise<ShownWindow> {
  const watched = await watch(spec);
  const [status, { config }] = [watched.status(), watched.life.c];
  const tasks = finish(makeBook(status));
  const shown = windowModel({ status, config, forges: makeForges(config), tasks, showsDevices: true }, 'w');
  if (shown === null) throw new Error('the window did not load');
  return shown;
}

/** The rows of its table, as text. */
async function rowsOf(spec: object): Promise<string[]> {
  const web = appOf('web', await watch(spec));
  const document = await (await web(ask('/windows/w', bearer))).text();
  const [, table = ''] = document.split('id="spans-window-w"');
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .map(([, row = '']) => row.replaceAll(/<\/td>/g, ' | ').replaceAll(/<[^>]*>/g, ''))
    .slice(1);
}

const nightly = {
  timeZone: 'America/St_Johns',
  open: [{ start: '0 22 * * *', duration: '3h' }],
  cutoff: '30m',
};

describe('an opening', () => {
  it('that goes over an edge of the drawing has its own times, length and cutoff', async () => {
    const { openings, days } = await show(nightly);
    const { rows } = openings;
    expect(rows).toHaveLength(15);
    for (const { startMs, endMs, lastMs, isCutBefore, isCutAfter } of rows) {
      expect([endMs - startMs, endMs - lastMs]).toEqual([3 * 3_600_000, 1_800_000]);
      expect([isCutBefore, isCutAfter]).toEqual([false, false]);
    }
    expect(rows[0]?.startMs).toBeLessThan(days[0]?.startMs ?? 0);
    expect(isoInstant(rows[0]?.startMs ?? 0)).toBe('2026-11-23T01:30:00.000Z');
    expect(isoInstant(rows.at(-1)?.endMs ?? 0)).toBe('2026-12-07T04:30:00.000Z');
  });

  it('is in the table as it is, in the first row and in the last', async () => {
    const rows = await rowsOf(nightly);
    expect(rows[0]).toMatch(
      /^open \| [^|]*\(Sun 22 Nov 22:00 [^|]*\) \| [^|]*\(Mon 23 Nov 01:00 [^|]*\) \| 3 h \|/,
    );
    expect(rows.at(-1)).toMatch(
      /^open \| [^|]*\(Sun 6 Dec 22:00 [^|]*\) \| [^|]*\(Mon 7 Dec 01:00 [^|]*\) \| 3 h \|/,
    );
  });

  it('that ends with the drawing ends there, and one that only touches it is not in it', async () => {
    const { openings } = await show({
      timeZone: 'UTC',
      open: [
        { from: '2026-11-22T20:00', to: '2026-11-23T00:00' },
        { from: '2026-12-06T22:00', to: '2026-12-07T00:00' },
        { from: '2026-12-07T10:00', to: '2026-12-07T11:00' },
      ],
    });
    expect(openings.rows.map(({ endMs, isCutAfter }) => [isoInstant(endMs), isCutAfter])).toEqual([
      ['2026-12-07T00:00:00.000Z', false],
    ]);
  });

  it('of which nobody knows where it begins or ends says so, and no length', async () => {
    const rows = await rowsOf({ timeZone: 'UTC', closed: [] });
    expect(rows).toEqual(['open | earlier than what is looked at | later than what is looked at |  |  | ']);
  });
});

describe('a freeze', () => {
  it('of months has its true end', async () => {
    const frozen = {
      timeZone: 'UTC',
      closed: [{ from: '2026-11-01T00:00', to: '2027-05-01T00:00', reason: 'winter' }],
    };
    const { freezes } = await show(frozen);
    const [first, ...others] = freezes.rows;
    expect(others).toEqual([]);
    expect([isoInstant(first?.startMs ?? 0), isoInstant(first?.endMs ?? 0)]).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2027-05-01T00:00:00.000Z',
    ]);
    expect((await rowsOf(frozen))[0]).toMatch(/^freeze \| Sun 1 Nov 2026 00:00.* \| Sat 1 May 2027 00:00/);
  });
});
