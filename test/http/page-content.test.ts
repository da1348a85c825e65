/** What each page says, of a world that is told in full. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { assetPaths } from '../../src/http/page-assets.ts';
import { devices, type Story, tellStory } from '../pages/story.ts';
import { yaml } from '../plan/stage.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});

/** What a reader sees, without tags; entities stay. */
function textOf(document: string): string {
  const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(document)?.[1] ?? '';
  return main
    .replaceAll(/<\/(?:p|li|h[1-4]|dt|dd|td|th|summary|span)>/g, ' ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}

async function get(path: string, watched: Watched = story, status?: ControllerStatus) {
  const web = appOf('web', watched, status === undefined ? {} : { status: () => status });
  const answer = await web(ask(path, bearer));
  const document = await answer.text();
  return { status: answer.status, headers: answer.headers, document, text: textOf(document) };
}

describe('a page', () => {
  it.each(['/', '/tasks', '/windows', '/fleets/depot', '/tasks/nobody/nothing'])(
    '%s may do nothing but what it is for',
    async (path) => {
      const { headers, document } = await get(path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      );
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(document).toMatch(/^<!doctype html>\n<html lang="en"/);
      expect(document).not.toMatch(/ style=|<style|<script>/);
    },
  );

  it('is kept by no browser, and what it loads for as long as it is the same', async () => {
    for (const path of Object.values(assetPaths)) {
      const { status, headers } = await get(path);
      expect([path, status, headers.get('cache-control')]).toEqual([
        path,
        200,
        'private, max-age=31536000, immutable',
      ]);
      const [bare = ''] = path.split('?');
      expect((await get(bare)).headers.get('cache-control')).toBe('no-store');
      expect((await get(`${bare}?v=0000000000000000`)).headers.get('cache-control')).toBe('no-store');
    }
    expect((await get('/assets/page.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  it.each(['/tasks/depot/nobody', '/windows/none', '/fleets/none', '/devices/depot/none', '/devices/none/x'])(
    '%s is not there',
    async (path) => {
      const { status, text } = await get(path);
      expect([status, text.includes('Not found')]).toEqual([404, true]);
    },
  );
});

describe('the overview', () => {
  it('tells how everything stands, the most urgent first', async () => {
    const { text, document } = await get('/');
    const order = [
      'Ready',
      'Needs a person 2',
      'In flight 2',
      'Waiting 2',
      'Ended lately 1',
      'Files with problems 1',
      'In sync with Git',
      'Fleets',
    ];
    expect(order.map((word) => text.indexOf(word))).toEqual(
      order.map((word) => text.indexOf(word)).toSorted((a, b) => a - b),
    );
    expect(order.filter((word) => !text.includes(word))).toEqual([]);
    expect(text).toContain('partly failed depot/reboot-after-update reboot st-depot-2');
    expect(text).toContain(`${devices.depot[2]} failed`);
    expect(text).toContain('what to do look at the devices; raise run to ask again');
    expect(text).toContain('until Tue 23 Mar 2027 00:00 UTC (Tue 23 Mar 01:00 Europe/Oslo) in 14 h 30 min');
    expect(text).toContain('error tasks/north-sea/unlock-borealis.yaml:6 SG1101');
    const head = story.status().source.head ?? '';
    expect(document).toContain(`href="https://github.com/marine-ops/snow-tasks/commit/${head}"`);
    expect(document).toContain(
      `href="https://github.com/marine-ops/snow-tasks/blob/${head}/tasks/north-sea/unlock-borealis.yaml#L6"`,
    );
    expect(document).toContain('data-summary="2 need a person, 2 in flight, 2 waiting"');
  });

  it('of a controller that has just begun says that nothing is known', async () => {
    const { text } = await get('/', new Watched());
    expect(text).toContain('Starting');
    expect(text).toContain('Source not read yet');
    expect(text).not.toContain('No task is known');
  });

  it('of an empty source says so', async () => {
    const watched = new Watched();
    await watched.pass();
    expect((await get('/', watched)).text).toContain('No task is known');
  });

  it('names each halt with what to do', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    await watched.pass();
    const status = watched.status();
    const halt = { code: 'SG6201', message: "the source's history was rewritten" } as const;
    const { text } = await get('/', watched, {
      ...status,
      problems: [halt, { code: 'SG9999', message: 'something new' }],
      ledger: { ...status.ledger, refusal: { code: 'SG4004', message: 'declined' } },
    });
    expect(text).toContain('Issuing is stopped 3 things must be put right first.');
    expect(text).toContain('what to do restore the branch, or name the new head in source.accept');
    expect(text).toContain('allow the key of ledger.auth');
    expect(text).toContain('docs/ERRORS.md tells what SG9999 asks for');
  });

  it('shows no more rows than anybody reads, and counts the rest', async () => {
    const watched = new Watched();
    const names = Array.from({ length: 130 }, (_, index) => `n${index}`);
    watched.world.commit(
      Object.fromEntries(
        names.map((name) => [
          name,
          yaml({ name, targets: ['smd-1'], spec: ['notBefore: 2027-06-01T00:00:00Z'] }),
        ]),
      ),
    );
    await watched.pass();
    const { text, document } = await get('/', watched);
    expect(text).toContain('Waiting 130');
    expect(text).toContain('and 30 more: all of them');
    expect(document).toContain('href="/tasks?group=waiting"');
    const list = await get('/tasks?group=waiting&page=3', watched);
    expect(list.text).toContain('101 to 130 of 130');
    expect(list.document).toContain('href="/tasks?group=waiting&amp;page=2"');
    expect((await get('/tasks?page=99', watched)).text).toContain('101 to 130 of 130');
  });
});

describe('the list of tasks', () => {
  const queries: [string, readonly string[]][] = [
    [
      '',
      [
        'reboot-after-update',
        'unlock-borealis-customs',
        'reboot-weekly',
        'reboot-borealis',
        'reboot-archive',
        'unlock-aurora',
      ],
    ],
    ['?fleet=depot&group=waiting', ['reboot-archive']],
    ['?action=hold&text=aurora', ['unlock-aurora']],
    ['?text=CHG10423', ['unlock-aurora']],
    [`?text=${devices.borealis[0]}`, ['reboot-borealis']],
    ['?text=unlock%20customs', ['unlock-borealis-customs', 'unlock-aurora']],
    ['?text=nothing-of-the-kind', []],
    ['?fleet=elsewhere', []],
  ];
  it.each(queries)('%s', async (query, names) => {
    const { text, status } = await get(`/tasks${query}`);
    expect(status).toBe(200);
    for (const [, name = ''] of text.matchAll(/(?:depot|north-sea)\/([a-z0-9-]+)/g)) {
      if (!name.startsWith('unlock-borealis.yaml'))
        expect(names.some((one) => name.startsWith(one))).toBe(true);
    }
    for (const name of names) expect(text).toContain(`/${name}`);
    expect(text.includes('No task is like that.')).toBe(names.length === 0);
  });

  it.each(['?group=all', '?action=nonsense', '?page=0', '?page=x', `?text=${'x'.repeat(201)}`])(
    'does not take %s for everything',
    async (query) => {
      const { status, text } = await get(`/tasks${query}`);
      expect([status, text.includes('cannot be asked for')]).toEqual([400, true]);
    },
  );
});

describe('a task', () => {
  it('that waits tells why, until when, and what would be asked', async () => {
    const { text, document } = await get('/tasks/north-sea/unlock-aurora-2027-03');
    expect(text).toContain('unlock-inside-window/window: north-sea-nights is closed');
    expect(text).toContain('Unlock the Aurora after customs');
    expect(text).toContain('by Ann Lind <ann@marine.example>');
    expect(text).toContain('"clientToken": "');
    expect(text).toContain('As it would be asked for now');
    expect(text).toContain('Nothing was written of it yet.');
    const policies = '/policies/policies.yaml#L8"';
    expect(document).toContain(policies);
  });

  it('that has ended tells its life, its claim and its request', async () => {
    const { text, document } = await get('/tasks/depot/reboot-after-update');
    for (const word of ['wanted', 'claimed', 'issued', 'ended', 'in all']) expect(text).toContain(word);
    expect(text).toContain('As the ledger keeps it');
    expect(text).toContain('attempt 1 at 2027-03-19T');
    expect(document).toMatch(/href="https:\/\/github\.com\/marine-ops\/snow-ledger\/commit\/[0-9a-f]{40}"/);
    expect(text).not.toContain('What is older is not shown');
  });

  it('has each of its revisions, the newest first', async () => {
    const { text } = await get('/tasks/depot/reboot-weekly');
    expect(text.indexOf('What Git asks for now')).toBeGreaterThan(0);
    expect(text.indexOf('Earlier revisions 1')).toBeGreaterThan(text.indexOf('What Git asks for now'));
    expect(text).toContain('reboot · run 1');
  });

  it('says where older events are', async () => {
    const status = story.status();
    const recent = Object.create(status.recent, { isCut: { value: true }, of: { value: () => [] } });
    const { text } = await get('/tasks/depot/reboot-weekly', story, { ...status, recent });
    expect(text).toContain('snowgate ledger show depot/reboot-weekly tells all of it');
  });

  it('whose file cannot be read is there all the same', async () => {
    const { status, text } = await get('/tasks/north-sea/unlock-borealis-customs');
    expect([status, text.includes('quarantined'), text.includes('SG6109')]).toEqual([200, true, true]);
  });
});

describe('windows', () => {
  it('are drawn with openings, cutoffs, freezes, clock changes and now', async () => {
    const { document, text } = await get('/windows/north-sea-nights');
    expect(document.match(/class="now"/g)?.length).toBe(2);
    expect(document).toContain('freeze Mon 29 Mar 00:00 to Wed 31 Mar 12:00: quarter end');
    expect(document).toContain('nothing new begins after Sun 28 Mar 04:15');
    expect(text).toContain('clocks +1 h at 03:00');
    expect(text).toContain('open Fri 26 Mar 2027 21:00 UTC (Fri 26 Mar 22:00 Europe/Oslo)');
    expect(text).toContain('nothing new in the last 45 min');
    expect(text).toContain('Waiting for it 1');
    expect(text).toContain('north-sea/unlock-aurora-2027-03');
    for (const [, x = ''] of document.matchAll(/ (?:x|width)="([0-9.]+)%"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(100);
    }
  });

  it('are listed, and what does not load is told', async () => {
    const watched = new Watched();
    watched.world.rule({
      broken: 'apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: lost}\nspec: {}\n',
    });
    await watched.pass();
    const { text } = await get('/windows', watched);
    expect(text).toContain('No window is written among the policies.');
    expect(text).toContain('lost, policies/broken.yaml:');
    expect((await get('/windows')).text).toContain('1 task waiting');
  });
});

describe('a fleet and a device', () => {
  it('tell who they are and what is on them', async () => {
    const fleet = await get('/fleets/north-sea');
    expect(fleet.text).toContain('111122223333, proved by STS');
    expect(fleet.text).toContain('env: production');
    expect(fleet.text).toContain('reboot-borealis-2027-03');
    const device = await get(`/devices/depot/${devices.depot[0]}`);
    expect(device.text).toContain('Tasks on it 2');
    expect(device.text).toContain('on this device succeeded');
    expect(device.text.indexOf('queued')).toBeLessThan(device.text.indexOf('on this device succeeded'));
  });
});
