import type { CommitId, CommitRef } from '../controller/ports.ts';
import { escapeRecord } from '../lib/escape.ts';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import type { CommitLine } from './commit-line.ts';
import type { Mirror } from './home.ts';
import { explainLocal, runLocal } from './mirror.ts';
import { brokenMirror, inspectObjects } from './object-reader.ts';
import type { Placement } from './presence.ts';
import { succeeded } from './process.ts';
import { cutRecords } from './records.ts';
import { parseTrailers } from './trailers.ts';

/** A person is shown to people; more than this is not a name. */
const personLimit = 256;
/** Longer than any subject that is written to be read. */
const subjectLimit = 200;
/** Four times the longest message that a host makes of a squashed pull request. A larger commit is not read at all. */
const commitBytesMax = 256 * 1024;
/** So many are read by one git: what passes through is bounded, and a slow disk keeps the time limit. */
const commitsPerRun = 512;
/** All that so many commits of that size can make git write: three texts each, recoded into up to four times the bytes. */
const outputBytesMax = commitsPerRun * commitBytesMax * 12;
const readTimeoutMs = 5 * 60_000;
/** About 10 MB with the usual texts, which are asked for in every pass; the oldest are forgotten first. */
const charactersMax = 4_000_000;

type Detail = Omit<CommitRef, 'commit' | 'timeMs'>;
type Texts = Omit<Detail, 'touchesPolicies'>;

/** What is told of commits beside their place in the history, read for those that are asked for, and remembered. */
export class CommitDetails {
  readonly #mirror: Mirror;
  readonly #policies: string | null;
  readonly #known = new Map<CommitId, Detail>();
  #weight = 0;

  /** `policies` is the folder whose changes are told; null where the repository has none. */
  constructor(mirror: Mirror, policies: string | null) {
    this.#mirror = mirror;
    this.#policies = policies;
  }

  /** Each of these commits, by its id, with its place on the line. */
  async refer(
    placements: readonly Placement[],
    line: CommitLine,
  ): Promise<Result<ReadonlyMap<CommitId, CommitRef>>> {
    const places = new Map(placements.map(({ commit, position }) => [commit, position]));
    const details = await this.#load([...places.keys()]);
    if (!details.ok) return details;
    const refs = new Map<CommitId, CommitRef>();
    for (const [commit, position] of places) {
      const detail = details.value.get(commit);
      if (detail === undefined) return failed(brokenMirror(this.#mirror, `the commit ${commit} is missing`));
      refs.set(commit, { commit, ...detail, timeMs: line.timesMs[position - 1] ?? 0 });
    }
    return ok(refs);
  }

  async #load(commits: readonly CommitId[]): Promise<Result<ReadonlyMap<CommitId, Detail>>> {
    const found = new Map<CommitId, Detail>();
    const missing: CommitId[] = [];
    for (const commit of commits) {
      const known = this.#known.get(commit);
      if (known === undefined) missing.push(commit);
      else found.set(commit, known);
    }
    const touching = await this.#findTouching(missing);
    if (!touching.ok) return touching;
    const texts = await readTexts(this.#mirror, missing);
    if (!texts.ok) return texts;
    for (const [commit, text] of texts.value) {
      const detail = { ...text, touchesPolicies: touching.value.has(commit) };
      found.set(commit, detail);
      this.#keep(commit, detail);
    }
    return ok(found);
  }

  /** Those whose folder of policies is another than their first parent's. */
  async #findTouching(commits: readonly CommitId[]): Promise<Result<ReadonlySet<CommitId>>> {
    const folder = this.#policies;
    if (folder === null) return ok(new Set());
    const names = commits.flatMap((commit) => [`${commit}:${folder}`, `${commit}^1:${folder}`]);
    const infos = await inspectObjects(this.#mirror, names);
    if (!infos.ok) return infos;
    const idAt = (index: number): string => infos.value[index]?.id ?? '';
    return ok(new Set(commits.filter((_commit, index) => idAt(2 * index) !== idAt(2 * index + 1))));
  }

  #keep(commit: CommitId, detail: Detail): void {
    this.#known.set(commit, detail);
    this.#weight += weigh(detail);
    for (const [oldest, forgotten] of this.#known) {
      if (this.#weight <= charactersMax) break;
      this.#known.delete(oldest);
      this.#weight -= weigh(forgotten);
    }
  }
}

/** Characters of a detail; what is kept beside them counts as much as the id. */
function weigh({ author, committer, subject, trailers }: Texts): number {
  const kept = Object.entries(trailers).flatMap(([key, values]) => [key, ...values]);
  return [author, committer, subject, ...kept].reduce((sum, text) => sum + text.length, 100);
}

async function readTexts(
  mirror: Mirror,
  commits: readonly CommitId[],
): Promise<Result<ReadonlyMap<CommitId, Texts>>> {
  const texts = new Map<CommitId, Texts>();
  const infos = await inspectObjects(mirror, commits);
  if (!infos.ok) return infos;
  const readable: CommitId[] = [];
  for (const info of infos.value) {
    if (info === null) return failed(brokenMirror(mirror, 'a commit of its history is missing'));
    if (info.sizeBytes <= commitBytesMax) readable.push(info.id);
    else texts.set(info.id, unreadTexts(info.sizeBytes));
  }
  for (let start = 0; start < readable.length; start += commitsPerRun) {
    const read = await runLog(mirror, readable.slice(start, start + commitsPerRun), texts);
    if (!read.ok) return read;
  }
  return ok(texts);
}

/** No name of anybody looks like this, and no rule that asks for a trailer is satisfied. */
function unreadTexts(sizeBytes: number): Texts {
  const text = `(not read: the commit has ${sizeBytes} bytes, and at most ${commitBytesMax} are read)`;
  return { author: text, committer: text, subject: text, trailers: parseTrailers('') };
}

const fieldsPerCommit = 5;
const form = '%H%x00%an <%ae>%x00%cn <%ce>%x00%s%x00%(trailers:only=yes,unfold=yes)';

async function runLog(
  mirror: Mirror,
  commits: readonly CommitId[],
  texts: Map<CommitId, Texts>,
): Promise<Result<null>> {
  const fields: string[] = [];
  // Of a text without end the beginning is enough. No NUL stands within one: the fetch refuses such a commit.
  const records = cutRecords(
    0,
    (record) => {
      fields.push(record.toString('utf8'));
      if (fields.length < fieldsPerCommit) return;
      const [commit = '', author = '', committer = '', subject = '', trailers = ''] = fields.splice(0);
      texts.set(commit, {
        author: escapeRecord(author, personLimit),
        committer: escapeRecord(committer, personLimit),
        subject: escapeRecord(subject, subjectLimit),
        trailers: parseTrailers(trailers),
      });
    },
    'cut',
  );
  const args = ['log', '--no-color', '--no-walk=unsorted', '--stdin', '-z', `--format=tformat:${form}`, '--'];
  const result = await runLocal(mirror, args, {
    input: `${commits.join('\n')}\n`,
    stdoutLimitBytes: outputBytesMax,
    timeoutMs: readTimeoutMs,
    onStdout: records.push,
  });
  if (result.stopped === 'reader') throw result.readerError;
  if (!succeeded(result)) return failed(explainLocal(result, 'reading commits', readTimeoutMs));
  if (!records.complete() || fields.length > 0)
    return failed(brokenMirror(mirror, 'what git says of commits is cut short'));
  return ok(null);
}
