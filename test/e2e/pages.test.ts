/** The pages of the daemon as its users run it: what a merge changes is told to whoever listens, and nobody who listens keeps it alive. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canary, openWorld, quickDevices, taskFile, until } from './world.ts';

const token = `${canary}-http-token`;
const headers = { authorization: `Basic ${Buffer.from(`ann:${token}`).toString('base64')}` };

describe('a page of the daemon', () => {
  it('shows a merge once a pass has told of it, and ends with the daemon', async (test) => {
    const world = await openWorld(test, ...quickDevices);
    await world.initLedger();
    writeFileSync(join(world.dir, 'http-token'), `${token}\n`);
    const http = {
      web: { listen: '127.0.0.1:0' },
      probes: { listen: 'off' },
      auth: { tokenFiles: ['http-token'] },
    };
    const daemon = world.start('run', '--config', world.configure('one', { http }));
    const port = (): string | undefined => /"listener":"web".*?"port":(\d+)/.exec(daemon.text.stderr)?.[1];
    await until('the web listens', () => port() !== undefined);
    const url = `http://127.0.0.1:${port()}`;
    const stream = await fetch(`${url}/events`, { headers });
    let heard = '';
    const ended = (async () => {
      for await (const part of stream.body ?? []) heard += Buffer.from(part).toString('utf8');
    })();
    const page = async (path: string): Promise<string> =>
      (await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(10_000) })).text();
    await until('it is ready', async () => (await page('/')).includes('<h1>Ready</h1>'));
    const before = heard.length;
    world.commit(taskFile(world, 'a'));
    await until('the task is there', async () => (await page('/tasks/lab/a')).includes('The exact request'));
    expect(heard.slice(before)).toContain('event: pass\n');
    const shown = await page('/');
    expect(shown).toContain('href="/tasks/lab/a"');
    expect(shown + heard).not.toContain(canary);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    await ended;
  });
});
