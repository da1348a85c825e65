/** Reading to the last page: a listing is whole, or it is a failure that says why. Never a part. */
import type {
  ListedDevice,
  ListedExecution,
  ListedTask,
  Listing,
  Read,
  ReadFailure,
  TaskDescription,
} from '../controller/ports.ts';
import { type Fault, fault } from '../lib/faults.ts';
import { unusable } from './read-failure.ts';
import {
  type Page,
  type Parsed,
  parseDevicePage,
  parseExecutionPage,
  parseTaskPage,
  type TaskSummary,
} from './shape.ts';

type AskPage = (nextToken: string | null) => Promise<Read<Readonly<Record<string, unknown>>>>;
type Describe = (taskId: string) => Promise<Read<TaskDescription>>;

/** A million tasks. A server that has more pages than this is repeating itself in a way that we do not see. */
const pagesMax = 10_000;

/** DescribeTask is asked this many at a time: enough to hide the way there, few enough not to be throttled at once. */
const describesAtATime = 4;

/**
 * Every task of a fleet with its tags. Where a summary has none, the task is described: a listing may leave them out,
 * and a task whose tags were not seen could be ours. A task that is listed twice counts once, as it was last seen.
 */
export async function readListing(ask: AskPage, describe: Describe, what: string): Promise<Read<Listing>> {
  const read = await readPages(ask, parseTaskPage, what);
  if (read.kind !== 'ok') return read;
  const summaries = new Map<string, TaskSummary>();
  for (const summary of read.value.entries) summaries.set(summary.taskId, summary);
  const described = await describeAll([...summaries.values()].filter(lacksTags), describe);
  if (described.kind !== 'ok') return described;
  const tasks: ListedTask[] = [];
  for (const { taskId, state, tags } of summaries.values()) {
    const description = described.value.get(taskId);
    tasks.push({ taskId, state: description?.state ?? state, tags: description?.tags ?? tags ?? {} });
  }
  const server = described.server ?? read.server;
  return {
    kind: 'ok',
    value: { tasks, pages: read.value.pages },
    ...(server === undefined ? {} : { server }),
  };
}

/** Every execution of a task; one that is listed twice counts once, as it was last seen. */
export async function readExecutions(
  ask: AskPage,
  taskId: string,
  what: string,
): Promise<Read<readonly ListedExecution[]>> {
  const read = await readPages(ask, (answer) => parseExecutionPage(answer, taskId), what);
  if (read.kind !== 'ok') return read;
  const executions = new Map<string, ListedExecution>();
  for (const entry of read.value.entries) executions.set(`${entry.device} ${entry.executionId}`, entry);
  return { ...read, value: [...executions.values()] };
}

/** Every device of a fleet; one that is listed twice counts once, as it was last seen. */
export async function readDevices(ask: AskPage, what: string): Promise<Read<readonly ListedDevice[]>> {
  const read = await readPages(ask, parseDevicePage, what);
  if (read.kind !== 'ok') return read;
  const devices = new Map(read.value.entries.map((entry) => [entry.device, entry]));
  return { ...read, value: [...devices.values()] };
}

async function readPages<T>(
  ask: AskPage,
  parse: (answer: Readonly<Record<string, unknown>>) => Parsed<Page<T>>,
  what: string,
): Promise<Read<{ readonly entries: readonly T[]; readonly pages: number }>> {
  const entries: T[] = [];
  const seen = new Set<string>();
  let nextToken: string | null = null;
  for (let pages = 1; pages <= pagesMax; pages += 1) {
    const answer: Read<Readonly<Record<string, unknown>>> = await ask(nextToken);
    if (answer.kind !== 'ok') return answer;
    const parsed = parse(answer.value);
    if (!parsed.ok) return failWith(answer, unusable(what, parsed.why));
    for (const entry of parsed.value.entries) entries.push(entry);
    nextToken = parsed.value.nextToken;
    if (nextToken === null) return { ...answer, value: { entries, pages } };
    if (seen.has(nextToken))
      return failWith(answer, endless(what, `page ${pages} leads back to an earlier one`));
    seen.add(nextToken);
  }
  return { kind: 'failed', fault: endless(what, `more than ${pagesMax} pages`) };
}

/** An empty map is taken for none: to ask once more costs a call, to miss a tag of ours costs a doubled task. */
function lacksTags(summary: TaskSummary): boolean {
  return summary.tags === null || Object.keys(summary.tags).length === 0;
}

async function describeAll(
  summaries: readonly TaskSummary[],
  describe: Describe,
): Promise<Read<ReadonlyMap<string, TaskDescription>>> {
  const described = new Map<string, TaskDescription>();
  let failure: ReadFailure | null = null;
  let next = 0;
  let server: ReadFailure['server'];
  const work = async (): Promise<void> => {
    while (failure === null) {
      const summary = summaries[next];
      if (summary === undefined) return;
      next += 1;
      const answer = await describe(summary.taskId);
      if (answer.kind === 'ok') {
        described.set(summary.taskId, answer.value);
        server = answer.server ?? server;
      } else failure ??= answer;
    }
  };
  await Promise.all(Array.from({ length: describesAtATime }, work));
  return failure ?? { kind: 'ok', value: described, ...(server === undefined ? {} : { server }) };
}

function endless(what: string, why: string): Fault {
  return fault(
    'SG5020',
    'retry',
    `${what}: the listing does not end: ${why}`,
    'report it to AWS if it lasts',
  );
}

function failWith(answer: { readonly server?: ReadFailure['server'] }, cause: Fault): ReadFailure {
  return { kind: 'failed', fault: cause, ...(answer.server === undefined ? {} : { server: answer.server }) };
}
