/**
 * One YAML document, read strictly. js-yaml decides what it means; the gate around it refuses what a reviewer could
 * misread: anchors, aliases, tags, merge keys, keys that are not strings, numbers that would change.
 *
 * How: js-yaml calls the listener when it opens and closes each node. At `open` the next token is looked at, so that
 * an anchor, alias or tag is refused before js-yaml acts on it (its backtracking over such properties is the only part
 * of it that is not linear, and never starts). At `close` the node's value is wrapped, and js-yaml uses the wrapper's
 * own text for a key: 's' before a string's, something else before everything else. The key `1` is then no "1".
 *
 * Depth: js-yaml compares it with `maxDepth` when it opens a node, before it reads any of it, so no input makes
 * it recurse further.
 */
import type { State } from 'js-yaml';
import { load, YAMLException } from 'js-yaml';
import type { DocumentProblem } from './document-problem.ts';
import {
  compareSpots,
  findForbidden,
  nameCharacter,
  problemsPerDocumentMax,
  quoteText,
  spotAt,
} from './document-problem.ts';
import { BadNumber, coreSchema } from './document-scalars.ts';
import type { DocumentText } from './document-text.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Whether a value is a map, and neither a list nor empty. */
export function isMap(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type ReadDocument =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** js-yaml opens up to two nodes more than there are levels: one for the document, one to try for a key. */
const probeLevels = 2;

/** Each costs js-yaml a walk through the whole text. No document of people has more. */
const looseBracketsMax = 100;

class WrappedNode {
  readonly value: unknown;
  readonly offset: number;
  readonly [Symbol.toStringTag] = 'WrappedNode';

  constructor(value: unknown, offset: number) {
    this.value = value;
    this.offset = offset;
  }

  /** What js-yaml uses when this node is a key. */
  toString(): string {
    return typeof this.value === 'string' ? `s${this.value}` : `x${this.offset}`;
  }
}

/** Ends js-yaml's reading from inside the listener. */
class GateStop extends Error {
  readonly code: DocumentProblem['code'];
  readonly offset: number;
  readonly hint: string;

  constructor(code: DocumentProblem['code'], offset: number, message: string, hint: string) {
    super(message);
    this.code = code;
    this.offset = offset;
    this.hint = hint;
  }
}

/** Reads one document. Every problem that can still be told apart after the first is reported, in their order. */
export function readYaml(document: DocumentText, depth: number): ReadDocument {
  if (document.refusal !== undefined) return { ok: false, problems: [document.refusal] };
  const { text } = document;
  const problems = findRawForbidden(document);
  if (problems.length > 0) return { ok: false, problems };
  const gate = new Gate(document, depth);
  let root: unknown;
  try {
    root = load(text, {
      schema: coreSchema,
      listener: (event, state) => gate.listen(event, state),
      onWarning: (warning) => gate.judgeIndent(warning.mark.position),
      // In @types/js-yaml 4.0.9 the option is missing; js-yaml has it since 4.2.
      ...({ maxDepth: depth + probeLevels } as object),
    });
  } catch (error) {
    gate.problems.push(gate.describe(error));
    return { ok: false, problems: gate.problems };
  }
  const value = gate.unwrap(root, depth);
  if (gate.problems.length > 0) return { ok: false, problems: gate.problems.sort(compareSpots) };
  return { ok: true, value };
}

function findRawForbidden({ text, firstLine }: DocumentText): DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  for (let at = findForbidden(text); at >= 0 && problems.length < 5; at = findForbidden(text, at + 1)) {
    const name = text[at] === '\r' ? 'a carriage return without a line feed' : nameCharacter(text, at);
    const message = `${name} is not allowed: it is invisible, or shows other text than is read`;
    const hint = 'remove it; a file is UTF-8 text with LF or CR LF line ends';
    problems.push({ code: 'SG1004', severity: 'error', ...spotAt(text, at, firstLine), message, hint });
  }
  return problems;
}

/** Offset of the next token: past white space, line breaks and comments, as js-yaml skips them. */
function skipToToken(text: string, start: number): number {
  let at = start;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n') at += 1;
    if (text[at] !== '#') return at;
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end;
  }
}

class Gate {
  readonly problems: DocumentProblem[] = [];
  private readonly document: DocumentText;
  private readonly depth: number;
  private readonly opened: number[] = [];
  /** Where the texts that are no allowed keys were last seen. */
  private readonly suspects = new Map<string, number>();
  private readonly hasRiskyEscape: boolean;
  private looseBrackets = 0;

  constructor(document: DocumentText, depth: number) {
    this.document = document;
    this.depth = depth;
    this.hasRiskyEscape = document.text.includes('\\U') || document.text.includes('\\\n');
  }

  listen(event: 'open' | 'close', state: State): void {
    if (event === 'open') {
      this.open(state.position);
      return;
    }
    const offset = this.opened.pop() ?? 0;
    const { result } = state;
    // An inner node's wrapper, handed up: js-yaml tried it for a key, and it is the value.
    if (result instanceof WrappedNode) return;
    if (result === null && state.kind !== 'scalar') return;
    state.result = new WrappedNode(this.judge(result, offset), offset);
  }

  private open(position: number): void {
    const { text } = this.document;
    // js-yaml opens a node right behind a question mark only where that says "here is a key".
    if (text[position - 1] === '?') {
      throw new GateStop('SG1011', position - 1, 'a key introduced by ? is not allowed', 'write KEY: VALUE');
    }
    const at = skipToToken(text, position);
    const indicator = text[at];
    if (indicator === '&' || indicator === '*') {
      const what = indicator === '&' ? 'anchors' : 'aliases';
      throw new GateStop(
        'SG1008',
        at,
        `${what} are not allowed`,
        'write the value out; quote text that begins so',
      );
    }
    if (indicator === '!') {
      const hint = 'remove it; quote text that begins with !';
      throw new GateStop('SG1009', at, 'tags are not allowed', hint);
    }
    this.opened.push(position);
  }

  /**
   * Quoted text or a list in brackets goes on at a line that is not indented. YAML forbids it and js-yaml only warns:
   * `a: "x` with `b: y"` below it reads as two keys to a person. A line of closing brackets misleads nobody, and is
   * common.
   */
  judgeIndent(position: number): void {
    const { text } = this.document;
    const opener = text[skipToToken(text, this.opened.at(-1) ?? 0)];
    const end = text.indexOf('\n', position);
    const line = text.slice(position, end < 0 ? text.length : end);
    this.looseBrackets += 1;
    const isClosing = (opener === '[' || opener === '{') && /^[\]}][\]}, \t]*(?:#|$)/.test(line);
    if (isClosing && this.looseBrackets <= looseBracketsMax) return;
    const message =
      'not valid YAML: quoted text or a list in brackets goes on at a line that is not indented';
    throw new GateStop('SG1006', position, message, 'indent the line more than the key above it');
  }

  /** The value of a closed node, or null beside a problem. */
  private judge(value: unknown, offset: number): unknown {
    if (value instanceof BadNumber) {
      const hint =
        value.code === 'SG1015' ? 'quote it, or leave the leading zero out' : 'quote it if it is text';
      this.add(value.code, skipToToken(this.document.text, offset), value.reason, hint);
      return null;
    }
    if (typeof value !== 'string') return value;
    const at = findForbidden(value);
    if (at >= 0) {
      const message = `${nameCharacter(value, at)} is not allowed, written as an escape neither`;
      this.add('SG1017', skipToToken(this.document.text, offset), message, 'remove it');
    }
    if (this.hasRiskyEscape) {
      const bad = findBadEscape(this.document.text, skipToToken(this.document.text, offset));
      if (bad >= 0)
        this.add('SG1017', bad, 'this escape means different things to different readers', 'leave it out');
    }
    if (value === '<<' || value === '__proto__') this.suspects.set(value, offset);
    return value;
  }

  private add(code: DocumentProblem['code'], offset: number, message: string, hint: string): void {
    if (this.problems.length >= problemsPerDocumentMax) return;
    const spot = spotAt(this.document.text, offset, this.document.firstLine);
    this.problems.push({ code, severity: 'error', ...spot, message, hint });
  }

  /** The plain value of a node, with problems for keys that are not strings. js-yaml has bounded its depth. */
  unwrap(node: unknown, levelsLeft: number, parentOffset = 0): JsonValue {
    const offset = node instanceof WrappedNode ? node.offset : parentOffset;
    const value = node instanceof WrappedNode ? node.value : node;
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (levelsLeft <= 0) {
      if (!this.problems.some(({ code }) => code === 'SG1007')) {
        const { code, message, hint } = this.tooDeep(offset);
        this.add(code, skipToToken(this.document.text, offset), message, hint);
      }
      return null;
    }
    if (Array.isArray(value)) {
      // js-yaml takes the next item of an outer list for one of this list after an empty item (`- -` above `- x`).
      if (value.includes(null))
        this.add(
          'SG1020',
          skipToToken(this.document.text, offset),
          'a list has an empty item',
          'write it, or remove the line',
        );
      return value.map((item) => this.unwrap(item, levelsLeft - 1, offset));
    }
    const plain: Record<string, JsonValue> = {};
    for (const [mark, item] of Object.entries(value)) {
      const child = this.unwrap(item, levelsLeft - 1, offset);
      if (this.isAllowedKey(mark, offset)) plain[mark.slice(1)] = child;
    }
    return plain;
  }

  private isAllowedKey(mark: string, mapOffset: number): boolean {
    const { text } = this.document;
    if (!mark.startsWith('s')) {
      const known = /^x([0-9]+)$/.exec(mark)?.[1];
      const at = skipToToken(text, known === undefined ? mapOffset : Number(known));
      this.add('SG1011', at, 'a key must be a string', 'quote it: "1", "true", "null"');
      return false;
    }
    const key = mark.slice(1);
    if (key !== '<<' && key !== '__proto__') return true;
    const at = skipToToken(text, this.suspects.get(key) ?? mapOffset);
    if (key === '<<') this.add('SG1013', at, 'merge keys are not allowed', 'write the keys out');
    else this.add('SG1016', at, 'the key __proto__ is not allowed', 'choose another name');
    return false;
  }

  /** js-yaml's exception, or ours thrown through it, in our words. */
  describe(error: unknown): DocumentProblem {
    const { text, firstLine } = this.document;
    if (error instanceof GateStop) {
      const { code, message, hint } = error;
      return { code, severity: 'error', ...spotAt(text, error.offset, firstLine), message, hint };
    }
    if (!(error instanceof YAMLException) || error.mark === undefined) {
      // A fault in the parser: the document is refused like any other, and the others are read.
      return this.problem(
        'SG1006',
        0,
        'the YAML cannot be read: the parser gave up',
        'write it more plainly',
      );
    }
    const position = Math.min(error.mark.position, text.length);
    if (error.reason.startsWith('nesting exceeded')) return this.tooDeep(position);
    if (error.reason === 'duplicated mapping key') {
      const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^:,\n]*)/.exec(text.slice(position, position + 200))?.[0] ?? '';
      const shown = quoteText(key.replace(/^["']|["']$/g, '').trim());
      return this.problem('SG1012', position, `the key ${shown} stands here twice`, 'keep one of them');
    }
    const reason = quoteText(error.reason).slice(1, -1);
    return this.problem('SG1006', position, `not valid YAML: ${reason}`, undefined);
  }

  private tooDeep(offset: number): DocumentProblem & { readonly hint: string } {
    const message = `the document is nested deeper than ${this.depth} levels`;
    const hint = 'flatten it';
    return { ...this.problem('SG1007', offset, message, hint), hint };
  }

  private problem(
    code: DocumentProblem['code'],
    offset: number,
    message: string,
    hint: string | undefined,
  ): DocumentProblem {
    const spot = spotAt(this.document.text, offset, this.document.firstLine);
    const problem = { code, severity: 'error', ...spot, message } as const;
    return hint === undefined ? problem : { ...problem, hint };
  }
}

/**
 * Offset of an escape in a double-quoted scalar that js-yaml reads otherwise than YAML says: beyond Unicode it wraps
 * round to another character, and behind an escaped line break it swallows empty lines.
 */
function findBadEscape(text: string, offset: number): number {
  if (text[offset] !== '"') return -1;
  for (let at = offset + 1; at < text.length && text[at] !== '"'; at += 1) {
    if (text[at] !== '\\') continue;
    at += 1;
    if (text[at] === 'U' && Number.parseInt(text.slice(at + 1, at + 9), 16) > 0x10ffff) return at - 1;
    if (text[at] === '\n' && /^[ \t]*\n/.test(text.slice(at + 1))) return at - 1;
  }
  return -1;
}
