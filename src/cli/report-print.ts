/** The way out of a report; what writes it is loaded when somebody asks for it. */
import { type Report, type ReportFormat, reportFormats } from '../report/report.ts';
import type { DocumentFormat } from './options.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether the format is written from a report; text and JSON are each command's own. */
export function isReportFormat(format: DocumentFormat): format is ReportFormat {
  return (reportFormats as readonly string[]).includes(format);
}

/** Writes a report to stdout; the redactor sees each of its texts. */
export async function printReport(format: ReportFormat, report: Report, world: Surroundings): Promise<void> {
  const { renderReport } = await import('../report/rendering.ts');
  const redact = (text: string): string => world.redactor.redact(text);
  world.stdout.write(renderReport(format, report, { version: world.version, redact }));
}
