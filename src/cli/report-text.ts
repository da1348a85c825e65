/** A report on a terminal, or in a log file: the same page as in markdown, without its marks. */
import { redactReport } from '../report/redaction.ts';
import type { Block, Finding, Inline, Report } from '../report/report.ts';
import { type Colors, colorsFor, formatProblem, plain } from './print.ts';
import { formatWrapped } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

/** The page, the findings, and the summary in the last line, where it is read first. */
export function formatReport(written: Report, world: Surroundings): string {
  const report = redactReport(written, (text) => world.redactor.redact(text));
  const colors = colorsFor(world.stdout, world.env);
  const columns = world.stdout.columns();
  return [
    ...report.body.map((block) => formatBlock(block, '', columns, colors)),
    report.findings.length > 0 ? '\n' : '',
    ...report.findings.map((finding) => formatFinding(finding, columns, colors)),
    `${report.body.length > 0 || report.findings.length > 0 ? '\n' : ''}${formatWrapped(report.summary, '', columns)}`,
  ].join('');
}

function formatBlock(block: Block, indent: string, columns: number, colors: Colors): string {
  switch (block.kind) {
    case 'heading':
      return `\n${indent}${colors.bold(textOf(block.text))}\n`;
    case 'text':
      return formatWrapped(textOf(block.text), indent, columns);
    case 'list':
      return block.items.map((item) => formatWrapped(textOf(item), `${indent}`, columns)).join('');
    case 'code':
      return linesOf(block)
        .map((line) => `${indent}${colors.dim(plain(line))}\n`)
        .join('');
    case 'fold': {
      const head = formatWrapped(textOf(block.summary), indent, columns);
      const inner = block.blocks.map((one) => formatBlock(one, `${indent}    `, columns, colors));
      return `${head}${inner.join('')}`;
    }
  }
}

/** Data in one line, which is quickly skipped: a page of tasks is read for its other lines. */
function linesOf({ language, text }: Extract<Block, { kind: 'code' }>): string[] {
  return language === 'json' ? [JSON.stringify(JSON.parse(text))] : text.split('\n');
}

function textOf(text: readonly Inline[]): string {
  return text
    .map((run) => (typeof run === 'string' ? run : 'code' in run ? run.code : run.strong))
    .map(plain)
    .join('');
}

function formatFinding(finding: Finding, columns: number, colors: Colors): string {
  const { place, severity, code, message, hint } = finding;
  if (place !== null && severity !== 'note') {
    return formatProblem({ code, severity, place, message, ...(hint === undefined ? {} : { hint }) }, colors);
  }
  const text = formatWrapped(`${severity} ${code}: ${plain(message)}`, '', columns);
  return hint === undefined ? text : `${text}    hint: ${plain(hint)}\n`;
}
