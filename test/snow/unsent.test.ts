import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { createTaskApi } from '../../src/snow/task-api.ts';
import { makeCertificate } from './certificate.ts';
import { fleetAt, later, open, openApi, taskRequest, useEnvironment } from './fixture.ts';
import { reply, startRawServer } from './raw-server.ts';

useEnvironment();

const issuing = reply({ status: 200, body: { taskId: 'st-1' } });

/** A key and a certificate that no authority of this machine has signed. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'snowgate-tls-'));
  later(() => rmSync(folder, { recursive: true, force: true }));
  return makeCertificate(folder, 'localhost');
}

describe('a CreateTask of which nothing left this machine', () => {
  it('is unsent when nobody listens', async () => {
    const server = await startRawServer(issuing);
    await server.close();
    const api = openApi(fleetAt(server.endpoint));
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'connection',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await api.probe()).toMatchObject({ kind: 'failed', fault: { code: 'SG5001', class: 'retry' } });
  });

  it('is unsent when the name does not resolve', async () => {
    const api = openApi(fleetAt('http://name.invalid'));
    const outcome = await api.createTask(taskRequest(), open);
    expect(outcome).toMatchObject({ kind: 'unsent', reason: 'connection' });
    expect(await api.probe()).toMatchObject({ kind: 'failed', fault: { class: 'retry' } });
  });

  it('is unsent when the certificate is not acceptable, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const server = await startRawServer(issuing, selfSigned());
    later(server.close);
    const api = openApi(fleetAt(server.endpoint));
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'connection',
      message: expect.stringMatching(/self.signed/i),
    });
    expect(await api.probe()).toMatchObject({ kind: 'failed', fault: { code: 'SG5017', class: 'human' } });
    expect(server.requests).toEqual([]);
  });

  it('is unsent when the other side speaks no TLS', async () => {
    const server = await startRawServer(issuing);
    later(server.close);
    const outcome = await openApi(fleetAt(`https://127.0.0.1:${server.port}`)).createTask(
      taskRequest(),
      open,
    );
    expect(outcome).toMatchObject({ kind: 'unsent', reason: 'connection' });
  });

  it('is unsent when the certificate is good and the handshake never ends', async () => {
    const server = await startRawServer(() => undefined);
    later(server.close);
    const api = openApi(fleetAt(`https://localhost:${server.port}`), { requestTimeoutMs: 1000 });
    expect(await api.createTask(taskRequest(), open)).toMatchObject({ kind: 'unsent', reason: 'connection' });
  });

  it('is unsent without credentials', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    const server = await startRawServer(issuing);
    later(server.close);
    const api = openApi(fleetAt(server.endpoint));
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
      message: expect.stringContaining('SG5010'),
    });
    expect(await api.prove()).toMatchObject({ kind: 'failed', fault: { code: 'SG5010', class: 'human' } });
    expect(await api.listTasks()).toMatchObject({ kind: 'failed', fault: { code: 'SG5010' } });
    expect(server.connections).toBe(0);
  });

  it('is unsent when the gate closes while it connects: the last question is asked with the connection open', async () => {
    const server = await startRawServer(issuing);
    later(server.close);
    const outcome = await openApi(fleetAt(server.endpoint)).createTask(taskRequest(), () =>
      server.connections > 0 ? 'closed' : 'open',
    );
    expect(outcome).toMatchObject({ kind: 'unsent', reason: 'gate' });
    expect(server.connections).toBe(1);
    expect(server.requests).toEqual([]);
  });

  it('is unsent after the client was closed', async () => {
    const server = await startRawServer(issuing);
    later(server.close);
    const api = createTaskApi(fleetAt(server.endpoint), {
      requestTimeoutMs: 1000,
      clock: systemClock,
      redactor: createRedactor(),
    });
    api.close();
    expect(await api.createTask(taskRequest(), open)).toMatchObject({ kind: 'unsent' });
    expect(server.connections).toBe(0);
  });

  it('is unsent where the address of AWS is not known', async () => {
    const { endpoint: _none, ...fleet } = fleetAt('', { region: 'us-iso-nowhere', account: '111122223333' });
    const api = openApi(fleet);
    expect(await api.createTask(taskRequest(), open)).toMatchObject({ kind: 'unsent' });
    expect(await api.prove()).toMatchObject({ kind: 'failed', fault: { code: 'SG5019' } });
    expect(await api.probe()).toMatchObject({ kind: 'failed', fault: { code: 'SG5019' } });
  });
});

describe('a call in hand when the client is closed', () => {
  it('is unknown once it was sent', async () => {
    const server = await startRawServer(() => undefined);
    later(server.close);
    const api = createTaskApi(fleetAt(server.endpoint), {
      requestTimeoutMs: 30_000,
      clock: systemClock,
      redactor: createRedactor(),
    });
    const outcome = api.createTask(taskRequest(), open);
    await expect.poll(() => server.requests.length).toBe(1);
    api.close();
    expect(await outcome).toMatchObject({ kind: 'unknown', error: 'Closed' });
  });
});

describe('what the environment says', () => {
  it('turns no call to another host, region or number of attempts', async () => {
    const elsewhere = await startRawServer(issuing);
    later(elsewhere.close);
    const server = await startRawServer(reply({ status: 500, type: 'InternalServerException' }));
    later(server.close);
    for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SNOW_DEVICE_MANAGEMENT']) {
      vi.stubEnv(name, elsewhere.endpoint);
    }
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '9');
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
    vi.stubEnv('AWS_DEFAULTS_MODE', 'legacy');
    await openApi(fleetAt(server.endpoint)).createTask(taskRequest(), open);
    expect(elsewhere.connections).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toContain('/us-west-2/snow-device-management/aws4_request');
  });
});
