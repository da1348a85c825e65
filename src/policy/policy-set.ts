/**
 * All windows, policies, suspensions and waivers of one commit, brought together. What could not be understood is kept as
 * what it could have been: nothing among the policies is ever ignored.
 */
import { sha256Hex } from '../lib/digest.ts';
import type { DocumentLimits } from '../lib/document.ts';
import { decodeText } from '../lib/document-text.ts';
import type { FaultCode, Place } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { Problem } from '../manifest/manifest.ts';
import { calendarBytesMax } from './calendar-text.ts';
import type { Broken } from './parse.ts';
import { parsePolicyFile } from './parse.ts';
import type { Policy, Suspension, Waiver } from './policy.ts';
import type { PolicyFile } from './policy-file.ts';
import type { WindowUse } from './rules.ts';
import type { Window } from './window.ts';

export interface PolicySet {
  /** SHA-256 over the paths and blob ids of its files. */
  readonly digest: string;
  readonly windows: ReadonlyMap<string, Window>;
  /** In the order of their names. */
  readonly policies: readonly Policy[];
  readonly suspensions: readonly Suspension[];
  readonly waivers: readonly Waiver[];
  /** Windows, policies and suspensions that do not load: they hold what they could match. */
  readonly broken: readonly Broken[];
  /** In the order of path, line and column. */
  readonly problems: readonly PlacedProblem[];
}

/**
 * Documents, and rules of policies, in all files together. More than anybody oversees; and reading one takes a millisecond
 * or two in which the controller does nothing else, as each rule is asked for each task of each pass.
 */
const documentsMax = 5_000;
const rulesMax = 5_000;

/** The set that holds nothing: what is read where nobody has written policies. */
export const emptyPolicySet: PolicySet = {
  digest: sha256Hex(''),
  windows: new Map(),
  policies: [],
  suspensions: [],
  waivers: [],
  broken: [],
  problems: [],
};

/** Everything collected before names are compared. */
interface Collected {
  readonly windows: Window[];
  readonly policies: Policy[];
  readonly suspensions: Suspension[];
  readonly waivers: Waiver[];
  readonly broken: Broken[];
  readonly brokenUses: WindowUse[];
  readonly problems: PlacedProblem[];
}

/** Loads the files of a tree. Whatever they hold, this returns; the same files give the same set. */
export function loadPolicies(files: readonly PolicyFile[], limits: DocumentLimits): PolicySet {
  const all: Collected = {
    windows: [],
    policies: [],
    suspensions: [],
    waivers: [],
    broken: [],
    brokenUses: [],
    problems: [],
  };
  const calendars = readCalendars(files, all);
  for (const file of files) {
    if (isCalendar(file.path)) continue;
    if (isFull(all)) {
      refuseRest(file.path, all);
      break;
    }
    readFile(file, limits, calendars, all);
  }
  for (const [path, { isUsed }] of calendars) {
    if (isUsed) continue;
    const message = 'no window names this calendar: its times open and close nothing';
    all.problems.push(warning(path, 'SG1411', message, 'name it in a window as ics: PATH, or remove it'));
  }
  const windows = dropTwins('window', all.windows, all);
  // Beside one that cannot be read, nobody can say which of the two was meant.
  for (const one of all.broken) if (one.kind === 'window' && one.name !== null) windows.delete(one.name);
  for (const twin of all.windows) {
    if (!windows.has(twin.name)) all.broken.push({ kind: 'window', name: twin.name, place: twin.place });
  }
  const policies = dropTwins('policy', all.policies, all);
  for (const { name, match, place } of all.policies) {
    const why = 'two policies have this name';
    if (!policies.has(name)) all.broken.push({ kind: 'policy', name, match, place, why });
  }
  // Two suspensions of one name stop all the same; of two waivers nobody can say which was meant.
  dropTwins('suspension', all.suspensions, all);
  const waivers = dropTwins('waiver', all.waivers, all);
  judgeWindows(windows, all);
  const sound = judgeWaivers([...waivers.values()], policies, all);
  return {
    digest: policySetDigest(files),
    windows,
    policies: [...policies.values()].sort(byName),
    suspensions: all.suspensions,
    waivers: sound.sort(byName),
    broken: all.broken,
    problems: all.problems.sort(byPlace),
  };
}

/** SHA-256 of the policy set: paths and blob ids, in the order of their paths. */
export function policySetDigest(files: readonly { readonly path: string; readonly blob: string }[]): string {
  const lines = files.map(({ path, blob }) => `${blob} ${path}\n`);
  return sha256Hex(lines.sort().join(''));
}

function isCalendar(path: string): boolean {
  return path.endsWith('.ics');
}

type Calendars = ReadonlyMap<string, { readonly text: string; isUsed: boolean }>;

function readCalendars(files: readonly PolicyFile[], all: Collected): Calendars {
  const calendars = new Map<string, { readonly text: string; isUsed: boolean }>();
  for (const { path, content } of files) {
    if (!isCalendar(path)) continue;
    // The window that names it does not load: that is what holds.
    if (content.kind === 'unreadable') {
      all.problems.push(placed(path, content.problem));
      continue;
    }
    const decoded = decodeText(content.bytes, calendarBytesMax);
    if (decoded.ok) calendars.set(path, { text: decoded.text, isUsed: false });
    else all.problems.push(placed(path, decoded.problem));
  }
  return calendars;
}

function readFile(
  { path, blob, content }: PolicyFile,
  limits: DocumentLimits,
  known: Calendars,
  all: Collected,
): void {
  if (content.kind === 'unreadable') {
    const { line, column, message } = content.problem;
    all.problems.push(placed(path, content.problem));
    all.broken.push({ kind: 'policy', name: null, match: {}, place: { path, line, column }, why: message });
    return;
  }
  const calendars = (wanted: string): string | null => {
    const calendar = known.get(wanted);
    if (calendar === undefined) return null;
    calendar.isUsed = true;
    return calendar.text;
  };
  const parsed = parsePolicyFile(content.bytes, { path, blob, limits, calendars });
  all.windows.push(...parsed.windows);
  all.policies.push(...parsed.policies);
  all.suspensions.push(...parsed.suspensions);
  all.waivers.push(...parsed.waivers);
  all.broken.push(...parsed.broken);
  all.brokenUses.push(...parsed.brokenUses);
  all.problems.push(...parsed.problems.map((problem) => placed(path, problem)));
}

function isFull({ windows, policies, suspensions, waivers, broken }: Collected): boolean {
  const documents = [windows, policies, suspensions, waivers, broken].reduce(
    (sum, some) => sum + some.length,
    0,
  );
  return documents >= documentsMax || policies.reduce((sum, { rules }) => sum + rules.length, 0) >= rulesMax;
}

/** What is not read may be any policy. */
function refuseRest(path: string, { broken, problems }: Collected): void {
  const place = { path, line: 1, column: 1 };
  const why = `the files before it hold ${documentsMax} documents or ${rulesMax} rules, and no more are read`;
  broken.push({ kind: 'policy', name: null, match: {}, place, why });
  const message = `this file and those behind it are not read: ${why}`;
  const hint = 'remove what does not count any more, or say it in fewer rules';
  problems.push({ code: 'SG1413', severity: 'error', place, message, hint });
}

/** The documents by name; of those that share one, none, and an error of each. */
function dropTwins<D extends { readonly name: string; readonly place: Place }>(
  kind: string,
  documents: readonly D[],
  { problems }: Collected,
): Map<string, D> {
  const sharers = new Map<string, D[]>();
  for (const document of documents) {
    const others = sharers.get(document.name);
    if (others === undefined) sharers.set(document.name, [document]);
    else others.push(document);
  }
  const single = new Map<string, D>();
  for (const [name, [first, ...others]] of sharers) {
    if (first === undefined) continue;
    if (others.length === 0) single.set(name, first);
    for (const document of others.length === 0 ? [] : [first, ...others]) {
      const { path, line } = document === first ? (others[0] ?? first).place : first.place;
      const message = `the ${kind} ${name} stands twice, also at ${path}:${line}`;
      const hint = 'rename or remove one of them';
      problems.push({ code: 'SG1407', severity: 'error', place: document.place, message, hint });
    }
  }
  return single;
}

/** Names that are sought for near misses: each costs as much as there are others, and nobody reads a hundred of them. */
const nearMissesMax = 100;

/** The hint for a name that is not there. */
function createHint(known: Iterable<string>, otherwise: string): (name: string) => string {
  const names = [...known];
  let sought = 0;
  return (name) => {
    sought += 1;
    const nearest = sought > nearMissesMax ? undefined : findNearest(name, names);
    return nearest === undefined ? otherwise : `did you mean ${nearest}?`;
  };
}

/** A rule that names a window that is not there holds its tasks; here it is told where. */
function judgeWindows(
  windows: ReadonlyMap<string, Window>,
  { policies, broken, brokenUses, problems }: Collected,
): void {
  const unloaded = new Set(broken.flatMap((one) => (one.kind === 'window' ? (one.name ?? []) : [])));
  const hintOf = createHint(windows.keys(), 'write that window, or correct the name');
  const uses = policies.flatMap(({ rules }) =>
    rules.flatMap((rule) =>
      rule.kind === 'window' ? rule.anyOf.map((name) => ({ name, place: rule.place })) : [],
    ),
  );
  for (const { name, place } of [...uses, ...brokenUses]) {
    if (windows.has(name) || unloaded.has(name)) continue;
    const message = `there is no window ${name}`;
    problems.push({ code: 'SG1408', severity: 'error', place, message, hint: hintOf(name) });
  }
}

/** A waiver of a rule that is not there waives something else than was meant: it does not count. */
function judgeWaivers(
  waivers: readonly Waiver[],
  policies: ReadonlyMap<string, Policy>,
  { problems }: Collected,
): Waiver[] {
  const known = new Set(
    [...policies.values()].flatMap(({ name, rules }) => rules.map((rule) => `${name}/${rule.name}`)),
  );
  const hintOf = createHint(known, 'write POLICY/RULE as they are named');
  return waivers.filter(({ rules, place }) => {
    const unknown = rules.filter((rule) => !known.has(rule));
    for (const rule of unknown) {
      const message = `there is no rule ${rule}: the waiver does not count`;
      problems.push({ code: 'SG1409', severity: 'error', place, message, hint: hintOf(rule) });
    }
    return unknown.length === 0;
  });
}

function placed(path: string, { line, column, ...problem }: Problem): PlacedProblem {
  return { ...problem, place: { path, line, column } };
}

function warning(path: string, code: FaultCode, message: string, hint: string): PlacedProblem {
  return { code, severity: 'warning', message, hint, place: { path, line: 1, column: 1 } };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function byPlace({ place: a }: PlacedProblem, { place: b }: PlacedProblem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
