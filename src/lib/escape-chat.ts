/**
 * The sink of a chat in the markup of Slack, which others (Mattermost, Rocket.Chat) read as Markdown. Both act on what they
 * find in a text: links, mentions, channels, emoji names, marks of their language. So words of prose stay as they are,
 * and every other word is shown as code, where nothing acts but the three characters that are entities.
 */
import { boundText, escapeTerminal } from './escape.ts';

/** Letters and digits, with single hyphens, slashes and apostrophes within: no dot (a host), no colon (an emoji), no at sign. */
const proseWord = /^[\p{L}\p{N}]+(?:[-/'][\p{L}\p{N}\p{M}]+)*$/u;
/** What may stand around a word of prose. */
const opening = /^["'(]*/;
const closing = /[.,;:!?)"']*$/;

/** A longer word is cut: a word is what fits into one piece of code. In UTF-16 units. */
const wordLengthMax = 120;

/** One line, in which nothing acts; at most `maxLength` UTF-16 units, cut between words and marked where something is missing. */
export function escapeChat(text: string, maxLength: number): string {
  let shown = '';
  for (const word of text.split(/[ \n\r\t]+/)) {
    if (word === '') continue;
    const next = `${shown === '' ? '' : ' '}${escapeWord(word)}`;
    if (shown.length + next.length > maxLength - 2) return `${shown} \u2026`.trimStart();
    shown += next;
  }
  return shown;
}

function escapeWord(word: string): string {
  const [start = ''] = opening.exec(word) ?? [];
  const rest = word.slice(start.length);
  const [end = ''] = closing.exec(rest) ?? [];
  const core = rest.slice(0, rest.length - end.length);
  if (core === '') return chatCode(word);
  return proseWord.test(core) && core.length <= wordLengthMax
    ? `${start}${core}${end}`
    : `${start}${chatCode(core)}${end}`;
}

/** A piece of code. A backtick would end it, and is shown as what it is not. */
function chatCode(text: string): string {
  const shown = escapeTerminal(boundText(text, wordLengthMax))
    .replaceAll('`', "'")
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  return `\`${shown}\``;
}
