import { mergeJson } from '../report/merge-json.ts';
import { mergeReport } from '../report/merge-report.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { readInstant } from './instant.ts';
import { planMerge } from './merge-plan.ts';
import { pickTokenFiles, type TokenFiles } from './merge-tokens.ts';
import type { DocumentFormat } from './options.ts';
import { formatJson } from './print.ts';
import { isReportFormat, printReport } from './report-print.ts';
import { formatReport } from './report-text.ts';
import type { Surroundings } from './surroundings.ts';

export interface PlanMergeOptions extends TokenFiles {
  readonly config?: string;
  readonly base: string;
  readonly head?: string;
  readonly at?: string;
  readonly format: DocumentFormat;
}

/** Shows what a merge would change: exit 1 where it would be wrong to merge it. Asks AWS nothing, writes nothing. */
export async function showMerge(options: PlanMergeOptions, world: Surroundings): Promise<ExitCode> {
  const { base, head = 'HEAD', config, at: written, format } = options;
  const at = written === undefined ? null : readInstant('--at', written);
  if (at !== null && !at.ok) return stopBy(at.fault, exitCodes.usage, world).exit;
  const planned = await planMerge(
    {
      base,
      head,
      ...(config === undefined ? {} : { config }),
      ...(at === null ? {} : { atMs: at.value }),
      ...pickTokenFiles(options),
    },
    world,
  );
  if (!planned.ok) return planned.exit;
  const report = mergeReport(planned.value);
  if (isReportFormat(format)) await printReport(format, report, world);
  else {
    const isJson = format === 'json';
    world.stdout.write(isJson ? formatJson(mergeJson(planned.value), world) : formatReport(report, world));
  }
  // By its errors alone: a warning refuses no merge.
  return report.isFailed ? exitCodes.findings : exitCodes.done;
}
