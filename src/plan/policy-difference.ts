/** What a merge changes among the policies, by what the documents mean: their places and their words alone change nothing. */
import type { Place } from '../lib/faults.ts';
import type { Policy, Suspension, Waiver } from '../policy/policy.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { drawTimeline } from '../policy/timeline.ts';
import { findOpenings, horizonDays, type Opening, type Window } from '../policy/window.ts';

export interface PolicyChange {
  readonly kind: 'window' | 'policy' | 'suspension' | 'waiver';
  readonly name: string;
  /** `broken`: it stands there, and does not load. */
  readonly how: 'added' | 'changed' | 'removed' | 'broken';
  /** Where it stands after the merge, or stood before it. */
  readonly place: Place;
  /** Of a window: its next openings, before and after; empty where it is not there, or does not open. */
  readonly openings: { readonly before: readonly Opening[]; readonly after: readonly Opening[] } | null;
}

const dayMs = 86_400_000;
/** Enough to see what has moved. */
const openingsShown = 3;

interface Named {
  readonly name: string;
  readonly place: Place;
}

/** In the order of kinds, and then of names. */
export function findPolicyChanges(before: PolicySet, after: PolicySet, nowMs: number): PolicyChange[] {
  const windows = compare('window', [...before.windows.values()], [...after.windows.values()], (window) =>
    meaningOfWindow(window, nowMs),
  );
  const openingsIn = (set: PolicySet, name: string): readonly Opening[] => {
    const window = set.windows.get(name);
    if (window === undefined) return [];
    return findOpenings(window, nowMs, nowMs + horizonDays * dayMs).slice(0, openingsShown);
  };
  const changes = [
    ...windows.map((change) => ({
      ...change,
      openings: { before: openingsIn(before, change.name), after: openingsIn(after, change.name) },
    })),
    ...compare('policy', before.policies, after.policies, meaningOfPolicy),
    ...compare('suspension', before.suspensions, after.suspensions, meaningOf<Suspension>),
    ...compare('waiver', before.waivers, after.waivers, meaningOf<Waiver>),
  ];
  return changes.map((change) => {
    const broken = change.how === 'removed' ? findBroken(change, after) : undefined;
    return broken === undefined ? change : { ...change, how: 'broken', place: broken.place };
  });
}

/** What is not there because it does not load. */
function findBroken(
  { kind, name }: PolicyChange,
  { broken }: PolicySet,
): { readonly place: Place } | undefined {
  for (const one of broken) if (one.kind === kind && 'name' in one && one.name === name) return one;
  return undefined;
}

function compare<D extends Named>(
  kind: PolicyChange['kind'],
  before: readonly D[],
  after: readonly D[],
  read: (document: D) => string,
): PolicyChange[] {
  const was = new Map(before.map((document) => [document.name, document]));
  const is = new Map(after.map((document) => [document.name, document]));
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name): PolicyChange[] => {
    const [old, now] = [was.get(name), is.get(name)];
    const place = (now ?? old)?.place;
    if (place === undefined) return [];
    const base = { kind, name, place, openings: null };
    if (old === undefined) return [{ ...base, how: 'added' }];
    if (now === undefined) return [{ ...base, how: 'removed' }];
    return read(old) === read(now) ? [] : [{ ...base, how: 'changed' }];
  });
}

function meaningOfWindow(window: Window, nowMs: number): string {
  const { timeZone, cutoffMs } = window;
  const { openings, freezes } = drawTimeline(window, nowMs, nowMs + horizonDays * dayMs);
  return JSON.stringify([timeZone, cutoffMs, openings, freezes]);
}

function meaningOfPolicy({ match, rules }: Policy): string {
  const told = rules.map((rule) => {
    const { name, otherwise, message } = rule;
    return rule.kind === 'window'
      ? [name, otherwise, message, rule.anyOf, rule.onClose]
      : [name, otherwise, message, rule.expression.source];
  });
  return JSON.stringify([match, told]);
}

function meaningOf<D extends object>(document: D): string {
  return JSON.stringify({ ...document, place: null, blob: null });
}
