import type { JsonSchema } from './document-compile.ts';

/**
 * What a property is, in a sentence that messages may quote; and, beside it, what else its writer wants to know: what
 * happens where it is left out, and the trap.
 */
export type About = string | readonly [description: string, more: string];

/** The keywords of a schema that say it. */
export function describe(about: About): JsonSchema {
  if (typeof about === 'string') return { description: about };
  const [description, more] = about;
  return { description, 'x-more': more };
}
