/** A source repository in memory: a line of commits that people edit, and each replica's view of it. */
import type { CommitId, Provenance, SourceRepository, SourceTree } from '../../src/controller/ports.ts';
import { sha256Hex } from '../../src/lib/digest.ts';
import { failed, fault, ok } from '../../src/lib/faults.ts';
import type { SourceFile } from '../../src/manifest/collect.ts';
import type { ParsedFile, Token } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
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
}

export interface SourceCommit {
  readonly id: CommitId;
  readonly index: number;
  readonly atMs: number;
  readonly files: readonly SourceFile[];
  readonly tokens: ReadonlyMap<Token, SourceFile>;
}

function writeTask(task: TaskText): string {
  const time = (ms: number): string => JSON.stringify(new Date(epochMs + ms).toISOString());
  return [
    'apiVersion: snowgate/v1',
    'kind: Task',
    `metadata: {name: ${task.name}}`,
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

  commit(tasks: readonly TaskText[]): void {
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
    for (const file of files)
      for (const { manifest } of file.parsed.manifests) tokens.set(manifest.token, file);
    const id = sha256Hex(`${index} ${files.map(({ blob }) => blob).join(' ')}`).slice(0, 40);
    this.commits.push({ id, index, atMs: this.#timeline.nowMs, files, tokens });
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
      const tree: SourceTree = { head, files: commit.files, policies: [] };
      return ok(tree);
    },
    async trace(head, wanted) {
      await process.pause(1);
      const found = new Map<Token, Provenance>();
      const at = find(head)?.index ?? -1;
      for (const token of wanted.keys()) {
        let index = at;
        while (index > 0 && source.commits[index - 1]?.tokens.has(token) === true) index -= 1;
        const commit = source.commits[index];
        if (commit === undefined || !commit.tokens.has(token)) continue;
        const ref = { commit: commit.id, author: 'somebody', timeMs: epochMs + commit.atMs };
        found.set(token, { introduced: ref, changed: ref, position: index });
      }
      return ok(found);
    },
  };
}
