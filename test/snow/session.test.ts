import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { FleetConfig } from '../../src/config/config.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { type FakeSts, startSts, stsError } from '../doubles/sts.ts';
import { fleetAt, later, open, openApi, taskRequest, useEnvironment } from './fixture.ts';
import { type RawServer, reply, startRawServer } from './raw-server.ts';

useEnvironment();

const account = '111122223333';
const roleArn = `arn:aws:iam::${account}:role/snowgate`;

/** A clock that stands still until a test moves it. */
function movableClock() {
  const clock = {
    aheadMs: 0,
    wallMs: () => Date.now() + clock.aheadMs,
    monotonicMs: () => performance.now() + clock.aheadMs,
    sleep: async () => undefined,
  };
  return clock;
}

async function start(fleet: Partial<FleetConfig>, stsAccount = account) {
  const sts: FakeSts = await startSts({ account: stsAccount });
  later(sts.close);
  const server: RawServer = await startRawServer(reply({ status: 200, body: { taskId: 'st-1' } }));
  later(server.close);
  const clock = movableClock();
  const redactor = createRedactor();
  const api = openApi(fleetAt(server.endpoint, { account, stsEndpoint: sts.endpoint, ...fleet }), {
    clock,
    redactor,
  });
  const actions = (): string[] => sts.requests.map(({ action }) => action);
  return { sts, server, api, clock, redactor, actions };
}

describe('proving the account', () => {
  it("asks STS in the fleet's region whose the credentials are", async () => {
    const { api, sts } = await start({});
    expect(await api.prove()).toMatchObject({ kind: 'ok', value: { account } });
    expect(sts.requests).toMatchObject([
      { action: 'GetCallerIdentity', accessKeyId: 'AKIATESTTESTTESTTEST', region: 'us-west-2' },
    ]);
  });

  it('fails loudly when the credentials are of another account, and sends nothing with them', async () => {
    const { api, server } = await start({}, '999999999999');
    const proof = await api.prove();
    expect(proof).toMatchObject({ kind: 'denied', fault: { code: 'SG5014', class: 'human' } });
    expect(proof.kind === 'denied' && proof.fault.message).toBe(
      'fleet lab is account 111122223333, but its credentials are of account 999999999999',
    );
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
    expect(await api.listTasks()).toMatchObject({ kind: 'denied', fault: { code: 'SG5014' } });
    expect(server.connections).toBe(0);
  });

  it('asks nobody, and gives an empty account, for an endpoint without one', async () => {
    const server = await startRawServer(reply({ status: 200, body: { taskId: 'st-1' } }));
    later(server.close);
    const api = openApi(fleetAt(server.endpoint));
    expect(await api.prove()).toEqual({ kind: 'ok', value: { account: '' } });
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
  });

  it('sends no CreateTask with credentials that were not proved, also when nobody called prove', async () => {
    const { api, server, sts } = await start({});
    sts.script('GetCallerIdentity', 'reset');
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
    expect(server.connections).toBe(0);
    sts.script('GetCallerIdentity', null);
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
  });

  it('asks again after five minutes, and only then', async () => {
    const { api, clock, actions } = await start({});
    for (let n = 0; n < 5; n += 1) await api.prove();
    expect(actions()).toHaveLength(1);
    clock.aheadMs = 301_000;
    expect((await api.prove()).kind).toBe('ok');
    expect(actions()).toHaveLength(2);
  });

  it.each([
    ['access denied', stsError(403, 'AccessDenied', 'not you'), 'denied', 'SG5009'],
    ['expired', stsError(403, 'ExpiredToken', 'old'), 'denied', 'SG5009'],
    ['unknown key', stsError(403, 'InvalidClientTokenId', 'who'), 'denied', 'SG5009'],
    ['expired with status 400', stsError(400, 'ExpiredTokenException', 'old'), 'denied', 'SG5009'],
    ['throttled', stsError(400, 'Throttling', 'slow'), 'throttled', 'SG5006'],
    ['down', stsError(503, 'ServiceUnavailable', 'down'), 'failed', 'SG5013'],
    ['a page of HTML', { status: 502, body: '<html>' }, 'failed', 'SG5013'],
    [
      'an answer without an account',
      {
        status: 200,
        body: '<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>',
      },
      'failed',
      'SG5013',
    ],
    [
      'an account that is none',
      {
        status: 200,
        body: '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>me</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
      },
      'failed',
      'SG5013',
    ],
    ['a broken connection', 'reset', 'failed', 'SG5013'],
  ] as const)('STS says %s', async (_name, scripted, kind, code) => {
    const { api, sts } = await start({});
    sts.script('GetCallerIdentity', scripted);
    expect(await api.prove()).toMatchObject({ kind, fault: { code } });
    sts.script('GetCallerIdentity', null);
    expect((await api.prove()).kind).toBe('ok');
  });
});

describe('assuming a role', () => {
  it('works with the overridden fast-xml-parser 5.12.1: keys, token and end are read from the XML of STS', async () => {
    const { api, sts, server } = await start({ roleArn, externalId: 'ext-1' });
    expect(await api.prove()).toMatchObject({ kind: 'ok', value: { account } });
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    const [assume, identity] = sts.requests;
    expect(assume?.action).toBe('AssumeRole');
    expect(assume?.region).toBe('us-west-2');
    expect(assume?.accessKeyId).toBe('AKIATESTTESTTESTTEST');
    expect(Object.fromEntries(assume?.parameters ?? [])).toMatchObject({
      RoleArn: roleArn,
      ExternalId: 'ext-1',
      RoleSessionName: 'snowgate-lab',
    });
    expect(identity).toMatchObject({ action: 'GetCallerIdentity', accessKeyId: 'ASIAASSUMED000000001' });
    expect(server.requests[0]).toContain('Credential=ASIAASSUMED000000001/');
    expect(server.requests[0]).toContain('x-amz-security-token: assumed<token>1');
  });

  it('is done once for many calls, and again when a third of its life is left', async () => {
    const { api, clock, actions } = await start({ roleArn });
    await Promise.all(Array.from({ length: 8 }, () => api.createTask(taskRequest(), open)));
    expect(actions()).toEqual(['AssumeRole', 'GetCallerIdentity']);
    clock.aheadMs = 2_300_000;
    await api.createTask(taskRequest(), open);
    expect(actions()).toHaveLength(2);
    clock.aheadMs = 2_500_000;
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    expect(actions()).toEqual(['AssumeRole', 'GetCallerIdentity', 'AssumeRole', 'GetCallerIdentity']);
  });

  it('outlives an outage of STS as long as the credentials live, and not longer', async () => {
    const { api, sts, clock } = await start({ roleArn });
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    sts.script('AssumeRole', 'reset');
    clock.aheadMs = 3_000_000;
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    clock.aheadMs = 3_560_000;
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
  });

  it('uses no credentials that have ended or are about to', async () => {
    const { api, sts, server } = await start({ roleArn });
    sts.lifeMs = 30_000;
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
    expect(await api.prove()).toMatchObject({ kind: 'failed', fault: { code: 'SG5018' } });
    expect(server.connections).toBe(0);
  });

  it.each([
    [
      'denied',
      stsError(403, 'AccessDenied', 'is not authorized to perform: sts:AssumeRole'),
      'denied',
      'SG5012',
    ],
    ['down', 'reset', 'failed', 'SG5013'],
    ['unreadable', { status: 200, body: '<AssumeRoleResponse' }, 'failed', 'SG5013'],
    ['an internal error', stsError(500, 'InternalFailure', 'oops'), 'failed', 'SG5013'],
  ] as const)('STS is %s', async (_name, scripted, kind, code) => {
    const { api, sts, server } = await start({ roleArn });
    sts.script('AssumeRole', scripted);
    expect(await api.prove()).toMatchObject({ kind, fault: { code } });
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
    expect(server.connections).toBe(0);
  });

  it('does not hold a call longer than its time-out when STS hangs, and says late, not none', async () => {
    const { sts, server } = await start({});
    sts.script('AssumeRole', 'hang');
    const fleet = fleetAt(server.endpoint, { account, stsEndpoint: sts.endpoint, roleArn });
    const api = openApi(fleet, { requestTimeoutMs: 500 });
    expect(await api.createTask(taskRequest(), open)).toMatchObject({
      kind: 'unsent',
      reason: 'credentials',
    });
    expect(await api.listTasks()).toMatchObject({
      kind: 'failed',
      fault: { code: 'SG5011', class: 'retry' },
    });
    expect(server.connections).toBe(0);
  });

  it('tells no secret: what it was given is known to the redactor', async () => {
    const { api, redactor } = await start({ roleArn });
    await api.prove();
    expect(redactor.redact('is assumed/secret&1 here')).toBe('is [redacted] here');
    expect(redactor.redact('is assumed<token>1 here')).toBe('is [redacted] here');
  });
});

describe('credentials that change', () => {
  it('are thrown away when AWS does not accept them, so that the next call has others', async () => {
    const { api, server, actions } = await start({ roleArn });
    server.behave(reply({ status: 403, type: 'ExpiredTokenException' }));
    expect((await api.createTask(taskRequest(), open)).kind).toBe('denied');
    server.behave(reply({ status: 200, body: { taskId: 'st-1' } }));
    expect((await api.createTask(taskRequest(), open)).kind).toBe('issued');
    expect(actions()).toEqual(['AssumeRole', 'GetCallerIdentity', 'AssumeRole', 'GetCallerIdentity']);
    expect(server.requests[1]).toContain('Credential=ASIAASSUMED000000003/');
  });

  it('are forgotten by the redactor when there were 32 others, and nothing else is', async () => {
    const { api, server, redactor } = await start({ roleArn });
    redactor.register('a token of a file', 'a file');
    server.behave(reply({ status: 403, type: 'ExpiredTokenException' }));
    // Each is answered as assumed, and each is asked whose it is: its numbers are odd.
    for (let n = 0; n < 33; n += 1) await api.createTask(taskRequest(), open);
    const of = (n: number): string => `assumed/secret&${n} and assumed<token>${n}`;
    expect(redactor.redact(of(1))).toBe('[redacted] and [redacted]');
    await api.createTask(taskRequest(), open);
    expect(redactor.redact(of(1))).toBe(of(1));
    expect(redactor.redact(of(67))).toBe('[redacted] and [redacted]');
    expect(redactor.redact('a token of a file')).toBe('[redacted]');
  });

  it('are kept when AWS accepts them and denies the action', async () => {
    const { api, server, actions } = await start({ roleArn });
    server.behave(reply({ status: 403, type: 'AccessDeniedException' }));
    for (let n = 0; n < 3; n += 1) expect((await api.createTask(taskRequest(), open)).kind).toBe('denied');
    expect(actions()).toHaveLength(2);
  });

  it('are read again from their file, and proved again when they are others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'snowgate-credentials-'));
    later(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'credentials');
    const write = (key: string): void =>
      writeFileSync(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret-${key}\n`);
    write('AKIAFIRSTFIRSTFIRST1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    const { api, clock, sts } = await start({});
    await api.createTask(taskRequest(), open);
    write('AKIASECONDSECONDSEC2');
    await api.createTask(taskRequest(), open);
    clock.aheadMs = 301_000;
    await api.createTask(taskRequest(), open);
    expect(sts.requests.map(({ accessKeyId }) => accessKeyId)).toEqual([
      'AKIAFIRSTFIRSTFIRST1',
      'AKIASECONDSECONDSEC2',
    ]);
  });
});
