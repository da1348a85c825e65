/** The HTTP side as a daemon wires it: what the log tells of deliveries and of their secrets, and how often. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Bell } from '../../src/controller/loop.ts';
import type { LogFields } from '../../src/controller/ports.ts';
import { hookBodiesMax } from '../../src/http/hook-body.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { openHttp } from '../../src/wire-http.ts';
import { StepClock, secret, signed } from './hook-world.ts';
import { openRaw } from './raw-client.ts';
import { openHttp as configured, Watched } from './watched.ts';

const dir = mkdtempSync(join(tmpdir(), 'snowgate-wired-'));
const secretFile = join(dir, 'secret');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(secretFile, { force: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

async function serve() {
  const watched = new Watched();
  const warned: [string, LogFields][] = [];
  const clock = new StepClock();
  const redactor = createRedactor();
  const opened = await openHttp({
    config: watched.life.c.config,
    http: { ...configured, web: null, probes: null, hookSecretFiles: new Map([['github', [secretFile]]]) },
    readStatus: () => watched.status(),
    subscribe: (listener) => watched.book.subscribe(listener),
    metrics: new Metrics('1.2.3'),
    bell: new Bell(),
    journal: {
      write: (level, event, fields = {}) => {
        if (level === 'warn') warned.push([event, fields]);
      },
    },
    redactor,
    clock,
  });
  if (!opened.ok) throw new Error(opened.fault.message);
  closing.push(opened.value.close);
  const url = `http://127.0.0.1:${opened.value.addresses.get('hooks')?.port}`;
  const deliver = async (body: string, key = secret): Promise<number> => {
    const headers = signed('github', body, key);
    return (await fetch(`${url}/hooks/github`, { method: 'POST', body, headers })).status;
  };
  const codes = () => warned.flatMap(([, { code }]) => code ?? []);
  return { url, clock, redactor, warned, codes, deliver };
}

describe('the log of webhooks', () => {
  it('tells what is wrong with a secret once, and again when it has changed', async () => {
    const { deliver, codes, warned, redactor } = await serve();
    for (const body of ['1', '2', '3']) expect(await deliver(body)).toBe(401);
    expect(codes()).toEqual(['SG3013']);
    writeFileSync(secretFile, 'fifteen letters');
    for (const body of ['1', '2', '3']) expect(await deliver(body, 'fifteen letters')).toBe(401);
    expect(codes()).toEqual(['SG3013', 'SG7034']);
    writeFileSync(secretFile, secret);
    expect(await deliver('4')).toBe(202);
    rmSync(secretFile);
    expect(await deliver('5')).toBe(401);
    expect(codes()).toEqual(['SG3013', 'SG7034', 'SG3013']);
    expect(JSON.stringify(warned)).not.toMatch(/fifteen letters|correct-horse/);
    expect(redactor.redact(`a ${secret} b`)).toBe('a [redacted] b');
  });

  it('tells of the first that is refused, by its reason, and later how many more there were', async () => {
    const { url, clock, warned, deliver } = await serve();
    writeFileSync(secretFile, secret);
    const wrong = { provider: 'github', more: 0 };
    for (const body of ['1', '2', '3']) expect(await deliver(body, 'another-secret-0123')).toBe(401);
    const unauthorized = 'webhook delivery refused: its signature is missing or wrong';
    expect(warned).toEqual([[unauthorized, wrong]]);
    const head = `POST /hooks/github HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\n`;
    const half = await Promise.all(
      Array.from({ length: hookBodiesMax + 2 }, () => openRaw(url, `${head}content-length: 10\r\n\r\nhalf`)),
    );
    await Promise.race(half.map(({ closed }) => closed));
    expect(await deliver('4')).toBe(503);
    expect(warned.slice(1)).toEqual([['webhook delivery refused: too many are being read', wrong]]);
    for (const { socket } of half) socket.destroy();
    await clock.pass(10 * 60_000);
    expect(await deliver('5', 'another-secret-0123')).toBe(401);
    expect(warned.slice(2)).toEqual([[unauthorized, { provider: 'github', more: 2 }]]);
    expect(await deliver('6')).toBe(202);
  });
});
