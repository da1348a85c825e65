/** A source repository in memory: a line of commits that people edit, and each replica's view of it. */
import type {
  CommitId,
  CommitRef,
  PolicyRepository,
  Provenance,
  SourceRepository,
  SourceTree,
} from '../../src/controller/ports.ts';
import { sha256Hex } from '../../src/lib/digest.ts';
import { failed, fault, ok } from '../../src/lib/faults.ts';
import type { SourceFile } from '../../src/manifest/collect.ts';
import type { ParsedFile, Token } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import type { Book } from './book.ts';
import { emptyBook, writeBook } from './book.ts';
import type { Prng } from './prng.ts';
import type { SimProcess } from './process.ts';
import { drawTravel, epochMs } from './process.ts';
import type { Timeline } from './timeline.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

/** What a person writes into one task's file. */
export interface TaskText {
  readonly fleet: string;
  readonly name: string;
  readonly command: 'unlock' | 'reboot';
  readonly targets: readonly string[];
  readonly run: number;
  readonly description: string;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly after?: readonly string[];
  /** The annotation that names a change. */
  readonly change?: string;
}

export interface SourceCommit {
  readonly id: CommitId;
  readonly index: number;
  readonly atMs: number;
  readonly files: readonly SourceFile[];
  readonly tokens: ReadonlyMap<Token, SourceFile>;
  readonly texts: ReadonlyMap<Token, TaskText>;
  /** What is written among the policies, and its files. */
  readonly book: Book;
  readonly policies: readonly PolicyFile[];
  /** It changes policies. */
  readonly touchesPolicies: boolean;
  /** It bears a trailer that says so. */
  readonly isReviewed: boolean;
}

function writeTask(task: TaskText): string {
  const time = (ms: number): string => JSON.stringify(new Date(epochMs + ms).toISOString());
  return [
    'apiVersion: snowgate/v1',
    'kind: Task',
    `metadata: {name: ${task.name}${task.change === undefined ? '' : `, annotations: {change: ${task.change}}`}}`,
    'spec:',
    `  fleet: ${task.fleet}`,
    `  command: ${task.command}`,
    `  targets: [${task.targets.join(', ')}]`,
    `  description: ${task.description}`,
    `  run: ${task.run}`,
    ...(task.after === undefined ? [] : [`  after: [${task.after.join(', ')}]`]),
    ...(task.notBeforeMs === undefined ? [] : [`  notBefore: ${time(task.notBeforeMs)}`]),
    ...(task.notAfterMs === undefined ? [] : [`  notAfter: ${time(task.notAfterMs)}`]),
    '',
  ].join('\n');
}

/** The branch as it truly is. */
export class SimSource {
  readonly commits: SourceCommit[] = [];
  readonly #timeline: Timeline;
  readonly #parsed = new Map<string, ParsedFile>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  commit(
    tasks: readonly TaskText[],
    { book = emptyBook, isReviewed = false }: { readonly book?: Book; readonly isReviewed?: boolean } = {},
  ): void {
    const files = tasks.map((task): SourceFile => {
      const text = writeTask(task);
      const parsed = this.#parsed.get(text) ?? parseManifestFile(new TextEncoder().encode(text), limits);
      this.#parsed.set(text, parsed);
      const [problem] = parsed.problems;
      if (problem !== undefined) throw new Error(`the simulation wrote a bad manifest: ${problem.message}`);
      return { path: `${task.name}.yaml`, blob: sha256Hex(text).slice(0, 40), parsed };
    });
    const index = this.commits.length;
    const tokens = new Map<Token, SourceFile>();
    const texts = new Map<Token, TaskText>();
    for (const [place, file] of files.entries()) {
      for (const { manifest } of file.parsed.manifests) {
        tokens.set(manifest.token, file);
        const text = tasks[place];
        if (text !== undefined) texts.set(manifest.token, text);
      }
    }
    const before = this.commits.at(-1);
    const policies = before?.book === book ? before.policies : writeBook(book);
    const wordOf = (all: readonly PolicyFile[]): string => all.map(({ path, blob }) => path + blob).join(' ');
    const touchesPolicies = wordOf(policies) !== wordOf(before?.policies ?? []);
    const word = policies.length === 0 ? '' : ` ${wordOf(policies)}`;
    const id = sha256Hex(`${index} ${files.map(({ blob }) => blob).join(' ')}${word}`).slice(0, 40);
    const atMs = this.#timeline.nowMs;
    const said = { book, policies, touchesPolicies, isReviewed };
    this.commits.push({ id, index, atMs, files, tokens, texts, ...said });
  }

  get head(): SourceCommit {
    const head = this.commits.at(-1);
    if (head === undefined) throw new Error('nothing was committed');
    return head;
  }

  /** The run of the revision that a token stands for. */
  runOf(token: Token): number {
    for (const { tokens } of this.commits) {
      for (const { manifest } of tokens.get(token)?.parsed.manifests ?? []) {
        if (manifest.token === token) return manifest.run;
      }
    }
    return 0;
  }

  /** The commit since which a revision has been there without a break, as seen from a head. */
  introducedAt(head: SourceCommit, token: Token): SourceCommit {
    let commit = head;
    for (;;) {
      const before = this.commits[commit.index - 1];
      if (before === undefined || !before.tokens.has(token)) return commit;
      commit = before;
    }
  }

  /** The commit that wrote what stands in a policy's file, as seen from a head. */
  writtenAt(head: SourceCommit, path: string): SourceCommit {
    const blobAt = (commit: SourceCommit): string | undefined =>
      commit.policies.find((file) => file.path === path)?.blob;
    let commit = head;
    for (;;) {
      const before = this.commits[commit.index - 1];
      if (before === undefined || blobAt(before) !== blobAt(head)) return commit;
      commit = before;
    }
  }

  find(id: CommitId): SourceCommit | undefined {
    return this.commits.find((commit) => commit.id === id);
  }

  /** Heads that the branch had at some moment from `fromMs` to now. */
  headsSince(fromMs: number): SourceCommit[] {
    return this.commits.filter((commit) => {
      const next = this.commits[commit.index + 1];
      return next === undefined || next.atMs >= fromMs;
    });
  }
}

/** One replica's mirror. It knows no commit that it has not fetched. */
export function openSimSource(
  source: SimSource,
  process: SimProcess,
  prng: Prng,
  odds: () => { readonly fetchFails: number; readonly slowCall: number },
): SourceRepository {
  let known = -1;
  const find = (id: CommitId): SourceCommit | undefined => {
    const commit = source.find(id);
    return commit !== undefined && commit.index <= known ? commit : undefined;
  };
  return {
    fetch() {
      const fails = prng.chance(odds().fetchFails);
      return process.call(drawTravel(prng, odds().slowCall, 90_000), () => {
        if (fails) return failed(fault('SG3001', 'retry', 'the source is down'));
        known = source.head.index;
        return ok({ head: source.head.id });
      });
    },
    async descends(head, ancestor) {
      const from = find(head);
      const to = find(ancestor);
      await process.pause(1);
      return ok(from !== undefined && to !== undefined && to.index <= from.index);
    },
    async read(head) {
      await process.pause(1);
      const commit = find(head);
      if (commit === undefined) return failed(fault('SG3002', 'retry', 'no such commit'));
      const tree: SourceTree = { head, files: commit.files, policies: commit.policies };
      return ok(tree);
    },
    async trace(head, wanted) {
      await process.pause(1);
      const found = new Map<Token, Provenance>();
      const at = find(head);
      for (const token of wanted.keys()) {
        if (at === undefined || !at.tokens.has(token)) continue;
        const commit = source.introducedAt(at, token);
        const ref = refOf(commit);
        found.set(token, { introduced: ref, changed: ref, position: commit.index });
      }
      return ok(found);
    },
    async traceFiles(head, paths) {
      await process.pause(1);
      const at = find(head);
      const known = at?.policies.map(({ path }) => path) ?? [];
      const found = paths.filter((path) => known.includes(path));
      return ok(
        new Map(
          found.flatMap((path) =>
            at === undefined ? [] : [[path, refOf(source.writtenAt(at, path))] as const],
          ),
        ),
      );
    },
  };
}

function refOf({ id, isReviewed, touchesPolicies, atMs }: SourceCommit): CommitRef {
  const trailers = isReviewed ? { 'reviewed-by': ['somebody else'] } : {};
  const people = { author: 'somebody', committer: 'somebody', subject: 'simulated' };
  return { commit: id, ...people, trailers, touchesPolicies, timeMs: epochMs + atMs };
}

/** The same for a repository that holds policies alone. */
export function openSimPolicies(...given: Parameters<typeof openSimSource>): PolicyRepository {
  const { fetch, descends, read, traceFiles } = openSimSource(...given);
  return {
    fetch,
    descends,
    traceFiles,
    async read(head) {
      const tree = await read(head);
      return tree.ok ? ok({ head, files: tree.value.policies }) : tree;
    },
  };
}
