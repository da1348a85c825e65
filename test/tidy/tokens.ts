/**
 * A tokenizer for the TypeScript of this repository, as the formatter leaves it: good enough to tell code from
 * comments and strings, which is all that the house rules need. (The compiler has no stable API to ask.)
 */

export type TokenKind = 'word' | 'number' | 'string' | 'template' | 'regex' | 'comment' | 'punctuator';

export interface SourceToken {
  readonly kind: TokenKind;
  /** As written; a string without its quotes. */
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
}

/** After one of these words a slash begins a regular expression, not a division. */
const wordsBeforeRegex = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'await',
  'yield',
]);

class Scanner {
  readonly tokens: SourceToken[] = [];
  private readonly source: string;
  private at = 0;
  private line = 1;

  constructor(source: string) {
    this.source = source;
  }

  /** Scans up to the end, or up to the brace that closes a template's `${`. */
  scan(inTemplate: boolean): void {
    let depth = 0;
    while (this.at < this.source.length) {
      const char = this.source.charAt(this.at);
      if (/\s/.test(char)) this.advance(1);
      else if (this.source.startsWith('//', this.at)) this.take('comment', /\/\/[^\n]*/y);
      else if (this.source.startsWith('/*', this.at)) this.take('comment', /\/\*[\s\S]*?\*\//y);
      else if (char === "'" || char === '"') this.takeString(char);
      else if (char === '`') this.takeTemplate();
      else if (/[A-Za-z_$#@\u0080-\uffff]/.test(char)) this.take('word', /[\w$#@\u0080-\uffff]+/y);
      else if (/[0-9]/.test(char)) this.take('number', /[\w.]+/y);
      else if (char === '/' && this.regexMayBegin())
        this.take('regex', /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/y);
      else {
        if (char === '{') depth += 1;
        if (char === '}' && inTemplate && depth === 0) return;
        if (char === '}') depth -= 1;
        this.take('punctuator', /=>|\.\.\.|\?\.|[\s\S]/y);
      }
    }
  }

  private regexMayBegin(): boolean {
    const before = this.tokens.findLast((token) => token.kind !== 'comment');
    if (before === undefined) return true;
    if (before.kind === 'punctuator')
      return before.text !== ')' && before.text !== ']' && before.text !== '}';
    return before.kind === 'word' && wordsBeforeRegex.has(before.text);
  }

  private takeString(quote: string): void {
    const pattern = quote === "'" ? /'(?:\\[\s\S]|[^'\\\n])*'/y : /"(?:\\[\s\S]|[^"\\\n])*"/y;
    this.take('string', pattern, (text) => text.slice(1, -1));
  }

  private takeTemplate(): void {
    const startLine = this.line;
    const start = this.at;
    this.advance(1);
    while (this.at < this.source.length && this.source.charAt(this.at) !== '`') {
      if (this.source.startsWith('${', this.at)) {
        this.advance(2);
        this.scan(true);
        this.advance(1);
      } else this.advance(this.source.charAt(this.at) === '\\' ? 2 : 1);
    }
    this.advance(1);
    const text = this.source.slice(start, this.at);
    this.tokens.push({ kind: 'template', text, line: startLine, endLine: this.line });
  }

  private take(kind: TokenKind, pattern: RegExp, show = (text: string): string => text): void {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source)?.[0];
    if (text === undefined) throw new Error(`line ${this.line}: cannot read ${kind}`);
    const line = this.line;
    this.advance(text.length);
    this.tokens.push({ kind, text: show(text), line, endLine: this.line });
  }

  private advance(length: number): void {
    const end = Math.min(this.source.length, this.at + length);
    for (; this.at < end; this.at += 1) if (this.source.charAt(this.at) === '\n') this.line += 1;
  }
}

/** The tokens of a source text, comments included. Throws on what it cannot read. */
export function tokenize(source: string): SourceToken[] {
  const scanner = new Scanner(source);
  scanner.scan(false);
  return scanner.tokens;
}

export interface ImportStatement {
  readonly target: string;
  readonly line: number;
}

/** Every module named by an import, an export from, or a dynamic import with a literal. */
export function findImports(tokens: readonly SourceToken[]): ImportStatement[] {
  const code = tokens.filter((token) => token.kind !== 'comment');
  const found: ImportStatement[] = [];
  for (const [index, token] of code.entries()) {
    const previous = code[index - 1];
    if (token.kind !== 'word' || previous?.text === '.' || previous?.text === '?.') continue;
    const target = token.text === 'import' ? importTarget(code, index) : exportTarget(code, index);
    if (target !== undefined) found.push({ target: target.text, line: token.line });
  }
  return found;
}

function importTarget(code: readonly SourceToken[], index: number): SourceToken | undefined {
  const next = code[index + 1];
  if (next?.kind === 'string') return next;
  if (next?.text === '.') return undefined;
  if (next?.text === '(') return code[index + 2];
  return targetAfterFrom(code, index);
}

function exportTarget(code: readonly SourceToken[], index: number): SourceToken | undefined {
  if (code[index]?.text !== 'export') return undefined;
  const next = code[index + 1]?.text;
  const afterType = code[index + 2]?.text;
  const lists = next === '{' || next === '*' || (next === 'type' && (afterType === '{' || afterType === '*'));
  return lists ? targetAfterFrom(code, index) : undefined;
}

function targetAfterFrom(code: readonly SourceToken[], index: number): SourceToken | undefined {
  for (let at = index + 1; at < code.length; at += 1) {
    const token = code[at];
    if (token?.text === ';' && token.kind === 'punctuator') return undefined;
    if (token?.text === 'from' && code[at + 1]?.kind === 'string') return code[at + 1];
  }
  return undefined;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** Functions, methods and arrow functions with a block body, nested ones too. */
export function findFunctions(tokens: readonly SourceToken[]): FunctionSpan[] {
  const code = tokens.filter((token) => token.kind !== 'comment');
  const found: FunctionSpan[] = [];
  for (const [index, token] of code.entries()) {
    if (token.kind === 'string' || token.kind === 'template') continue;
    const head = functionHead(code, index);
    if (head === undefined) continue;
    const close = matchingClose(code, head.body);
    const end = code[close] ?? code[code.length - 1];
    if (end !== undefined)
      found.push({ name: head.name, line: token.line, lines: end.endLine - token.line + 1 });
  }
  return found;
}

const blockWords = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'function', 'return', 'await']);

/** Where a function that begins at this token has its body; undefined where none begins. */
function functionHead(
  code: readonly SourceToken[],
  index: number,
): { readonly name: string; readonly body: number } | undefined {
  const token = code[index];
  const next = code[index + 1];
  if (token?.text === '=>') return next?.text === '{' ? { name: '(arrow)', body: index + 1 } : undefined;
  if (token?.kind !== 'word') return undefined;
  if (token.text === 'function') {
    const open = code.findIndex((other, at) => at > index && other.text === '(');
    return bodyAfter(code, open, next?.kind === 'word' ? next.text : '(function)');
  }
  const previous = code[index - 1]?.text;
  const open = next?.text === '<' ? afterAngles(code, index + 1) : index + 1;
  if (code[open]?.text !== '(' || blockWords.has(token.text)) return undefined;
  if (previous === 'function' || previous === '.') return undefined;
  return bodyAfter(code, open, token.text);
}

/** The token after a list of type parameters; a comparison soon meets something that no such list holds. */
function afterAngles(code: readonly SourceToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    const text = code[at]?.text ?? '';
    if (text === '<') depth += 1;
    if (text === '>') depth -= 1;
    if (depth === 0) return at + 1;
    if (text === ';' || text === '&&' || text === ')') return open;
  }
  return open;
}

function bodyAfter(
  code: readonly SourceToken[],
  open: number,
  name: string,
): { readonly name: string; readonly body: number } | undefined {
  if (open < 0) return undefined;
  let at = matchingClose(code, open) + 1;
  if (code[at]?.text === '{') return { name, body: at };
  if (code[at]?.text !== ':') return undefined;
  let angles = 0;
  for (at += 1; at < code.length; at += 1) {
    const text = code[at]?.text ?? '';
    if (text === '<') angles += 1;
    else if (text === '>') angles -= 1;
    else if (text === '(' || text === '[') at = matchingClose(code, at);
    else if (text === '{') {
      if (angles === 0 && !/^(:|\||&|=>)$/.test(code[at - 1]?.text ?? '')) return { name, body: at };
      at = matchingClose(code, at);
    } else if (angles === 0 && /^[;,)=}\]]$/.test(text)) return undefined;
  }
  return undefined;
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function matchingClose(code: readonly SourceToken[], open: number): number {
  const opening = code[open]?.text ?? '';
  const closing = pairs[opening];
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    const token = code[at];
    if (token?.kind !== 'punctuator') continue;
    if (token.text === opening) depth += 1;
    if (token.text === closing) depth -= 1;
    if (depth === 0) return at;
  }
  return code.length - 1;
}
