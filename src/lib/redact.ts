import { Needles, needleLengthMin } from './needles.ts';

/**
 * The one choke point through which every text passes before it is logged, printed or recorded. Two nets: values that
 * this process read as secrets, registered when they are read, and the shapes of well-known secrets for those that
 * reach a message by another way (a URL with userinfo in git's stderr, a signature error of AWS).
 */
export interface Redactor {
  /**
   * Makes every later occurrence of this value disappear: plain, in JSON or percent-encoded, however others write these. Values
   * shorter than four characters are not registered: hiding them would garble every line and tell their length. `source` says
   * where it was read (a file, the session of a fleet): what a source gave before is forgotten once it has given 32 others.
   */
  register(secret: string, source: string): void;
  redact(text: string): string;
}

const mask = '[redacted]';

/**
 * How many values of one source are remembered. Sources are of the configuration, so their number is bounded, too. Sessions that
 * are renewed by their age are over for twenty lives when their secrets are forgotten; a token of a file was replaced as often.
 * One that AWS refuses, or whose account is not proved, is replaced at the next call, so that AWS may still take one that is
 * forgotten here. It suffices nevertheless: a session that was replaced is kept nowhere, and every text of a call is hidden as
 * the call ends. Left is a call that 32 replacements overtake, and of what it was signed with AWS can repeat the session token
 * alone, which has a shape and a name of its own below.
 */
const valuesPerSourceMax = 33;

/** A longer text is cut first, so that the patterns below have bounded work. Nothing we log is near it. */
const textLengthMax = 65_536;

interface Shape {
  /** Every text that `pattern` matches holds this somewhere, in whatever case; a pattern by itself. */
  readonly sign: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const shapes: readonly Shape[] = [
  {
    sign: '-----BEGIN ',
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g,
    replacement: mask,
  },
  // Userinfo: the last @ before the path ends it, so that a password holding one is covered.
  { sign: '://', pattern: /:\/\/[^\s/?#"'<>]{0,2000}@/g, replacement: `://${mask}@` },
  // Passwords that hold a slash, where somebody forgot to encode it.
  { sign: '://', pattern: /:\/\/[^\s:/?#"'<>]{1,200}:[^\s"'<>]{1,500}@/g, replacement: `://${mask}@` },
  // A query. Looked at backwards from its question mark: forwards, each of many colons would search a whole text for one.
  { sign: '://', pattern: /\?(?<=:\/\/[^\s?#"'<>]*\?)[^\s#"'<>]*/g, replacement: `?${mask}` },
  {
    sign: 'authorization',
    pattern: /((?:proxy-)?authorization["']?\s{0,5}[:=]\s{0,5}["']?)[^\r\n"']+/gi,
    replacement: `$1${mask}`,
  },
  {
    sign: 'private-token|x-amz-security-token|cookie',
    pattern:
      /((?:private-token|x-amz-security-token|set-cookie|cookie)["']?\s{0,5}[:=]\s{0,5}["']?)[^\r\n"'&]+/gi,
    replacement: `$1${mask}`,
  },
  {
    sign: 'bearer|basic',
    pattern: /\b(bearer|basic)\s{1,5}(?=[A-Za-z._~+/-]{0,500}[0-9=])[A-Za-z0-9._~+/=-]{8,}/gi,
    replacement: `$1 ${mask}`,
  },
  {
    sign: 'access_?key|session_?token|access_token|refresh_token|private_token|client_secret|passw|passphrase',
    pattern:
      /((?:secret_?access_?key|session_?token|access_token|refresh_token|private_token|client_secret|password|passwd|passphrase)["']?\s{0,5}[:=]\s{0,5}["']?)[^\s"'&<>,;]+/gi,
    replacement: `$1${mask}`,
  },
  {
    sign: '<SecretAccessKey>|<SessionToken>',
    pattern: /(<(?:SecretAccessKey|SessionToken)>)[^<]*/g,
    replacement: `$1${mask}`,
  },
  {
    sign: 'AKIA|ASIA|ABIA|ACCA',
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
    replacement: mask,
  },
  // An AWS session token by its usual beginning.
  {
    sign: 'IQoJ|FwoG|FQoG',
    pattern: /\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{40,}/g,
    replacement: mask,
  },
  { sign: 'gh[pousr]_', pattern: /\bgh[pousr]_[A-Za-z0-9]{20,}/g, replacement: mask },
  { sign: 'github_pat_', pattern: /\bgithub_pat_[A-Za-z0-9_]{20,}/g, replacement: mask },
  {
    sign: 'gl[a-z]{2,5}-',
    pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,}/g,
    replacement: mask,
  },
  {
    sign: 'ATBB|ATCTT3|ATATT3',
    pattern: /\b(?:ATBB|ATCTT3|ATATT3)[A-Za-z0-9_=-]{20,}/g,
    replacement: mask,
  },
];

/** Most texts hold no sign of any shape, and are looked through once for all. */
const anySign = new RegExp(shapes.map(({ sign }) => sign).join('|'), 'i');

/** An AWS secret key: 40 characters of base64. Upper case and a digit are required, so that no commit id is hidden. */
const bareKey =
  /(?<![A-Za-z0-9+/=_.-])(?=[a-z0-9+/]{0,39}[A-Z])(?=[A-Za-z+/]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_.-])/g;
const bareKeyLength = 40;

/** Hides what looks like a secret, knowing none. For texts that are kept where no redactor is at hand. */
export function redactShapes(text: string): string {
  let answer = text.length > textLengthMax ? text.slice(0, textLengthMax) : text;
  if (anySign.test(answer)) {
    for (const { pattern, replacement } of shapes) answer = answer.replace(pattern, replacement);
  }
  return answer.length < bareKeyLength ? answer : answer.replace(bareKey, mask);
}

/** A redactor that knows nothing yet. One is made by the composition root and given to whoever reads secrets or writes text. */
export function createRedactor(): Redactor {
  const needles = new Needles();
  /** The newest last. */
  const valuesBySource = new Map<string, string[]>();
  return {
    register(secret, source) {
      const values = valuesBySource.get(source) ?? [];
      // Files are read at each use: nearly always it is what they held before.
      if (values.at(-1) === secret) return;
      valuesBySource.set(source, values);
      const at = values.indexOf(secret);
      if (at < 0) for (const form of formsOf(secret)) needles.add(form);
      else values.splice(at, 1);
      values.push(secret);
      if (values.length <= valuesPerSourceMax) return;
      for (const form of formsOf(values.shift() ?? '')) needles.remove(form);
    },
    redact: (text) => redactShapes(needles.mask(text, mask)),
  };
}

/** How a value may stand in a text, each form once. */
function formsOf(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const value of [secret, secret.trim()]) {
    if (value.length < needleLengthMin) continue;
    const inJson = JSON.stringify(value).slice(1, -1);
    forms.add(value).add(inJson).add(inJson.replaceAll('/', '\\/'));
    if (/\p{Surrogate}/u.test(value)) continue;
    for (const encoded of [encodeURIComponent(value), encodeURI(value)])
      forms.add(encoded).add(encoded.replace(/%../g, (one) => one.toLowerCase()));
  }
  return forms;
}
