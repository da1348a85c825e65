/** What the tests of webhooks share: secrets, signatures made without the code under test, a desk that receives, a clock. */
import { createHmac } from 'node:crypto';
import { type HookProvider, hookProviders } from '../../src/config/config.ts';
import { createHookHandler, type HookHandler, type SecretReader } from '../../src/http/hook-handler.ts';
import { hintedPlaces, type WatchedPlace } from '../../src/http/hook-hint.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { ok } from '../../src/lib/faults.ts';

export const secret = 'correct-horse-battery-staple';
export const nextSecret = 'Tr0ub4dor&3-and-some-more';
export const standardSecret = `whsec_${Buffer.from('thirty-two bytes of pure entropy').toString('base64')}`;
export const startMs = Date.parse('2026-11-23T12:00:00.000Z');
export const nowSeconds = String(startMs / 1_000);

export type Body = string | Uint8Array;
export type HeaderTexts = Record<string, string> | [string, string][];

export function hex(key: string, ...parts: readonly Body[]): string {
  const made = createHmac('sha256', key);
  for (const part of parts) made.update(part);
  return made.digest('hex');
}

/** `v1,BASE64` under the key that a `whsec_` secret holds. */
export function standard(whsec: string, id: string, time: string, body: Body): string {
  const key = Buffer.from(whsec.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')}`;
}

/** The headers with which each forge proves this body. */
export function signed(
  provider: HookProvider,
  body: Body,
  key = secret,
  time = nowSeconds,
): Record<string, string> {
  if (provider === 'github') return { 'X-Hub-Signature-256': `sha256=${hex(key, body)}` };
  if (provider === 'bitbucket') return { 'X-Hub-Signature': `sha256=${hex(key, body)}` };
  if (provider === 'gitea') return { 'X-Gitea-Signature': hex(key, body) };
  if (provider === 'gitlab') return { 'X-Gitlab-Token': key };
  return { 'X-Snowgate-Timestamp': time, 'X-Snowgate-Signature': `sha256=${hex(key, `${time}.`, body)}` };
}

export function request(body: Body | null, headers: HeaderTexts = {}, method = 'POST'): Request {
  // Nothing that the platform adds: a string would bring a content-type along.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return new Request('http://127.0.0.1:9641/hooks', { method, headers, body: bytes });
}

/** Two branches of one repository, and a branch of another. */
function watch(url: string): readonly WatchedPlace[] {
  return [
    { name: 'source', url, branch: 'main' },
    { name: 'policySource', url: 'https://git.example.com/marine/policies.git', branch: 'main' },
    { name: 'ledger', url, branch: 'snowgate-ledger' },
  ];
}

const ourUrl = 'https://git.example.com/marine/snow-tasks.git';
export const everything = 'source policySource ledger';

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** What a body hints at, where `url` is the repository of source and ledger. */
export function hinted(
  provider: HookProvider,
  body: Buffer,
  headers: HeaderTexts = {},
  url = ourUrl,
): string {
  return hintedPlaces({ provider, headers: new Headers(headers), body }, watch(url)).join(' ');
}

/** Stands still until a test moves it; what sleeps is woken on the way, in its order. */
export class StepClock implements Clock {
  wall = startMs;
  monotonic = 1_000;
  #sleepers: { atMs: number; wake: () => void }[] = [];

  wallMs = (): number => this.wall;
  monotonicMs = (): number => this.monotonic;

  sleep = (durationMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper = { atMs: this.monotonic + durationMs, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake);
    });

  /** How many timers there are. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  async pass(durationMs: number): Promise<void> {
    const endMs = this.monotonic + durationMs;
    for (;;) {
      const [next] = this.#sleepers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      this.#moveTo(next?.atMs ?? endMs);
      if (next === undefined) return settle();
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
      await settle();
    }
  }

  #moveTo(monotonicMs: number): void {
    this.wall += monotonicMs - this.monotonic;
    this.monotonic = monotonicMs;
  }
}

/** Lets everything run that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

export interface Desk {
  readonly handle: HookHandler;
  readonly clock: StepClock;
  /** What was poked, one entry a time. */
  readonly poked: string[];
  /** `provider result` of every delivery. */
  readonly told: string[];
}

/** A handler of all providers, whose secret is `secret` unless the reader says otherwise. */
export function makeDesk(read: SecretReader = async () => ok([secret])): Desk {
  const clock = new StepClock();
  const poked: string[] = [];
  const told: string[] = [];
  const handle = createHookHandler({
    secrets: new Map(hookProviders.map((provider) => [provider, read])),
    watched: watch(ourUrl),
    poke: (names) => void poked.push(names.join(' ')),
    onDelivery: ({ provider, result }) => void told.push(`${provider} ${result}`),
    clock,
  });
  return { handle, clock, poked, told };
}

/** All of a response that anybody can see. */
export async function seen(response: Response): Promise<unknown> {
  const { status, statusText, headers } = response;
  return { status, statusText, headers: [...headers], body: await response.text() };
}
