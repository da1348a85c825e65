import { systemClock } from '../lib/clock.ts';
import { count } from '../lib/count.ts';
import { fault, ok } from '../lib/faults.ts';
import { makeDocument } from '../report/envelope.ts';
import { decisionJson } from '../report/task-json.ts';
import { loadConfig, stopBy } from './configuration.ts';
import { decisionRow, exitOf } from './decision-view.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { explain } from './explain.ts';
import { formatExplanation } from './explain-view.ts';
import { readInstant } from './instant.ts';
import { tally } from './ledger-list.ts';
import type { DocumentFormat, Format } from './options.ts';
import { showMerge } from './plan-merge.ts';
import { planReport } from './plan-report.ts';
import {
  formatHead,
  headJson,
  type Planning,
  printProblems,
  readPlanning,
  stoppedClock,
} from './planning.ts';
import { colorsFor, formatJson, redactPage } from './print.ts';
import { formatRows } from './receipt-view.ts';
import { isReportFormat, printReport } from './report-print.ts';
import type { Surroundings } from './surroundings.ts';
import { findKey } from './task-name.ts';

export interface PlanOptions {
  readonly config?: string;
  readonly at?: string;
  /** The name of one task. */
  readonly explain?: string;
  /** The commit that is merged into: then the plan is of what the merge changes. */
  readonly base?: string;
  readonly head?: string;
  readonly ledgerTokenFile?: string;
  readonly policyTokenFile?: string;
  readonly format: DocumentFormat;
}

/** Shows what a pass would do with each task, and why; or everything that leads there for one of them. Reads source and ledger, asks AWS nothing, writes nothing. */
export async function plan(options: PlanOptions, world: Surroundings): Promise<ExitCode> {
  const { base } = options;
  if (base !== undefined) return showMerge({ ...options, base }, world);
  for (const [flag, value] of [
    ['--head', options.head],
    ['--ledger-token-file', options.ledgerTokenFile],
    ['--policy-token-file', options.policyTokenFile],
  ]) {
    if (value !== undefined) return stopBy(needsBase(flag ?? ''), exitCodes.usage, world).exit;
  }
  const at = options.at === undefined ? ok(null) : readInstant('--at', options.at);
  if (!at.ok) return stopBy(at.fault, exitCodes.usage, world).exit;
  const { format } = options;
  if (options.explain !== undefined && isReportFormat(format)) return refuseExplained(format, world);
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const clock = at.value === null ? systemClock : stoppedClock(at.value);
  const planned = await readPlanning(config.value, clock, world);
  if (!planned.ok) return planned.exit;
  const { value } = planned;
  if (isReportFormat(format)) {
    const exit = exitOfPlan(value);
    const hasOwnPolicies = config.value.policySource !== undefined;
    const report = planReport(value, { isFailed: exit !== exitCodes.done, hasOwnPolicies });
    await printReport(format, report, world);
    return exit;
  }
  if (options.explain !== undefined) return explainOne(options.explain, value, format, world);
  world.stdout.write(format === 'json' ? planJson(value, world) : planText(value, world));
  printProblems(value, world);
  return exitOfPlan(value);
}

function exitOfPlan({ decisions, input }: Planning): ExitCode {
  const invalid = [...input.desired.problems, ...input.policies.problems].some(
    ({ severity }) => severity === 'error',
  );
  const exit = exitOf(decisions, input.halts);
  return exit === exitCodes.done && invalid ? exitCodes.findings : exit;
}

function needsBase(flag: string) {
  return fault(
    'SG7001',
    'human',
    `${flag} goes with --base`,
    'name the branch that is merged into: --base origin/main',
  );
}

function refuseExplained(format: string, world: Surroundings): ExitCode {
  const message = `--explain is written as text or json, and not as ${format}`;
  const wrong = fault('SG7001', 'human', message, 'leave --explain out, or write it as text or json');
  return stopBy(wrong, exitCodes.usage, world).exit;
}

function explainOne(name: string, planned: Planning, format: Format, world: Surroundings): ExitCode {
  const found = findKey(name, new Set(planned.decisions.map(({ key }) => key)));
  if (!found.ok) return stopBy(found.fault, exitCodes.usage, world).exit;
  const decisions = planned.decisions.filter(({ key }) => key === found.value);
  const explained = explain(found.value, planned);
  if (format === 'json') {
    const { heads, findings } = headJson(planned);
    const tasks = decisions.map(decisionJson);
    const fields = { ...heads, tasks, explain: explained, ...findings };
    world.stdout.write(formatJson(makeDocument('Plan', fields), world));
  } else {
    const colors = colorsFor(world.stdout, world.env);
    const columns = world.stdout.columns();
    const text = formatExplanation(decisions, explained, planned, columns, colors);
    const page = `${formatHead(planned, colors, columns)}${text}`;
    world.stdout.write(redactPage(page, world.redactor));
  }
  printProblems(planned, world);
  return exitOf(decisions, planned.input.halts);
}

function planJson(planned: Planning, world: Surroundings): string {
  const { heads, findings } = headJson(planned);
  const fields = { ...heads, tasks: planned.decisions.map(decisionJson), ...findings };
  return formatJson(makeDocument('Plan', fields), world);
}

function planText(planned: Planning, world: Surroundings): string {
  const { decisions } = planned;
  const colors = colorsFor(world.stdout, world.env);
  const rows = formatRows(decisions.map(decisionRow), world.stdout.columns(), colors);
  const unasked = `${colors.dim('AWS was not asked: a fleet that it denies or throttles shows in the log of the controller')}\n`;
  return `${formatHead(planned, colors, world.stdout.columns())}${rows}${unasked}${count(decisions.length, 'task')}${tally(decisions.map(({ action }) => action))}\n`;
}
