import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreateOutcome } from '../../src/controller/ports.ts';
import { makeCertificate } from './certificate.ts';
import { later, patientTimeoutMs, taskRequest, useEnvironment } from './fixture.ts';
import { type Behaviour, reply, startRawServer } from './raw-server.ts';

useEnvironment();

/*
 * Node reads additional authorities once, at its start. So the good path of TLS runs in a process of its own, on the
 * compiled sources, below node_modules so that it finds its libraries.
 */
let folder = '';
let certificate = { key: '', cert: '' };

beforeAll(() => {
  mkdirSync(resolve('node_modules/.cache'), { recursive: true });
  folder = mkdtempSync(resolve('node_modules/.cache/snowgate-tls-'));
  const tsc = resolve('node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist'), '--noCheck'], {
    stdio: 'pipe',
    timeout: 50_000,
  });
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  certificate = makeCertificate(folder, 'localhost');
  writeFileSync(
    join(folder, 'call.js'),
    `import { systemClock } from './dist/lib/clock.js';
import { createRedactor } from './dist/lib/redact.js';
import { createTaskApi } from './dist/snow/task-api.js';
const [endpoint, timeout, request] = process.argv.slice(2);
const open = (at, requestTimeoutMs) => createTaskApi({ name: 'lab', region: 'us-west-2', endpoint: at }, { requestTimeoutMs, clock: systemClock, redactor: createRedactor() });
// Loads the SDK, which is not to be counted in the time-out below.
await open('http://127.0.0.1:9', 60_000).probe();
const api = open(endpoint, Number(timeout));
const outcome = await api.createTask(JSON.parse(request), () => 'open');
const probe = await api.probe();
process.stdout.write(JSON.stringify({ outcome, probe: probe.kind }));
api.close();
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function callOverTls(behaviour: Behaviour, host: string, timeoutMs: number) {
  const server = await startRawServer(behaviour, certificate);
  later(server.close);
  const args = [
    join(folder, 'call.js'),
    `https://${host}:${server.port}`,
    String(timeoutMs),
    JSON.stringify(taskRequest()),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
    timeout: 30_000,
  });
  return { server, ...(JSON.parse(stdout) as { outcome: CreateOutcome; probe: string }) };
}

describe('over TLS', () => {
  it('a task is made by a server whose certificate an authority of this machine has signed', async () => {
    const { outcome, server } = await callOverTls(
      reply({ status: 200, body: { taskId: 'st-1' } }),
      'localhost',
      patientTimeoutMs,
    );
    expect(outcome).toMatchObject({ kind: 'issued', taskId: 'st-1' });
    expect(server.requests[0]).toMatch(/^POST \/task /);
  });

  it('nothing is sent to a server of another name', async () => {
    const { outcome, probe, server } = await callOverTls(
      reply({ status: 200, body: { taskId: 'st-1' } }),
      '127.0.0.1',
      patientTimeoutMs,
    );
    expect(outcome).toMatchObject({ kind: 'unsent', reason: 'connection' });
    expect(probe).toBe('failed');
    expect(server.requests).toEqual([]);
  });

  it('an answer that never comes is unknown, and the connection is reset', async () => {
    const { outcome, server } = await callOverTls(() => undefined, 'localhost', 1000);
    expect(outcome).toMatchObject({ kind: 'unknown', error: 'TimeoutError' });
    await expect.poll(() => server.ends).toContain('reset');
  });
});
