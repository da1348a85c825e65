/**
 * One comment on a pull request, however often and by however many runs it is written. It is found again by a marker that a
 * page does not show, in a comment of our own: anybody may write the marker, and nobody else's comment is ever touched.
 *
 * Two runs at once may both find none and both make one. So whoever has made one looks again: of several only the oldest
 * stays. Both runs see the same oldest one, since a comment that was made before the look is in it. What a forge cannot promise
 * is whose text stays when two write into it at the same moment: it has no compare-and-swap. The next run corrects it.
 */
import { BugError, failed, ok, type Result } from '../lib/faults.ts';
import type { Comment, CommentApi } from './comments.ts';

export interface Page {
  /** Tells this comment from those of other configurations, which have their own. */
  readonly key: string;
  /** The run that writes it, so that an older one never writes over a newer one; null where it is not known. */
  readonly run: RunNumber | null;
  readonly text: string;
}

export interface RunNumber {
  /** Grows from run to run. */
  readonly id: number;
  readonly attempt: number;
}

export interface Kept {
  readonly done: 'created' | 'updated' | 'unchanged' | 'newer';
  /** Who the forge says we are. */
  readonly author: string | null;
  /** How many comments of ours there were too many, and are removed. */
  readonly removed: number;
}

/** Makes the comment, or brings it up to date. `author` is who we believe to be. Faults: those of CommentApi. */
export async function keepOneComment(api: CommentApi, page: Page, author: string): Promise<Result<Kept>> {
  const before = await findOurs(api, page.key, author);
  if (!before.ok) return before;
  if (before.value.length > 0) return settle(api, page, before.value, null, author);
  const made = await api.create(writeBody(page));
  // Nobody knows whether it was made: whoever asks again without a look may make a second one.
  if (!made.ok && made.fault.class !== 'retry') return made;
  // The answer tells whom the token belongs to: a comment by somebody else than was believed is ours, too.
  const we = made.ok ? (made.value.author ?? author) : author;
  const after = await findOurs(api, page.key, we);
  if (!after.ok || after.value.length === 0)
    return made.ok ? ok({ done: 'created', author: we, removed: 0 }) : made;
  return settle(api, page, after.value, made.ok ? made.value.id : null, we);
}

/** The oldest one gets the text, the others go. */
async function settle(
  api: CommentApi,
  page: Page,
  [oldest, ...others]: readonly Comment[],
  madeId: number | null,
  author: string,
): Promise<Result<Kept>> {
  if (oldest === undefined) throw new BugError('there is no comment to settle on');
  const done = await bringUpToDate(api, page, oldest);
  if (!done.ok) return done;
  for (const { id } of others) {
    const removed = await api.remove(id);
    if (!removed.ok) return failed(removed.fault);
  }
  const isOwn = oldest.id === madeId && done.value === 'unchanged';
  return ok({ done: isOwn ? 'created' : done.value, author, removed: others.length });
}

async function bringUpToDate(
  api: CommentApi,
  page: Page,
  { id, body }: Comment,
): Promise<Result<'updated' | 'unchanged' | 'newer'>> {
  const there = readBody(body);
  if (page.run !== null && there.run !== null && isOlder(page.run, there.run)) return ok('newer');
  const isSame = there.text === normalize(page.text);
  // The same words of a newer run get its number: else an older one, started again, would take them for its own.
  const isStamped = page.run === null || (there.run !== null && !isOlder(there.run, page.run));
  if (isSame && isStamped) return ok('unchanged');
  const updated = await api.update(id, writeBody(page));
  if (!updated.ok) return updated;
  return ok(isSame ? 'unchanged' : 'updated');
}

async function findOurs(api: CommentApi, key: string, author: string): Promise<Result<readonly Comment[]>> {
  const listed = await api.list();
  if (!listed.ok) return listed;
  const first = markerOf(key);
  const ours = listed.value.filter((comment) => {
    return comment.author === author && linesOf(comment.body)[0] === first;
  });
  return ok(ours.sort((a, b) => a.id - b.id));
}

/** Nothing in the key can end the comment of HTML that it stands in. */
function markerOf(key: string): string {
  return `<!-- snowgate review ${encodeURIComponent(key)} -->`;
}

function writeBody({ key, run, text }: Page): string {
  const stamp = run === null ? '' : `<!-- run ${run.id}.${run.attempt} -->\n`;
  return `${markerOf(key)}\n${stamp}\n${normalize(text)}\n`;
}

interface WrittenBody {
  readonly run: RunNumber | null;
  readonly text: string;
}

function readBody(body: string): WrittenBody {
  const [, ...lines] = linesOf(body);
  const stamp = /^<!-- run ([0-9]{1,15})\.([0-9]{1,9}) -->$/.exec(lines[0] ?? '');
  const run = stamp === null ? null : { id: Number(stamp[1]), attempt: Number(stamp[2]) };
  return { run, text: normalize(lines.slice(run === null ? 0 : 1).join('\n')) };
}

/** Forges change line ends, and what is blank at either end. */
function normalize(text: string): string {
  return linesOf(text).join('\n').trim();
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

function isOlder(a: RunNumber, b: RunNumber): boolean {
  return a.id !== b.id ? a.id < b.id : a.attempt < b.attempt;
}
