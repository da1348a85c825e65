/** The one place where the texts of a report lose their secrets, and what is longer than anybody reads. */
import { boundText } from '../lib/escape.ts';
import type { Place } from '../lib/faults.ts';
import type { Block, Case, Finding, Inline, Report } from './report.ts';

export type Redact = (text: string) => string;

/** So that a page of 60,000 characters always has room for it, whatever escaping makes of it. */
export const summaryCharsMax = 1_000;
/** A sentence; what others wrote into it may be long. A block of code is whole, or left out. */
export const textCharsMax = 4_096;

/** The same report without secrets, each text bounded before it is escaped: no escape is ever cut. */
export function redactReport(report: Report, redact: Redact): Report {
  const text = (written: string, charsMax = textCharsMax): string => boundText(redact(written), charsMax);
  return {
    title: text(report.title, summaryCharsMax),
    summary: text(report.summary, summaryCharsMax),
    isFailed: report.isFailed,
    findings: report.findings.map((finding) => redactFinding(finding, text)),
    cases: report.cases.map((one) => redactCase(one, text)),
    body: report.body.map((block) => redactBlock(block, text, redact)),
  };
}

function redactFinding({ place, message, hint, ...rest }: Finding, text: Redact): Finding {
  const told = { ...rest, place: redactPlace(place, text), message: text(message) };
  return hint === undefined ? told : { ...told, hint: text(hint) };
}

function redactCase({ group, name, place, failures, skipped }: Case, text: Redact): Case {
  return {
    group: text(group),
    name: text(name),
    place: redactPlace(place, text),
    failures: failures.map((failure) => text(failure)),
    skipped: skipped === null ? null : text(skipped),
  };
}

function redactPlace(place: Place | null, text: Redact): Place | null {
  return place === null ? null : { ...place, path: text(place.path) };
}

function redactBlock(block: Block, text: Redact, redact: Redact): Block {
  const inlines = (written: readonly Inline[]): Inline[] =>
    written.map((inline) => redactInline(inline, text));
  switch (block.kind) {
    case 'heading':
    case 'text':
      return { ...block, text: inlines(block.text) };
    case 'list':
      return { ...block, items: block.items.map(inlines) };
    case 'code':
      return { ...block, text: redact(block.text) };
    case 'fold': {
      const blocks = block.blocks.map((inner) => redactBlock(inner, text, redact));
      return { ...block, summary: inlines(block.summary), blocks };
    }
  }
}

function redactInline(inline: Inline, text: Redact): Inline {
  if (typeof inline === 'string') return text(inline);
  return 'code' in inline ? { code: text(inline.code) } : { strong: text(inline.strong) };
}
