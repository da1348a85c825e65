/**
 * Windows: named sets of times. Every question is answered from the window and the instants that are asked about, never
 * from a clock; what is worked out once is kept beside the window, because a pass asks it for each of its tasks.
 */
import { formatDuration } from '../config/duration.ts';
import type { Place } from '../lib/faults.ts';
import { formatLocal } from './local-time.ts';
import { findSpan, type Span } from './spans.ts';
import { drawTimeline, type Schedule, type Timeline } from './timeline.ts';

/** How far a window is looked ahead (and back): a year, and the weeks by which a yearly time can move. */
export const horizonDays = 400;

const dayMs = 86_400_000;
const horizonMs = horizonDays * dayMs;

/** Outside these years no window is open: a clock that shows them is wrong, and the zones' rules are not known. */
const knownFromMs = Date.UTC(1971, 0, 1);
const knownToMs = Date.UTC(2198, 0, 1);

export interface Window extends Schedule {
  readonly name: string;
  /** Empty where there is none. */
  readonly description: string;
  /** An IANA zone. */
  readonly timeZone: string;
  readonly cutoffMs: number;
  /** Where it is written. */
  readonly place: Place;
}

export interface Opening {
  /** Null: it began before the horizon. */
  readonly startMs: number | null;
  /** Null: it does not end within the horizon. */
  readonly endMs: number | null;
}

export interface WindowState {
  readonly isOpen: boolean;
  /** Something new may begin now: open, and not within the cutoff of its end. */
  readonly accepts: boolean;
  /** Why, in words for people, with the reasons that the entries give. */
  readonly reason: string;
  /** When openness really ends; null where it is closed, or does not end within the horizon. */
  readonly closesMs: number | null;
  /** `closesMs` less the cutoff; null where that is null, or nothing is accepted now. */
  readonly acceptsUntilMs: number | null;
  /** When the next opening after this instant begins, be it open now or not; null: not within the horizon. */
  readonly opensMs: number | null;
}

/** A state, and the instants [fromMs, toMs) for which it is the answer. */
interface KnownState {
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: WindowState;
}

interface Memory {
  known: KnownState | null;
  readonly timelines: Timeline[];
}

/** A pass asks about now, and about the ends of other windows; more stretches than these are drawn again. */
const timelinesMax = 4;

/** Most answers lie within a month; a whole horizon is drawn for those that do not. */
const nearMs = 40 * dayMs;
/** Drawn beyond what is asked, so that the next days find it done; longer than any cutoff (see window-parse.ts). */
const slackMs = 30 * dayMs;

const memories = new WeakMap<Window, Memory>();

function memoryOf(window: Window): Memory {
  const kept = memories.get(window);
  if (kept !== undefined) return kept;
  const memory: Memory = { known: null, timelines: [] };
  memories.set(window, memory);
  return memory;
}

/** A timeline that holds `timeMs`, and at least `aheadMs` after it. */
function timelineAt(window: Window, timeMs: number, aheadMs: number): Timeline {
  const { timelines } = memoryOf(window);
  const kept = timelines.find(({ fromMs, toMs }) => fromMs <= timeMs && timeMs + aheadMs <= toMs);
  if (kept !== undefined) return kept;
  const fromMs = Math.floor(timeMs / dayMs) * dayMs - dayMs;
  const drawn = drawTimeline(window, fromMs, fromMs + dayMs + aheadMs + slackMs);
  timelines.unshift(drawn);
  timelines.length = Math.min(timelines.length, timelinesMax);
  return drawn;
}

/** Whether it is open at an instant, why, and what comes next. A function of its arguments alone. */
export function windowAt(window: Window, nowMs: number): WindowState {
  const memory = memoryOf(window);
  const { known } = memory;
  if (known !== null && known.fromMs <= nowMs && nowMs < known.toMs) return known.state;
  if (!(nowMs >= knownFromMs && nowMs < knownToMs)) return unknownState;
  const near = readState(window, nowMs, timelineAt(window, nowMs, nearMs));
  const found = near ?? readState(window, nowMs, timelineAt(window, nowMs, horizonMs));
  if (found === null) return unknownState;
  memory.known = found;
  return found.state;
}

const unknownState: WindowState = {
  isOpen: false,
  accepts: false,
  reason: 'closed: the clock shows a year for which no window is known',
  closesMs: null,
  acceptsUntilMs: null,
  opensMs: null,
};

/** The state from one timeline; null where the answer lies beyond it, and the horizon does, too. */
function readState(window: Window, nowMs: number, timeline: Timeline): KnownState | null {
  const { openings, freezes, toMs } = timeline;
  const index = findSpan(openings, nowMs);
  const opening = spanHolding(openings, index, nowMs);
  const freezeIndex = findSpan(freezes, nowMs);
  const freeze = spanHolding(freezes, freezeIndex, nowMs);
  const next = openings[index + 1];
  const ends = [opening?.endMs, freeze?.endMs, next?.startMs ?? toMs];
  const farMs = nowMs + horizonMs;
  if (toMs < farMs && ends.some((end) => end !== undefined && end >= toMs)) return null;
  const within = (timeMs: number | undefined): number | null =>
    timeMs === undefined || timeMs >= toMs || timeMs > farMs ? null : timeMs;

  const closesMs = within(opening?.endMs);
  const lastMs = closesMs === null ? null : closesMs - window.cutoffMs;
  const accepts = opening !== undefined && (lastMs === null || nowMs < lastMs);
  const opensMs = within(next?.startMs);
  const state: Omit<WindowState, 'reason'> = {
    isOpen: opening !== undefined,
    accepts,
    closesMs,
    acceptsUntilMs: accepts ? lastMs : null,
    opensMs,
  };
  const reason =
    opening === undefined
      ? explainClosed(window, freeze, within(freeze?.endMs), opensMs)
      : explainOpen(window, opening, state);

  // It stays the answer from the last to the next of the instants that it depends on; what is far comes into the horizon.
  const told = [opening?.endMs, freeze?.endMs, next?.startMs, toMs].filter((time) => time !== undefined);
  const instants = [
    ...told.flatMap((time) => [time, time - horizonMs]),
    ...[timeline.fromMs, openings[index]?.startMs, openings[index]?.endMs, lastMs],
    ...[freezes[freezeIndex]?.startMs, freezes[freezeIndex]?.endMs, freezes[freezeIndex + 1]?.startMs],
  ].filter((time) => typeof time === 'number');
  return {
    fromMs: Math.max(...instants.filter((time) => time <= nowMs)),
    toMs: Math.min(...instants.filter((time) => time > nowMs)),
    state: Object.freeze({ ...state, reason }),
  };
}

function spanHolding(spans: readonly Span[], index: number, timeMs: number): Span | undefined {
  const span = spans[index];
  return span !== undefined && timeMs < span.endMs ? span : undefined;
}

function explainOpen(window: Window, opening: Span, state: Omit<WindowState, 'reason'>): string {
  const why = opening.reasons.length === 0 ? '' : ` for ${nameReasons(opening.reasons)}`;
  if (state.closesMs === null) return `open${why}, and does not close within ${horizonDays} days`;
  const until = `open${why} until ${formatLocal(state.closesMs, window.timeZone)}`;
  if (state.accepts) return until;
  return `${until}, but nothing new begins in the last ${formatDuration(window.cutoffMs)}; ${tellOpens(window, state.opensMs)}`;
}

function explainClosed(
  window: Window,
  freeze: Span | undefined,
  untilMs: number | null,
  opensMs: number | null,
): string {
  if (freeze === undefined) return `closed: ${tellOpens(window, opensMs)}`;
  const { reasons } = freeze;
  const who = reasons.length === 0 ? 'a freeze' : `the freeze ${nameReasons(reasons)}`;
  if (untilMs === null) return `closed by ${who}, which does not end within ${horizonDays} days`;
  const closed = `closed by ${who} until ${formatLocal(untilMs, window.timeZone)}`;
  return opensMs === untilMs ? closed : `${closed}; ${tellOpens(window, opensMs)}`;
}

function nameReasons(reasons: readonly string[]): string {
  return reasons.map((reason) => JSON.stringify(reason)).join(' and ');
}

function tellOpens({ timeZone }: Window, opensMs: number | null): string {
  return opensMs === null
    ? `does not open within ${horizonDays} days`
    : `opens ${formatLocal(opensMs, timeZone)}`;
}

/** The first instant from `fromMs` on at which it accepts something new; null: not within the horizon from there. */
export function nextAccepting(window: Window, fromMs: number): number | null {
  if (!(fromMs >= knownFromMs && fromMs < knownToMs)) return null;
  for (const aheadMs of [nearMs, horizonMs + slackMs]) {
    const { openings, toMs } = timelineAt(window, fromMs, aheadMs);
    const accepts = ({ startMs, endMs }: Span): boolean =>
      endMs >= toMs || Math.max(startMs, fromMs) < endMs - window.cutoffMs;
    let index = Math.max(0, findSpan(openings, fromMs));
    while (index < openings.length && !accepts(openings[index] ?? { startMs: 0, endMs: 0, reasons: [] })) {
      index += 1;
    }
    const found = openings[index];
    // An opening that reaches the end may be cut short there: only the longer look tells. Whatever the cutoff, it is shorter.
    if (found === undefined || (found.endMs >= toMs && found.startMs > fromMs && aheadMs === nearMs))
      continue;
    return found.startMs <= fromMs + horizonMs ? Math.max(found.startMs, fromMs) : null;
  }
  return null;
}

/**
 * When the opening that holds an instant ends, or ends to accept: `windowAt` without its words, for those who ask for many
 * instants. Undefined where none holds it; null where it does not end within the horizon.
 */
export function endOfOpening(
  window: Window,
  atMs: number,
  key: 'acceptsUntilMs' | 'closesMs',
): number | null | undefined {
  if (!(atMs >= knownFromMs && atMs < knownToMs)) return undefined;
  const cutMs = key === 'closesMs' ? 0 : window.cutoffMs;
  for (const aheadMs of [nearMs, horizonMs]) {
    const { openings, toMs } = timelineAt(window, atMs, aheadMs);
    const opening = spanHolding(openings, findSpan(openings, atMs), atMs);
    if (opening === undefined) return undefined;
    if (opening.endMs >= toMs) continue;
    if (opening.endMs > atMs + horizonMs) return null;
    return atMs < opening.endMs - cutMs ? opening.endMs - cutMs : undefined;
  }
  return null;
}

/**
 * The openings that meet [fromMs, toMs), in order, merged, and whole: not cut to it. What begins or ends more than the
 * horizon away has null there. No more than one horizon is answered for: a later `toMs` counts as `fromMs` and that.
 */
export function findOpenings(window: Window, fromMs: number, toMs: number): readonly Opening[] {
  const endMs = Math.min(toMs, fromMs + horizonMs);
  if (!(endMs > fromMs) || fromMs < knownFromMs || endMs > knownToMs) return [];
  let found: Opening[] = [];
  // Mostly a little around it is enough to see where they begin and end.
  for (const aroundMs of [nearMs, horizonMs]) {
    const timeline = drawTimeline(window, fromMs - aroundMs, endMs + aroundMs);
    found = timeline.openings
      .filter((span) => span.endMs > fromMs && span.startMs < endMs)
      .map((span) => ({
        startMs: span.startMs <= timeline.fromMs ? null : span.startMs,
        endMs: span.endMs >= timeline.toMs ? null : span.endMs,
      }));
    if (found.every((opening) => opening.startMs !== null && opening.endMs !== null)) break;
  }
  return found;
}
