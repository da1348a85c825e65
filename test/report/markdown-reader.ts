/**
 * The Markdown that is written, read line by line: what is not of the frame throws, and so does a character outside of code
 * that any forge could act on.
 */

export interface Node {
  readonly kind: string;
  /** What a reader sees of it. */
  readonly text: string;
}

/** Every piece of the page, in its order. */
export function readMarkdown(page: string): Node[] {
  const nodes: Node[] = [];
  const lines = page.split('\n');
  let depth = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const fence = /^(`{3,})([a-z]+)$/.exec(line);
    if (fence !== null) {
      const end = lines.findIndex(
        (other, at) => at > index && new RegExp(`^ {0,3}${fence[1]}\`*\\s*$`).test(other),
      );
      nodes.push({ kind: `code ${fence[2]}`, text: lines.slice(index + 1, end).join('\n') });
      index = end;
      if (end < 0) throw new Error('a fence without an end');
      continue;
    }
    depth += Number(line.startsWith('<details')) - Number(line === '</details>');
    if (line !== '') nodes.push(readLine(line));
    if (depth < 0) throw new Error('a fold is closed that is not open');
  }
  if (depth !== 0) throw new Error('a fold is not closed');
  return nodes;
}

function readLine(line: string): Node {
  if (/^<details( open)?>$|^<\/details>$/.test(line)) return { kind: line, text: '' };
  const summary = /^<summary>(.*)<\/summary>$/.exec(line);
  if (summary !== null) return { kind: 'summary', text: readHtml(summary[1] ?? '') };
  const [, mark = '', rest = ''] = /^(#{3,4} | {2}- |- |)(.*)$/.exec(line) ?? [];
  return { kind: mark === '' ? 'paragraph' : mark, text: readBlockStart(rest) };
}

/** What stands at the beginning of a block must begin no other. */
function readBlockStart(text: string): string {
  if (/^( |\t|[-+*=>#|~/]|[0-9]+[.)]( |$)|`{3,}[^`]*$)/.test(text.replace(/^\*\*/, ''))) {
    throw new Error(`begins a block: ${text}`);
  }
  return readInline(text);
}

function readInline(text: string): string {
  let shown = '';
  let outside = '';
  let strong = 0;
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const ticks = /^`+/.exec(rest)?.[0];
    if (ticks !== undefined) {
      const close = new RegExp(`(?<!\`)\`{${ticks.length}}(?!\`)`, 'g');
      close.lastIndex = ticks.length;
      const end = close.exec(rest);
      if (end === null) throw new Error(`code without an end: ${text}`);
      const code = rest.slice(ticks.length, end.index);
      const isPadded = /^ .* $/s.test(code) && code.trim() !== '';
      shown += isPadded ? code.slice(1, -1) : code;
      outside += ' ';
      at += end.index + ticks.length;
    } else if (rest.startsWith('**')) {
      strong += 1;
      outside += ' ';
      at += 2;
    } else {
      const escaped = /^\\[!-/:-@[-`{-~]/.test(rest);
      const character = rest.charAt(escaped ? 1 : 0);
      if (escaped) outside += ' ';
      else outside += character;
      shown += character;
      at += escaped ? 2 : 1;
    }
  }
  if (strong % 2 !== 0) throw new Error(`a mark without an end: ${text}`);
  checkOutside(outside);
  return shown;
}

function readHtml(html: string): string {
  const entities: Record<string, string> = {
    '&amp;': '&',
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
  };
  const parts = html.split(/(<code>[^<]*<\/code>|<\/?strong>)/);
  checkOutside(
    parts
      .filter((_, index) => index % 2 === 0)
      .join(' ')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'"),
  );
  return parts
    .join('')
    .replace(/<\/?(code|strong)>/g, '')
    .replace(/&[^;]*;/g, (reference) => {
      const read = entities[reference];
      if (read === undefined) throw new Error(`reference ${reference}`);
      return read;
    });
}

/** Marks of any Markdown, and what GitHub, GitLab or Forgejo make of rendered text. */
const acting = [
  /[<>&[\]@#$~^|{}_*\\`]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
  /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/,
  /www\.|:\/\/|mailto:|:[\w+-]+:/i,
  /\b(?:[0-9a-f]{7,40}|gh-[0-9]+)\b/i,
  /(^|\s)[!%/][\w"]/,
];

function checkOutside(text: string): void {
  for (const pattern of acting)
    if (pattern.test(text)) throw new Error(`${pattern} in ${JSON.stringify(text)}`);
}
