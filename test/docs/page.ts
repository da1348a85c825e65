/** A page of the documentation as a test reads it: its sections, and what stands in its fenced blocks. */
import { readFileSync } from 'node:fs';

/** The text of a file of the repository. */
export function readPage(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** The text below a heading, up to the next one that is as high or higher; fails where there is none of that name. */
export function sectionOf(page: string, heading: string): string {
  const lines = page.split('\n');
  let from = -1;
  let level = 0;
  let isFenced = false;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('```')) isFenced = !isFenced;
    const [, marks = '', title] = (isFenced ? null : /^(#{1,6}) (.*)$/.exec(line)) ?? [];
    if (marks === '') continue;
    if (from >= 0 && marks.length <= level) return lines.slice(from, index).join('\n');
    if (from < 0 && title === heading) [from, level] = [index + 1, marks.length];
  }
  if (from < 0) throw new Error(`the page has no section "${heading}"`);
  return lines.slice(from).join('\n');
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a text, in their order; those in a list are indented, and lose that. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', body = '']) => ({
      language,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

export interface Command {
  readonly line: string;
  /** What the page shows of its output, without a final line end. */
  readonly shown: string;
}

/** The commands of a `console` block, each with what is shown below it. A backslash ends a line that goes on. */
export function commandsOf({ text }: Block): Command[] {
  const commands: { line: string; shown: string[] }[] = [];
  let goesOn = false;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const last = commands.at(-1);
    if (goesOn && last !== undefined) last.line += ` ${line.trim()}`;
    else if (line.startsWith('$ ')) commands.push({ line: line.slice(2), shown: [] });
    else if (last === undefined) throw new Error(`output without a command: ${line}`);
    else last.shown.push(line);
    const newest = commands.at(-1);
    goesOn = line.endsWith('\\');
    if (goesOn && newest !== undefined) newest.line = newest.line.replace(/ *\\$/, '');
  }
  return commands.map(({ line, shown }) => ({ line, shown: shown.join('\n').trimEnd() }));
}

/** A command's words; quotes keep blanks together, and nothing else is special. */
export function wordsOf(line: string): string[] {
  return [...line.replace(/ +# .*$/, '').matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

const changing: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID'],
  [/\bst-[a-z0-9]{16}\b/g, 'TASK'],
  [/\bsmd-[a-z0-9]{16}\b/g, 'DEVICE'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?/g, 'TIME'],
  [/\b[0-9a-f]{7,64}\b/g, 'HASH'],
  // What devices have done meanwhile is written down sooner or later.
  [/\b\d+ commits\b/g, 'N commits'],
  [/(issued as TASK)(?:, ended: \w+| \([^)]*\))+/g, '$1'],
  [/ {2,}/g, '  '],
];

/** A text without what is another each time: ids, hashes, times, and how wide a column is. */
function timeless(text: string): string {
  return changing.reduce((told, [pattern, word]) => told.replaceAll(pattern, word), text);
}

/**
 * The shown lines that were not written, in their order. Three dots stand for what is left out: the end of a line, or lines.
 * Where no line is left out there may be no other line.
 */
export function findUnwritten(shown: string, written: string): string[] {
  if (shown === '') return [];
  const lines = timeless(written).trimEnd().split('\n');
  const missing: string[] = [];
  let isLeftOut = false;
  let next = 0;
  for (const line of timeless(shown).split('\n')) {
    if (line === '...') {
      isLeftOut = true;
      continue;
    }
    const start = line.endsWith('...') ? line.slice(0, -3) : null;
    const found = lines.findIndex(
      (one, index) => index >= next && (start === null ? one === line : one.startsWith(start)),
    );
    if (found < 0 || (found > next && !isLeftOut)) missing.push(line);
    if (found >= 0) next = found + 1;
    isLeftOut = false;
  }
  if (next < lines.length && !isLeftOut) missing.push(`and nothing more, but: ${lines[next]}`);
  return missing;
}
