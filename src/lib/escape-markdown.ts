/**
 * The sinks of a page in Markdown, as forges show it. Besides the marks of the language, a forge acts on what it finds in
 * rendered text: mentions, references to issues and commits, addresses, emoji names, quick actions. Backslashes keep
 * none of these away, code does. So words of prose stay as they are, and every other word is shown as code.
 */
import { escapeTerminal } from './escape.ts';

/** Letters, digits and the punctuation of prose, which begins with none that could begin a list, an option or a command. */
const proseWord = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}.,;:?!'"()/+=%…–—-]*$/u;
/** What of it a forge would act on: addresses and emoji names, references of GitLab, commits, `GH-12`. */
const activeWord =
  /:(?=[\p{L}\p{N}/+-])|[!%](?=[\p{L}\p{N}"'])|www\.|(?<![\p{L}\p{N}])(?:[0-9a-f]{7,64}(?![\p{L}\p{N}])|gh-\p{N})/iu;
/** The marker of a numbered list. */
const listMarker = /^([0-9]{1,9})([.)])$/;

/** Text of one line, which stays text: nothing in it is a mark, a link, a mention or an end of what it stands in. */
export function escapeMarkdown(text: string): string {
  return eachWord(text, markdownCode, (word) => (word === '-' ? '\\-' : word.replace(listMarker, '$1\\$2')));
}

/** Text of one line as code, exactly as it is. */
export function markdownCode(text: string): string {
  const shown = escapeTerminal(text);
  if (shown === '') return '';
  const fence = '`'.repeat(longestRun(shown) + 1);
  // One space at both ends is taken away by readers; without it a backtick there would lengthen the fence.
  const isStripped = /^ /.test(shown) && / $/.test(shown) && shown.trim() !== '';
  const pad = isStripped || /^`|`$/.test(shown) ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Lines as a block of code. The language is a word of ours. */
export function markdownFence(text: string, language: string): string {
  const lines = text.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n').map(escapeTerminal);
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${lines.join('\n')}\n${fence}`;
}

/** Text of one line between the tags of a piece of HTML in the page, such as the summary of a fold. */
export function escapeMarkdownHtml(text: string): string {
  return eachWord(text, markdownHtmlCode, escapeHtml);
}

/** Text of one line as code, between the tags of a piece of HTML. */
export function markdownHtmlCode(text: string): string {
  return text === '' ? '' : `<code>${escapeHtml(escapeTerminal(text))}</code>`;
}

/** For HTML: the text is a text there, between tags and in quoted attributes. */
function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

type Write = (word: string) => string;

/** A word, or several that are code together: what is shown as code, and the punctuation that stays outside of it. */
interface Piece {
  readonly before: string;
  /** Empty where all of it is prose, and stands in `before`. */
  readonly code: string;
  readonly after: string;
  /** Brackets of the code that are open behind it. Counted as it grows: a text may be all brackets. */
  readonly open: number;
}

/** Spaces between words are shown as one, whatever is written; those at the ends stay, for text beside it. */
function eachWord(text: string, writeCode: Write, writeProse: Write): string {
  const words = escapeTerminal(text).split(' ');
  const last = words.length - 1;
  const pieces: Piece[] = [];
  for (const [index, word] of words.entries()) {
    if (word === '' && index !== 0 && index !== last) continue;
    const piece = splitWord(word);
    const joined = joinCode(pieces.at(-1), piece);
    if (joined === null) pieces.push(piece);
    else pieces[pieces.length - 1] = joined;
  }
  return pieces
    .map(({ before, code, after }) => {
      return code === '' ? writeProse(before) : `${writeProse(before)}${writeCode(code)}${writeProse(after)}`;
    })
    .join(' ');
}

/** Quotes, parentheses and the ends of sentences stay outside of what is shown as code. */
function splitWord(word: string): Piece {
  let [start, end] = [0, word.length];
  while (start < end && `"'(`.includes(word.charAt(start))) start += 1;
  while (end > start && `.,;:?!)"'`.includes(word.charAt(end - 1))) end -= 1;
  const core = word.slice(start, end);
  const isProse = core === '' || word === '-' || (proseWord.test(core) && !activeWord.test(word));
  if (isProse) return { before: word, code: '', after: '', open: 0 };
  return { before: word.slice(0, start), code: core, after: word.slice(end), open: countOpen(core) };
}

/** Code that follows code is one piece with it, where nothing parts them but what is inside of brackets; else null. */
function joinCode(left: Piece | undefined, right: Piece): Piece | null {
  if (left === undefined || left.code === '' || right.code === '') return null;
  const between = `${left.after} ${right.before}`;
  if (between !== ' ' && left.open <= 0) return null;
  const code = `${left.code}${between}${right.code}`;
  return { before: left.before, code, after: right.after, open: left.open + right.open };
}

/** Brackets that are opened, less those that are closed. */
function countOpen(code: string): number {
  return code.replace(/[^{[]+/g, '').length - code.replace(/[^}\]]+/g, '').length;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}
