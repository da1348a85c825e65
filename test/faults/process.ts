/**
 * One life of a controller, seen from outside: its clocks, its freezes, its death. Whatever it asks of the world goes
 * through {@link SimProcess.call}: the request travels, has its effect whether or not the asker lives, and is answered
 * to whoever is still there. A dead process's promises never settle, which is what a kill looks like from inside.
 */
import type { Clock } from '../../src/lib/clock.ts';
import type { Prng } from './prng.ts';
import type { Timeline } from './timeline.ts';

/** Wall clocks begin here, so that instants look like instants. */
export const epochMs = Date.UTC(2026, 10, 23, 12);

export interface Travel {
  readonly beforeMs: number;
  readonly afterMs: number;
}

export class SimProcess {
  readonly replica: string;
  readonly life: number;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #bootMs: number;
  /** Called before each request leaves: true to die there. */
  readonly #diesHere: () => boolean;
  /** Called when it dies of itself. */
  readonly #onDeath: () => void;
  alive = true;
  wallOffsetMs: number;
  #frozenUntilMs = 0;
  #stalledMs = 0;

  constructor(options: {
    readonly replica: string;
    readonly life: number;
    readonly timeline: Timeline;
    readonly wallOffsetMs: number;
    readonly diesHere: () => boolean;
    readonly onDeath: () => void;
  }) {
    this.replica = options.replica;
    this.life = options.life;
    this.#timeline = options.timeline;
    this.#bootMs = options.timeline.nowMs;
    this.#diesHere = options.diesHere;
    this.#onDeath = options.onDeath;
    this.wallOffsetMs = options.wallOffsetMs;
    this.clock = {
      wallMs: () => epochMs + this.#timeline.nowMs + this.wallOffsetMs,
      monotonicMs: () => this.#timeline.nowMs - this.#bootMs - this.#stalledMs,
      sleep: (durationMs, signal) => this.#sleep(durationMs, signal),
    };
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#onDeath();
  }

  /** Stops the process for a while; a suspended machine's monotonic clock stops with it. */
  freeze(durationMs: number, suspendsMachine: boolean): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#timeline.nowMs + durationMs);
    if (suspendsMachine) this.#stalledMs += durationMs;
  }

  /** Goes on when the process is not frozen, and never once it is dead. */
  resume(run: () => void): void {
    if (!this.alive) return;
    if (this.#timeline.nowMs < this.#frozenUntilMs) {
      this.#timeline.at(this.#frozenUntilMs, () => this.resume(run));
      return;
    }
    run();
  }

  /** A pause inside the process (signing, thinking): nothing leaves it. */
  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.#timeline.after(durationMs, () => this.resume(resolve)));
  }

  /** One request: it leaves, has its effect, and is answered. */
  call<T>(travel: Travel, effect: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.alive) return;
      if (this.#diesHere()) {
        this.kill();
        return;
      }
      this.#timeline.after(travel.beforeMs, () => {
        Promise.resolve(effect()).then(
          (value) => this.#timeline.after(travel.afterMs, () => this.resume(() => resolve(value))),
          reject,
        );
      });
    });
  }

  #sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (!this.alive) return;
      const wake = (): void => this.resume(resolve);
      if (signal?.aborted === true || durationMs <= 0) {
        this.#timeline.after(0, wake);
        return;
      }
      const abort = (): void => this.#timeline.after(0, wake);
      signal?.addEventListener('abort', abort, { once: true });
      this.#timeline.after(durationMs, () => {
        signal?.removeEventListener('abort', abort);
        wake();
      });
    });
  }
}

/** How long a request and its answer travel; now and then much longer. */
export function drawTravel(prng: Prng, slow: number, slowMaxMs: number): Travel {
  const slowMs = prng.chance(slow) ? prng.between(0, slowMaxMs) : 0;
  const beforeMs = prng.between(1, 400) + (prng.chance(0.5) ? slowMs : 0);
  return { beforeMs, afterMs: prng.between(1, 400) + slowMs };
}
