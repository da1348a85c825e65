/** Which paths of the source are manifests. The reading of a tree and of the history ask the same question here. */
export interface SourceLayout {
  /** Where manifests lie: no slash at either end; empty for the whole repository. */
  readonly path: string;
  /** Where windows and policies lie, not read for manifests even below `path`; null where they lie elsewhere. */
  readonly policies: string | null;
}

/** Folders as git wants them: `./tasks/` is `tasks`, and `.` is the whole repository. */
export function sourceLayout(config: {
  readonly path: string;
  readonly policies: string | null;
}): SourceLayout {
  const { path, policies } = config;
  return { path: trimFolder(path), policies: policies === null ? null : trimFolder(policies) };
}

/** One folder of a repository in the form that git wants. */
export function trimFolder(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Longer paths are of no use to people, and each is written into the ledger. */
export const pathLimitBytes = 1024;

export type PathVerdict =
  /** Not ours to read: a README, a script. */
  | { readonly kind: 'other'; readonly path: string }
  /** Ends like a manifest but for upper-case letters: its writer expects it to be read. */
  | { readonly kind: 'nearly'; readonly path: string }
  | { readonly kind: 'manifest'; readonly path: string }
  /** A manifest by its ending, with a path that cannot be shown or recorded as it is. */
  | { readonly kind: 'bad'; readonly path: string; readonly reason: 'notUtf8' | 'control' | 'long' };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Judges a path given from the root of the repository. A bad path is shown with its bytes escaped. */
export function judgePath(bytes: Buffer): PathVerdict {
  const shown = showPath(bytes);
  const written = bytes.toString('latin1');
  if (!/\.ya?ml$/i.test(written)) return { kind: 'other', path: shown.text };
  if (bytes.length > pathLimitBytes) return { kind: 'bad', path: shown.text, reason: 'long' };
  if (shown.escaped !== null) return { kind: 'bad', path: shown.text, reason: shown.escaped };
  if (!/\.ya?ml$/.test(written)) return { kind: 'nearly', path: shown.text };
  return { kind: 'manifest', path: shown.text };
}

/** Whether a path lies in a folder, at any depth; every path lies in the empty one, the root. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

interface ShownPath {
  readonly text: string;
  readonly escaped: 'notUtf8' | 'control' | null;
}

/** A path as text: control characters as `\x0a`, and all but ASCII so where the bytes are no UTF-8. */
export function showPath(bytes: Buffer): ShownPath {
  const short = bytes.subarray(0, pathLimitBytes);
  const mark = short.length < bytes.length ? '...' : '';
  let text: string;
  try {
    text = utf8.decode(short.length < bytes.length ? trimPartial(short) : short);
  } catch {
    return { text: escapeBytes(short) + mark, escaped: 'notUtf8' };
  }
  // Two paths must not look alike: a backslash is escaped wherever an escape is made.
  if (!/\p{Cc}/u.test(text)) return { text: text + mark, escaped: null };
  return { text: escapeBytes(short) + mark, escaped: 'control' };
}

/** Cutting may leave the beginning of a character, which is not the path's fault. */
function trimPartial(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, Math.max(0, end - 1));
}

function escapeBytes(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
