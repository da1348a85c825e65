/** Halts and pauses come and go, and are none of a commit's outcome: they change little at a forge, and never its last word. */
import { describe, expect, it } from 'vitest';
import { emptyStatusBook, StatusSource } from '../../src/notify/status-source.ts';
import type { Decision } from '../../src/plan/decision.ts';
import type { Reason } from '../../src/policy/verdict.ts';
import { startMs } from '../http/hook-world.ts';
import { commitId } from '../ledger/events.ts';
import { forge, Story } from './desk.ts';

const commits = 100;
const story = new Story();
const tokenOf = (n: number): string => `${n}`.padStart(64, '0');
const origins = new Map(
  Array.from({ length: commits }, (_, n) => [
    tokenOf(n),
    { position: n, introducedMs: 0, introduced: { id: commitId(n) }, changed: null, touchesPolicies: false },
  ]),
) as unknown as ReturnType<Story['status']>['origins'];

type Stand = Pick<Decision, 'action' | 'untilMs' | 'reasons'>;
const why = (code: Reason['code']): Reason[] => [{ code, message: 'so it is' }];
const held: Stand = { action: 'hold', untilMs: startMs + 7_200_000, reasons: why('SG6303') };
const halted: Stand = { action: 'blocked', untilMs: null, reasons: why('SG6211') };
const denied: Stand = { action: 'deny', untilMs: null, reasons: why('SG6301') };
const throttled = (untilMs: number): Stand => ({ action: 'hold', untilMs, reasons: why('SG6231') });

/** A forge that takes everything, offered one status after another. */
class Sender {
  readonly #source = new StatusSource(forge, emptyStatusBook);
  readonly sent = new Map<string, string>();
  #minutes = 0;

  /** Offers it so many minutes later, and counts what is sent of it. */
  async offer(minutes: number, standOf: (n: number) => Stand): Promise<number> {
    this.#minutes += minutes;
    const atMs = startMs + this.#minutes * 60_000;
    const now = { wallMs: atMs, monotonicMs: this.#minutes * 60_000 };
    const decisions = Array.from({ length: commits }, (_, n): Decision => {
      const name = `job-${n}`;
      return { key: `lab/${name}`, fleet: 'lab', name, token: tokenOf(n), ...standOf(n) };
    });
    const offer = { status: story.status({ decisions, origins, atMs }), memo: new Map() };
    for (let count = 0; ; count += 1) {
      const job = await this.#source.next(offer, now);
      const request = job?.request('token', atMs);
      if (job === null || request == null) return count;
      const { state, description } = JSON.parse(request.body) as Record<string, string>;
      this.sent.set(job.id, `${state} ${description}`);
      this.#source.note('taken', now);
    }
  }
}

describe('the statuses of a hundred commits', () => {
  it('stay where they are while a halt comes and goes', async () => {
    const sender = new Sender();
    expect(await sender.offer(0, () => held)).toBe(commits);
    let more = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      more += await sender.offer(5, () => halted);
      more += await sender.offer(5, () => held);
    }
    expect(more).toBe(0);
  });

  it('are changed some at a time for a halt that lasts, and some at a time when it is over', async () => {
    const sender = new Sender();
    await sender.offer(0, () => held);
    const counts: number[] = [await sender.offer(1, () => halted), await sender.offer(59, () => halted)];
    for (let passes = 0; passes < 5; passes += 1) counts.push(await sender.offer(1, () => halted));
    for (let passes = 0; passes < 5; passes += 1) counts.push(await sender.offer(1, () => held));
    expect(counts).toEqual([0, 0, 30, 30, 30, 10, 0, 30, 30, 30, 10, 0]);
    expect(new Set(sender.sent.values())).toEqual(new Set(['pending held until 14:00 UTC']));
  });

  it('say at once what becomes of a commit, halted or not', async () => {
    const sender = new Sender();
    await sender.offer(0, (n) => (n < 50 ? held : denied));
    expect(await sender.offer(1, () => halted)).toBe(50);
    expect(await sender.offer(1, () => denied)).toBe(commits);
    expect(new Set(sender.sent.values())).toEqual(new Set(['failure denied']));
  });

  it('do not follow the end of a pause', async () => {
    const sender = new Sender();
    expect(await sender.offer(0, () => throttled(startMs + 30_000))).toBe(commits);
    expect(await sender.offer(1, () => throttled(startMs + 120_000))).toBe(0);
    expect(new Set(sender.sent.values())).toEqual(new Set(['pending waiting']));
  });
});
