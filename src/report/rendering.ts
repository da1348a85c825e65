/** A report in the format that somebody asked for. */
import { renderGithub } from './github.ts';
import { renderGitlab } from './gitlab.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { type Redact, redactReport } from './redaction.ts';
import type { Report, ReportFormat } from './report.ts';
import { renderSarif } from './sarif.ts';

export interface RenderSettings {
  /** Of snowgate. */
  readonly version: string;
  /** Every text passes it, before anything else is made of it. */
  readonly redact: Redact;
}

/** The whole document, with its final line feed. */
export function renderReport(format: ReportFormat, report: Report, settings: RenderSettings): string {
  const told = redactReport(report, settings.redact);
  switch (format) {
    case 'markdown':
      return renderMarkdown(told);
    case 'sarif':
      return renderSarif(told, settings.version);
    case 'junit':
      return renderJunit(told);
    case 'github':
      return renderGithub(told);
    case 'gitlab':
      return renderGitlab(told);
  }
}
