/** The people who merge: they add, correct, repeat, move and remove tasks, for reasons of their own. */
import type { Book } from './book.ts';
import type { Prng } from './prng.ts';
import type { SimSource, TaskText } from './source.ts';
import type { Timeline } from './timeline.ts';

const minute = 60_000;

export class Editor {
  readonly #source: SimSource;
  readonly #timeline: Timeline;
  readonly #prng: Prng;
  readonly #devicesOf: (fleet: string) => readonly string[];
  readonly #fleets: readonly string[];
  /** Every text a name ever had, for reverts. */
  readonly #past: TaskText[] = [];
  #tasks: TaskText[] = [];
  #made = 0;
  /** What each commit says of the policies beside the tasks; null where there are none, and nobody names a change. */
  readonly #policies: { readonly prng: Prng; readonly book: () => Book } | null;

  constructor(
    source: SimSource,
    timeline: Timeline,
    prng: Prng,
    fleets: readonly string[],
    devicesOf: (fleet: string) => readonly string[],
    policies: { readonly prng: Prng; readonly book: () => Book } | null,
  ) {
    this.#source = source;
    this.#timeline = timeline;
    this.#prng = prng;
    this.#fleets = fleets;
    this.#devicesOf = devicesOf;
    this.#policies = policies;
  }

  get tasks(): readonly TaskText[] {
    return this.#tasks;
  }

  begin(tasks: number): void {
    // Policies come first: a task that is introduced with them would be held where commits are to be separate.
    if (this.#policies !== null) this.commit();
    for (let index = 0; index < tasks; index += 1) this.#tasks.push(this.#newTask());
    this.commit();
  }

  edit(): void {
    const prng = this.#prng;
    const changes = [
      () => this.#tasks.push(this.#newTask()),
      () => this.#tasks.push(this.#newTask()),
      () => this.#change((task) => ({ ...task, description: `corrected ${prng.between(1, 99)}` })),
      () => this.#change((task) => ({ ...task, run: task.run + 1 })),
      () => this.#change((task) => ({ ...task, run: Math.max(1, task.run - 1) })),
      () => this.#change((task) => ({ ...task, targets: this.#drawTargets(task.fleet) })),
      () => this.#change((task) => ({ ...task, command: task.command === 'unlock' ? 'reboot' : 'unlock' })),
      () => this.#change((task) => this.#withTimes(task)),
      () => this.#change(({ notBeforeMs: _, notAfterMs: __, ...task }) => task),
      () => this.#remove(),
      () => this.#remove(),
      () => this.#change((task) => this.#withOrder(task)),
      () => this.#revert(),
    ];
    prng.pick(changes)();
    if (this.#tasks.length === 0) this.#tasks.push(this.#newTask());
    this.commit();
  }

  /** Takes the times away, so that everything that is still wanted could be issued. */
  openAll(): void {
    const named = this.#policies === null ? {} : { change: 'CHG1' };
    this.#tasks = this.#tasks.map(({ notBeforeMs: _, notAfterMs: __, ...task }) => ({ ...task, ...named }));
    this.commit();
  }

  /** Somebody names the change of a task, or takes that back. */
  annotate(): void {
    const changes = ['CHG1', 'CHG22', 'later'];
    this.#change((task) => ({ ...task, change: this.#policies?.prng.pick(changes) ?? '' }));
    this.commit();
  }

  commit(): void {
    this.#past.push(...this.#tasks);
    if (this.#policies === null) this.#source.commit(this.#tasks);
    else {
      const { prng, book } = this.#policies;
      this.#source.commit(this.#tasks, { book: book(), isReviewed: prng.chance(0.85) });
    }
  }

  #newTask(): TaskText {
    this.#made += 1;
    const fleet = this.#prng.pick(this.#fleets);
    const task: TaskText = {
      fleet,
      name: `task-${this.#made}`,
      command: this.#prng.pick(['unlock', 'reboot']),
      targets: this.#drawTargets(fleet),
      run: 1,
      description: 'as asked',
      ...(this.#policies?.prng.chance(0.85) === true ? { change: 'CHG1' } : {}),
    };
    return this.#prng.chance(0.3) ? this.#withTimes(task) : task;
  }

  /** After an older task of its fleet: so no circle comes to be, and no name is unknown unless it is removed later. */
  #withOrder({ after: _, ...task }: TaskText): TaskText {
    const numberOf = (name: string): number => Number(name.split('-')[1]);
    const older = this.#tasks.filter(
      (other) => other.fleet === task.fleet && numberOf(other.name) < numberOf(task.name),
    );
    return older.length === 0 ? task : { ...task, after: [this.#prng.pick(older).name] };
  }

  #withTimes(task: TaskText): TaskText {
    const nowMs = this.#timeline.nowMs;
    const notBeforeMs = nowMs + this.#prng.between(-2, 5) * minute;
    return { ...task, notBeforeMs, notAfterMs: notBeforeMs + this.#prng.between(1, 6) * minute };
  }

  #drawTargets(fleet: string): string[] {
    const devices = this.#devicesOf(fleet);
    const first = this.#prng.between(0, devices.length - 1);
    return devices.slice(first, first + this.#prng.between(1, 3));
  }

  #change(edit: (task: TaskText) => TaskText): void {
    if (this.#tasks.length === 0) return;
    const index = this.#prng.between(0, this.#tasks.length - 1);
    this.#tasks = this.#tasks.map((task, at) => (at === index ? edit(task) : task));
  }

  #remove(): void {
    const index = this.#prng.between(0, this.#tasks.length);
    this.#tasks = this.#tasks.filter((_, at) => at !== index);
  }

  #revert(): void {
    if (this.#past.length === 0) return;
    const old = this.#prng.pick(this.#past);
    this.#tasks = [...this.#tasks.filter(({ name }) => name !== old.name), old];
  }
}
