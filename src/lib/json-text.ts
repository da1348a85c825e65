import { escapeJson } from './escape.ts';
import type { Redactor } from './redact.ts';

/** A value as JSON for machines, with its final newline; no secret in its texts, no power over whatever shows it. */
export function writeJson(value: unknown, redactor: Redactor): string {
  const hidden = redactTexts(value, redactor, new Map());
  return `${escapeJson(JSON.stringify(hidden, null, 2))}\n`;
}

/**
 * Before it is JSON: a pattern that matched across quotes would leave something else than JSON. Keys may be others' (a map of
 * tags), and most are ours, the same in each item of a list: `keys` are those that were looked at.
 */
function redactTexts(value: unknown, redactor: Redactor, keys: Map<string, string>): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redactTexts(item, redactor, keys));
  if (typeof value !== 'object' || value === null) return value;
  const hidden: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const shown = keys.get(key) ?? redactor.redact(key);
    keys.set(key, shown);
    const shownItem = redactTexts(item, redactor, keys);
    // Assigned, a value under this name would become the prototype, and be lost.
    if (shown === '__proto__') Object.defineProperty(hidden, shown, { value: shownItem, enumerable: true });
    else hidden[shown] = shownItem;
  }
  return hidden;
}
