/**
 * Text that others wrote (paths, subjects, AWS's words, git's stderr) passes one of these on its way out, one function
 * per sink. What they take away is power over the reader: cursor movement, colours, hidden or reordered characters.
 */

/**
 * Characters that act instead of being seen: controls (C0, DEL, C1), soft hyphen, zero-width characters, line and
 * paragraph separators, bidi marks, embeddings, overrides and isolates (CVE-2021-42574), invisible operators, the
 * byte order mark, interlinear annotation, tag characters, lone surrogates.
 */
const active =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function visible(character: string): string {
  return named[character] ?? `\\u{${hexOf(character)}}`;
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

/** For one line of a terminal: nothing in the answer moves the cursor, changes a colour, hides or reorders text. */
export function escapeTerminal(text: string): string {
  return text.replace(active, visible);
}

/**
 * For a value in a log line. JSON escapes the C0 controls by itself, but not C1, bidi and invisible characters, which
 * reach whoever reads the log with a pager. One line stays one line, whatever prints it.
 */
export function escapeLog(text: string): string {
  return text.replace(active, visible);
}

/**
 * For JSON text, which stays the same JSON: what acts is written as its escape. JSON escapes the C0 controls by itself;
 * line feeds between its tokens stay.
 */
export function escapeJson(json: string): string {
  return json.replace(active, (character) => (character === '\n' ? character : escapeUnits(character)));
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}

/**
 * For the message of a workflow command of GitHub Actions and its kin, which ends with its line. Per cent signs go first:
 * the runner reads them as the beginning of an escape.
 */
export function escapeCommandMessage(text: string): string {
  return text.replace(active, visible).replaceAll('%', '%25');
}

/** For a property of a workflow command, which ends at a comma, or at the colons before the message. */
export function escapeCommandProperty(text: string): string {
  return escapeCommandMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** For XML 1.0, between tags and in quoted attributes: neither a tag, nor a reference, nor a character that XML forbids. */
export function escapeXml(text: string): string {
  return text
    .replace(active, visible)
    .replace(/[\ufffe\uffff]/g, visible)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

/**
 * For a plain message of SARIF (3.11): a bracket with a parenthesis behind it would end the text of a link, backslashes and
 * braces are written twice. What acts is therefore shown without either.
 */
export function escapeSarif(text: string): string {
  return text
    .replace(active, (character) => `<U+${hexOf(character).toUpperCase().padStart(4, '0')}>`)
    .replaceAll('\\', '\\\\')
    .replaceAll('](', '\\](')
    .replace(/[{}]/g, '$&$&');
}

/** A path with forward slashes as the path of a URI (RFC 3986): segment by segment, whatever it holds. */
export function encodeUriPath(path: string): string {
  return path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}

/** AWS's words as they are kept in the ledger and told to people: one line, nothing active, at most `maxLength` characters. */
export function escapeRecord(text: string, maxLength: number): string {
  return boundText(boundText(text, maxLength).replace(active, visible), maxLength);
}

/** At most `maxLength` UTF-16 units, cut between characters and marked with an ellipsis where something is missing. */
export function boundText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let end = Math.max(0, maxLength - 1);
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return `${text.slice(0, end)}\u2026`;
}

/**
 * Whether a commit message of the ledger is made of printable ASCII lines only, none of them long. Such messages are
 * built from checked names, ids and codes: text that fails this came from somewhere else and must not be committed.
 */
export function isPlainMessage(message: string): boolean {
  return message.length <= 262_144 && message.split('\n').every((line) => /^[ -~]{0,1000}$/.test(line));
}
