/** A report as a page in Markdown: a comment on a pull request, or the summary of a job. */

import { count } from '../lib/count.ts';
import {
  escapeMarkdown,
  escapeMarkdownHtml,
  markdownCode,
  markdownFence,
  markdownHtmlCode,
} from '../lib/escape-markdown.ts';
import type { Block, Finding, Inline, Report } from './report.ts';
import { severities } from './severity.ts';

/**
 * GitHub takes 65,536 characters for a comment, counted as code points; these are UTF-16 units, which are never fewer. The
 * rest is left to whoever posts the page: a heading, a marker.
 */
export const pageCharsMax = 60_000;
/** Of these, for the line that says what was left out. */
const lastLineCharsMax = 400;

/** Title and summary, then the body, then the findings. Whole items are left out where there is no room, from the ends of both. */
export function renderMarkdown(report: Report): string {
  const head = `### ${inline([report.title])}: ${report.isFailed ? 'failed' : 'passed'}\n\n${inline([report.summary])}\n`;
  const room = pageCharsMax - head.length - lastLineCharsMax;
  const bodyNeeds = measure(room, (page) => addBlocks(report.body, page));
  const findingsNeed = measure(room, (page) => addFindings(report.findings, page));
  const findingsRoom = Math.min(findingsNeed, Math.max(Math.floor(room / 2), room - bodyNeeds));
  const body = new Page(room - findingsRoom);
  addBlocks(report.body, body);
  const findings = new Page(findingsRoom);
  addFindings(report.findings, findings);
  return `${head}${body.text}${findings.text}${lastLine([body, findings])}`;
}

/** Text that grows until something does not fit any more; nothing is added behind that, and the rest is counted. */
class Page {
  text = '';
  readonly missing = new Map<string, number>();
  #left: number;
  #isFull = false;

  constructor(charsMax: number) {
    this.#left = charsMax;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Adds the text, keeping room for what must follow it; else counts it as one of these, where they are counted. */
  add(text: string, noun: string | null, after = ''): boolean {
    const size = text.length + after.length;
    if (this.#isFull || size > this.#left) {
      this.#isFull = true;
      if (noun !== null) this.missing.set(noun, (this.missing.get(noun) ?? 0) + 1);
      return false;
    }
    this.#left -= size;
    this.text += text;
    return true;
  }

  /** Adds what room was kept for. */
  close(after: string): void {
    this.text += after;
  }
}

/** How much room it takes; more than there is, where it does not fit. */
function measure(room: number, write: (page: Page) => void): number {
  const page = new Page(room);
  write(page);
  return page.isFull ? room + 1 : page.text.length;
}

function addBlocks(blocks: readonly Block[], page: Page): void {
  for (const block of blocks) addBlock(block, page);
}

function addBlock(block: Block, page: Page): void {
  switch (block.kind) {
    case 'heading':
      page.add(`\n#### ${inline(block.text)}\n`, 'heading');
      return;
    case 'text':
      page.add(`\n${inline(block.text)}\n`, 'paragraph');
      return;
    case 'list':
      addItems(block.items.map(inline), 'list item', page);
      return;
    case 'code':
      page.add(`\n${markdownFence(block.text, block.language)}\n`, 'block of code');
      return;
    case 'fold':
      if (!page.add(foldStart(htmlInline(block.summary), block.isOpen), 'section', foldEnd)) return;
      addBlocks(block.blocks, page);
      page.close(foldEnd);
  }
}

const foldEnd = '\n</details>\n';

function foldStart(summary: string, isOpen: boolean): string {
  return `\n<details${isOpen ? ' open' : ''}>\n<summary>${summary}</summary>\n`;
}

function addItems(items: readonly string[], noun: string, page: Page): void {
  for (const [index, item] of items.entries()) page.add(`${index === 0 ? '\n' : ''}- ${item}\n`, noun);
}

/** Errors are open, so that they are seen without a click. */
function addFindings(findings: readonly Finding[], page: Page): void {
  for (const severity of severities) {
    const found = findings.filter((finding) => finding.severity === severity);
    if (found.length === 0) continue;
    const isOpened = page.add(foldStart(count(found.length, severity), severity === 'error'), null, foldEnd);
    addItems(found.map(findingItem), severity, page);
    if (isOpened) page.close(foldEnd);
  }
}

function findingItem({ code, severity, place, message, hint }: Finding): string {
  const where = place === null ? '' : `${markdownCode(`${place.path}:${place.line}:${place.column}`)} `;
  const after = hint === undefined ? '' : `\n  - hint: ${inline([hint])}`;
  return `${where}**${severity} ${code}**: ${inline([message])}${after}`;
}

/** Marks stand between words: text beside text is one text, or a word could be made of two that are harmless. */
function inline(written: readonly Inline[]): string {
  const parts = joinTexts(written).map((one) => {
    if (typeof one === 'string') return escapeMarkdown(one);
    if ('code' in one) return markdownCode(one.code);
    return one.strong.trim() === '' ? '' : `**${escapeMarkdown(one.strong.trim())}**`;
  });
  // Backticks that meet would be one longer fence.
  return parts
    .reduce((text, part) => `${text}${text.endsWith('`') && part.startsWith('`') ? ' ' : ''}${part}`, '')
    .trim();
}

function htmlInline(written: readonly Inline[]): string {
  return joinTexts(written)
    .map((one) => {
      if (typeof one === 'string') return escapeMarkdownHtml(one);
      return 'code' in one
        ? markdownHtmlCode(one.code)
        : `<strong>${escapeMarkdownHtml(one.strong)}</strong>`;
    })
    .join('')
    .trim();
}

function joinTexts(written: readonly Inline[]): Inline[] {
  const joined: Inline[] = [];
  for (const one of written) {
    const last = joined.at(-1);
    if (typeof one === 'string' && typeof last === 'string') joined.splice(-1, 1, `${last}${one}`);
    else joined.push(one);
  }
  return joined;
}

function lastLine(pages: readonly Page[]): string {
  const missing = pages.flatMap((page) => [...page.missing]).map(([noun, number]) => countMany(number, noun));
  if (missing.length === 0) return '';
  return `\nLeft out, so that this fits a comment: ${missing.join(', ')}. All of it: \`--format json\`.\n`;
}

function countMany(number: number, noun: string): string {
  return noun === 'block of code' && number !== 1 ? `${number} blocks of code` : count(number, noun);
}
