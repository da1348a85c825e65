/** Long work in short turns: a hundred thousand decisions are looked through without keeping a probe, a page or a pass waiting. */
import { setImmediate } from 'node:timers/promises';

/** What is looked through in one turn: a few milliseconds, where a ledger of a million revisions is asked for each. */
const turnMax = 1_000;

/** Counts work, and tells when somebody else should have a turn. */
export class Turns {
  #done = 0;

  /** Whether a turn is over, now that so much more was done: in things looked at. */
  isOver(amount = 1): boolean {
    this.#done += amount;
    if (this.#done < turnMax) return false;
    this.#done = 0;
    return true;
  }
}

/** Does the work to its end, with room for everything else wherever it yields. */
export async function inTurns<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
