import type { Result } from '../lib/faults.ts';
import { ok } from '../lib/faults.ts';
import type { ParsedFile } from '../manifest/manifest.ts';
import type { Mirror } from './home.ts';
import { inspectObjects, readObjects } from './object-reader.ts';
import type { Mark } from './presence.ts';
import { marksOf } from './presence.ts';

/** About 50 MB: a mark is a hash in hex, and a walk through the past meets the same blobs again and again. */
const marksMax = 400_000;

/** Which marks each blob holds, so that a blob of the past is parsed once, too. The oldest are forgotten first. */
export class BlobMarks {
  readonly #mirror: Mirror;
  readonly #fileBytes: number;
  readonly #parse: (bytes: Uint8Array) => ParsedFile;
  readonly #known = new Map<string, readonly Mark[]>();
  #weight = 0;

  constructor(mirror: Mirror, fileBytes: number, parse: (bytes: Uint8Array) => ParsedFile) {
    this.#mirror = mirror;
    this.#fileBytes = fileBytes;
    this.#parse = parse;
  }

  remember(id: string, parsed: ParsedFile): void {
    this.#keep(id, marksOf(parsed));
  }

  /** The marks of each of these blobs. A blob larger than a manifest may be holds none, and is not read. */
  async load(ids: Iterable<string>): Promise<Result<ReadonlyMap<string, readonly Mark[]>>> {
    const answer = new Map<string, readonly Mark[]>();
    const missing = new Set<string>();
    for (const id of ids) {
      const known = this.#known.get(id);
      if (known === undefined) missing.add(id);
      else answer.set(id, known);
    }
    const infos = await inspectObjects(this.#mirror, [...missing]);
    if (!infos.ok) return infos;
    for (const info of infos.value) {
      // What is not here at all is left to the reading, which says so.
      if (info === null || info.sizeBytes <= this.#fileBytes) continue;
      answer.set(info.id, []);
      missing.delete(info.id);
    }
    const kind = { type: 'blob', limitBytes: this.#fileBytes } as const;
    const read = await readObjects(this.#mirror, [...missing], kind, (id, bytes) => {
      const marks = marksOf(this.#parse(bytes));
      answer.set(id, marks);
      this.#keep(id, marks);
    });
    return read.ok ? ok(answer) : read;
  }

  #keep(id: string, marks: readonly Mark[]): void {
    if (this.#known.has(id)) return;
    this.#known.set(id, marks);
    this.#weight += 1 + marks.length;
    for (const [oldest, forgotten] of this.#known) {
      if (this.#weight <= marksMax) break;
      this.#known.delete(oldest);
      this.#weight -= 1 + forgotten.length;
    }
  }
}
