/** A gate: windows of which one is to be open. Several gates are all to be open. */
import type { Window } from './window.ts';
import { endOfOpening, horizonDays, nextAccepting, windowAt } from './window.ts';

export type Gate = readonly Window[];

export interface GateState {
  /** One of its windows is open, if only for what has begun. */
  readonly isOpen: boolean;
  /** Something new may begin now. */
  readonly accepts: boolean;
  /** When that ends; null where it does not within the horizon, and where it is not so. */
  readonly acceptsUntilMs: number | null;
  /** When the last of its windows, of those that follow each other without a gap, closes; null likewise. */
  readonly closesMs: number | null;
  /** What its windows say of themselves. */
  readonly reason: string;
}

/**
 * Openings that are walked over for one answer, at most. A window begins at most 96 times a day (window-parse.ts): this is
 * two of them, over the horizon. What takes longer has no end that is known, and is walked on with when it is asked again.
 */
const stepsMax = 100_000;
const horizonMs = horizonDays * 86_400_000;

/** How a gate stands at an instant. Times are epoch milliseconds. */
export function gateAt(gate: Gate, nowMs: number): GateState {
  const states = gate.map((window) => ({ window, state: windowAt(window, nowMs) }));
  const accepts = states.some(({ state }) => state.accepts);
  const isOpen = states.some(({ state }) => state.isOpen);
  const told = accepts
    ? states.filter(({ state }) => state.accepts)
    : isOpen
      ? states.filter(({ state }) => state.isOpen)
      : states;
  return {
    isOpen,
    accepts,
    acceptsUntilMs: accepts ? lastEnd(gate, nowMs, 'acceptsUntilMs') : null,
    closesMs: isOpen ? lastEnd(gate, nowMs, 'closesMs') : null,
    reason: told.map(({ window, state }) => `${window.name} is ${state.reason}`).join('; '),
  };
}

/** The end of an openness that one window may take over from another. */
function lastEnd(gate: Gate, nowMs: number, key: 'acceptsUntilMs' | 'closesMs'): number | null {
  return walk(key, [gate], nowMs, (atMs) => {
    let lastMs = atMs;
    for (const window of gate) {
      const endMs = endOfOpening(window, atMs, key);
      if (endMs === null) return null;
      lastMs = Math.max(lastMs, endMs ?? atMs);
    }
    return lastMs;
  });
}

/** The first instant from `fromMs` on at which all gates accept together; null where there is none within the horizon. */
export function nextAcceptingAll(gates: readonly Gate[], fromMs: number): number | null {
  return walk('opens', gates, fromMs, (atMs) => {
    let laterMs: number | null = atMs;
    for (const gate of gates) {
      if (laterMs === null) return null;
      laterMs = nextOf(gate, laterMs);
    }
    return laterMs;
  });
}

/** Every task that is held asks the same gates from the same instants. */
const nexts = new WeakMap<Gate, Map<number, number | null>>();
const nextsMax = 64;

function nextOf(gate: Gate, fromMs: number): number | null {
  let known = nexts.get(gate);
  if (known === undefined || known.size >= nextsMax) {
    known = new Map();
    nexts.set(gate, known);
  }
  const kept = known.get(fromMs);
  if (kept !== undefined) return kept;
  const next = findNext(gate, fromMs);
  known.set(fromMs, next);
  return next;
}

function findNext(gate: Gate, fromMs: number): number | null {
  let first: number | null = null;
  for (const window of gate) {
    const next = nextAccepting(window, fromMs);
    if (next !== null && (first === null || next < first)) first = next;
  }
  return first;
}

/** For each instant in [fromMs, toMs) the walk may begin at `toMs`: what lies between was walked over. */
interface Walked {
  readonly question: string;
  readonly gates: readonly Gate[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** A pass asks the same of each of its tasks, and the next pass nearly the same. Kept beside the first of the windows. */
const memories = new WeakMap<Window, Walked[]>();
/** Other gates that begin with the same window, at most; more are walked again. */
const walkedMax = 16;

/** Goes on until a step stays where it is, which is the answer; null where a step or the horizon ends it. */
function walk(
  question: string,
  gates: readonly Gate[],
  fromMs: number,
  step: (atMs: number) => number | null,
): number | null {
  const memory = memoryOf(gates);
  const index = memory.findIndex((one) => one.question === question && areSame(one.gates, gates));
  const [known] = index < 0 ? [] : memory.splice(index, 1);
  const isKnown = known !== undefined && known.fromMs <= fromMs && fromMs < known.toMs;
  let atMs = isKnown ? known.toMs : fromMs;
  let answer: number | null = null;
  for (let steps = 0; steps < stepsMax && atMs - fromMs <= horizonMs; steps += 1) {
    const next = step(atMs);
    if (next === atMs) answer = atMs;
    if (next === null || next === atMs) break;
    atMs = next;
  }
  memory.unshift({ question, gates, fromMs: isKnown ? known.fromMs : fromMs, toMs: atMs });
  memory.length = Math.min(memory.length, walkedMax);
  return answer;
}

function memoryOf(gates: readonly Gate[]): Walked[] {
  const window = gates[0]?.[0];
  if (window === undefined) return [];
  const memory = memories.get(window) ?? [];
  memories.set(window, memory);
  return memory;
}

function areSame(some: readonly Gate[], others: readonly Gate[]): boolean {
  return (
    some.length === others.length &&
    some.every((gate, at) => {
      const other = others[at] ?? [];
      return gate.length === other.length && gate.every((window, index) => window === other[index]);
    })
  );
}
