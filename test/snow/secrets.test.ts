/** What must never be seen or left behind: secrets that an answer repeats, and helpers that do not end. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createUnfinished, fetchCredentials } from '../../src/snow/sts.ts';
import { Transport } from '../../src/snow/transport.ts';
import { fleetAt, later, open, openApi, taskRequest, useEnvironment } from './fixture.ts';
import { reply, startRawServer } from './raw-server.ts';

useEnvironment();

// Of no shape that is known: it can be hidden by its value alone.
const token = 'canary session token of another kind';

it.each([0, 485])('hides a session token that AWS repeats after %i characters', async (before) => {
  vi.stubEnv('AWS_SESSION_TOKEN', token);
  const message = `${'x'.repeat(before)}${token}`;
  const type = { 'x-amzn-errortype': 'AccessDeniedException' };
  const server = await startRawServer(reply({ status: 403, headers: type, body: { message } }));
  later(server.close);
  const api = openApi(fleetAt(server.endpoint));
  const told = JSON.stringify([await api.createTask(taskRequest(), open), await api.listTasks()]);
  expect(told).toContain('AccessDeniedException: ');
  expect(told).not.toContain(token.slice(0, 8));
});

it('starts no further credential helper while earlier ones do not end', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-test-helper-'));
  const [started, helper] = [join(dir, 'started'), join(dir, 'helper')];
  later(() => {
    const ids = existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n') : [];
    for (const id of ids) process.kill(Number(id), 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  writeFileSync(helper, `#!/bin/sh\necho $$ >> ${started}\nexec sleep 60\n`);
  chmodSync(helper, 0o700);
  writeFileSync(join(dir, 'config'), `[default]\ncredential_process = ${helper}\n`);
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
  const limits = { connectTimeoutMs: 500, requestTimeoutMs: 500 };
  const transport = new Transport({ clock: systemClock, ...limits });
  const options = { fleet: fleetAt('http://127.0.0.1:9'), endpoint: '', transport, timeoutMs: 500 };
  const unfinished = createUnfinished();
  for (let times = 0; times < 6; times += 1) {
    const answer = await fetchCredentials(options, unfinished);
    expect(answer).toMatchObject({ ok: false, fault: { fault: { code: 'SG5011' } } });
  }
  expect(readFileSync(started, 'utf8').trim().split('\n')).toHaveLength(3);
});
