/**
 * A source that a controller has acted on, and branches off it: what people open pull requests for. Of its tasks one has
 * ended, one is queued, one waits for a window and one has not been seen by anybody yet.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { taskText } from './folder.ts';
import { makeStage, type Stage } from './stage.ts';
import type { Ran } from './terminal.ts';

/** A path and its text; null removes the file. */
export type Files = Readonly<Record<string, string | null>>;

/** Device ids of the simulator's seed 1. */
export const devices = [
  'smd-iq2pogbjsf2jpc2j',
  'smd-o3uuq2sllugi7pnu',
  'smd-xecf5ci3p7pj5hda',
  'smd-hs4mypcu2rrrhkwa',
] as const;

/** Noon of tomorrow: windows are placed around it, and goldens name days by their distance from it. */
const dayMs = 86_400_000;
const noonMs = Math.floor(Date.now() / dayMs) * dayMs + 1.5 * dayMs;

/** The local time of a window, so many hours after noon. */
function local(hours: number): string {
  return new Date(noonMs + hours * 3_600_000).toISOString().slice(0, 16);
}

export const instant = (hours: number): string => `${local(hours)}:00Z`;

export function nights(from = 8, to = 16): string {
  return `apiVersion: snowgate/v1
kind: Window
metadata: {name: night}
spec:
  timeZone: UTC
  open:
    - {from: "${local(from)}", to: "${local(to)}"}
`;
}

export const nightPolicy = `apiVersion: snowgate/v1
kind: Policy
metadata: {name: at-night}
spec:
  match: {names: ["night-*"]}
  rules:
    - {name: window, window: night}
`;

/** The tasks of the base, by their paths. */
export const baseFiles = {
  'policies/night.yaml': nights(),
  'policies/at-night.yaml': nightPolicy,
  'tasks/done.yaml': taskText('unlock-done', { targets: [devices[0]], description: 'Unlock' }),
  'tasks/queued.yaml': taskText('reboot-queued', { command: 'reboot', targets: [devices[1]] }),
  'tasks/night.yaml': taskText('night-unlock', { targets: [devices[2]] }),
  'tasks/unseen.yaml': taskText('unlock-unseen', { targets: [devices[3]] }),
} as const;

export interface MergeStage {
  readonly stage: Stage;
  /** Makes a branch off main (or another commit) with these changes; its head. */
  branch(name: string, files: Files, from?: string): string;
  /** The clone. */
  readonly cwd: string;
  /** Of a plan of a merge into main, at noon of tomorrow. */
  readonly options: { readonly config: string; readonly base: string; readonly atMs: number };
  /** `plan --base main --head BRANCH`, at noon of tomorrow. */
  plan(head: string, ...more: string[]): Promise<Ran>;
  /** What changes from run to run, by names: commits, ids, days. */
  stable(text: string): string;
}

/** How long the simulated device takes to be unlocked, and a little more. */
const unlockedMs = 3_600;

export async function makeMergeStage(): Promise<MergeStage> {
  const { 'tasks/done.yaml': done, 'tasks/queued.yaml': queued, ...late } = baseFiles;
  const stage = await makeStage({ 'tasks/done.yaml': done });
  await stage.begin();
  const once = ['run', '--once', '--log-level', 'error'];
  await stage.run(once);
  await sleep(unlockedMs);
  stage.commit({ 'tasks/queued.yaml': queued });
  const ran = await stage.run(once);
  if (ran.exit !== 0) throw new Error(ran.stderr);
  stage.commit(late);
  const cwd = `${stage.dir}/source`;
  const config = '../snowgate.yaml';
  const names = new Map<string, string>();
  const learn = (name: string): void => {
    names.set(stage.git('source', 'rev-parse', name), name);
  };
  learn('main');
  return {
    stage,
    cwd,
    options: { config, base: 'main', atMs: noonMs },
    branch: (name, files, from = 'main') => {
      stage.git('source', 'checkout', '--quiet', '-B', name, from);
      const head = stage.commit(files);
      stage.git('source', 'checkout', '--quiet', 'main');
      learn(name);
      return head;
    },
    plan: (head, ...more) =>
      stage.run(['plan', '--base', 'main', '--head', head, '--at', instant(0), '--config', config, ...more], {
        cwd,
      }),
    stable: (text) => stableText(text, names, stage),
  };
}

function stableText(text: string, names: ReadonlyMap<string, string>, { dir }: Stage): string {
  let answer = text.replaceAll(dir, 'DIR');
  for (const [commit, name] of names) {
    answer = answer.replaceAll(commit, `COMMIT-${name}`).replaceAll(commit.slice(0, 12), `commit-${name}`);
  }
  const days = [-2, -1, 0, 1, 2, 3];
  for (const day of days) {
    const date = new Date(noonMs + day * dayMs).toISOString().slice(0, 10);
    answer = answer.replaceAll(date, `DAY${day < 0 ? day : `+${day}`}`);
  }
  const tasks = [...new Set(answer.match(/st-[a-z0-9]{16}/g) ?? [])];
  tasks.forEach((id, index) => {
    answer = answer.replaceAll(id, `st-${index + 1}`);
  });
  return answer
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'LEDGER')
    .replace(/"tip": "[0-9a-f]{40}"/g, '"tip": "TIP"')
    .replace(/DAY-1T\d\d:\d\d:\d\d(\.\d+)?Z/g, 'DAY-1TNOW');
}
