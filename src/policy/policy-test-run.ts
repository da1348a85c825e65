/** Runs the cases of policy tests, and finds the rules that none of them proves. */
import type { DocumentLimits } from '../lib/document.ts';
import type { Place } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { PolicyTrace, Trace } from './judge.ts';
import { trace } from './judge.ts';
import type { PolicyFile } from './policy-file.ts';
import type { PolicySet } from './policy-set.ts';
import { loadPolicies } from './policy-set.ts';
import type { Expectation, PolicyTest, TestCase } from './policy-test.ts';
import type { CaseOutcome } from './policy-test-outcome.ts';
import { findMismatches } from './policy-test-outcome.ts';
import type { RuleResult } from './rule-result.ts';

/** What became of one case. */
export interface CaseResult {
  readonly test: string;
  readonly name: string;
  readonly place: Place;
  readonly expect: Expectation;
  readonly got: CaseOutcome;
  /** What was expected and is not so, in words; empty where the case passed. */
  readonly mismatches: readonly string[];
}

/** How often the cases have satisfied a rule, and violated it. What failed to be evaluated counts as neither. */
export interface RuleProof {
  readonly policy: string;
  readonly rule: string;
  readonly place: Place;
  readonly passed: number;
  readonly fired: number;
}

export interface PolicyTestRun {
  readonly results: readonly CaseResult[];
  /** Every rule of the files, whether or not a case reaches it. */
  readonly rules: readonly RuleProof[];
  /** Errors of the policies, and of what the tests name. */
  readonly problems: readonly PlacedProblem[];
}

/**
 * Judges every case by the one function that judges tasks. `files` are the policies of one folder and all below it; a test
 * loads those beside it, or those that it names.
 */
export function runPolicyTests(
  tests: readonly PolicyTest[],
  files: readonly PolicyFile[],
  limits: DocumentLimits,
): PolicyTestRun {
  const whole = loadPolicies(files, limits);
  const proofs = new Map<string, { -readonly [K in keyof RuleProof]: RuleProof[K] }>();
  for (const { name: policy, rules } of whole.policies) {
    for (const { name: rule, place } of rules) {
      proofs.set(proofKey(place, policy, rule), { policy, rule, place, passed: 0, fired: 0 });
    }
  }
  const problems = errorsOf(whole);
  const load = createLoader(files, limits, problems);
  const results = tests.flatMap((test) => {
    const set = load(test);
    if (set === null) return [];
    return test.cases.map((one) => {
      const { traced, result } = runCase(test, one, set);
      for (const { policy, rules } of traced.policies) {
        for (const { rule, outcome, reason } of rules) {
          const proof = proofs.get(proofKey(rule.place, policy.name, rule.name));
          if (proof === undefined) continue;
          if (outcome === 'passed') proof.passed += 1;
          else if (firing.has(outcome) && !failing.has(reason?.code ?? '')) proof.fired += 1;
        }
      }
      return result;
    });
  });
  return { results, rules: [...proofs.values()], problems: dropRepeats(problems) };
}

/** No case satisfies it, or none violates it. */
export function isUnproven({ passed, fired }: RuleProof): boolean {
  return passed === 0 || fired === 0;
}

/** Whether a test names the policy of a rule: its file among those that it loads, or the policy in what a case expects. */
export function isNamedBy({ policies, place, cases }: PolicyTest, rule: RuleProof): boolean {
  const isLoaded = policies?.some(({ path }) => joinPath(folderOf(place), path) === rule.place.path) === true;
  const isOf = (name: string): boolean => name.startsWith(`${rule.policy}/`);
  return isLoaded || cases.some(({ expect }) => [expect.rule ?? '', ...(expect.rules ?? [])].some(isOf));
}

/** What a rule that does not hold does. */
const firing: ReadonlySet<RuleResult['outcome']> = new Set(['deny', 'hold', 'warn']);

/** A condition that failed or could not be checked, and a window that does not load: that proves nothing of what the rule says. */
const failing: ReadonlySet<string> = new Set(['SG6306', 'SG6307', 'SG6302']);

function proofKey({ path, line }: Place, policy: string, rule: string): string {
  return `${policy}/${rule} ${line} ${path}`;
}

function errorsOf({ problems }: PolicySet): PlacedProblem[] {
  return problems.filter(({ severity }) => severity === 'error');
}

function dropRepeats(problems: readonly PlacedProblem[]): PlacedProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** Loads each selection of files once. Null: a file that the test names is not there. */
function createLoader(
  files: readonly PolicyFile[],
  limits: DocumentLimits,
  problems: PlacedProblem[],
): (test: PolicyTest) => PolicySet | null {
  const loaded = new Map<string, PolicySet>();
  return (test) => {
    const selected = selectFiles(test, files, problems);
    if (selected === null) return null;
    const key = JSON.stringify(selected.map(({ path }) => path));
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const set = loadPolicies(selected, limits);
    loaded.set(key, set);
    problems.push(...errorsOf(set));
    return set;
  };
}

function selectFiles(
  { policies, place }: PolicyTest,
  files: readonly PolicyFile[],
  problems: PlacedProblem[],
): readonly PolicyFile[] | null {
  const folder = folderOf(place);
  if (policies === null) return files.filter(({ path }) => path.startsWith(folder));
  const wanted = new Set<string>();
  const known = new Set(files.map(({ path }) => path));
  let isWhole = true;
  for (const one of policies) {
    const path = joinPath(folder, one.path);
    wanted.add(path);
    if (known.has(path)) continue;
    isWhole = false;
    const nearest = findNearest(path, [...known]);
    const message = `there is no policy file ${path} below the folder that is tested`;
    const hint =
      nearest === undefined
        ? 'write its path from the folder of the test; name the whole folder of policies on the command line'
        : `did you mean ${nearest}?`;
    problems.push({ code: 'SG1428', severity: 'error', place: one.place, message, hint });
  }
  // A calendar decides nothing by itself, and windows name those that they need.
  return isWhole ? files.filter(({ path }) => wanted.has(path) || path.endsWith('.ics')) : null;
}

/** With its final slash; empty where the path has none. */
function folderOf({ path }: Place): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** A path from a folder, with `.` and `..` resolved; what leaves the root is no file of ours. */
function joinPath(folder: string, path: string): string {
  const steps: string[] = [];
  const isAbsolute = folder.startsWith('/');
  for (const step of `${folder}${path}`.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) return path;
  }
  return `${isAbsolute ? '/' : ''}${steps.join('/')}`;
}

function runCase(
  test: PolicyTest,
  { name, place, given, expect }: TestCase,
  set: PolicySet,
): { readonly traced: Trace; readonly result: CaseResult } {
  const { mergedAtMs, ...input } = given;
  const mergedMs = new Map(
    mergedAtMs === null ? [] : set.waivers.map((waiver) => [waiver.place.path, mergedAtMs]),
  );
  const traced = trace({ ...input, set, mergedMs });
  const got = outcomeOf(traced);
  const mismatches = findMismatches(expect, got, set);
  return { traced, result: { test: test.name, name, place, expect, got, mismatches } };
}

function outcomeOf({ verdict, policies }: Trace): CaseOutcome {
  const { reasons } = verdict;
  if (verdict.action === 'deny') {
    return { verdict: 'deny', rules: rulesOf(policies, ['deny']), untilMs: null, waiver: null, reasons };
  }
  if (verdict.action === 'hold') {
    const { untilMs } = verdict;
    return { verdict: 'hold', rules: rulesOf(policies, ['hold']), untilMs, waiver: null, reasons };
  }
  const { untilMs, unchecked } = verdict;
  const waiver = verdict.waiver?.name ?? null;
  if (unchecked.length === 0) {
    return { verdict: 'allow', rules: rulesOf(policies, ['warn', 'waived']), untilMs, waiver, reasons };
  }
  const rules = rulesOf(policies, ['unchecked']);
  return { verdict: 'unchecked', rules, untilMs, waiver, reasons: [...unchecked, ...reasons] };
}

function rulesOf(policies: readonly PolicyTrace[], outcomes: readonly RuleResult['outcome'][]): string[] {
  return policies.flatMap(({ policy, rules }) =>
    rules.flatMap(({ rule, outcome }) => (outcomes.includes(outcome) ? [`${policy.name}/${rule.name}`] : [])),
  );
}
