/**
 * Are the clocks to be believed? A window that is judged by a wrong clock opens a device at the wrong hour. The wall
 * clock is compared with what AWS's answers say (to a second: their Date has no finer grain) and with the monotonic
 * clock; where they disagree by more than the tolerance, nothing is called until a newer answer agrees.
 */
import type { Moment } from '../lib/clock.ts';
import type { Reason } from '../policy/verdict.ts';
import type { ServerTime } from './ports.ts';

interface Answer {
  readonly skewMs: number;
  readonly offsetMs: number;
  readonly serverMs: number;
  /** By our own count, what had passed when it came. */
  readonly passedMs: number;
}

export class ClockGuard {
  readonly #toleranceMs: number;
  /** The newest answer of each fleet: how far AWS's clock was ahead of ours, and where our two clocks stood then. */
  readonly #answers = new Map<string, Answer>();
  /** Wall clock less monotonic clock, as last read. */
  #offsetMs = 0;
  /** Where wall and monotonic clock were last known to fit. */
  #base: Moment | null = null;
  #jumpedMs = 0;

  readonly #onLost: (lostMs: number) => void;

  /** `onLost` is told of time that passed unseen by both of our clocks: only AWS's answers can show that. */
  constructor(toleranceMs: number, onLost: (lostMs: number) => void = () => undefined) {
    this.#toleranceMs = toleranceMs;
    this.#onLost = onLost;
  }

  /** An answer of a fleet told the time. */
  observe(fleet: string, server: ServerTime | undefined, now: Moment): void {
    if (server === undefined) return;
    const skewMs = server.serverMs - server.wallMs;
    this.#offsetMs = now.wallMs - now.monotonicMs;
    const passedMs = now.passedMs ?? 0;
    const before = this.#answers.get(fleet);
    const lostMs =
      before === undefined ? 0 : server.serverMs - before.serverMs - (passedMs - before.passedMs);
    const missed = lostMs > this.#toleranceMs ? lostMs : 0;
    if (missed > 0) this.#onLost(missed);
    this.#answers.set(fleet, {
      skewMs,
      offsetMs: this.#offsetMs,
      serverMs: server.serverMs,
      passedMs: passedMs + missed,
    });
    if (Math.abs(skewMs) > this.#toleranceMs) return;
    this.#base = now;
    this.#jumpedMs = 0;
  }

  /** Compares the machine's two clocks; to be called before every decision. */
  check(now: Moment): void {
    this.#offsetMs = now.wallMs - now.monotonicMs;
    if (this.#base === null) {
      this.#base = now;
      return;
    }
    const driftMs = now.wallMs - this.#base.wallMs - (now.monotonicMs - this.#base.monotonicMs);
    // Not forgotten when it jumps back: which of the two times was right, only AWS can say.
    if (Math.abs(driftMs) > this.#toleranceMs) this.#jumpedMs = driftMs;
  }

  /** Has AWS told this fleet's time since the process started? */
  hasHeard(fleet: string): boolean {
    return this.#answers.has(fleet);
  }

  /** Why nothing may be called; null when the clocks agree. */
  complaint(): Reason | null {
    for (const [fleet, { skewMs: told, offsetMs }] of this.#answers) {
      if (Math.abs(told) <= this.#toleranceMs) continue;
      // The clock may have been set right since, and the fleet be down and unable to say so.
      const skewMs = told - (this.#offsetMs - offsetMs);
      if (Math.abs(skewMs) <= this.#toleranceMs) continue;
      return {
        code: 'SG6211',
        message: `this machine's clock is ${describe(-skewMs)} of AWS's (fleet ${fleet}); set it right, nothing is called until they agree`,
      };
    }
    if (this.#jumpedMs === 0) return null;
    return {
      code: 'SG6212',
      message: `this machine's clock jumped ${describe(this.#jumpedMs)} of its own count; nothing is called until AWS's clock agrees`,
    };
  }
}

function describe(differenceMs: number): string {
  return `${Math.round(Math.abs(differenceMs) / 1000)} s ${differenceMs > 0 ? 'ahead' : 'behind'}`;
}
