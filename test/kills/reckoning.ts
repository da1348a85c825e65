/** What must be true once the dying is over: asked of AWS, of the ledger and of git, not of the controllers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListedReceipt, SimulatedTask, World } from '../e2e/world.ts';

export interface Reckoning {
  /** Everything that is wrong, in words; empty when all is well. */
  readonly problems: string[];
  readonly tasks: number;
  readonly revisions: number;
  readonly commits: number;
  /** Events by kind, from the ledger's segments. */
  readonly events: Readonly<Record<string, number>>;
}

/** The tokens of manifests, as `snowgate token` prints them. */
export async function tokensOf(world: World, texts: readonly string[]): Promise<Set<string>> {
  const tokens = new Set<string>();
  const runs = new Map<string, string[]>();
  // Two runs of a name are two manifests of one name, which no folder may hold: one folder for each round of them.
  for (const text of texts) {
    const name = /name: (\S+)/.exec(text)?.[1] ?? '';
    runs.set(name, [...(runs.get(name) ?? []), text]);
  }
  const rounds = Math.max(0, ...[...runs.values()].map(({ length }) => length));
  for (let round = 0; round < rounds; round += 1) {
    const dir = join(world.dir, `round-${round}`);
    mkdirSync(dir, { recursive: true });
    for (const [name, written] of runs) {
      const text = written[round];
      if (text !== undefined) writeFileSync(join(dir, `${name}.yaml`), text);
    }
    const { code, stdout, stderr } = await world.finish('token', dir, '--format', 'json');
    if (code !== 0) throw new Error(`snowgate token: ${stderr}`);
    for (const { token } of JSON.parse(stdout) as { token: string }[]) tokens.add(token);
  }
  return tokens;
}

/** Whether each wanted revision has its task, by the ledger's own word. */
export function findUnissued(wanted: ReadonlySet<string>, receipts: readonly ListedReceipt[]): string[] {
  const issued = new Set(
    receipts.filter(({ state }) => state === 'issued' || state === 'settled').map(({ token }) => token),
  );
  return [...wanted].filter((token) => !issued.has(token));
}

/** Compares AWS, ledger and source; `merged` is every revision that was ever in the source. */
export async function reckon(
  world: World,
  wanted: ReadonlySet<string>,
  merged: ReadonlySet<string>,
): Promise<Reckoning> {
  const [tasks, receipts] = [await world.tasks(), await world.list()];
  const events = readEvents(world);
  const problems = [
    ...findDoubled(tasks),
    ...compare(tasks, receipts),
    ...findUnissued(wanted, receipts).map(
      (token) => `wanted, and never issued: ${describe(token, receipts)}`,
    ),
    ...tasks
      .filter(({ clientToken }) => !merged.has(clientToken))
      .map(({ taskId }) => `nobody ever merged what task ${taskId} does`),
    ...receipts
      .filter(({ state }) => !['issued', 'settled', 'waiting', 'pending'].includes(state))
      .map(({ name, state }) => `${name} ended as ${state}`),
    ...(events.counts.doubled === undefined ? [] : ['the ledger tells of a doubled task']),
    ...(await findDamage(world)),
  ];
  return {
    problems,
    tasks: tasks.length,
    revisions: receipts.length,
    commits: events.commits,
    events: events.counts,
  };
}

function findDoubled(tasks: readonly SimulatedTask[]): string[] {
  const counts = new Map<string, number>();
  for (const { clientToken } of tasks) counts.set(clientToken, (counts.get(clientToken) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([token, count]) => `${count} tasks for token ${token}`);
}

function compare(tasks: readonly SimulatedTask[], receipts: readonly ListedReceipt[]): string[] {
  const known = new Map(receipts.flatMap(({ token, taskIds }) => taskIds.map((id) => [id, token] as const)));
  const made = new Map(tasks.map(({ taskId, clientToken }) => [taskId, clientToken]));
  return [
    ...[...made]
      .filter(([id, token]) => known.get(id) !== token)
      .map(([id, token]) => `AWS made ${id}, and the ledger does not know it: ${describe(token, receipts)}`),
    ...[...known]
      .filter(([id]) => !made.has(id))
      .map(([id]) => `the ledger tells of ${id}, which AWS never made`),
  ];
}

function describe(token: string, receipts: readonly ListedReceipt[]): string {
  const receipt = receipts.find((candidate) => candidate.token === token);
  if (receipt === undefined) return `${token} (not in the ledger)`;
  return `${token} (${receipt.name}, ${receipt.state}, attempt ${receipt.attempts.length})`;
}

function readEvents(world: World): { commits: number; counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const added = world.git('ledger.git', 'log', '--format=', '--patch', '--unified=0', 'snowgate-ledger');
  for (const line of added.split('\n')) {
    if (!line.startsWith('+{')) continue;
    const { kind } = JSON.parse(line.slice(1)) as { kind?: string };
    if (kind !== undefined && kind !== 'batch') counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return { commits: Number(world.git('ledger.git', 'rev-list', '--count', 'snowgate-ledger')), counts };
}

async function findDamage(world: World): Promise<string[]> {
  const problems: string[] = [];
  const verified = await world.finish('ledger', 'verify', '--config', world.configure('reader'));
  if (verified.code !== 0) problems.push(`ledger verify: ${verified.stdout}${verified.stderr}`);
  for (const repository of ['ledger.git', 'source.git'] as const) {
    try {
      // Commits that lost their race leave objects that nothing names; anything else that git finds is damage.
      const found = world.git(repository, 'fsck', '--full', '--strict', '--no-dangling', '--no-progress');
      if (found !== '') problems.push(`git fsck of ${repository}: ${found}`);
    } catch (error) {
      problems.push(`git fsck of ${repository}: ${String(error)}`);
    }
  }
  return problems;
}
