/** Long work in slices, so that the event loop is never kept from a claim whose deadline runs. */

/** Work that stops after each slice, and whose answer is what it returns. */
export type Slices<T> = Generator<undefined, T, undefined>;

/** Items between two stops: some milliseconds, also where a ledger of a million revisions is asked for each. */
const sliceItems = 1_000;

/** Counts what was done since the last stop, where that is more than one list. */
export class Slice {
  #done = 0;

  /** Whether it is over, now that so much more was done: in items. */
  isOver(amount = 1): boolean {
    this.#done += amount;
    if (this.#done < sliceItems) return false;
    this.#done = 0;
    return true;
  }
}

/** What the work returns, without a stop: for whoever cannot wait. */
export function finish<T>(work: Slices<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Does something with each item, in slices. Items that come while it stops are seen where the iterable shows them. */
export function* eachInSlices<T>(items: Iterable<T>, act: (item: T) => void): Slices<void> {
  const slice = new Slice();
  for (const item of items) {
    act(item);
    if (slice.isOver()) yield;
  }
}

/** The same items in order, in slices; equal ones stay in theirs. */
export function* sortInSlices<T extends object | string>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Slices<T[]> {
  let runs: T[][] = [];
  for (let first = 0; first < items.length; first += sliceItems) {
    runs.push(items.slice(first, first + sliceItems).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T extends object | string>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
): Slices<T[]> {
  const last = left.at(-1);
  const first = right[0];
  // What comes nearly in order is: files are read in that of their paths.
  if (last === undefined || first === undefined || compare(last, first) <= 0) return [...left, ...right];
  const merged: T[] = [];
  let taken = 0;
  for (const item of right) {
    for (let next = left[taken]; next !== undefined && compare(next, item) <= 0; next = left[taken]) {
      merged.push(next);
      taken += 1;
      if (merged.length % sliceItems === 0) yield;
    }
    merged.push(item);
    if (merged.length % sliceItems === 0) yield;
  }
  yield* eachInSlices(left.slice(taken), (item) => merged.push(item));
  return merged;
}

/** Does a slice, and says whether it was the last. */
type Job = () => boolean;

/** Does all long work of its owner: in each turn of the event loop one slice, of those that wait one after the other. */
export class Turns {
  readonly #jobs: Job[] = [];

  /** What the work returns; rejects with what it throws. */
  run<T>(work: Slices<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => {
        try {
          const step = work.next();
          if (step.done === true) resolve(step.value);
          return step.done === true;
        } catch (error) {
          reject(error);
          return true;
        }
      });
      if (this.#jobs.length === 1) setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    const [job] = this.#jobs;
    const isOver = job?.() ?? true;
    this.#jobs.shift();
    if (job !== undefined && !isOver) this.#jobs.push(job);
    if (this.#jobs.length > 0) setImmediate(() => this.#turn());
  }
}
