/**
 * HTML in tagged templates. Every text passes here: what acts on a reader is made visible first, then what acts on a browser is
 * escaped. Nothing is ever put in raw.
 */
import { html as markUp } from 'hono/html';
import { escapeTerminal } from '../lib/escape.ts';

/** Made by the tag alone. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

export type HtmlValue = Html | string | number | null | readonly HtmlValue[];

/**
 * The tag. A text may stand between tags or in a quoted attribute, and nowhere else; null is nothing, a list its items one after
 * the other.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // It makes a promise of promises alone, and none is let in.
  return markUp(strings, ...values.map(makeVisible)) as unknown as Html;
}

function makeVisible(value: HtmlValue): unknown {
  if (typeof value === 'string') return escapeTerminal(value);
  return Array.isArray(value) ? value.map(makeVisible) : value;
}

/** Some HTML where a condition holds, nothing otherwise. */
export function when(condition: boolean, make: () => Html): Html | null {
  return condition ? make() : null;
}
