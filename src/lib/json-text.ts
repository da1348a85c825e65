import { escapeJson } from './escape.ts';
import type { Redactor } from './redact.ts';

/** A value as JSON for machines, with its final newline; no secret in its texts, no power over whatever shows it. */
export function writeJson(value: unknown, redactor: Redactor): string {
  return `${escapeJson(JSON.stringify(redactTexts(value, redactor), null, 2))}\n`;
}

/** Before it is JSON: a pattern that matched across quotes would leave something else than JSON. */
function redactTexts(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redactTexts(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    redactor.redact(key),
    redactTexts(item, redactor),
  ]);
  return Object.fromEntries(entries);
}
