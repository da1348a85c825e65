/** The facts of one case of a policy test, from what is given to it. */
import { parseDuration } from '../config/duration.ts';
import type { ValuePath } from '../lib/document-place.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { parseTask } from '../manifest/parse.ts';
import type {
  CommitFacts,
  CountFacts,
  DescribedFacts,
  DeviceFacts,
  FactGroup,
  LastTaskFacts,
  PreviousFacts,
  RuleFacts,
  TaskCount,
} from './facts.ts';
import { noLast, noPrevious, taskFacts } from './facts.ts';
import type { JudgeInput, JudgeSettings } from './judge-input.ts';
import type {
  MergedGiven,
  WrittenCommit,
  WrittenCount,
  WrittenDevice,
  WrittenGiven,
  WrittenLastTask,
} from './policy-test-given.ts';
import { GivenReader } from './policy-test-given.ts';

/** All that the verdict of a case follows from, but for the policies. */
export interface GivenCase extends Omit<JudgeInput, 'set' | 'mergedMs'> {
  /** When the files of waivers were merged; null where nobody knows. */
  readonly mergedAtMs: number | null;
}

/** Null where something is wrong with it, which is added to the problems. */
export function readGiven(merged: MergedGiven, problems: DocumentProblem[]): GivenCase | null {
  const before = problems.length;
  const { value } = merged;
  const reader = new GivenReader(merged, problems);
  const manifest = readTask(value, reader, problems);
  if (manifest === null) return null;
  const facts = readFacts(value, manifest, reader);
  const mergedAtMs = value.mergedAt === undefined ? null : reader.past(value.mergedAt, ['mergedAt']);
  if (problems.length > before) return null;
  const origin = facts.introduced === null ? undefined : { ...value.commit, ...value.introduced };
  return {
    manifest,
    facts,
    fleetLabels: value.fleet?.labels ?? {},
    introducedMs: facts.introduced?.timeMs ?? null,
    touchesPolicies: origin === undefined ? null : (origin.touchesPolicies ?? false),
    settings: readSettings(value),
    mergedAtMs,
  };
}

/** What a task is called that nobody has named. */
const namelessTask = 'task';

function readTask(value: WrittenGiven, reader: GivenReader, problems: DocumentProblem[]): Manifest | null {
  if (value.task === undefined) {
    reader.report('SG1422', ['task'], 'no task is given, to it or to all cases');
    return null;
  }
  const { name = namelessTask, labels, annotations, path: _, ...spec } = value.task;
  const metadata: { [key: string]: JsonValue } = { name };
  if (labels !== undefined) metadata['labels'] = labels;
  if (annotations !== undefined) metadata['annotations'] = annotations;
  const document = { apiVersion: 'snowgate/v1', kind: 'Task', metadata, spec };
  const locate = (at: ValuePath) => reader.spot(['task', ...at.slice(1)]);
  const parsed = parseTask({ value: document, locate });
  if (parsed.ok) return parsed.manifest;
  for (const problem of parsed.problems) {
    problems.push({ ...problem, message: `its task, written as a manifest: ${problem.message}` });
  }
  return null;
}

function readFacts(value: WrittenGiven, manifest: Manifest, reader: GivenReader): RuleFacts {
  const { fleet, name, targets } = manifest;
  const path = value.task?.['path'];
  const isKnown = (group: FactGroup): boolean => value.unknown?.includes(group) !== true;
  const previous = readPrevious(value, manifest, reader);
  const counts = readCounts(value);
  const devices = readDevices(value, targets, reader);
  const introduced = readCommit(value, 'introduced', reader);
  const changed = readCommit(value, 'changed', reader);
  const { region = '', account = '', labels: fleetLabels = {} } = value.fleet ?? {};
  const described = (device: DeviceFacts): DeviceFacts =>
    isKnown('described') ? device : { ...device, described: null };
  return {
    task: taskFacts(
      manifest,
      typeof path === 'string' ? path : `tasks/${name}.yaml`,
      isKnown('previous') ? previous : null,
    ),
    introduced: isKnown('introduced') ? introduced : null,
    changed: isKnown('changed') ? changed : null,
    fleet:
      value.fleet === undefined || !isKnown('fleet')
        ? null
        : { name: fleet, region, account, labels: fleetLabels },
    counts: isKnown('counts') ? counts : null,
    devices: isKnown('devices') ? (devices?.map(described) ?? null) : null,
    nowMs: reader.nowMs,
  };
}

const noCommit = '0'.repeat(40);

function readCommit(
  value: WrittenGiven,
  key: 'introduced' | 'changed',
  reader: GivenReader,
): CommitFacts | null {
  const own = value[key];
  if (own === undefined && value.commit === undefined) return null;
  const written: WrittenCommit = { ...value.commit, ...own };
  const { id = noCommit, time, author = '', committer = '', subject = '', trailers = {} } = written;
  const at = own?.time === undefined ? 'commit' : key;
  return {
    id,
    timeMs: time === undefined ? reader.nowMs : reader.past(time, [at, 'time']),
    author,
    committer,
    subject,
    trailers: Object.fromEntries(
      Object.entries(trailers).map(([name, found]) => [name, typeof found === 'string' ? [found] : found]),
    ),
  };
}

/** Known as soon as one of them is written. */
function readCounts({ fleet }: WrittenGiven): CountFacts | null {
  const { inFlight, issuedLastHour, issuedLastDay } = fleet ?? {};
  if (inFlight === undefined && issuedLastHour === undefined && issuedLastDay === undefined) return null;
  return {
    inFlight: readCount(inFlight),
    issuedLastHour: readCount(issuedLastHour),
    issuedLastDay: readCount(issuedLastDay),
  };
}

function readCount({ tasks = 0, devices = 0 }: WrittenCount = {}): TaskCount {
  return { tasks, devices };
}

/** One for each target, in their order. */
function readDevices(
  { devices }: WrittenGiven,
  targets: readonly string[],
  reader: GivenReader,
): DeviceFacts[] | null {
  if (devices === undefined) return null;
  const byId = new Map<string, number>();
  for (const [index, { id }] of devices.entries()) {
    if (byId.has(id)) reader.report('SG1424', ['devices', index, 'id'], `devices names ${id} twice`);
    byId.set(id, index);
  }
  return targets.flatMap((id): DeviceFacts[] => {
    const index = byId.get(id);
    const device = index === undefined ? undefined : devices[index];
    if (index !== undefined && device !== undefined) return [readDevice(device, index, reader)];
    const message = `devices says nothing of ${id}, a target of the task`;
    reader.report('SG1424', ['devices'], message, 'add it, or leave devices out: then they are not known');
    return [];
  });
}

function readDevice(device: WrittenDevice, index: number, reader: GivenReader): DeviceFacts {
  const at = (key: string) => ['devices', index, key] as const;
  const lastReboot = readLast('reboot', device.lastReboot, at('lastReboot'), reader);
  const lastUnlock = readLast('unlock', device.lastUnlock, at('lastUnlock'), reader);
  const lastTask =
    device.lastTask === undefined
      ? newerOf(lastReboot, lastUnlock)
      : readLast('', device.lastTask, at('lastTask'), reader);
  const described = readDescribed(device, index, reader);
  return { id: device.id, busyWith: device.busyWith ?? '', lastTask, lastReboot, lastUnlock, described };
}

function readDescribed(device: WrittenDevice, index: number, reader: GivenReader): DescribedFacts | null {
  const { state, type, tags, lastReachedOutAt } = device;
  if (state === undefined) {
    const told = [type, tags, lastReachedOutAt].some((value) => value !== undefined);
    const message = `devices[${index}] has what AWS tells of a device, and no state`;
    if (told) reader.report('SG1424', ['devices', index], message, 'write state: LOCKED, or what it is');
    return null;
  }
  const at = ['devices', index, 'lastReachedOutAt'];
  return {
    state,
    type: type ?? '',
    tags: tags ?? {},
    lastReachedOutAtMs: lastReachedOutAt === undefined ? null : reader.past(lastReachedOutAt, at),
  };
}

function readLast(
  usual: string,
  written: WrittenLastTask | undefined,
  at: ValuePath,
  reader: GivenReader,
): LastTaskFacts {
  if (written === undefined) return noLast;
  const { id = 'st-earlier', name = '', command = usual, endedAt } = written;
  const { outcome = endedAt === undefined ? '' : 'SUCCEEDED' } = written;
  const endedAtMs = endedAt === undefined ? null : reader.past(endedAt, [...at, 'endedAt']);
  return { id, name, command, outcome, endedAtMs };
}

/** What has not ended is newer than what has. */
function newerOf(first: LastTaskFacts, second: LastTaskFacts): LastTaskFacts {
  if (first === noLast || second === noLast) return first === noLast ? second : first;
  const ageOf = ({ endedAtMs }: LastTaskFacts): number => endedAtMs ?? Number.POSITIVE_INFINITY;
  return ageOf(first) >= ageOf(second) ? first : second;
}

function readPrevious(
  { previous }: WrittenGiven,
  manifest: Manifest,
  reader: GivenReader,
): PreviousFacts | null {
  if (previous === undefined) return null;
  if (previous.exists === false) {
    const isAlone = Object.keys(previous).length === 1;
    const message = 'previous has exists: false, and keys of a revision that is there';
    if (!isAlone) reader.report('SG1424', ['previous'], message, 'write exists: true, or remove the others');
    return noPrevious;
  }
  const { issuedAt, endedAt } = previous;
  return {
    exists: true,
    token: previous.token ?? 'f'.repeat(64),
    command: previous.command ?? manifest.command,
    targets: previous.targets ?? manifest.targets,
    description: previous.description ?? '',
    tags: previous.tags ?? {},
    run: previous.run ?? 1,
    state: previous.state ?? 'settled',
    taskId: previous.taskId ?? 'st-earlier',
    issuedAtMs: issuedAt === undefined ? null : reader.past(issuedAt, ['previous', 'issuedAt']),
    endedAtMs: endedAt === undefined ? null : reader.past(endedAt, ['previous', 'endedAt']),
  };
}

/** Where nothing is written, what the configuration says by default; but that no task grows stale. */
function readSettings({ settings = {} }: WrittenGiven): JudgeSettings {
  const { uncovered = 'hold', separateCommits = false, requirePolicies = [], maxWait } = settings;
  const maxWaitMs = maxWait === undefined ? Number.POSITIVE_INFINITY : (parseDuration(maxWait) ?? 0);
  return { uncovered, separateCommits, requirePolicies, maxWaitMs };
}
