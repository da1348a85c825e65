/** docs/NOTIFY.md: its examples are what is sent, and its ways to check a signature work. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noticeKinds } from '../../src/config/config.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { writeCloudEvent } from '../../src/notify/cloud-event.ts';
import { noticeOfEvent } from '../../src/notify/events.ts';
import { signHeaders } from '../../src/notify/sign.ts';
import { writeSlack } from '../../src/notify/slack.ts';
import * as samples from '../ledger/events.ts';
import { hmacSecret, Story } from './desk.ts';

const page = readFileSync(new URL('../../docs/NOTIFY.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'snowgate-notify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function example(name: string): string {
  const found = new RegExp(`<!-- example: ${name} -->\n\`\`\`[a-z]+\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`the page has no example ${name}`);
  return found;
}

const executions = ['SUCCEEDED', 'FAILED'].map((state, index) => ({
  device: `smd-${index + 1}`,
  state,
  executionId: null,
}));
const story = new Story()
  .write(samples.claimed())
  .write(samples.issued({ taskId: 'st-1' }))
  .write(samples.settled({ outcome: 'partial', executions }));
const { view } = story.ledger;
const notice = noticeOfEvent(story.last, { view, origins: new Map() });
if (notice === null) throw new Error('no word');
const message = { kind: 'one', notice } as const;

describe('docs/NOTIFY.md', () => {
  it('shows what is sent', () => {
    expect(example('cloudevent')).toBe(writeCloudEvent(message, view.ledgerId, 0, createRedactor()).body);
    expect(JSON.parse(example('slack'))).toEqual(JSON.parse(writeSlack(message, createRedactor())));
  });

  it('names every event', () => {
    const [, told = ''] = page.split('## Of what');
    expect(noticeKinds.filter((kind) => !told.includes(`\`${kind}\``))).toEqual([]);
  });

  it('has code that knows what is genuine from what is not', async () => {
    writeFileSync(join(folder, 'verify.mjs'), example('verify'));
    const { isGenuine } = (await import(/* @vite-ignore */ join(folder, 'verify.mjs'))) as {
      isGenuine: (headers: object, body: Buffer | string, secret: string) => boolean;
    };
    const body = example('cloudevent');
    const headers = signHeaders(hmacSecret, 'id', body, Date.now()) ?? {};
    expect(isGenuine(headers, body, hmacSecret)).toBe(true);
    expect(isGenuine(headers, `${body} `, hmacSecret)).toBe(false);
    expect(isGenuine(headers, body, `${hmacSecret}x`)).toBe(false);
    expect(isGenuine({}, body, hmacSecret)).toBe(false);
    const old = signHeaders(hmacSecret, 'id', body, Date.now() - 400_000) ?? {};
    expect(isGenuine(old, body, hmacSecret)).toBe(false);
  });

  it('has a line of shell that does the same', () => {
    const body = example('cloudevent');
    const headers = signHeaders(hmacSecret, 'id', body, Date.now()) ?? {};
    writeFileSync(join(folder, 'hook-secret'), `${hmacSecret}\n`);
    const run = (text: string): boolean => {
      writeFileSync(join(folder, 'body.json'), text);
      const env = {
        PATH: process.env['PATH'] ?? '',
        time: headers['x-snowgate-timestamp'],
        signature: headers['x-snowgate-signature'],
      };
      try {
        execFileSync('sh', ['-c', example('verify-shell')], { cwd: folder, env, stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    };
    expect(run(body)).toBe(true);
    expect(run(`${body} `)).toBe(false);
  });
});
