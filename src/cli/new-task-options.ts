/** The flags of `new task`, read into a draft. */
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { TaskDraft } from './manifest-text.ts';
import type { Format } from './options.ts';

export interface NewTaskOptions {
  readonly fleet?: string;
  readonly command?: string;
  readonly targets?: string;
  readonly targetsFrom?: string;
  readonly perTask?: string;
  readonly chain: boolean;
  readonly name?: string;
  readonly reason?: string;
  readonly annotation?: readonly string[];
  readonly label?: readonly string[];
  readonly tag?: readonly string[];
  readonly description?: string;
  readonly run?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly after?: string;
  readonly dir?: string;
  readonly file?: string;
  readonly format: Format;
}

/** A draft in which fleet, command, targets and name may still be unknown. */
export type OpenDraft = Omit<TaskDraft, Asked> & Partial<Pick<TaskDraft, Asked>>;
export type Asked = 'fleet' | 'command' | 'targets' | 'name';

/** AWS takes no more. */
const targetsMax = 10;

/** What the flags say; whether it is right the parser says. Fault: SG7001. */
export function readTaskOptions(options: NewTaskOptions): Result<OpenDraft> {
  const { fleet, command, targets, name, description, notBefore, notAfter } = options;
  const reason = options.reason === undefined ? [] : [`reason=${options.reason}`];
  const labels = readPairs('--label', options.label ?? []);
  const annotations = readPairs('--annotation', [...reason, ...(options.annotation ?? [])]);
  const tags = readPairs('--tag', options.tag ?? []);
  if (!labels.ok) return labels;
  if (!annotations.ok) return annotations;
  if (!tags.ok) return tags;
  const listed = targets === undefined ? undefined : splitList(targets);
  if (listed !== undefined && listed.length > targetsMax) return failed(tooMany(listed.length));
  const run = options.run === undefined ? undefined : readNumber('--run', options.run);
  if (run?.ok === false) return run;
  return ok({
    labels: labels.value,
    annotations: annotations.value,
    tags: tags.value,
    after: splitList(options.after ?? ''),
    ...(fleet === undefined ? {} : { fleet }),
    ...(command === undefined ? {} : { command }),
    ...(listed === undefined ? {} : { targets: listed }),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(run === undefined ? {} : { run: run.value }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  });
}

function tooMany(count: number): Fault {
  const message = `--targets names ${count} devices; AWS takes ${targetsMax} in a task`;
  return fault('SG7001', 'human', message, '--targets-from FILE makes as many tasks as they need');
}

/** How many devices one task gets, at most. Fault: SG7001. */
export function readPerTask({ perTask }: NewTaskOptions): Result<number> {
  if (perTask === undefined) return ok(targetsMax);
  const read = readNumber('--per-task', perTask);
  if (!read.ok || (read.value >= 1 && read.value <= targetsMax)) return read;
  return failed(wrong(`--per-task ${perTask}: AWS takes 1 to ${targetsMax} devices in a task`));
}

/** What stands between commas and spaces. */
export function splitList(text: string): string[] {
  return text.split(/[,\s]+/).filter((part) => part !== '');
}

function readPairs(flag: string, written: readonly string[]): Result<Readonly<Record<string, string>>> {
  const pairs = new Map<string, string>();
  for (const text of written) {
    const at = text.indexOf('=');
    if (at <= 0) return failed(wrong(`${flag} ${text}: this is not KEY=VALUE`));
    const key = text.slice(0, at);
    if (pairs.has(key)) return failed(wrong(`${flag} ${text}: ${key} is given twice`));
    pairs.set(key, text.slice(at + 1));
  }
  return ok(Object.fromEntries(pairs));
}

function readNumber(flag: string, text: string): Result<number> {
  return /^[0-9]{1,7}$/.test(text)
    ? ok(Number(text))
    : failed(wrong(`${flag} ${text}: this is no whole number`));
}

/** SG7001 for a flag that cannot be read. */
export function wrong(message: string): Fault {
  return fault('SG7001', 'human', message, 'snowgate new task --help tells every flag');
}
