/** `snowgate review`: what a workflow runs for a pull request, and everything that it leaves there. */
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOutputs } from '../forge/outputs.ts';
import { disarmCommands } from '../forge/runner-log.ts';
import { fault } from '../lib/faults.ts';
import { isReleased, isUnasked, type MergePlan } from '../report/merge.ts';
import { mergeJson } from '../report/merge-json.ts';
import { renderReport } from '../report/rendering.ts';
import type { Report, ReportFormat } from '../report/report.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { pickTokenFiles } from './merge-tokens.ts';
import { defaultConfigPath } from './options.ts';
import { formatJson, printFault } from './print.ts';
import { makeChecks } from './review-checks.ts';
import { type ReviewEnvironment, readReviewEnvironment } from './review-environment.ts';
import { type Posted, postReview } from './review-posting.ts';
import { exitOfChecks, reviewReport, withFinding } from './review-report.ts';
import type { Surroundings } from './surroundings.ts';

export interface ReviewCommandOptions {
  readonly config?: string;
  readonly ledgerTokenFile?: string;
  readonly policyTokenFile?: string;
  readonly commentAuthor: string;
  /** False by `--no-comment`. */
  readonly comment: boolean;
}

/**
 * Validates, tests policies and plans the merge of the event at hand; writes annotations, the summary of the job, its outputs
 * and one comment. The exit code tells of the checks alone: what kept a comment from being written is a warning.
 */
export async function review(options: ReviewCommandOptions, outer: Surroundings): Promise<ExitCode> {
  const world = disarmLog(outer);
  const read = await readReviewEnvironment(world);
  if (!read.ok) {
    printFault(read.fault, world);
    return exitCodes.usage;
  }
  const environment = read.value;
  const { config = defaultConfigPath } = options;
  const checked = await makeChecks(environment.event, { config, ...pickTokenFiles(options) }, world);
  const report = reviewReport(checked.checks);
  const posted = await postReview(
    render('markdown', report, world),
    environment,
    { isWanted: options.comment, key: config, author: options.commentAuthor },
    world,
  );
  const told = posted.finding === null ? report : withFinding(report, posted.finding);
  world.stdout.write(render('github', told, world));
  const exit = exitOfChecks(checked.checks);
  const isLeft = await leaveFiles(environment, { report: told, plan: checked.plan, posted, exit }, world);
  return isLeft || exit !== exitCodes.done ? exit : exitCodes.unreachable;
}

/** Annotations are the only commands to the runner: they go to stdout, and nothing else does. */
function disarmLog(world: Surroundings): Surroundings {
  const { stderr } = world;
  const outlet = {
    write: (text: string) => stderr.write(disarmCommands(text)),
    isTerminal: stderr.isTerminal,
    columns: () => stderr.columns(),
  };
  return { ...world, stderr: outlet };
}

function render(format: ReportFormat, report: Report, world: Surroundings): string {
  const redact = (text: string): string => world.redactor.redact(text);
  return renderReport(format, report, { version: world.version, redact });
}

interface Outcome {
  readonly report: Report;
  readonly plan: MergePlan | null;
  readonly posted: Posted;
  readonly exit: ExitCode;
}

/** For people who look at the job, and for its later steps. */
async function leaveFiles(
  { summaryFile, outputFile, tempDir }: ReviewEnvironment,
  outcome: Outcome,
  world: Surroundings,
): Promise<boolean> {
  const page = render('markdown', outcome.report, world);
  try {
    if (summaryFile !== null) await appendFile(summaryFile, `${page}\n`);
    if (outputFile === null) return true;
    const dir = await mkdtemp(join(tempDir, 'snowgate-review-'));
    const reportFile = join(dir, 'report.md');
    await writeFile(reportFile, page);
    const planFile = outcome.plan === null ? '' : join(dir, 'plan.json');
    if (outcome.plan !== null) await writeFile(planFile, formatJson(mergeJson(outcome.plan), world));
    const values = { ...outputsOf(outcome), plan: planFile, report: reportFile };
    await appendFile(outputFile, formatOutputs(values, `snowgate-${randomBytes(16).toString('hex')}`));
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = 'the runner names these files by GITHUB_STEP_SUMMARY, GITHUB_OUTPUT and RUNNER_TEMP';
    printFault(
      fault('SG7095', 'human', `what the review found could not be written down: ${reason}`, hint),
      world,
    );
    return false;
  }
}

/** What later steps decide by; docs/CI.md lists them. */
function outputsOf({ report, plan, posted, exit }: Outcome): Readonly<Record<string, string>> {
  const asked = plan?.changes.filter(isUnasked) ?? [];
  const countOf = (action: string): string =>
    String(asked.filter(({ decision }) => decision?.action === action).length);
  const found = (severity: string): string =>
    String(report.findings.filter((finding) => finding.severity === severity).length);
  return {
    result: exit === exitCodes.done ? 'passed' : exit === exitCodes.findings ? 'failed' : 'broken',
    issues: String(plan?.changes.filter(isReleased).length ?? 0),
    holds: countOf('hold'),
    denied: countOf('deny'),
    errors: found('error'),
    warnings: found('warning'),
    comment: posted.done,
  };
}
