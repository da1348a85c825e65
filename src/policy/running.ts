/** The windows by which a task that was issued may run, by the policies of today. */
import type { Manifest } from '../manifest/manifest.ts';
import type { Gate } from './gate.ts';
import { gateAt } from './gate.ts';
import { matchesTask } from './match.ts';
import type { PolicySet } from './policy-set.ts';
import type { Window } from './window.ts';

export type RunGates =
  | {
      readonly kind: 'known';
      /** When what is queued may not begin any more: `nowMs` where that is so already, null where there is no end. */
      endsAt(nowMs: number): number | null;
      /** Whether a device begins inside its windows at an instant; what `onClose: leave` leaves does not, once they are closed. */
      isOpenAt(timeMs: number): boolean;
    }
  /** A policy that allowed it is gone, was changed to be about others, or does not load. */
  | { readonly kind: 'unknown' };

/** `names` are the policies that allowed it: one that was merged since stops what is not asked for yet, and no more. */
export function findRunGates(
  manifest: Manifest,
  fleetLabels: Readonly<Record<string, string>>,
  set: PolicySet,
  names: readonly string[],
): RunGates {
  const subject = { ...manifest, fleetLabels };
  const strict: Gate[] = [];
  const all: Gate[] = [];
  for (const name of names) {
    const policy = set.policies.find((one) => one.name === name);
    if (policy === undefined || !matchesTask(policy.match, subject)) return { kind: 'unknown' };
    for (const rule of policy.rules) {
      if (rule.kind !== 'window' || rule.otherwise === 'warn') continue;
      const windows = rule.anyOf.map((window) => set.windows.get(window));
      if (windows.includes(undefined)) return { kind: 'unknown' };
      const gate = windows.filter((window): window is Window => window !== undefined);
      all.push(gate);
      if (rule.onClose === 'cancel') strict.push(gate);
    }
  }
  return {
    kind: 'known',
    endsAt: (nowMs) => {
      const ends = strict.map((gate) => endOf(gate, nowMs)).filter((end) => end !== null);
      return ends.length === 0 ? null : Math.min(...ends);
    },
    isOpenAt: (timeMs) => all.every((gate) => gateAt(gate, timeMs).isOpen),
  };
}

function endOf(gate: Gate, nowMs: number): number | null {
  const state = gateAt(gate, nowMs);
  return state.isOpen ? state.closesMs : nowMs;
}
