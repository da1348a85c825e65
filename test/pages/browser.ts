/** A browser of the machine, and a reader who uses it. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { token } from '../http/watched.ts';

const executablePath = '/usr/bin/chromium';

/** Why there are no tests with a browser; null where there is one. */
export const whyNoBrowser = existsSync(executablePath) ? null : `${executablePath} is not there`;

/** Without what a browser does of its own accord on a network. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--font-render-hinting=none',
    ],
  });
}

/** A reader with the token, who remembers whatever a browser complains of. */
export async function reader(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly context: BrowserContext; readonly complaints: string[] }> {
  const context = await browser.newContext({
    httpCredentials: { username: 'ann', password: token },
    reducedMotion: 'reduce',
    ...options,
  });
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { context, complaints };
}
