/** What a review consists of: the checks of the work tree, and the plan of the merge. */
import { resolve } from 'node:path';
import type { ForgeEvent } from '../forge/event.ts';
import type { Fault } from '../lib/faults.ts';
import type { MergePlan } from '../report/merge.ts';
import { mergeReport } from '../report/merge-report.ts';
import type { Report } from '../report/report.ts';
import { readConfig } from './config-file.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { namesOf, usualNames } from './folder-names.ts';
import { planMerge } from './merge-plan.ts';
import { pickTokenFiles, type TokenFiles } from './merge-tokens.ts';
import { testPaths } from './policy-test.ts';
import { policyTestReport } from './policy-test-report.ts';
import { printFault } from './print.ts';
import type { Outlet, Surroundings } from './surroundings.ts';
import { checkTree } from './tree-check.ts';
import { summarizeTree } from './validate.ts';
import { validationReport } from './validate-report.ts';
import { exists } from './work-tree.ts';

export interface ReviewOptions extends TokenFiles {
  /** Where the configuration is. */
  readonly config: string;
}

/** One of the checks: what it found, or why it could not be made. */
export type Check =
  | { readonly name: string; readonly kind: 'done'; readonly report: Report }
  /** `told` is what was said on stderr. */
  | { readonly name: string; readonly kind: 'broken'; readonly exit: ExitCode; readonly told: string }
  /** There is nothing to check. */
  | { readonly name: string; readonly kind: 'none'; readonly why: string };

/** The plan of the merge first: it is what people come for. */
export type Checks = readonly [Check, ...Check[]];

export interface Checked {
  readonly checks: Checks;
  /** Null where there is none. */
  readonly plan: MergePlan | null;
}

/** Makes all of them, whatever becomes of each. */
export async function makeChecks(
  event: ForgeEvent,
  options: ReviewOptions,
  world: Surroundings,
): Promise<Checked> {
  const merge = await checkMerge(event, options, world);
  const tree = await checkWorkTree(options, world);
  const tests = await checkPolicyTests(options, world);
  return { checks: [merge.check, tree, tests], plan: merge.plan };
}

async function checkMerge(
  event: ForgeEvent,
  options: ReviewOptions,
  world: Surroundings,
): Promise<{ readonly check: Check; readonly plan: MergePlan | null }> {
  const name = 'snowgate plan';
  if (event.kind === 'other') {
    const why = `no plan: an event ${event.name} merges nothing`;
    return { check: { name, kind: 'none', why }, plan: null };
  }
  const { outlet, text } = copyOutlet(world.stderr);
  const planned = await planMerge(
    { config: options.config, base: event.base, head: event.head, ...pickTokenFiles(options) },
    { ...world, stderr: outlet },
  );
  if (planned.ok) {
    return { check: { name, kind: 'done', report: mergeReport(planned.value) }, plan: planned.value };
  }
  return { check: { name, kind: 'broken', exit: planned.exit, told: text() }, plan: null };
}

async function checkWorkTree({ config }: ReviewOptions, world: Surroundings): Promise<Check> {
  const name = 'snowgate validate';
  const checked = await checkTree([], world, config);
  if (!checked.ok) return breakBy(name, checked.fault, world);
  const report = validationReport(checked.value, summarizeTree(checked.value));
  return { name, kind: 'done', report };
}

/** A repository without policies has none to test; whether policies must have tests is for the repository to say. */
async function checkPolicyTests({ config }: ReviewOptions, world: Surroundings): Promise<Check> {
  const name = 'snowgate policy test';
  const read = await readConfig(config, world);
  // A configuration with errors is told of by validate.
  const { policies } = read.ok && read.value.config !== null ? namesOf(read.value.config) : usualNames;
  const isThere = policies !== '' && (await exists(resolve(world.cwd, policies)));
  if (!isThere) return { name, kind: 'none', why: 'there are no policies here' };
  const tested = await testPaths([policies], {}, world);
  if (!tested.ok) return breakBy(name, tested.fault, world);
  const { files } = tested.value;
  if (files === 0) return { name, kind: 'none', why: 'the policies have no tests' };
  return { name, kind: 'done', report: policyTestReport(tested.value) };
}

function breakBy(name: string, reason: Fault, world: Surroundings): Check {
  const { outlet, text } = copyOutlet(world.stderr);
  printFault(reason, { ...world, stderr: outlet });
  return { name, kind: 'broken', exit: exitCodes.usage, told: text() };
}

/** Passes everything on, without colours, and remembers it. */
function copyOutlet(to: Outlet): { readonly outlet: Outlet; text(): string } {
  let written = '';
  const outlet: Outlet = {
    write: (text) => {
      written += text;
      to.write(text);
    },
    isTerminal: false,
    columns: () => 0,
  };
  return { outlet, text: () => written };
}
