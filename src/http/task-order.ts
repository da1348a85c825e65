/** In which order tasks are listed. */

import { sortInSlices, type Turns } from '../lib/turns.ts';
import type { Decision } from '../plan/decision.ts';
import { compareText } from '../plan/text-order.ts';
import type { TaskPlace } from './cursor.ts';

/** By fleet and name; revisions of one name by their tokens, one without first. */
export function comparePlaces(a: TaskPlace, b: TaskPlace): number {
  return compareText(a.key, b.key) || compareText(a.token ?? '', b.token ?? '');
}

/** The decisions of the newest pass in their order, which is made once for all who ask. */
export class TaskOrder {
  readonly #turns: Turns;
  #decisions: readonly Decision[] = [];
  #ordered: Promise<readonly Decision[]> = Promise.resolve([]);

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  read(decisions: readonly Decision[]): Promise<readonly Decision[]> {
    if (decisions !== this.#decisions) {
      this.#decisions = decisions;
      this.#ordered = this.#turns.run(sortInSlices(decisions, comparePlaces));
    }
    return this.#ordered;
  }
}
