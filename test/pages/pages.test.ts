/** The pages in a browser: what they show, that they keep up, and that a keyboard is enough. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, reader, whyNoBrowser } from './browser.ts';
import { hostilePaths, makeHostile } from './hostile.ts';
import { type Served, serve } from './serving.ts';
import { devices, type Story, tellStory } from './story.ts';

if (whyNoBrowser !== null) process.stdout.write(`no tests of pages in a browser: ${whyNoBrowser}\n`);

let browser: Browser;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A story, its server, and a page of it that is live. */
async function open(path: string, options: Parameters<typeof reader>[1] = {}) {
  const story = await tellStory();
  const served = await serve(story);
  closing.push(served.close);
  const { page, complaints } = await visit(served, path, options);
  return { story, served, page, complaints };
}

async function visit({ url }: Served, path: string, options: Parameters<typeof reader>[1] = {}) {
  const { context, complaints } = await reader(browser, options);
  closing.push(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}${path}`);
  if (options?.javaScriptEnabled !== false) await page.locator('#link.live').waitFor();
  return { page, complaints };
}

/** What is open in a tab is still the same document. */
async function mark(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('window.isSame = true');
  return () => page.evaluate('window.isSame === true');
}

/** A reboot that runs comes to its end, and a pass tells of it. */
async function endReboot(story: Story): Promise<void> {
  story.move('north-sea', 'SUCCEEDED', 'SUCCEEDED');
  await story.turn(2);
}

describe.skipIf(whyNoBrowser !== null)('in a browser', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it('the overview tells how it stands, and leads to everything by the keyboard alone', async () => {
    const { page, complaints, served } = await open('/');
    expect(await page.title()).toBe('Overview - snowgate bridge-1');
    expect(await page.locator('h1').allTextContents()).toEqual(['Ready']);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    const wanted = page.getByRole('link', { name: 'north-sea/unlock-aurora-2027-03' });
    for (let times = 0; times < 60; times += 1) {
      await page.keyboard.press('Tab');
      if (await wanted.evaluate((node) => node === node.ownerDocument.activeElement)) break;
    }
    const outline = await wanted.evaluate((node) => {
      const view = node.ownerDocument.defaultView;
      return view?.getComputedStyle(node).outlineStyle;
    });
    expect(outline).toBe('solid');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${served.url}/tasks/north-sea/unlock-aurora-2027-03`);
    await page.getByText('The exact request').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('pre').textContent()).toContain('"clientToken"');
    await page.getByRole('link', { name: devices.aurora[0] }).click();
    expect(await page.locator('h1').textContent()).toBe(devices.aurora[0]);
    expect(complaints).toEqual([]);
  });

  it('a pass changes the page without a reload, and takes nothing from who reads it', async () => {
    const { story, page, complaints } = await open('/', { viewport: { width: 900, height: 500 } });
    const isSame = await mark(page);
    await page.locator('#checks summary').click();
    const link = page.getByRole('link', { name: 'depot/reboot-archive' });
    await link.focus();
    const scrolled = await page.evaluate('scrollY');
    expect(await page.locator('#group-inFlight .number').textContent()).toBe('2');
    expect(await page.locator('#news').textContent()).toBe('');
    await endReboot(story);
    await page.locator('#group-inFlight .number', { hasText: '1' }).waitFor();
    expect(await page.locator('main').textContent()).toContain('north-sea/reboot-borealis-2027-03');
    expect(await page.locator('#news').textContent()).toBe('2 need a person, 1 in flight, 2 waiting');
    expect(await page.locator('#checks').getAttribute('open')).not.toBeNull();
    expect(await link.evaluate((node) => node === node.ownerDocument.activeElement)).toBe(true);
    const moved = Number(await page.evaluate('scrollY')) - Number(scrolled);
    expect(Math.abs(moved)).toBeLessThan(200);
    expect([await isSame(), complaints]).toEqual([true, []]);
  });

  it('what is half written into the form stays there, with the focus', async () => {
    const { story, page } = await open('/tasks');
    await page.locator('#text').pressSequentially('auro');
    await page.locator('#fleet').selectOption('depot');
    await page.locator('#text').focus();
    await endReboot(story);
    await page.locator('main[data-summary*="1 in flight"]').waitFor({ state: 'attached' });
    await page.keyboard.type('ra');
    expect(await page.locator('#text').inputValue()).toBe('aurora');
    expect(await page.locator('#fleet').inputValue()).toBe('depot');
    await page.locator('#fleet').selectOption('');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/text=aurora/);
    expect(await page.locator('.tasks h3').allTextContents()).toEqual(['north-sea/unlock-aurora-2027-03']);
  });

  it('a lost connection is told, and found again', async () => {
    const { story, served, page } = await open('/');
    const port = Number(new URL(served.url).port);
    await served.close();
    await page.locator('#link.lost').waitFor();
    expect(await page.locator('#link').textContent()).toBe('Connection lost: this is how it stood');
    expect(await page.locator('h1').textContent()).toBe('Ready');
    const isSame = await mark(page);
    await endReboot(story);
    closing.push((await serve(story, {}, port)).close);
    await page.locator('#link.live').waitFor();
    await page.locator('#group-inFlight .number', { hasText: '1' }).waitFor();
    expect(await isSame()).toBe(true);
  });

  it('a tab that nobody looks at holds no connection', async () => {
    const { page, story, complaints } = await open('/');
    const show = (state: string): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${state}' }); document.dispatchEvent(new Event('visibilitychange'));`,
      );
    await show('hidden');
    await endReboot(story);
    await page.waitForTimeout(300);
    expect(await page.locator('#group-inFlight .number').textContent()).toBe('2');
    await show('visible');
    await page.locator('#group-inFlight .number', { hasText: '1' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('times are told in the zone of the reader, too, and count', async () => {
    const { page } = await open('/', { timezoneId: 'America/New_York' });
    const until = page.locator('.until', { hasText: 'Europe/Oslo' });
    expect(await until.textContent()).toMatch(
      /until Tue 23 Mar 2027 00:00 UTC \(Tue 23 Mar 01:00 Europe\/Oslo\) \(Mon 22 Mar 20:00 your time\) in 14 h (?:30|29) min/,
    );
    const age = page.locator('.heads [data-since]').first();
    const before = await age.textContent();
    await page
      .locator('.heads [data-since]')
      .first()
      .filter({ hasNotText: before ?? '' })
      .waitFor();
    expect(await age.textContent()).toMatch(/^\d+ s ago$/);
  });

  it('everything is there without scripts, which are replaced by a refresh', async () => {
    const { page, complaints, served } = await open('/', { javaScriptEnabled: false });
    expect(await page.locator('main').textContent()).toContain('in 14 h 30 min');
    expect(await page.locator('meta[http-equiv=refresh]').getAttribute('content')).toBe('60');
    await page.goto(`${served.url}/windows`);
    await page.getByText('As a table').first().click();
    expect(await page.locator('table').first().textContent()).toContain('open');
    await page.goto(`${served.url}/tasks`);
    await page.locator('#text').fill('aurora');
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await page.locator('.tasks h3').allTextContents()).toEqual(['north-sea/unlock-aurora-2027-03']);
    expect(complaints).toEqual([]);
  });

  it('hostile texts run nothing, and ask for nothing elsewhere', async () => {
    const served = await serve(await makeHostile());
    closing.push(served.close);
    const { page, complaints } = await visit(served, '/');
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(`${served.url}/`)) elsewhere.push(request.url());
    });
    for (const path of hostilePaths) {
      await page.goto(`${served.url}${path}`);
      await page.locator('#link.live').waitFor();
      expect(
        await page.locator('main script, main img, main [style], main a[href^="javascript"]').count(),
      ).toBe(0);
    }
    expect([elsewhere, complaints]).toEqual([[], []]);
  });
});
