/** From the bytes of one file below `source.policies` to its documents. */
import type { DocumentLimits, OpenedDocument } from '../lib/document.ts';
import { readDocuments } from '../lib/document.ts';
import type { Check } from '../lib/document-check.ts';
import { createCheck } from '../lib/document-check.ts';
import { isName } from '../lib/document-names.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { compareSpots, quoteText } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import { isMap } from '../lib/document-yaml.ts';
import type { Place } from '../lib/faults.ts';
import { BugError } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { parseTime } from '../manifest/time.ts';
import type { Match } from './match.ts';
import type { Policy, Suspension, Waiver } from './policy.ts';
import type { WindowUse } from './rules.ts';
import { findWindowUses, judgeRules, makePolicy } from './rules.ts';
import { policySchema, suspensionSchema, waiverSchema } from './schema.ts';
import type { Window } from './window.ts';
import { parseWindow } from './window-parse.ts';

/**
 * What a document that could not be understood might have said, as far as it can be told; what it could match is held.
 *
 * - window: whoever names this window is held; without a name nobody can be, and the name is missing there
 * - policy: the tasks of its match, where that can be read; all of them otherwise
 * - suspension: its fleet, or every one
 * - nothing: a waiver, or a document of a kind that is no policy
 */
export type Broken =
  | { readonly kind: 'window'; readonly name: string | null; readonly place: Place }
  | {
      readonly kind: 'policy';
      readonly name: string | null;
      readonly match: Match;
      readonly place: Place;
      readonly why: string;
    }
  | {
      readonly kind: 'suspension';
      readonly fleet: string | null;
      readonly place: Place;
      readonly why: string;
    }
  | { readonly kind: 'nothing' };

export interface ParsedPolicyFile {
  readonly windows: readonly Window[];
  readonly policies: readonly Policy[];
  readonly suspensions: readonly Suspension[];
  readonly waivers: readonly Waiver[];
  readonly broken: readonly Broken[];
  /** Windows that policies with errors name: that one of them is not there is told with the rest. */
  readonly brokenUses: readonly WindowUse[];
  readonly problems: readonly DocumentProblem[];
}

export interface PolicyFileContext {
  readonly path: string;
  readonly blob: string;
  readonly limits: DocumentLimits;
  /** The text of an iCalendar file by its path in the same tree; null where there is none. */
  readonly calendars: (path: string) => string | null;
}

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

/** Everything that the documents of a file come to. */
interface Found {
  readonly windows: Window[];
  readonly policies: Policy[];
  readonly suspensions: Suspension[];
  readonly waivers: Waiver[];
  readonly broken: Broken[];
  readonly brokenUses: WindowUse[];
  readonly problems: DocumentProblem[];
}

const checks: Readonly<Record<string, Check>> = {
  Policy: createCheck(policySchema, { showsValues: true }),
  Suspension: createCheck(suspensionSchema, { showsValues: true }),
  Waiver: createCheck(waiverSchema, { showsValues: true }),
};
const kinds = ['Window', 'Policy', 'Suspension', 'Waiver'];
const strangers = ['Task', 'Controller', 'PolicyTest'];

/** Reads a file. Every document stands for itself; whatever the bytes hold, this returns. */
export function parsePolicyFile(bytes: Uint8Array, context: PolicyFileContext): ParsedPolicyFile {
  const found: Found = {
    windows: [],
    policies: [],
    suspensions: [],
    waivers: [],
    broken: [],
    brokenUses: [],
    problems: [],
  };
  const file = readDocuments(bytes, context.limits);
  if (!file.ok) {
    found.problems.push(...file.problems);
    found.broken.push(anything(context.path, file.problems));
    return found;
  }
  for (const document of file.documents) {
    if (document.ok) readDocument(document, context, found);
    else {
      found.problems.push(...document.problems);
      found.broken.push(anything(context.path, document.problems));
    }
  }
  return found;
}

/** A document that nobody can read may be a policy for everything. */
function anything(path: string, problems: readonly DocumentProblem[]): Broken {
  const { line, column, message } = problems[0] ?? { line: 1, column: 1, message: 'it cannot be read' };
  return { kind: 'policy', name: null, match: {}, place: { path, line, column }, why: message };
}

function readDocument(document: GoodDocument, context: PolicyFileContext, found: Found): void {
  const { value } = document;
  const kind = isMap(value) ? value.kind : undefined;
  const meant = typeof kind === 'string' ? (findKind(kind) ?? kind) : undefined;
  if (meant === 'Window') {
    readWindow(document, context, found);
    return;
  }
  const check = meant === undefined ? undefined : checks[meant];
  if (meant === undefined || check === undefined) {
    readStranger(document, context, found, meant);
    return;
  }
  const times = judgeTimes(document);
  // Where both speak of one time, ours gives the reason and the schema only the shape.
  const checked = check(document).filter(
    (problem) => problem.code !== 'SG1406' || !times.some((time) => compareSpots(time, problem) === 0),
  );
  const problems = [...checked, ...times, ...(meant === 'Policy' ? judgeRules(document) : [])];
  problems.sort(compareSpots);
  found.problems.push(...problems);
  if (problems.some(({ severity }) => severity === 'error')) {
    found.broken.push(describeBroken(document, context.path, meant, problems));
    if (meant === 'Policy') found.brokenUses.push(...findWindowUses(document, context.path));
  } else if (meant === 'Policy') found.policies.push(makePolicy(document, context));
  else if (meant === 'Suspension') found.suspensions.push(makeSuspension(document, context));
  else found.waivers.push(makeWaiver(document, context));
}

/** A slip of a kind is judged as that kind, so that all else that is wrong is told in the same breath. */
function findKind(kind: string): string | undefined {
  if (kinds.includes(kind) || strangers.includes(kind)) return kind;
  const nearest = findNearest(kind, [...kinds, ...strangers]);
  return nearest !== undefined && kinds.includes(nearest) ? nearest : undefined;
}

function readWindow(document: GoodDocument, { path, calendars }: PolicyFileContext, found: Found): void {
  const { window, problems } = parseWindow(document, { path, calendars });
  found.problems.push(...problems);
  if (window !== null) found.windows.push(window);
  else found.broken.push({ kind: 'window', name: readName(document.value), place: placeOf(document, path) });
}

function readStranger(
  document: GoodDocument,
  { path }: PolicyFileContext,
  found: Found,
  kind: string | undefined,
): void {
  const isKnown = kind !== undefined && strangers.includes(kind);
  const { line, column } = document.locate(kind === undefined ? [] : ['kind']);
  const place = { severity: 'error', line, column } as const;
  if (isKnown) {
    const message = `a document of kind ${kind} does not belong among the policies`;
    const hint =
      kind === 'Task'
        ? 'move it below source.path'
        : 'move it out of the folder, or name its file *.test.yaml';
    found.problems.push({ code: 'SG1401', ...place, message, hint });
    found.broken.push({ kind: 'nothing' });
    return;
  }
  const shown = kind === undefined ? 'the document has no kind' : `kind ${quoteText(kind)} is not known`;
  const hint = `write one of ${kinds.join(', ')}`;
  found.problems.push({ code: 'SG1402', ...place, message: shown, hint });
  found.broken.push({ kind: 'policy', name: null, match: {}, place: { path, line, column }, why: shown });
}

/** What a document was meant to match, where that much of it is in order. */
function describeBroken(
  document: GoodDocument,
  path: string,
  kind: string,
  problems: readonly DocumentProblem[],
): Broken {
  const place = placeOf(document, path);
  const why = problems.find(({ severity }) => severity === 'error')?.message ?? '';
  const spec = isMap(document.value) && isMap(document.value.spec) ? document.value.spec : {};
  if (kind === 'Waiver') return { kind: 'nothing' };
  if (kind === 'Suspension') {
    const { fleet } = spec;
    return { kind: 'suspension', fleet: isName(fleet) ? fleet : null, place, why };
  }
  const match = spec.match ?? {};
  const isSound = checkMatch(match);
  // A misspelt `match` beside the rules is no match: the policy could be about anything.
  const isWhole = isSound && Object.keys(spec).every((key) => specKeys.has(key));
  return {
    kind: 'policy',
    name: readName(document.value),
    match: isWhole ? (match as Match) : {},
    place,
    why,
  };
}

const specKeys = new Set(['description', 'match', 'rules']);

/** Whether a match is in order by itself: asked of the schema with one rule that is. */
function checkMatch(match: JsonValue): boolean {
  const value = {
    apiVersion: 'snowgate/v1',
    kind: 'Policy',
    metadata: { name: 'a' },
    spec: { match, rules: [{ name: 'a', require: 'true' }] },
  };
  const locate = (): { line: number; column: number } => ({ line: 1, column: 1 });
  return checks['Policy']?.({ value, locate }).length === 0;
}

const timeKeys: Readonly<Record<string, string>> = { Suspension: 'until', Waiver: 'expires' };

function judgeTimes({ value, locate }: GoodDocument): DocumentProblem[] {
  if (!isMap(value) || !isMap(value.spec) || typeof value.kind !== 'string') return [];
  const key = timeKeys[value.kind];
  const text = key === undefined ? undefined : value.spec[key];
  if (key === undefined || typeof text !== 'string') return [];
  const time = parseTime(text);
  if (time.ok || time.reason.startsWith('is no date')) return [];
  const message = `spec.${key} ${quoteText(text)} ${time.reason}`;
  return [{ code: 'SG1406', severity: 'error', ...locate(['spec', key]), message }];
}

function makeSuspension(document: GoodDocument, { path }: PolicyFileContext): Suspension {
  const { metadata, spec } = document.value as unknown as {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly fleet?: string; readonly reason: string; readonly until?: string };
  };
  const { fleet = null, reason, until } = spec;
  const untilMs = until === undefined ? null : instantOf(until);
  return { name: metadata.name, place: placeOf(document, path), fleet, reason, untilMs };
}

function makeWaiver(document: GoodDocument, { path, blob }: PolicyFileContext): Waiver {
  const { metadata, spec } = document.value as unknown as {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly fleet: string;
      readonly task: string;
      readonly run: number;
      readonly rules: readonly string[];
      readonly reason: string;
      readonly expires: string;
    };
  };
  const { fleet, task, run, rules, reason, expires } = spec;
  const place = placeOf(document, path);
  return { name: metadata.name, place, blob, fleet, task, run, rules, reason, expiresMs: instantOf(expires) };
}

function instantOf(text: string): number {
  const time = parseTime(text);
  if (!time.ok) throw new BugError('a time was judged, and cannot be read');
  return time.epochMs;
}

function placeOf(document: GoodDocument, path: string): Place {
  return { path, line: document.line, column: 1 };
}

function readName(value: JsonValue): string | null {
  const name = isMap(value) && isMap(value.metadata) ? value.metadata.name : undefined;
  return isName(name) ? name : null;
}
