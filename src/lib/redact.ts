/**
 * The one choke point through which every text passes before it is logged, printed or recorded. Two nets: values that
 * this process read as secrets, registered when they are read, and the shapes of well-known secrets for those that
 * reach a message by another way (a URL with userinfo in git's stderr, a signature error of AWS).
 */
export interface Redactor {
  /**
   * Makes every later occurrence of this value, plain or percent-encoded or in JSON, disappear. Values shorter than
   * four characters are not registered: hiding them would garble every line and tell their length.
   */
  register(secret: string): void;
  redact(text: string): string;
}

const mask = '[redacted]';

/** How many values are remembered. Rotation adds a few a day; the oldest are forgotten, long after their end. */
const secretsMax = 1000;
const secretLengthMin = 4;

/** A longer text is cut first, so that the patterns below have bounded work. Nothing we log is near it. */
const textLengthMax = 65_536;

const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, mask],
  // Userinfo: the last @ before the path ends it, so that a password holding one is covered.
  [/:\/\/[^\s/?#"'<>]{0,2000}@/g, `://${mask}@`],
  // Passwords that hold a slash, where somebody forgot to encode it.
  [/:\/\/[^\s:/?#"'<>]{1,200}:[^\s"'<>]{1,500}@/g, `://${mask}@`],
  [/(:\/\/[^\s?#"'<>]{0,2000})\?[^\s#"'<>]*/g, `$1?${mask}`],
  [/((?:proxy-)?authorization["']?\s{0,5}[:=]\s{0,5}["']?)[^\r\n"']+/gi, `$1${mask}`],
  [
    /((?:private-token|x-amz-security-token|set-cookie|cookie)["']?\s{0,5}[:=]\s{0,5}["']?)[^\r\n"'&]+/gi,
    `$1${mask}`,
  ],
  [/\b(bearer|basic)\s{1,5}(?=[A-Za-z._~+/-]{0,500}[0-9=])[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${mask}`],
  [
    /((?:secret_?access_?key|session_?token|access_token|refresh_token|private_token|client_secret|password|passwd|passphrase)["']?\s{0,5}[:=]\s{0,5}["']?)[^\s"'&<>,;]+/gi,
    `$1${mask}`,
  ],
  [/(<(SecretAccessKey|SessionToken)>)[^<]*/g, `$1${mask}`],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, mask],
  // An AWS session token by its usual beginning.
  [/\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{40,}/g, mask],
  // An AWS secret key: 40 characters of base64. Upper case and a digit are required, so that no commit id is hidden.
  [
    /(?<![A-Za-z0-9+/=_.-])(?=[a-z0-9+/]{0,39}[A-Z])(?=[A-Za-z+/]{0,39}[0-9])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_.-])/g,
    mask,
  ],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}/g, mask],
  [/\bgithub_pat_[A-Za-z0-9_]{20,}/g, mask],
  [/\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,}/g, mask],
  [/\b(?:ATBB|ATCTT3|ATATT3)[A-Za-z0-9_=-]{20,}/g, mask],
];

/** Hides what looks like a secret, knowing none. For texts that are kept where no redactor is at hand. */
export function redactShapes(text: string): string {
  let answer = text.length > textLengthMax ? text.slice(0, textLengthMax) : text;
  for (const [pattern, replacement] of patterns) answer = answer.replace(pattern, replacement);
  return answer;
}

/** A redactor that knows nothing yet. One is made by the composition root and given to whoever reads secrets or writes text. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  let longestFirst: readonly string[] = [];
  return {
    register(secret) {
      const before = secrets.size;
      for (const form of formsOf(secret)) secrets.add(form);
      if (secrets.size === before) return;
      for (const oldest of secrets) {
        if (secrets.size <= secretsMax) break;
        secrets.delete(oldest);
      }
      // A secret that contains another must go first, or its remainder would stay.
      longestFirst = [...secrets].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let answer = text;
      for (const secret of longestFirst) answer = answer.replaceAll(secret, mask);
      return redactShapes(answer);
    },
  };
}

function formsOf(secret: string): readonly string[] {
  const forms: string[] = [];
  for (const value of new Set([secret, secret.trim()])) {
    if (value.length < secretLengthMin) continue;
    forms.push(value, JSON.stringify(value).slice(1, -1));
    if (!/\p{Surrogate}/u.test(value)) forms.push(encodeURIComponent(value), encodeURI(value));
  }
  return forms;
}
