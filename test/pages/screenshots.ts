/** Makes the pictures of docs/images, from a world that is told in story.ts: `npm run screenshots`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, reader, whyNoBrowser } from './browser.ts';
import { serve } from './serving.ts';
import { tellStory } from './story.ts';

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly colorScheme: 'light' | 'dark';
  readonly height: number;
}

const pictures: readonly Picture[] = [
  { name: 'overview', path: '/', colorScheme: 'light', height: 1_180 },
  { name: 'overview-dark', path: '/', colorScheme: 'dark', height: 1_180 },
  { name: 'task', path: '/tasks/depot/reboot-after-update', colorScheme: 'light', height: 1_240 },
  { name: 'windows', path: '/windows', colorScheme: 'light', height: 760 },
];

async function main(folder: string): Promise<void> {
  if (whyNoBrowser !== null) throw new Error(whyNoBrowser);
  mkdirSync(folder, { recursive: true });
  const served = await serve(await tellStory());
  const browser = await launch();
  try {
    for (const { name, path, colorScheme, height } of pictures) {
      const viewport = { width: 1_120, height };
      const { context } = await reader(browser, { colorScheme, viewport, deviceScaleFactor: 1.5 });
      const page = await context.newPage();
      await page.goto(`${served.url}${path}`);
      await page.locator('#link.live').waitFor();
      await page.screenshot({ path: join(folder, `${name}.png`) });
      await context.close();
    }
  } finally {
    await browser.close();
    await served.close();
  }
}

await main(process.argv[2] ?? 'docs/images');
