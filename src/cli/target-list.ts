/** A list of devices: one id a line, `#` begins a comment. */
import { resolve } from 'node:path';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { taskProperties } from '../manifest/schema.ts';
import type { Surroundings } from './surroundings.ts';
import { readBounded } from './work-tree.ts';

/** A thousand of the longest ids, each with a comment. */
const listBytesMax = 256 * 1024;
/** As many as a hundred tasks of ten take, which is what one file may hold. */
const devicesMax = 1_000;
/** Mistakes that are told one by one. */
const problemsMax = 20;

export interface TargetList {
  readonly targets: readonly string[];
  /** Each with its line. */
  readonly problems: readonly PlacedProblem[];
}

/** Reads the list that a path names, `-` being standard input. Faults: SG7002, SG7083 (too long, empty). */
export async function readTargetList(path: string, world: Surroundings): Promise<Result<TargetList>> {
  const name = path === '-' ? 'standard input' : path;
  const bytes =
    path === '-'
      ? ok(await readInlet(world))
      : await readBounded(resolve(world.cwd, path), path, listBytesMax);
  if (!bytes.ok) return bytes;
  if (bytes.value.length > listBytesMax) return failed(unfit(`${name} is longer than ${listBytesMax} bytes`));
  const list = parseTargetList(Buffer.from(bytes.value).toString('utf8'), name);
  if (list.problems.length > 0) return ok(list);
  if (list.targets.length === 0) return failed(unfit(`${name} names no device`));
  return list.targets.length > devicesMax
    ? failed(unfit(`${name} names ${list.targets.length} devices; at most ${devicesMax} go into one file`))
    : ok(list);
}

/** Up to one byte more than is taken, so that its reader sees that it is too long. */
async function readInlet({ stdin }: Surroundings): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin.open()) {
    chunks.push(Buffer.from(chunk as Uint8Array | string));
    length += chunks.at(-1)?.length ?? 0;
    if (length > listBytesMax) break;
  }
  return Buffer.concat(chunks);
}

function unfit(message: string): Fault {
  return fault(
    'SG7083',
    'human',
    message,
    'one device id a line; split a longer list, with another name each',
  );
}

const { items } = taskProperties['targets'] as {
  readonly items: { readonly pattern: string; readonly maxLength: number };
};
const idShape = new RegExp(items.pattern);

/** The ids in their order, and what is wrong with lines; a device that is named twice is a mistake, not a wish. */
export function parseTargetList(text: string, path: string): TargetList {
  const firstLines = new Map<string, number>();
  const problems: PlacedProblem[] = [];
  let left = 0;
  for (const [index, written] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const [beforeComment = ''] = written.split('#', 1);
    const id = beforeComment.trim();
    if (id === '') continue;
    const line = index + 1;
    const first = firstLines.get(id);
    if (first === undefined) firstLines.set(id, line);
    const isId = idShape.test(id) && id.length <= items.maxLength;
    if (isId && first === undefined) continue;
    if (problems.length >= problemsMax) {
      left += 1;
      continue;
    }
    const shown = id.length > 80 ? `${id.slice(0, 80)}...` : id;
    problems.push({
      code: 'SG7082',
      severity: 'error',
      place: { path, line, column: beforeComment.search(/\S/) + 1 },
      message: isId ? `${shown} stands in line ${first} already` : `${shown} is no device id`,
      hint: isId ? 'remove one of them' : 'one id a line, such as smd-fictbgr3rbcjeqa5; # begins a comment',
    });
  }
  const last = problems.at(-1);
  if (left > 0 && last !== undefined) {
    const { hint: _hint, ...rest } = last;
    problems.push({ ...rest, message: `and ${left} more lines that are wrong, which are not shown` });
  }
  return { targets: [...firstLines.keys()], problems };
}
