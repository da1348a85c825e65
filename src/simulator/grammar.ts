/**
 * The API's grammar: what AWS would refuse before it looks at any state. Wrong JSON types are a SerializationException,
 * everything else one ValidationException that names every violated constraint, in the words AWS's services use.
 * Members that the API does not know are ignored and null counts as absent, as REST-JSON services do.
 */
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';

const shownLettersMax = 80;

export const idRule = { min: 1, max: 64 } as const;
export const resourceTypeRule = { min: 1, max: 50 } as const;
export const pageTokenRule = { min: 1, max: 1024, grammar: /^[a-zA-Z0-9+/=]*$/ } as const;
export const clientTokenRule = { min: 1, max: 64, grammar: /^[!-~]+$/ } as const;
export const descriptionRule = { min: 1, max: 128, grammar: /^[A-Za-z0-9 _.,!#]*$/ } as const;
/** AWS's rule for tags anywhere. */
const tagKeyRule = { min: 1, max: 128, grammar: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u } as const;
const tagValueRule = { min: 0, max: 256, grammar: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u } as const;
/** Of one resource, together. */
export const tagsMax = 50;

interface TextRule {
  readonly min: number;
  readonly max: number;
  readonly grammar?: RegExp;
}

/** Collects violations; one reply names them all. */
export class Violations {
  readonly #found: string[] = [];

  add(value: unknown, member: string, constraint: string): void {
    this.#found.push(
      `Value ${show(value)} at '${member}' failed to satisfy constraint: Member must ${constraint}`,
    );
  }

  checkText(value: string, member: string, rule: TextRule): void {
    const length = [...value].length;
    if (length < rule.min) this.add(value, member, `have length greater than or equal to ${rule.min}`);
    if (length > rule.max) this.add(value, member, `have length less than or equal to ${rule.max}`);
    if (rule.grammar !== undefined && !rule.grammar.test(value)) {
      this.add(value, member, `satisfy regular expression pattern: ${rule.grammar.source}`);
    }
  }

  checkTags(tags: Readonly<Record<string, string>>): void {
    const entries = Object.entries(tags);
    if (entries.length > tagsMax) {
      this.add(`${entries.length} entries`, 'tags', `have at most ${tagsMax} entries`);
      return;
    }
    for (const [key, value] of entries) {
      this.#checkTagKey(key, 'tags.key');
      this.checkText(value, `tags.${key}.member`, tagValueRule);
    }
  }

  /** Keys of tags to be taken away. AWS's own cannot be, either. */
  checkTagKeys(keys: readonly string[]): void {
    if (keys.length > tagsMax) {
      this.add(`${keys.length} entries`, 'tagKeys', `have length less than or equal to ${tagsMax}`);
      return;
    }
    keys.forEach((key, index) => {
      this.#checkTagKey(key, `tagKeys.${index + 1}.member`);
    });
  }

  #checkTagKey(key: string, member: string): void {
    this.checkText(key, member, tagKeyRule);
    if (/^aws:/i.test(key)) this.add(key, member, "not begin with the reserved prefix 'aws:'");
  }

  /** The refusal, or null where nothing was violated. */
  conclude(): Reply<never> | null {
    const count = this.#found.length;
    if (count === 0) return null;
    const noun = count === 1 ? 'error' : 'errors';
    return refuse('ValidationException', `${count} validation ${noun} detected: ${this.#found.join('; ')}`);
  }
}

/** A value as messages show it: bounded, and with no character that a terminal would act on. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
  const safe = text.replace(/[^ -~]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
  return `'${safe.length > shownLettersMax ? `${safe.slice(0, shownLettersMax)}...` : safe}'`;
}
