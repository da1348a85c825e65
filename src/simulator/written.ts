/**
 * Reads what people wrote, as flags (text) or as JSON for the control paths: settings and rules. Every problem is found
 * at once, as sentences that name the key, the value and what it may be; an unknown key names the near miss.
 */
import { escapeTerminal } from '../lib/escape.ts';
import { findNearest } from '../lib/nearest.ts';
import { operationNames } from './routes.ts';
import type { EffectName, RuleOptions } from './rules.ts';
import { effectNames } from './rules.ts';
import type { ListOrder, Settings } from './settings.ts';

export type Written = Readonly<Record<string, unknown>>;

/** A value read, or the sentence that says why not. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Far longer than any test or demonstration; keeps sums of times exact. */
export const durationMsMax = 366 * 86_400_000;
const shownLettersMax = 60;

export type Rule =
  | { readonly kind: 'duration' }
  | { readonly kind: 'count'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

const listOrders: readonly string[] = ['oldest', 'newest', 'id'] satisfies ListOrder[];
const duration = { kind: 'duration' } as const;

/** What a value of each setting may be. */
export const settingRules: Readonly<Record<keyof Settings, Rule>> = {
  tokenLifeMs: duration,
  listLagMs: duration,
  listRetentionMs: duration,
  lateEffectMs: duration,
  cancelLagMs: duration,
  cancelLoses: { kind: 'boolean' },
  pickupMs: duration,
  rebootMs: duration,
  unlockMs: duration,
  executionLifeMs: duration,
  pageSize: { kind: 'count', min: 1, max: 100 },
  listTags: { kind: 'boolean' },
  listOrder: { kind: 'choice', choices: listOrders },
  openTasksMax: { kind: 'count', min: 0, max: 10_000_000 },
  tasksMax: { kind: 'count', min: 1, max: 10_000_000 },
};

const ruleRules: Readonly<Record<Exclude<keyof RuleOptions, 'probability' | 'account' | 'region'>, Rule>> = {
  operation: { kind: 'choice', choices: ['*', ...operationNames] },
  effect: { kind: 'choice', choices: effectNames },
  times: { kind: 'count', min: 1, max: 1_000_000 },
  skip: { kind: 'count', min: 0, max: 1_000_000 },
  delayMs: duration,
  lateEffectMs: duration,
  retryAfterSeconds: { kind: 'count', min: 0, max: 86_400 },
};

export const settingKeys = Object.keys(settingRules) as readonly (keyof Settings)[];

/** A value as a message shows it: bounded, and with nothing in it that acts on a terminal. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return `"${escapeTerminal(text.length > shownLettersMax ? `${text.slice(0, shownLettersMax)}...` : text)}"`;
}

/** " (did you mean "x"?)", or nothing where no candidate is near. */
function nearMiss(word: string, candidates: readonly string[]): string {
  const near = findNearest(word, candidates);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

/** Milliseconds as a number, or a text like `500ms`, `30s`, `10m`, `1h`, `7d`, `0`. */
export function readDuration(key: string, value: unknown): Reading<number> {
  let durationMs: number | null = null;
  if (typeof value === 'number') durationMs = value;
  else if (typeof value === 'string') {
    const match = /^([0-9]{1,12})(ms|s|m|h|d)?$/.exec(value);
    if (match !== null && (match[2] !== undefined || match[1] === '0')) {
      durationMs = Number(match[1]) * (unitMs[match[2] ?? 'ms'] ?? 1);
    }
  }
  if (durationMs === null || !Number.isInteger(durationMs) || durationMs < 0 || durationMs > durationMsMax) {
    return {
      ok: false,
      problem: `${key} is ${quote(value)}: it must be a time from 0 to 366d, like 500ms, 30s, 10m, 1h`,
    };
  }
  return { ok: true, value: durationMs };
}

/** A whole number within bounds, as a number or in decimal digits. */
export function readCount(key: string, value: unknown, min: number, max: number): Reading<number> {
  const count = typeof value === 'string' && /^[0-9]{1,12}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isInteger(count) && count >= min && count <= max
    ? { ok: true, value: count }
    : { ok: false, problem: `${key} is ${quote(value)}: it must be a whole number from ${min} to ${max}` };
}

/** One of several words; another names the near miss. */
export function readChoice<T extends string>(key: string, value: unknown, choices: readonly T[]): Reading<T> {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return { ok: true, value: found };
  const near = typeof value === 'string' ? nearMiss(value, choices) : '';
  const problem = `${key} is ${quote(value)}: it must be one of ${choices.join(', ')}${near}`;
  return { ok: false, problem };
}

function readValue(key: string, rule: Rule, value: unknown): Reading<number | boolean | string> {
  switch (rule.kind) {
    case 'duration':
      return readDuration(key, value);
    case 'count':
      return readCount(key, value, rule.min, rule.max);
    case 'boolean':
      if (typeof value === 'boolean') return { ok: true, value };
      if (value === 'true' || value === 'false') return { ok: true, value: value === 'true' };
      return { ok: false, problem: `${key} is ${quote(value)}: it must be true or false` };
    case 'choice':
      return readChoice(key, value, rule.choices);
  }
}

export type Readings<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Whether a parsed JSON value is an object with keys. */
export function isWritten(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sentences for keys that nobody knows. */
export function findUnknownKeys(written: Written, known: readonly string[]): string[] {
  return Object.keys(written)
    .filter((key) => !known.includes(key))
    .map((key) => `${quote(key)} is not known here${nearMiss(key, known)}`);
}

/** Settings, any of them. `fixed` are those that cannot be changed any more; `nameOf` is what messages call a key. */
export function readSettings(
  written: Written,
  fixed: readonly (keyof Settings)[] = [],
  nameOf: (key: keyof Settings) => string = (key) => key,
): Readings<Partial<Settings>> {
  const known = settingKeys.filter((key) => !fixed.includes(key));
  const problems = findUnknownKeys(written, known);
  const read: Record<string, number | boolean | string> = {};
  for (const key of known) {
    if (written[key] === undefined) continue;
    const reading = readValue(nameOf(key), settingRules[key], written[key]);
    if (reading.ok) read[key] = reading.value;
    else problems.push(reading.problem);
  }
  // Each key was read by the rule of its own type.
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: read as Partial<Settings> };
}

/** One fault rule. */
export function readRule(written: unknown): Readings<RuleOptions> {
  if (!isWritten(written)) return { ok: false, problems: [`a rule is an object, not ${quote(written)}`] };
  const keys = Object.keys(ruleRules) as (keyof typeof ruleRules)[];
  const problems = findUnknownKeys(written, [...keys, 'probability', 'account', 'region']);
  const read: Record<string, number | boolean | string> = {};
  for (const key of keys) {
    if (written[key] === undefined) continue;
    const reading = readValue(key, ruleRules[key], written[key]);
    if (reading.ok) read[key] = reading.value;
    else problems.push(reading.problem);
  }
  const { probability, account, region } = written;
  if (probability !== undefined) {
    if (typeof probability === 'number' && probability >= 0 && probability <= 1)
      read.probability = probability;
    else problems.push(`probability is ${quote(probability)}: it must be a number from 0 to 1`);
  }
  for (const [key, value] of Object.entries({ account, region })) {
    if (value === undefined) continue;
    if (typeof value === 'string') read[key] = value;
    else problems.push(`${key} is ${quote(value)}: it must be a text`);
  }
  for (const key of ['operation', 'effect'] as const) {
    if (written[key] === undefined) problems.push(`a rule needs ${key}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: read as Partial<RuleOptions> & { operation: string; effect: EffectName } };
}
