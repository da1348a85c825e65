/**
 * From bytes to the texts of a file's documents. Encoding and size are settled here, before any parser runs.
 *
 * A line that begins with `---` or `...` and then ends or goes on with white space separates documents wherever it
 * stands, inside quotes and brackets too (YAML 1.2.2, rule c-forbidden). So a file can be split without being
 * parsed, and a document that cannot be read never hides where the next one begins.
 */
import type { DocumentProblem } from './document-problem.ts';
import { findForbidden, spotAt } from './document-problem.ts';

/** One document's text, beginning with its `---` line where it has one. */
export interface DocumentText {
  readonly text: string;
  /** Line of the file on which the text begins; counts from 1. */
  readonly firstLine: number;
  /** Line of the file on which its content begins. */
  readonly contentLine: number;
  /** Why it must not be parsed at all. */
  readonly refusal?: DocumentProblem;
}

type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: DocumentProblem };

/** UTF-8 with or without a byte order mark, line breaks made LF. Anything else is named, never converted. */
export function decodeText(bytes: Uint8Array, fileBytes: number): Decoded {
  if (bytes.length > fileBytes) {
    const message = `the file has more than ${fileBytes} bytes, and is not read`;
    return refuse('SG1001', 1, 1, message, 'split it into several files');
  }
  const wide = nameWideEncoding(bytes);
  if (wide !== undefined) {
    return refuse('SG1003', 1, 1, `the file is ${wide}, not UTF-8`, 'save it as UTF-8');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const before = new TextDecoder('utf-8').decode(bytes.subarray(0, findInvalidByte(bytes)));
    const { line, column } = spotAt(before, before.length);
    return refuse('SG1002', line, column, 'the file is not valid UTF-8 here', 'save it as UTF-8');
  }
  if (text.startsWith('\uFEFF')) text = text.slice(1);
  return { ok: true, text: text.replaceAll('\r\n', '\n') };
}

function refuse(code: DocumentProblem['code'], line: number, column: number, message: string, hint: string) {
  return { ok: false, problem: { code, severity: 'error', line, column, message, hint } } as const;
}

/** A YAML file begins with an ASCII character, so a zero among its first two bytes tells (YAML 1.2.2, 5.2). */
function nameWideEncoding(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === undefined || b === undefined) return undefined;
  if ((a === 0 && b === 0) || (a === 0xff && b === 0xfe && c === 0 && d === 0)) return 'UTF-32';
  if ((a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || (a === 0) !== (b === 0)) return 'UTF-16';
  return undefined;
}

/** Offset of the first byte that no UTF-8 text has there: the longest prefix that still decodes, by halving. */
function findInvalidByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

/** Left by a merge that nobody finished: either side may hold whole documents, so no part of the file is meant. */
export function findConflict(text: string): DocumentProblem | undefined {
  const found = /(?:^|\n)(?:<{7}|>{7})(?: |\n|$)/.exec(text);
  if (found === null) return undefined;
  const { line } = spotAt(text, found.index + (found[0].startsWith('\n') ? 1 : 0));
  return {
    code: 'SG1018',
    severity: 'error',
    line,
    column: 1,
    message: 'the file holds an unresolved merge conflict; nothing in it is read',
    hint: 'resolve the conflict and remove its markers',
  };
}

/** The documents of a text, without the empty ones (nothing but white space and comments). */
export function splitDocuments(text: string): DocumentText[] {
  const documents: DocumentText[] = [];
  let held: { lines: string[]; firstLine: number } | undefined;
  let directive: DocumentProblem | undefined;
  const finish = (): void => {
    if (held === undefined) return;
    const { lines, firstLine } = held;
    held = undefined;
    const content = lines.findIndex((line, index) => !isBlank(index === 0 ? withoutMarker(line) : line));
    const text = lines.join('\n');
    // A comment with a lone CR in it is no comment for every reader: what is invisible is judged with the rest.
    if (content < 0 && directive === undefined && findForbidden(text) < 0) return;
    const contentLine = firstLine + Math.max(content, 0);
    const first = lines[content] ?? '';
    const refusal = directive ?? judgeStart(first, content, contentLine);
    directive = undefined;
    documents.push({
      text,
      firstLine,
      contentLine,
      ...(refusal === undefined ? {} : { refusal }),
    });
  };
  text.split('\n').forEach((line, index) => {
    if (isMarker(line, '---')) {
      // Directives stand before the `---` of the document that they would change.
      const early = held === undefined ? undefined : findDirective(held.lines, held.firstLine);
      if (early === undefined) finish();
      else held = undefined;
      directive = early;
      held = { lines: [line], firstLine: index + 1 };
    } else if (isMarker(line, '...')) {
      finish();
      // Only a comment may follow; anything else is kept, so that it is refused below.
      if (!isBlank(line.slice(3))) held = { lines: [line], firstLine: index + 1 };
    } else {
      held ??= { lines: [], firstLine: index + 1 };
      held.lines.push(line);
    }
  });
  finish();
  return documents;
}

function isMarker(line: string, marker: string): boolean {
  return line.startsWith(marker) && (line.length === 3 || line[3] === ' ' || line[3] === '\t');
}

function isBlank(line: string): boolean {
  return /^[ \t]*(?:#|$)/.test(line);
}

function withoutMarker(line: string): string {
  return isMarker(line, '---') ? line.slice(3) : line;
}

function findDirective(lines: readonly string[], firstLine: number): DocumentProblem | undefined {
  const at = lines.findIndex((line) => !isBlank(line));
  return at >= 0 && lines[at]?.startsWith('%') === true ? directiveProblem(firstLine + at) : undefined;
}

function directiveProblem(line: number): DocumentProblem {
  return {
    code: 'SG1010',
    severity: 'error',
    line,
    column: 1,
    message: 'YAML directives are not allowed: %YAML 1.1 would change what the document means',
    hint: 'remove the line; documents are read as YAML 1.2',
  };
}

/**
 * What js-yaml reads otherwise than YAML says: `---text` as a separator, a map that begins on the separator's line,
 * text after `...` as a document.
 */
function judgeStart(first: string, index: number, line: number): DocumentProblem | undefined {
  if (first.startsWith('%')) return directiveProblem(line);
  const isGlued = first.startsWith('---') || (first.startsWith('...') && index === 0);
  if (!isGlued) return undefined;
  return {
    code: 'SG1019',
    severity: 'error',
    line,
    column: 1,
    message: `${first.slice(0, 3)} stands on a line with other text`,
    hint: 'put the separator on a line of its own',
  };
}
