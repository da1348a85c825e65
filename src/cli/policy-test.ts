import { resolve } from 'node:path';
import type { DocumentLimits } from '../lib/document.ts';
import { fault, ok, type Result } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { type PolicyTest, parsePolicyTests } from '../policy/policy-test.ts';
import {
  isNamedBy,
  isUnproven,
  type PolicyTestRun,
  type RuleProof,
  runPolicyTests,
} from '../policy/policy-test-run.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { defaultLimits } from './manifests.ts';
import type { DocumentFormat } from './options.ts';
import { type PolicyFolder, readPolicyTree } from './policy-folder.ts';
import { policyTestReport } from './policy-test-report.ts';
import { formatTestRun, isFailedRun, type TestedPaths, testRunJson } from './policy-test-view.ts';
import { formatJson } from './print.ts';
import { isReportFormat, printReport } from './report-print.ts';
import type { Surroundings } from './surroundings.ts';
import { readBounded } from './work-tree.ts';

export interface PolicyTestOptions {
  readonly requireProof?: true;
  readonly format: DocumentFormat;
}

/** Where policies are when nobody says otherwise: the default of `source.policies`. */
const defaultPath = 'policies';

/** Five hundred cases, each of a dozen lines. */
const testLimits: DocumentLimits = { ...defaultLimits, fileBytes: 262_144 };
/** As many as there may be policies. */
const testFilesMax = 1_000;

/**
 * Runs the tests of policies, offline. Exit 1 when a case fails, when there is none, when a test or policy is invalid, and
 * with `--require-proof` when a rule is left that no case satisfies or none violates.
 */
export async function policyTest(
  paths: readonly string[],
  options: PolicyTestOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const tested = await testPaths(paths.length > 0 ? paths : [defaultPath], options, world);
  if (!tested.ok) return stopBy(tested.fault, exitCodes.usage, world).exit;
  const { value } = tested;
  const { format } = options;
  if (isReportFormat(format)) await printReport(format, policyTestReport(value), world);
  else
    world.stdout.write(
      format === 'json' ? formatJson(testRunJson(value), world) : formatTestRun(value, world),
    );
  return isFailedRun(value) ? exitCodes.findings : exitCodes.done;
}

/** Runs the tests below the paths. Faults: SG7002, SG7003, SG3071. */
export async function testPaths(
  paths: readonly string[],
  { requireProof }: Pick<PolicyTestOptions, 'requireProof'>,
  world: Surroundings,
): Promise<Result<TestedPaths>> {
  const runs: PolicyTestRun[] = [];
  const seen = new Set<string>();
  /** Rules of folders that are named: all of them are to be proved. */
  const whole = new Set<string>();
  /** Tests of files that are named: they are to prove what they name. */
  const named: PolicyTest[] = [];
  for (const path of paths) {
    const tree = await readPolicyTree(path, world.cwd, defaultLimits.fileBytes);
    if (!tree.ok) return tree;
    const tests = await readTests(tree.value, seen);
    if (!tests.ok) return tests;
    if (seen.size > testFilesMax) return { ok: false, fault: tooManyTests(path) };
    const run = runPolicyTests(tests.value.tests, tree.value.files, defaultLimits);
    runs.push({ ...run, problems: [...tests.value.problems, ...run.problems] });
    if (tree.value.tests[0]?.full === resolve(world.cwd, path)) named.push(...tests.value.tests);
    else for (const rule of run.rules) whole.add(ruleKey(rule));
  }
  const results = runs.flatMap((run) => run.results);
  const problems = runs.flatMap((run) => run.problems);
  if (results.length === 0 && problems.length === 0) problems.push(noCases(paths));
  const rules = joinProofs(runs.flatMap((run) => run.rules)).filter(
    (rule) => !isUnproven(rule) || whole.has(ruleKey(rule)) || named.some((test) => isNamedBy(test, rule)),
  );
  return ok({ files: seen.size, results, rules, problems, isProofRequired: requireProof === true });
}

interface ReadTests {
  readonly tests: readonly PolicyTest[];
  readonly problems: readonly PlacedProblem[];
}

/** A file that two of the paths name is run once. */
async function readTests({ tests: found }: PolicyFolder, seen: Set<string>): Promise<Result<ReadTests>> {
  const tests: PolicyTest[] = [];
  const problems: PlacedProblem[] = [];
  for (const { full, path } of found) {
    if (seen.has(full)) continue;
    seen.add(full);
    if (seen.size > testFilesMax) break;
    const bytes = await readBounded(full, path, testLimits.fileBytes);
    if (!bytes.ok) return bytes;
    const parsed = parsePolicyTests(bytes.value, path, testLimits);
    tests.push(...parsed.tests);
    for (const { line, column, ...problem } of parsed.problems) {
      problems.push({ ...problem, place: { path, line, column } });
    }
  }
  return ok({ tests, problems });
}

/** A rule below two of the paths is proved by the cases of both. */
function joinProofs(rules: readonly RuleProof[]): RuleProof[] {
  const joined = new Map<string, RuleProof>();
  for (const rule of rules) {
    const key = ruleKey(rule);
    const { passed = 0, fired = 0 } = joined.get(key) ?? {};
    joined.set(key, { ...rule, passed: rule.passed + passed, fired: rule.fired + fired });
  }
  return [...joined.values()];
}

function ruleKey({ policy, rule, place }: RuleProof): string {
  return `${policy}/${rule} ${place.path}:${place.line}`;
}

function noCases(paths: readonly string[]): PlacedProblem {
  return {
    code: 'SG7062',
    severity: 'error',
    place: { path: paths[0] ?? defaultPath, line: 1, column: 1 },
    message: 'no test of policies here: nothing was proved',
    hint: 'write cases in a file *.test.yaml beside the policies; docs/POLICY-TESTS.md tells how',
  };
}

function tooManyTests(path: string) {
  const message = `${path} brings the files of tests to more than ${testFilesMax}`;
  return fault('SG7003', 'human', message, 'put several tests into one file');
}
