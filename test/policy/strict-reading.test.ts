/**
 * What loads is exactly what a strict reading loads: the schema accepts the document, and each part of it is understood. The
 * strict readings are written here once more, as plainly as can be, and shown documents that are almost right.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';
import { readDocuments } from '../../src/lib/document.ts';
import { findValidate, type JsonSchema } from '../../src/lib/document-compile.ts';
import type { JsonValue } from '../../src/lib/document-yaml.ts';
import { parseTime } from '../../src/manifest/time.ts';
import { compileExpression } from '../../src/policy/expression.ts';
import { isTimeZone } from '../../src/policy/local-time.ts';
import { type ParsedPolicyFile, parsePolicyFile } from '../../src/policy/parse.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import { policySchema, suspensionSchema, waiverSchema } from '../../src/policy/schema.ts';
import { type Window, windowAt } from '../../src/policy/window.ts';
import {
  formOf,
  type ReadEntry,
  readIcs,
  readRecurring,
  readSingle,
  type WrittenEntry,
} from '../../src/policy/window-entry.ts';
import { windowSchema } from '../../src/policy/window-schema.ts';
import { eachChange, mutants, neverEntry } from './mutants.ts';

const limits = { fileBytes: 4_194_304, documentsPerFile: 10, depth: 32 };
const path = 'policies/a.yaml';
const calendar = (event: string): string =>
  ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', event, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const texts: Readonly<Record<string, string>> = {
  'policies/a.ics': calendar('DTSTART:20261224T000000Z\r\nDTEND:20261227T000000Z'),
  'policies/b.ics': calendar('RDATE:20261224T000000Z\r\nDTSTART:20261224T000000Z\r\nDURATION:P1D'),
};
const calendars = (wanted: string): string | null => texts[wanted] ?? null;

function parse(value: JsonValue): ParsedPolicyFile {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return parsePolicyFile(bytes, { path, blob: '', limits, calendars });
}

/** Whether the gate lets the text of a value pass at all: what it refuses is no document. */
function passes(value: JsonValue): boolean {
  const file = readDocuments(new TextEncoder().encode(JSON.stringify(value)), limits);
  return file.ok && file.documents[0]?.ok === true;
}

const accepts = (schema: JsonSchema): ((value: JsonValue) => boolean) => {
  const validate = findValidate(schema);
  return (value) => validate(value) === true;
};

const document = (kind: string, spec: JsonValue): JsonValue => ({
  apiVersion: 'snowgate/v1',
  kind,
  metadata: { name: 'it' },
  spec,
});

const night = { start: '0 22 * * FRI', duration: '6h', reason: 'in port' };
const freeze = { from: '2026-12-20T00:00', to: '2027-01-03T00:00', reason: 'holidays' };
const repeat = (count: number, entry: JsonValue): JsonValue[] =>
  Array.from({ length: count }, () => structuredClone(entry));

interface StrictWindow {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly description?: string;
    readonly timeZone: string;
    readonly open?: readonly WrittenEntry[];
    readonly closed?: readonly WrittenEntry[];
    readonly cutoff?: string;
  };
}

type GoodEntry = Extract<ReadEntry, { readonly ok: true }>;

function readStrictEntry(
  written: WrittenEntry,
  timeZone: string,
  side: 'open' | 'closed',
): GoodEntry | undefined {
  const form = formOf(written);
  if (form === null) return undefined;
  const context = { path, calendars, timeZone, side };
  const read =
    form === 'recurring'
      ? readRecurring(written, timeZone)
      : form === 'single'
        ? readSingle(written, timeZone)
        : readIcs(written, context);
  return read.ok && read.problems.every(({ severity }) => severity === 'warning') ? read : undefined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const acceptsWindow = accepts(windowSchema);

/** Null where anything of it is not understood. */
function readStrictWindow(value: JsonValue): Window | null {
  if (!acceptsWindow(value)) return null;
  const { metadata, spec } = value as unknown as StrictWindow;
  if (!isTimeZone(spec.timeZone)) return null;
  const written = { open: spec.open ?? [], closed: spec.closed ?? [] };
  const open = written.open.flatMap((entry) => readStrictEntry(entry, spec.timeZone, 'open') ?? []);
  const closed = written.closed.flatMap((entry) => readStrictEntry(entry, spec.timeZone, 'closed') ?? []);
  if (open.length < written.open.length || closed.length < written.closed.length) return null;
  const named = [...written.open, ...written.closed].filter(({ ics }) => ics !== undefined);
  const cutoffMs = parseDuration(spec.cutoff ?? '0m') ?? Number.NaN;
  const [only] = open;
  const isNothingLeft =
    open.length === 1 && cutoffMs > 0 && (only?.longestMs ?? Number.POSITIVE_INFINITY) <= cutoffMs;
  const isSound =
    named.length <= 10 &&
    sum(open.map(({ startsPerDay }) => startsPerDay)) <= 96 &&
    sum(closed.map(({ startsPerDay }) => startsPerDay)) <= 96 &&
    sum([...open, ...closed].map(({ calendarStarts }) => calendarStarts)) <= 10_000 &&
    cutoffMs <= 7 * 86_400_000 &&
    !isNothingLeft;
  if (!isSound) return null;
  return {
    name: metadata.name,
    description: spec.description ?? '',
    timeZone: spec.timeZone,
    cutoffMs,
    place: { path, line: 1, column: 1 },
    open: spec.open === undefined ? null : open.map(({ entry }) => entry),
    closed: closed.map(({ entry }) => entry),
  };
}

/** What each entry gives around Christmas, a Friday; entries are functions, and these are their answers. */
function spansOf({ open, closed, ...rest }: Window) {
  const [fromMs, toMs] = [Date.parse('2026-12-23T00:00Z'), Date.parse('2026-12-28T00:00Z')];
  const draw = (entries: Window['closed']) => entries.map((entry) => entry.spans(fromMs, toMs));
  return { ...rest, open: open === null ? null : draw(open), closed: draw(closed) };
}

function compareWindow(value: JsonValue): number {
  if (!passes(value)) return 0;
  const { windows, problems, broken, policies } = parse(value);
  const strict = readStrictWindow(value);
  expect(windows.map(spansOf)).toEqual(strict === null ? [] : [spansOf(strict)]);
  expect(policies).toEqual([]);
  expect(broken).toHaveLength(strict === null ? 1 : 0);
  expect(problems.some(({ severity }) => severity === 'error')).toBe(strict === null);
  // What loaded can be asked.
  for (const window of windows) expect(windowAt(window, Date.parse('2026-12-25T12:00Z'))).toBeDefined();
  return windows.length;
}

describe('a window', () => {
  const whole = document('Window', {
    timeZone: 'Europe/Oslo',
    description: 'nights',
    open: [night, { from: '2026-12-01T08:00', to: '2026-12-01T10:00' }],
    closed: [freeze, { ics: 'a.ics' }],
    cutoff: '15m',
  });
  // Sixty of them give more warnings than are shown.
  const brief = { from: '2026-12-01T08:00', to: '2026-12-01T08:15' };
  const windows = mutants(
    whole,
    document('Window', { timeZone: 'UTC', open: repeat(60, brief), closed: [freeze], cutoff: '15m' }),
    document('Window', { timeZone: 'UTC', open: [night, neverEntry], closed: [neverEntry, freeze] }),
  );

  it('loads where a strict reading loads it, and is the same', () => {
    let loaded = 0;
    fc.assert(
      fc.property(windows, (value) => {
        loaded += compareWindow(value);
      }),
      { numRuns: 200 },
    );
    expect(loaded).toBeGreaterThan(50);
  });

  it('does so with each oddity in each place', () => {
    for (const value of eachChange(whole)) compareWindow(value);
  });
});

interface StrictRule {
  readonly name: string;
  readonly window?: string | { readonly anyOf: readonly string[] };
  readonly onClose?: string;
  readonly require?: string;
  readonly message?: string;
  readonly otherwise?: string;
}

interface StrictSpec {
  readonly description?: string;
  readonly match?: object;
  readonly rules: readonly StrictRule[];
}

const acceptsPolicy = accepts(policySchema);

/** What it says, in the words of the document with all defaults written; null where anything is not understood. */
function readStrictPolicy(value: JsonValue): object | null {
  if (!acceptsPolicy(value)) return null;
  const { metadata, spec } = value as unknown as { metadata: { name: string }; spec: StrictSpec };
  const { rules, description = '', match = {} } = spec;
  if (new Set(rules.map(({ name }) => name)).size < rules.length) return null;
  const read = rules.map(({ name, window, onClose, require, message = null, otherwise }) => {
    if (window !== undefined && require === undefined) {
      const anyOf = typeof window === 'string' ? [window] : window.anyOf;
      if (!Array.isArray(anyOf) || anyOf.length === 0) return null;
      const defaults = { onClose: onClose ?? 'cancel', otherwise: otherwise ?? 'hold' };
      return { kind: 'window', name, message, anyOf, ...defaults };
    }
    if (window !== undefined || require === undefined || onClose !== undefined) return null;
    if (!compileExpression(require).ok) return null;
    return { kind: 'condition', name, message, source: require, otherwise: otherwise ?? 'deny' };
  });
  return read.includes(null) ? null : { name: metadata.name, description, match, rules: read };
}

function sayPolicy({ name, description, match, rules }: ParsedPolicyFile['policies'][number]): object {
  const said = rules.map((rule) => {
    const { place: _place, ...rest } = rule;
    if (rest.kind === 'window') return rest;
    const { expression, ...others } = rest;
    return { ...others, source: expression.source };
  });
  return { name, description, match, rules: said };
}

function comparePolicy(value: JsonValue): number {
  if (!passes(value)) return 0;
  const { policies, broken, problems } = parse(value);
  const strict = readStrictPolicy(value);
  expect(policies.map(sayPolicy)).toEqual(strict === null ? [] : [strict]);
  expect(broken).toHaveLength(strict === null ? 1 : 0);
  expect(problems.some(({ severity }) => severity === 'error')).toBe(strict === null);
  // What loaded can be brought together with others.
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  loadPolicies([{ path, blob: '', content: { kind: 'bytes', bytes } }], limits);
  return policies.length;
}

describe('a policy', () => {
  const whole = document('Policy', {
    description: 'unlocks',
    match: {
      commands: ['unlock'],
      fleets: ['north-*'],
      labels: { site: ['aurora', 'b*'] },
      fleetLabels: { env: 'production' },
      exclude: { names: ['drill-*'], targets: ['smd-*'] },
    },
    rules: [
      { name: 'window', window: 'nights', onClose: 'leave' },
      { name: 'windows', window: { anyOf: ['nights', 'days'] } },
      { name: 'change', require: 'task.name != "x"', message: 'no', otherwise: 'hold' },
    ],
  });
  const policies = mutants(
    whole,
    document('Policy', {
      rules: Array.from({ length: 49 }, (_, index) => ({ name: `r${index}`, require: 'true' })),
    }),
  );

  it('loads where a strict reading loads it, and is the same', () => {
    let loaded = 0;
    fc.assert(
      fc.property(policies, (value) => {
        loaded += comparePolicy(value);
      }),
      { numRuns: 300 },
    );
    expect(loaded).toBeGreaterThan(50);
  });

  it('does so with each oddity in each place', () => {
    for (const value of eachChange(whole)) comparePolicy(value);
  });
});

const acceptsSuspension = accepts(suspensionSchema);
const acceptsWaiver = accepts(waiverSchema);

type Strict = { readonly [key: string]: JsonValue };

/** The spec with its time as an instant; null where anything is not understood. */
function readStrictTime(value: JsonValue, isAccepted: boolean, key: string, msKey: string): object | null {
  if (!isAccepted) return null;
  const { metadata, spec } = value as unknown as { metadata: { name: string }; spec: Strict };
  const { [key]: text, ...rest } = spec;
  if (text === undefined) return { name: metadata.name, ...rest, [msKey]: null };
  const time = parseTime(text as string);
  return time.ok ? { name: metadata.name, ...rest, [msKey]: time.epochMs } : null;
}

const plain = (documents: readonly object[]): object[] =>
  documents.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([key]) => key !== 'place' && key !== 'blob')),
  );

function compareStop(value: JsonValue): number {
  if (!passes(value)) return 0;
  const { suspensions, broken } = parse(value);
  const strict = readStrictTime(value, acceptsSuspension(value), 'until', 'untilMs');
  expect(plain(suspensions)).toEqual(strict === null ? [] : [{ fleet: null, ...strict }]);
  expect(broken).toHaveLength(strict === null ? 1 : 0);
  return suspensions.length;
}

function compareWaiver(value: JsonValue): number {
  if (!passes(value)) return 0;
  const { waivers, broken } = parse(value);
  const strict = readStrictTime(value, acceptsWaiver(value), 'expires', 'expiresMs');
  expect(plain(waivers)).toEqual(strict === null ? [] : [strict]);
  expect(broken).toHaveLength(strict === null ? 1 : 0);
  return waivers.length;
}

describe('a suspension or a waiver', () => {
  const reason = 'incident 4711';
  const suspension = document('Suspension', {
    fleet: 'north-sea',
    reason,
    until: '2026-12-01T08:00:00+01:00',
  });
  const waiver = document('Waiver', {
    fleet: 'north-sea',
    task: 'unlock',
    run: 1,
    rules: ['p/a', 'p/b'],
    reason,
    expires: '2026-11-28T12:00:00.500Z',
  });

  it('loads where a strict reading loads it, and is the same', () => {
    let loaded = 0;
    fc.assert(
      fc.property(mutants(suspension), mutants(waiver), (stop, waive) => {
        loaded += compareStop(stop) + compareWaiver(waive);
      }),
      { numRuns: 300 },
    );
    expect(loaded).toBeGreaterThan(50);
  });

  it('does so with each oddity in each place', () => {
    for (const value of eachChange(suspension)) compareStop(value);
    for (const value of eachChange(waiver)) compareWaiver(value);
  });
});
