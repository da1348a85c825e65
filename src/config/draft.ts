import type { Locate, ValuePath } from '../lib/document-place.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import type { DurationBounds, DurationKey, NumberKey, TextKey } from './bounds.ts';
import { durationBounds, numberBounds, textDefaults } from './bounds.ts';
import { parseDuration } from './duration.ts';

export type Word = Pick<DocumentProblem, 'code' | 'message'> & { readonly hint?: string };

/**
 * The written configuration, read tolerantly: what is absent or of the wrong type is undefined here, and the schema
 * has said so. In this way every rule is judged even where others are broken.
 */
export class Draft {
  readonly problems: DocumentProblem[] = [];
  private readonly root: JsonValue;
  private readonly locate: Locate;

  constructor(root: JsonValue, locate: Locate) {
    this.root = root;
    this.locate = locate;
  }

  value(path: ValuePath): JsonValue | undefined {
    let node: JsonValue | undefined = this.root;
    for (const step of path) {
      if (typeof node !== 'object' || node === null || Array.isArray(node) || !Object.hasOwn(node, step)) {
        return undefined;
      }
      node = node[step];
    }
    return node;
  }

  text(path: ValuePath): string | undefined {
    const value = this.value(path);
    return typeof value === 'string' ? value : undefined;
  }

  /** As written, or the default. */
  textOr(key: TextKey): string {
    return this.text(key.split('.')) ?? textDefaults[key];
  }

  isTrue(path: ValuePath): boolean {
    return this.value(path) === true;
  }

  keys(path: ValuePath): string[] {
    const value = this.value(path);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** The texts of a list; what is no text is left out. */
  texts(path: ValuePath): string[] {
    const value = this.value(path);
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  /** The entries of a map of texts; what is no text is left out. */
  textMap(path: ValuePath): Record<string, string> {
    const entries = this.keys(path).flatMap((key) => {
      const text = this.text([...path, key]);
      return text === undefined ? [] : [[key, text] as const];
    });
    return Object.fromEntries(entries);
  }

  /** As written, or the default. */
  number(key: NumberKey): number {
    const value = this.value(key.split('.'));
    return typeof value === 'number' ? value : numberBounds[key].default;
  }

  /** As written where that is within its bounds, which is judged apart; else the default. */
  durationMs(key: DurationKey): number {
    const bounds = durationBounds[key];
    const writtenMs = parseDuration(this.text(key.split('.')) ?? '');
    const isAllowed = writtenMs !== undefined && isWithin(writtenMs, bounds);
    return isAllowed ? writtenMs : (parseDuration(bounds.default) ?? 0);
  }

  error(path: ValuePath, word: Word, part: 'key' | 'value' = 'value'): void {
    this.problems.push({ ...word, severity: 'error', ...this.locate(path, part) });
  }

  warn(path: ValuePath, word: Word): void {
    this.problems.push({ ...word, severity: 'warning', ...this.locate(path, 'key') });
  }
}

/** Whether a duration lies within its bounds, both of them allowed. */
export function isWithin(durationMs: number, bounds: DurationBounds): boolean {
  const minimumMs = parseDuration(bounds.minimum) ?? 0;
  const maximumMs = parseDuration(bounds.maximum) ?? 0;
  return durationMs >= minimumMs && durationMs <= maximumMs;
}
