/** What a manifest means once it is parsed: the values that everything after the parser works on. */

export type Command = 'unlock' | 'reboot';

/** A fleet and a name, as `fleet/name`: neither part can hold a slash. */
export type TaskKey = string;

/** Lower-case hex SHA-256 of a revision's canonical JSON; the clientToken. 64 characters. */
export type Token = string;

/** Everything AWS would be asked; what the clientToken is computed over. */
export interface Revision {
  readonly fleet: string;
  readonly name: string;
  readonly command: Command;
  /** Sorted by UTF-16 code units, without repeats, 1 to 10. */
  readonly targets: readonly string[];
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly run: number;
}

export interface ManifestFields extends Revision {
  readonly token: Token;
  /** Digest of the whole parsed document; changes with any field, unlike the token. */
  readonly digest: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of tasks of the same fleet that have succeeded first; sorted, without repeats. */
  readonly after: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

declare const parsed: unique symbol;

/** Only the parser makes one, so that nothing unvalidated can be planned. */
export type Manifest = ManifestFields & { readonly [parsed]: 'Manifest' };

/** `fleet/name`, the name that is unique in the source. */
export function taskKey(task: { readonly fleet: string; readonly name: string }): TaskKey {
  return `${task.fleet}/${task.name}`;
}

/** A problem of one document, without its path: a blob is parsed once, wherever it lies. */
export interface Problem {
  readonly code: `SG${number}`;
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The near miss or what to do. */
  readonly hint?: string;
}

/** Names that unreadable text may hold. What they are kept for is to take no name for removed that is only misspelt around. */
export type HiddenNames = 'any' | ReadonlySet<string>;

/** Whether unreadable text may hold this name. */
export function mayHide(hidden: HiddenNames, name: string): boolean {
  return hidden === 'any' || hidden.has(name);
}

/** One file's meaning. A file that cannot be read as YAML has problems and no manifests. */
export interface ParsedFile {
  readonly manifests: readonly { readonly manifest: Manifest; readonly line: number }[];
  readonly problems: readonly Problem[];
  /** Names that a bad document bears as far as it can be read: frozen, never taken for removed. */
  readonly badNames: readonly TaskKey[];
  /**
   * Null where every document could be understood, or shows its name. Otherwise the names that the rest may bear: each
   * word in the file that could be one, or `any` where even that cannot be told.
   */
  readonly hidden: HiddenNames | null;
}
