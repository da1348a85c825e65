/** From the bytes of a `*.test.yaml` to the cases in it. */
import type { DocumentLimits, OpenedDocument } from '../lib/document.ts';
import { readDocuments } from '../lib/document.ts';
import { createCheck } from '../lib/document-check.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { compareSpots, quoteText } from '../lib/document-problem.ts';
import { isMap } from '../lib/document-yaml.ts';
import type { Place } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { parseTime } from '../manifest/time.ts';
import type { GivenCase } from './policy-test-facts.ts';
import { readGiven } from './policy-test-facts.ts';
import type { WrittenGiven } from './policy-test-given.ts';
import { mergeGiven } from './policy-test-given.ts';
import { casesMax, policyTestSchema } from './policy-test-schema.ts';

export interface PolicyTest {
  readonly name: string;
  readonly place: Place;
  /** Files to load, as they are written, from the folder of the test; null for all of that folder and below. */
  readonly policies: readonly { readonly path: string; readonly place: Place }[] | null;
  readonly cases: readonly TestCase[];
}

export interface TestCase {
  readonly name: string;
  readonly place: Place;
  readonly given: GivenCase;
  readonly expect: Expectation;
}

/** `unchecked` is an allow with rules that read what is not known. */
export type ExpectedVerdict = 'allow' | 'hold' | 'deny' | 'unchecked';

/** What is absent is not looked at. */
export interface Expectation {
  readonly verdict: ExpectedVerdict;
  /** As `policy/rule`: among those that lead to the verdict. */
  readonly rule?: string;
  /** All of them. */
  readonly rules?: readonly string[];
  /** Null: it has no end. */
  readonly untilMs?: number | null;
  readonly message?: string;
  readonly code?: string;
  readonly waiver?: string;
}

export interface ParsedPolicyTests {
  readonly tests: readonly PolicyTest[];
  readonly problems: readonly DocumentProblem[];
}

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

/** As the schema has accepted it. */
interface WrittenTest {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly policies?: readonly string[];
    readonly given?: WrittenGiven;
    readonly cases: readonly WrittenCase[];
  };
}

interface WrittenCase extends WrittenGiven {
  readonly name: string;
  readonly expect: Omit<Expectation, 'untilMs'> & { readonly until?: string };
}

const checkTest = createCheck(policyTestSchema, { showsValues: true });

/**
 * Reads a file. Every document stands for itself: one with an error gives no cases, and the others are read all the same.
 * Whatever the bytes hold, this returns.
 */
export function parsePolicyTests(bytes: Uint8Array, path: string, limits: DocumentLimits): ParsedPolicyTests {
  const file = readDocuments(bytes, limits);
  if (!file.ok) return { tests: [], problems: file.problems };
  const tests: PolicyTest[] = [];
  const problems: DocumentProblem[] = [];
  for (const document of file.documents) {
    if (!document.ok) {
      problems.push(...document.problems);
      continue;
    }
    const read = readTest(document, path);
    problems.push(...dropRepeats(read.problems).sort(compareSpots));
    if (read.test !== null) tests.push(read.test);
  }
  problems.push(...judgeWhole(tests));
  return { tests, problems };
}

/** What is given once is read for each case, and told once. */
function dropRepeats(problems: readonly DocumentProblem[]): DocumentProblem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...byText.values()];
}

function judgeWhole(tests: readonly PolicyTest[]): DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const names = new Set<string>();
  let cases = 0;
  for (const test of tests) {
    const { line, column } = test.place;
    if (names.has(test.name)) {
      const message = `the test ${test.name} stands twice in the file`;
      const hint = 'rename one of them';
      problems.push({ code: 'SG1425', severity: 'error', line, column, message, hint });
    }
    names.add(test.name);
    const before = cases;
    cases += test.cases.length;
    if (cases <= casesMax || before > casesMax) continue;
    const message = `the file holds more than ${casesMax} cases, from here on`;
    const hint = 'split it into several files';
    problems.push({ code: 'SG1426', severity: 'error', line, column, message, hint });
  }
  return problems;
}

interface ReadTest {
  readonly test: PolicyTest | null;
  readonly problems: readonly DocumentProblem[];
}

function readTest(document: GoodDocument, path: string): ReadTest {
  const stranger = judgeKind(document);
  if (stranger !== null) return { test: null, problems: [stranger] };
  const checked = checkTest(document);
  if (checked.length > 0) return { test: null, problems: checked };
  const { metadata, spec } = document.value as unknown as WrittenTest;
  const problems: DocumentProblem[] = judgeNames(spec.cases, document);
  const cases = spec.cases.flatMap((written, index): TestCase[] => {
    const at = ['spec', 'cases', index] as const;
    const merged = mergeGiven(spec.given ?? {}, written, at, document.locate);
    const given = readGiven(merged, problems);
    const expect = readExpectation(written.expect, index, document, problems);
    const place = { path, ...document.locate(at) };
    return given === null || expect === null ? [] : [{ name: written.name, place, given, expect }];
  });
  if (problems.length > 0) return { test: null, problems };
  const policies = spec.policies?.map((wanted, index) => {
    const place = { path, ...document.locate(['spec', 'policies', index]) };
    return { path: wanted, place };
  });
  const place = { path, line: document.line, column: 1 };
  return { test: { name: metadata.name, place, policies: policies ?? null, cases }, problems: [] };
}

/** A slip of the kind is judged as what was meant; any other document has nothing to do here. */
function judgeKind({ value, locate }: GoodDocument): DocumentProblem | null {
  const kind = isMap(value) ? value.kind : undefined;
  if (kind === 'PolicyTest') return null;
  if (typeof kind === 'string' && findNearest(kind, kinds) === 'PolicyTest') return null;
  const shown = typeof kind === 'string' ? `kind ${quoteText(kind)}` : 'a document without a kind';
  const message = `${shown} does not belong into a file of tests`;
  const hint =
    typeof kind === 'string' && kinds.includes(kind)
      ? 'move it into a file that does not end in .test.yaml: here nobody reads it'
      : 'write kind: PolicyTest';
  const place = locate(kind === undefined ? [] : ['kind']);
  return { code: 'SG1421', severity: 'error', ...place, message, hint };
}

const kinds = ['PolicyTest', 'Window', 'Policy', 'Suspension', 'Waiver', 'Task', 'Controller'];

function judgeNames(cases: readonly WrittenCase[], { locate }: GoodDocument): DocumentProblem[] {
  const names = new Set<string>();
  return cases.flatMap(({ name }, index): DocumentProblem[] => {
    const isTaken = names.has(name);
    names.add(name);
    if (!isTaken) return [];
    const message = `spec.cases[${index}].name ${quoteText(name)} is taken by a case before it`;
    const place = locate(['spec', 'cases', index, 'name']);
    return [{ code: 'SG1425', severity: 'error', ...place, message, hint: 'give each case its own' }];
  });
}

function readExpectation(
  written: WrittenCase['expect'],
  index: number,
  { locate }: GoodDocument,
  problems: DocumentProblem[],
): Expectation | null {
  const at = (key: string) => locate(['spec', 'cases', index, 'expect', key]);
  const before = problems.length;
  const report = (code: DocumentProblem['code'], key: string, message: string): void => {
    const whole = `spec.cases[${index}].expect.${key} ${message}`;
    problems.push({ code, severity: 'error', ...at(key), message: whole });
  };
  const { until, ...rest } = written;
  const isAllowed = rest.verdict === 'allow' || rest.verdict === 'unchecked';
  if (rest.rule !== undefined && rest.rules !== undefined)
    report('SG1427', 'rule', 'says the same as rules beside it: keep one of them');
  if (rest.waiver !== undefined && !isAllowed)
    report('SG1427', 'waiver', `does not go with ${rest.verdict}: a waiver that is used allows the task`);
  if (until !== undefined && rest.verdict === 'deny')
    report('SG1427', 'until', 'does not go with deny, which never ends by itself');
  if (until === undefined || until === 'none') {
    if (problems.length > before) return null;
    return until === undefined ? rest : { ...rest, untilMs: null };
  }
  const time = parseTime(until);
  if (!time.ok) report('SG1423', 'until', time.reason);
  return !time.ok || problems.length > before ? null : { ...rest, untilMs: time.epochMs };
}
