import type { FaultCode } from './faults.ts';

/** Something wrong at a place of one document; line and column count from 1, columns in UTF-16 code units. */
export interface DocumentProblem {
  readonly code: FaultCode;
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** What is wrong with a file as such, and not with a line of it: told at its beginning. */
export function problemOfFile(
  code: FaultCode,
  severity: DocumentProblem['severity'],
  message: string,
  hint: string,
): DocumentProblem {
  return { code, severity, line: 1, column: 1, message, hint };
}

/** A place inside a file; both count from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** Nobody reads more of one document's problems than this; what is left out is counted. */
export const problemsPerDocumentMax = 50;

/**
 * Characters that no document may hold, raw or by an escape: controls (a NUL ends strings elsewhere, an escape
 * sequence rewrites a terminal), line breaks that only some readers see as such (NEL, LS, PS, a lone CR), a byte
 * order mark inside, non-characters, lone surrogates, and the bidirectional overrides by which a reviewer is shown
 * another text than the one that is parsed (CVE-2021-42574).
 */
const forbiddenPattern =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\0-\x08\x0B-\x1F\x7F-\x9F\u2028-\u202E\u2066-\u2069\uFEFF\uFFFE\uFFFF]|\p{Surrogate}/u;

/** Index of the first character that no document may hold, from `start` on; -1 where there is none. */
export function findForbidden(text: string, start = 0): number {
  const found = text.slice(start).search(forbiddenPattern);
  return found < 0 ? -1 : start + found;
}

/** Says which character it is in words that can be printed: `U+0000`. */
export function nameCharacter(text: string, index: number): string {
  const point = text.codePointAt(index) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

const excerptChars = 60;

/** Foreign text for a message: quoted, cut, and with every character escaped that is not plain to see. */
export function quoteText(text: string): string {
  const points = Array.from(text.slice(0, excerptChars * 2));
  const cut = points.length > excerptChars || text.length > excerptChars * 2;
  const shown = points.slice(0, excerptChars).map((point) => {
    if (point === '"' || point === '\\') return `\\${point}`;
    if (point === '\n') return '\\n';
    if (point === '\t') return '\\t';
    return forbiddenPattern.test(point) ? `\\u{${(point.codePointAt(0) ?? 0).toString(16)}}` : point;
  });
  return `"${shown.join('')}${cut ? '...' : ''}"`;
}

/** Line and column of an offset, in a text whose line breaks are LF. */
export function spotAt(text: string, offset: number, firstLine = 1): Spot {
  let line = firstLine;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** In reading order. */
export function compareSpots(a: Spot, b: Spot): number {
  return a.line - b.line || a.column - b.column;
}

/**
 * What is shown of a document's problems, in reading order: of more than anybody reads the errors first, so that none hides
 * behind warnings, and a last one that counts the rest. Whether a document is refused is asked of all of them, not of these.
 */
export function cutProblems(problems: readonly DocumentProblem[]): DocumentProblem[] {
  const ranked = [...problems].sort((a, b) => rankOf(a) - rankOf(b) || compareSpots(a, b));
  const shown = ranked.slice(0, problemsPerDocumentMax).sort(compareSpots);
  const [first, ...others] = ranked.slice(problemsPerDocumentMax);
  const last = shown.at(-1);
  if (first === undefined || last === undefined) return shown;
  const message = `and ${others.length + 1} more problems of this document, which are not shown`;
  const { line, column } = last;
  return [...shown, { code: 'SG1111', severity: first.severity, line, column, message }];
}

function rankOf({ severity }: DocumentProblem): number {
  return severity === 'error' ? 0 : 1;
}
