/** Every page for everybody: contrast, names and order, light and dark, on a narrow screen, too. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { Watched } from '../http/watched.ts';
import { launch, reader, whyNoBrowser } from './browser.ts';
import { hostilePaths, makeHostile } from './hostile.ts';
import { type Served, serve } from './serving.ts';
import { devices, type Story, tellStory } from './story.ts';

if (whyNoBrowser !== null) process.stdout.write(`no tests of access to pages: ${whyNoBrowser}\n`);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const paths = [
  '/',
  '/tasks',
  '/tasks?text=nothing-of-the-kind',
  '/tasks?page=x',
  '/tasks/north-sea/unlock-aurora-2027-03',
  '/tasks/depot/reboot-after-update',
  '/tasks/depot/reboot-weekly',
  '/tasks/none/none',
  '/windows',
  '/windows/north-sea-nights',
  '/fleets/north-sea',
  `/devices/depot/${devices.depot[0]}`,
] as const;

/** A status with everything that stops it. */
function halted(status: ControllerStatus): ControllerStatus {
  const reason = { code: 'SG6201', message: "the source's history was rewritten" } as const;
  const [first, ...rest] = status.fleets;
  return {
    ...status,
    problems: [reason, { code: 'SG6204', message: 'the source was fetched 400 s ago' }],
    source: { ...status.source, ageMs: 400_000 },
    fleets: first === undefined ? [] : [{ ...first, stand: 'halted', reason, isProved: false }, ...rest],
  };
}

class Halted extends Watched {
  readonly #story: Story;

  constructor(story: Story) {
    super();
    this.#story = story;
  }

  override status(): ControllerStatus {
    return halted(this.#story.status());
  }
}

describe.skipIf(whyNoBrowser !== null)('for everybody', () => {
  let browser: Browser;
  const served: Served[] = [];

  beforeAll(async () => {
    browser = await launch();
    const story = await tellStory();
    served.push(await serve(story), await serve(new Halted(story)), await serve(await makeHostile()));
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(served.map(({ close }) => close()));
  });

  async function findings(page: Page): Promise<string[]> {
    await page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true");
    await page.evaluate(axe);
    const { violations } = (await page.evaluate(
      'axe.run(document, { resultTypes: ["violations"] })',
    )) as AxeResults;
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html)
          .join(' | ')}`,
    );
  }

  async function walk(options: BrowserContextOptions, look: (page: Page) => Promise<unknown[]>) {
    const { context, complaints } = await reader(browser, options);
    const page = await context.newPage();
    const found: unknown[] = [];
    const all = [
      ...paths.map((path) => [served[0], path] as const),
      ...['/', '/fleets/depot', '/fleets/north-sea'].map((path) => [served[1], path] as const),
      ...hostilePaths.map((path) => [served[2], path] as const),
    ];
    for (const [server, path] of all) {
      await page.goto(`${server?.url}${path}`);
      await page.locator('#link.live').waitFor();
      found.push(...(await look(page)).map((one) => `${path} ${String(one)}`));
    }
    await context.close();
    return [...found, ...complaints.filter((text) => !/status of 40[04]/.test(text))];
  }

  const wide = { width: 1_100, height: 800 };
  const narrow = { width: 320, height: 640 };

  // What is found in one of the two is seldom of the other, and each look at a page takes a second.
  it.each([
    ['light', 'narrow', narrow],
    ['dark', 'wide', wide],
  ] as const)('nothing is found against any page, %s and %s', async (colorScheme, _size, viewport) => {
    const look = async (page: Page): Promise<unknown[]> => [
      ...(await findings(page)),
      ...(await widest(page)),
    ];
    expect(await walk({ colorScheme, viewport }, look)).toEqual([]);
  });

  /** What would make the page itself scroll to the side. */
  async function widest(page: Page): Promise<unknown[]> {
    const [has, wants] = (await page.evaluate(
      '[document.documentElement.clientWidth, document.documentElement.scrollWidth]',
    )) as [number, number];
    if (wants <= has) return [];
    const wide = await page.evaluate(
      `[...document.querySelectorAll('main *')].filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && node.closest('.scroll, pre') === null).slice(0, 3).map((node) => node.outerHTML.slice(0, 200))`,
    );
    return [`${wants} of ${has}: ${JSON.stringify(wide)}`];
  }
});
