/** People who merge while controllers die: new tasks, and raised runs of old ones. */

import { taskText, type World } from '../e2e/world.ts';
import type { Prng } from '../faults/prng.ts';

export class Editor {
  readonly #world: World;
  readonly #random: Prng;
  readonly #tasksMax: number;
  readonly #devices: readonly string[];
  /** What was ever merged: the text of each revision. */
  readonly merged: string[] = [];
  readonly #runs = new Map<string, number>();
  readonly #newest = new Map<string, string>();

  /** A device for each name: a device takes one task at a time, and here recovery is what is tried. */
  constructor(world: World, random: Prng, tasksMax: number, devices: readonly string[]) {
    this.#world = world;
    this.#random = random;
    this.#tasksMax = tasksMax;
    this.#devices = devices;
  }

  /** What the source holds now. */
  wanted(): string[] {
    return [...this.#newest.values()];
  }

  /** One commit with one to three changes. */
  edit(): void {
    const files: Record<string, string> = {};
    const changes = this.#random.between(1, 3);
    for (let change = 0; change < changes; change += 1) {
      const name = this.#chooseName();
      if (name === null) continue;
      const run = (this.#runs.get(name) ?? 0) + 1;
      this.#runs.set(name, run);
      const text = taskText(name, {
        command: this.#random.pick(['unlock', 'reboot']),
        targets: [this.#deviceOf(name)],
        run,
      });
      files[`tasks/${name}.yaml`] = text;
      this.merged.push(text);
      this.#newest.set(name, text);
    }
    if (Object.keys(files).length > 0) this.#world.commit(files);
  }

  #deviceOf(name: string): string {
    return this.#devices[Number(name.split('-')[1]) % this.#devices.length] ?? '';
  }

  #chooseName(): string | null {
    const known = [...this.#runs.keys()];
    if (known.length > 0 && this.#random.chance(0.25)) return this.#random.pick(known);
    return known.length < this.#tasksMax ? `task-${String(known.length + 1).padStart(3, '0')}` : null;
  }
}
