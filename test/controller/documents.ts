/** Windows, policies, suspensions and waivers as a test writes them: JSON is YAML, too. */
import { isoInstant } from '../../src/policy/verdict.ts';
import { startMs } from './world.ts';

type Spec = Readonly<Record<string, unknown>>;

function documentOf(kind: string, name: string, spec: Spec): string {
  return `${JSON.stringify({ apiVersion: 'snowgate/v1', kind, metadata: { name }, spec })}\n`;
}

/** Minutes after the start of the world, as a local time of UTC. */
const localAt = (minutes: number): string => isoInstant(startMs + minutes * 60_000).slice(0, 16);

/** Open from one minute of the world's time to another; several times where more are given. */
export function windowText(
  name: string,
  times: readonly (readonly [number, number])[],
  more: Spec = {},
): string {
  const open = times.map(([from, to]) => ({ from: localAt(from), to: localAt(to) }));
  return documentOf('Window', name, { timeZone: 'UTC', open, ...more });
}

/** A policy about every task, unless `match` says otherwise. */
export function policyText(name: string, rules: readonly Spec[], match: Spec = {}): string {
  return documentOf('Policy', name, { match, rules });
}

/** A policy of one condition, `p/rule`. */
export function requireText(require: string, more: Spec = {}): string {
  return policyText('p', [{ name: 'rule', require, ...more }]);
}

/** A policy of one window rule, `p/window`, and its window. */
export function insideText(
  from: number,
  to: number,
  rule: Spec = {},
  more: Spec = {},
  match: Spec = {},
): string {
  const policy = policyText('p', [{ name: 'window', window: 'w', ...rule }], match);
  return `${windowText('w', [[from, to]], more)}---\n${policy}`;
}

/** Every fleet is stopped, or one. */
export function suspensionText(spec: Spec = {}): string {
  return documentOf('Suspension', 'stop', { reason: 'an incident', ...spec });
}

/** Of `lab/job`, run 1. */
export function waiverText(expiresMs: number, rules: readonly string[], spec: Spec = {}): string {
  const base = { fleet: 'lab', task: 'job', run: 1, rules, reason: 'storm', expires: isoInstant(expiresMs) };
  return documentOf('Waiver', 'glass', { ...base, ...spec });
}
