/**
 * The types of the facts as expressions see them: one table from which the checker knows every field, the evaluator
 * reads it, the bounds of an expression's work are computed, and docs/POLICY-FACTS.md is tested.
 */
import type { Extent } from './extent.ts';
import { listExtent, mapExtent, scalar, textExtent } from './extent.ts';
import type {
  CommitFacts,
  DeviceFacts,
  FactGroup,
  LastTaskFacts,
  PreviousFacts,
  RuleFacts,
  TaskCount,
  TaskFacts,
  TextMap,
} from './facts.ts';

/** One field of a struct: `read` makes the value that CEL computes with, or undefined where it is not known. */
export interface FactField<T> {
  /** As CEL writes it. */
  readonly type: string;
  readonly extent: Extent;
  readonly groups: readonly FactGroup[];
  readonly read: (source: T, nowMs: number) => unknown;
}

export interface FactStruct<T = never> {
  readonly name: string;
  readonly fields: Readonly<Record<string, FactField<T>>>;
  readonly make: (source: T, nowMs: number) => object;
  /** The class that `make` makes instances of: the evaluator knows a value's type by it. */
  readonly ctor: new (
    source: T,
    nowMs: number,
  ) => object;
}

export const timestampType = 'google.protobuf.Timestamp';
export const durationType = 'google.protobuf.Duration';

/** An instant that is absent is as early, or as late, as the language has one. */
const epochMs = 0;
const lastInstantMs = Date.UTC(9999, 11, 31, 23, 59, 59);

// The manifest's own schema bounds what a task holds; these are its figures, or above them.
const nameChars = 128;
const tagsExtent = mapExtent(50, 128, textExtent(256));
const labelsExtent = mapExtent(50, 64, textExtent(64));
const annotationsExtent = mapExtent(50, 64, textExtent(1024));
const targetsExtent = listExtent(10, textExtent(64));
const afterExtent = listExtent(20, textExtent(64));
// Nobody bounds what stands in a commit: beyond these a rule that reads it fails, and so holds.
const personChars = 512;
const subjectChars = 1024;
const pathChars = 4096;
const trailersExtent = mapExtent(16, 64, listExtent(16, textExtent(256)));

type Read<T, V> = (source: T) => V | undefined;

function text<T>(chars: number, read: Read<T, string>, ...groups: FactGroup[]): FactField<T> {
  const extent = textExtent(chars);
  return { type: 'string', extent, groups, read: (source) => boundedText(read(source), chars) };
}

function texts<T>(extent: Extent, read: Read<T, readonly string[]>, ...groups: FactGroup[]): FactField<T> {
  return { type: 'list<string>', extent, groups, read: (source) => boundedTexts(read(source), extent) };
}

function textMap<T>(extent: Extent, read: Read<T, TextMap>, ...groups: FactGroup[]): FactField<T> {
  const chars = extent.of?.chars ?? 0;
  const convert = (value: string) => boundedText(value, chars);
  return {
    type: 'map<string, string>',
    extent,
    groups,
    read: (source) => boundedMap(read(source), extent, convert),
  };
}

function flag<T>(read: Read<T, boolean>, ...groups: FactGroup[]): FactField<T> {
  return { type: 'bool', extent: scalar, groups, read };
}

/** CEL's int is a BigInt here; a JavaScript number would be a double, and fail where an int is declared. */
function count<T>(read: Read<T, number>, ...groups: FactGroup[]): FactField<T> {
  const convert = (source: T) => {
    const value = read(source);
    return value === undefined ? undefined : BigInt(value);
  };
  return { type: 'int', extent: scalar, groups, read: convert };
}

function instant<T>(
  read: (source: T, nowMs: number) => number | undefined,
  ...groups: FactGroup[]
): FactField<T> {
  const convert = (source: T, nowMs: number) => {
    const ms = read(source, nowMs);
    return ms === undefined ? undefined : new Date(ms);
  };
  return { type: timestampType, extent: scalar, groups, read: convert };
}

function nested<T, U>(struct: FactStruct<U>, read: Read<T, U | null>, ...groups: FactGroup[]): FactField<T> {
  const convert = (source: T, nowMs: number) => {
    const value = read(source);
    return value === undefined || value === null ? undefined : struct.make(value, nowMs);
  };
  return { type: struct.name, extent: scalar, groups, read: convert };
}

function boundedText(value: string | undefined, chars: number): string | undefined {
  if (value !== undefined && value.length > chars)
    throw tooLarge(`a text of ${value.length} characters`, chars);
  return value;
}

function boundedTexts(values: readonly string[] | undefined, extent: Extent): readonly unknown[] | undefined {
  if (values !== undefined && values.length > extent.items)
    throw tooLarge(`a list of ${values.length} elements`, extent.items);
  return values?.map((value) => boundedText(value, extent.of?.chars ?? 0));
}

/** A JavaScript Map, because in an object the keys `__proto__` and `constructor` mean something. */
function boundedMap<V>(
  values: Readonly<Record<string, V>> | undefined,
  extent: Extent,
  convert: (value: V) => unknown,
): ReadonlyMap<string, unknown> | undefined {
  if (values === undefined) return undefined;
  const entries = Object.entries(values);
  if (entries.length > extent.items) throw tooLarge(`a map of ${entries.length} entries`, extent.items);
  return new Map(entries.map(([key, value]) => [boundedText(key, extent.chars) ?? key, convert(value)]));
}

function tooLarge(what: string, most: number): Error {
  return new Error(`${what} is more than a rule may read (${most})`);
}

class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What lazy properties have made for one object, by their names. */
export type MadeValues = Map<string, unknown>;

/**
 * Gives the objects of a class a property that is made when it is first read. A failure is kept like a value: a loop
 * may read it thousands of times, and making it again could take long.
 */
export function defineLazy<T extends { readonly made: MadeValues }>(
  prototype: T,
  key: string,
  make: (owner: T) => unknown,
): void {
  Object.defineProperty(prototype, key, {
    get(this: T) {
      let value = this.made.get(key);
      if (value === undefined) {
        value = attempt(() => make(this));
        this.made.set(key, value);
      }
      if (value instanceof Failure) throw value.error;
      return value;
    },
  });
}

function attempt(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return new Failure(error);
  }
}

/** Fields are made when they are first read, and kept: many rules read the same facts, and few read all of them. */
function defineStruct<T>(name: string, fields: Readonly<Record<string, FactField<T>>>): FactStruct<T> {
  const ctor = class {
    readonly made: MadeValues = new Map();
    readonly source: T;
    readonly nowMs: number;
    constructor(source: T, nowMs: number) {
      this.source = source;
      this.nowMs = nowMs;
    }
  };
  for (const [key, field] of Object.entries(fields)) {
    defineLazy(ctor.prototype, key, ({ source, nowMs }) => field.read(source, nowMs));
  }
  return { name, fields, ctor, make: (source, nowMs) => new ctor(source, nowMs) };
}

const previousStruct = defineStruct<PreviousFacts>('Previous', {
  exists: flag((previous) => previous.exists),
  token: text(nameChars, (previous) => previous.token),
  command: text(nameChars, (previous) => previous.command),
  targets: texts(targetsExtent, (previous) => previous.targets),
  description: text(nameChars, (previous) => previous.description),
  tags: textMap(tagsExtent, (previous) => previous.tags),
  run: count((previous) => previous.run),
  state: text(nameChars, (previous) => previous.state),
  taskId: text(nameChars, (previous) => previous.taskId),
  issuedAt: instant((previous) => previous.issuedAtMs ?? epochMs),
  endedAt: instant((previous) => previous.endedAtMs ?? epochMs),
});

const taskStruct = defineStruct<TaskFacts>('Task', {
  fleet: text(nameChars, (task) => task.fleet),
  name: text(nameChars, (task) => task.name),
  command: text(nameChars, (task) => task.command),
  targets: texts(targetsExtent, (task) => task.targets),
  description: text(nameChars, (task) => task.description),
  tags: textMap(tagsExtent, (task) => task.tags),
  labels: textMap(labelsExtent, (task) => task.labels),
  annotations: textMap(annotationsExtent, (task) => task.annotations),
  run: count((task) => task.run),
  after: texts(afterExtent, (task) => task.after),
  notBefore: instant((task) => task.notBeforeMs ?? epochMs),
  notAfter: instant((task) => task.notAfterMs ?? lastInstantMs),
  path: text(pathChars, (task) => task.path),
  token: text(nameChars, (task) => task.token),
  previous: nested(previousStruct, (task) => task.previous, 'previous'),
});

const commitStruct = defineStruct<CommitFacts>('Commit', {
  id: text(nameChars, (commit) => commit.id),
  time: instant((commit) => commit.timeMs),
  author: text(personChars, (commit) => commit.author),
  committer: text(personChars, (commit) => commit.committer),
  subject: text(subjectChars, (commit) => commit.subject),
  trailers: {
    type: 'map<string, list<string>>',
    extent: trailersExtent,
    groups: [],
    read: ({ trailers }) =>
      boundedMap(trailers, trailersExtent, (values) => boundedTexts(values, trailersExtent.of ?? scalar)),
  },
});

const countStruct = defineStruct<TaskCount>('Count', {
  tasks: count((counted) => counted.tasks),
  devices: count((counted) => counted.devices),
});

const fleetStruct = defineStruct<Pick<RuleFacts, 'fleet' | 'counts'>>('Fleet', {
  name: text(nameChars, ({ fleet }) => fleet?.name, 'fleet'),
  region: text(nameChars, ({ fleet }) => fleet?.region, 'fleet'),
  account: text(nameChars, ({ fleet }) => fleet?.account, 'fleet'),
  labels: textMap(tagsExtent, ({ fleet }) => fleet?.labels, 'fleet'),
  inFlight: nested(countStruct, ({ counts }) => counts?.inFlight, 'counts'),
  issuedLastHour: nested(countStruct, ({ counts }) => counts?.issuedLastHour, 'counts'),
  issuedLastDay: nested(countStruct, ({ counts }) => counts?.issuedLastDay, 'counts'),
});

const lastTaskStruct = defineStruct<LastTaskFacts>('LastTask', {
  id: text(nameChars, (last) => last.id),
  name: text(nameChars, (last) => last.name),
  command: text(nameChars, (last) => last.command),
  outcome: text(nameChars, (last) => last.outcome),
  // What has not ended ends no earlier than now: `age(...)` of it is 0, and no cool-down has passed.
  endedAt: instant(
    (last, nowMs) => last.endedAtMs ?? (last.id === '' && last.name === '' ? epochMs : nowMs),
    'now',
  ),
});

const deviceStruct = defineStruct<DeviceFacts>('Device', {
  id: text(nameChars, (device) => device.id),
  busyWith: text(nameChars, (device) => device.busyWith),
  lastTask: nested(lastTaskStruct, (device) => device.lastTask),
  lastReboot: nested(lastTaskStruct, (device) => device.lastReboot),
  lastUnlock: nested(lastTaskStruct, (device) => device.lastUnlock),
  state: text(nameChars, ({ described }) => described?.state, 'described'),
  type: text(nameChars, ({ described }) => described?.type, 'described'),
  tags: textMap(tagsExtent, ({ described }) => described?.tags, 'described'),
  lastReachedOutAt: instant(
    ({ described }) => (described === null ? undefined : (described.lastReachedOutAtMs ?? epochMs)),
    'described',
  ),
});

/** The structs by the name that the checker gives their type. */
export const factStructs = {
  Task: taskStruct,
  Previous: previousStruct,
  Commit: commitStruct,
  Fleet: fleetStruct,
  Count: countStruct,
  Device: deviceStruct,
  LastTask: lastTaskStruct,
} as const;

/** The variables of every expression; a group that a variable reads whole stands beside it. */
export const factVariables: Readonly<Record<string, FactField<RuleFacts>>> = {
  task: nested(taskStruct, ({ task }) => task),
  introduced: nested(commitStruct, ({ introduced }) => introduced, 'introduced'),
  changed: nested(commitStruct, ({ changed }) => changed, 'changed'),
  fleet: nested(fleetStruct, (facts) => facts),
  devices: {
    type: 'list<Device>',
    extent: listExtent(targetsExtent.items, scalar),
    groups: ['devices'],
    read: ({ devices, nowMs }) => {
      if (devices !== null && devices.length > targetsExtent.items)
        throw tooLarge(`a list of ${devices.length} elements`, targetsExtent.items);
      return devices?.map((device) => deviceStruct.make(device, nowMs));
    },
  },
  now: instant(({ nowMs }) => nowMs, 'now'),
};
