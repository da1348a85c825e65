/**
 * The facts that a claim's rules read, as the ledger keeps them, and back again: whoever audits a claim can evaluate
 * the same rules on the same facts years later, without asking AWS or reading history.
 *
 * Kept are the groups that were read, and of the task what neither the request nor the manifest's origin in the claim
 * tells: labels, `after`, `notBefore`, `notAfter`. A claim stays in the ledger for ever, so the record is bounded. A
 * group that does not fit is shortened for people and named under `cut`; read back it is unknown, because a rule on half
 * a text would give a verdict of its own.
 */
import type {
  CommitFacts,
  CountFacts,
  DescribedFacts,
  DeviceFacts,
  FactGroup,
  FleetFacts,
  LastTaskFacts,
  PreviousFacts,
  RuleFacts,
  TaskCount,
  TaskFacts,
} from './facts.ts';
import { isoInstant } from './verdict.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Bytes of a record as JSON: ten devices with their newest tasks fit, and a hundred thousand claims stay below a gigabyte. */
const recordBytesMax = 8192;
/** What is left of a group that does not fit. */
const shortTextChars = 64;
const shortItems = 4;

/** One kind of value: `read` gives undefined for what `write` never made. */
interface Codec<V> {
  readonly write: (value: V) => JsonValue;
  readonly read: (json: unknown) => V | undefined;
}

const text: Codec<string> = {
  write: identity,
  read: (json) => (typeof json === 'string' ? json : undefined),
};
const flag: Codec<boolean> = {
  write: identity,
  read: (json) => (typeof json === 'boolean' ? json : undefined),
};
const count: Codec<number> = {
  write: identity,
  read: (json) => (typeof json === 'number' && Number.isSafeInteger(json) ? json : undefined),
};
const instant: Codec<number> = {
  write: isoInstant,
  read: (json) => {
    const ms = typeof json === 'string' ? Date.parse(json) : Number.NaN;
    return Number.isNaN(ms) ? undefined : ms;
  },
};

function identity<V>(value: V): V {
  return value;
}

function nullable<V>(codec: Codec<V>): Codec<V | null> {
  return {
    write: (value) => (value === null ? null : codec.write(value)),
    read: (json) => (json === null ? null : codec.read(json)),
  };
}

function listOf<V>(codec: Codec<V>): Codec<readonly V[]> {
  return {
    write: (values) => values.map(codec.write),
    read: (json) => {
      if (!Array.isArray(json)) return undefined;
      const values: V[] = [];
      for (const element of json) {
        const value = codec.read(element);
        if (value === undefined) return undefined;
        values.push(value);
      }
      return values;
    },
  };
}

function mapOf<V>(codec: Codec<V>): Codec<Readonly<Record<string, V>>> {
  return {
    write: (values) =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, codec.write(value)])),
    read: (json) => {
      if (!isObject(json)) return undefined;
      const entries: [string, V][] = [];
      for (const [key, element] of Object.entries(json)) {
        const value = codec.read(element);
        if (value === undefined) return undefined;
        entries.push([key, value]);
      }
      return Object.fromEntries(entries);
    },
  };
}

/** Instants drop the `Ms` of their names, as everywhere in the ledger: there they are ISO 8601. */
function struct<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const keys = Object.keys(fields) as (keyof T & string)[];
  const written = (key: string) => key.replace(/Ms$/, '');
  return {
    write: (value) => Object.fromEntries(keys.map((key) => [written(key), fields[key].write(value[key])])),
    read: (json) => {
      if (!isObject(json)) return undefined;
      const entries: [string, unknown][] = [];
      for (const key of keys) {
        const value = Object.hasOwn(json, written(key)) ? fields[key].read(json[written(key)]) : undefined;
        if (value === undefined) return undefined;
        entries.push([key, value]);
      }
      // Each key of T has been read by the codec of its type, which the compiler cannot follow through entries.
      return Object.fromEntries(entries) as T;
    },
  };
}

const texts = listOf(text);
const textMap = mapOf(text);

const commitCodec = struct<CommitFacts>({
  id: text,
  timeMs: instant,
  author: text,
  committer: text,
  subject: text,
  trailers: mapOf(texts),
});

const previousCodec = struct<PreviousFacts>({
  exists: flag,
  token: text,
  command: text,
  targets: texts,
  description: text,
  tags: textMap,
  run: count,
  state: text,
  taskId: text,
  issuedAtMs: nullable(instant),
  endedAtMs: nullable(instant),
});

const taskCountCodec = struct<TaskCount>({ tasks: count, devices: count });
const fleetCodec = struct<FleetFacts>({ name: text, region: text, account: text, labels: textMap });
const countsCodec = struct<CountFacts>({
  inFlight: taskCountCodec,
  issuedLastHour: taskCountCodec,
  issuedLastDay: taskCountCodec,
});

const lastTaskCodec = struct<LastTaskFacts>({
  id: text,
  name: text,
  command: text,
  outcome: text,
  endedAtMs: nullable(instant),
});

const devicesCodec = listOf(
  struct<DeviceFacts>({
    id: text,
    busyWith: text,
    lastTask: lastTaskCodec,
    lastReboot: lastTaskCodec,
    lastUnlock: lastTaskCodec,
    described: nullable(
      struct<DescribedFacts>({
        state: text,
        type: text,
        tags: textMap,
        lastReachedOutAtMs: nullable(instant),
      }),
    ),
  }),
);

type RecordedTask = Pick<TaskFacts, 'labels' | 'after' | 'notBeforeMs' | 'notAfterMs'>;

const taskCodec = struct<RecordedTask>({
  labels: textMap,
  after: texts,
  notBeforeMs: nullable(instant),
  notAfterMs: nullable(instant),
});

/**
 * The facts of the groups read, as JSON of at most 8 KiB. Groups that are not known, or were not read, are absent;
 * those that do not fit are shortened or left out, and named under `cut`. `now` is the time of the claim itself.
 */
export function recordFacts(facts: RuleFacts, reads: ReadonlySet<FactGroup>): JsonObject {
  const record: Record<string, JsonValue> = {};
  const cut: string[] = [];
  // What is kept back names everything that may be cut; the largest task there can be fits into the rest.
  let room = recordBytesMax - 128;
  const add = (name: string, json: JsonValue | null): void => {
    if (json === null) return;
    const whole = bytesOf(name, json);
    if (whole > room) cut.push(name);
    const kept = whole > room ? shorten(json) : json;
    const bytes = bytesOf(name, kept);
    if (bytes > room) return;
    record[name] = kept;
    room -= bytes;
  };
  const { task, introduced, changed, fleet, counts } = facts;
  add('task', taskCodec.write(task));
  if (reads.has('previous')) add('previous', nullable(previousCodec).write(task.previous));
  if (reads.has('introduced')) add('introduced', nullable(commitCodec).write(introduced));
  if (reads.has('changed')) add('changed', nullable(commitCodec).write(changed));
  if (reads.has('fleet')) add('fleet', nullable(fleetCodec).write(fleet));
  if (reads.has('counts')) add('counts', nullable(countsCodec).write(counts));
  if (reads.has('devices')) add('devices', nullable(devicesCodec).write(recordedDevices(facts, reads)));
  return cut.length === 0 ? record : { ...record, cut };
}

function recordedDevices(
  { devices }: RuleFacts,
  reads: ReadonlySet<FactGroup>,
): readonly DeviceFacts[] | null {
  if (devices === null || reads.has('described')) return devices;
  return devices.map((device) => ({ ...device, described: null }));
}

/**
 * The facts that a record holds. Whatever it does not hold whole, or not in the form that `recordFacts` writes, is null:
 * rules that read it are unknown. Of the task, what the record holds goes before what is given; nothing else of the
 * given task is taken for recorded, least of all `previous`.
 */
export function readRecordedFacts(json: unknown, task: TaskFacts, nowMs: number): RuleFacts {
  const record: Readonly<Record<string, unknown>> = isObject(json) ? json : {};
  const cut: unknown = Object.hasOwn(record, 'cut') ? record.cut : [];
  const read = <V>(name: string, codec: Codec<V>): V | null => {
    if (!Array.isArray(cut) || cut.includes(name) || !Object.hasOwn(record, name)) return null;
    return codec.read(record[name]) ?? null;
  };
  return {
    task: { ...task, ...read('task', taskCodec), previous: read('previous', previousCodec) },
    introduced: read('introduced', commitCodec),
    changed: read('changed', commitCodec),
    fleet: read('fleet', fleetCodec),
    counts: read('counts', countsCodec),
    devices: read('devices', devicesCodec),
    nowMs,
  };
}

/** With a comma and the name's quotes and colon. */
function bytesOf(name: string, json: JsonValue): number {
  return new TextEncoder().encode(JSON.stringify({ [name]: json })).length;
}

function shorten(json: JsonValue): JsonValue {
  if (typeof json === 'string')
    return json.length > shortTextChars ? `${json.slice(0, shortTextChars - 1)}\u2026` : json;
  if (isList(json)) return json.slice(0, shortItems).map(shorten);
  if (typeof json !== 'object' || json === null) return json;
  // The fields of a struct are few; what is long is a map.
  const entries = Object.entries(json);
  const kept = entries.length > structFieldsMax ? entries.slice(0, shortItems) : entries;
  return Object.fromEntries(kept.map(([key, value]) => [key, shorten(value)]));
}

const structFieldsMax = 12;

function isList(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
