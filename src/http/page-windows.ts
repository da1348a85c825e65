/** Windows: when each is open in the days ahead, what closes it, when its clocks change, and what waits for it. */
import { formatDuration } from '../config/duration.ts';
import type { Slices } from '../lib/turns.ts';
import { instantOf, localParts, offsetAt } from '../policy/local-time.ts';
import type { Span } from '../policy/spans.ts';
import { drawTimeline } from '../policy/timeline.ts';
import { horizonDays, type Window, windowAt } from '../policy/window.ts';
import { waitingMax } from './page-book.ts';
import { type Bounded, bound, type Link, placeLink, windowHref } from './page-parts.ts';
import { type TaskRow, taskRow } from './page-rows.ts';
import type { Badge } from './page-words.ts';
import type { PageWorld } from './page-world.ts';

export const daysShown = 14;
const dayMs = 86_400_000;
/** Looked at around the days that are drawn; where an opening or a freeze is longer, as far as a window is looked ahead. */
const nearMs = 40 * dayMs;
/** A list of windows that is drawn whole. */
const windowsMax = 50;
/** A window may open every quarter of an hour: such a one is drawn, and its table is cut. */
const spansMax = 400;

/** With its own times, also where the days that are drawn begin later or end earlier. */
export interface ShownSpan {
  readonly startMs: number;
  readonly endMs: number;
  /** It began before what is looked at, and `startMs` is where that begins. */
  readonly isCutBefore: boolean;
  /** The same of its end. */
  readonly isCutAfter: boolean;
  readonly reasons: readonly string[];
}

export interface ShownOpening extends ShownSpan {
  /** From here on nothing new begins; the end where there is no cutoff. */
  readonly lastMs: number;
}

export interface ClockChange {
  readonly atMs: number;
  readonly byMs: number;
}

export interface ShownDay {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ShownWindow {
  readonly window: Link;
  readonly id: string;
  readonly description: string;
  readonly timeZone: string;
  readonly cutoff: string | null;
  readonly badge: Badge;
  readonly reason: string;
  readonly opensMs: number | null;
  readonly closesMs: number | null;
  /** When a closed window opens, or an open one closes; null where that is not known. */
  readonly nextMs: number | null;
  readonly horizonDays: number;
  readonly place: Link;
  readonly atMs: number;
  readonly days: readonly ShownDay[];
  readonly openings: Bounded<ShownOpening>;
  readonly freezes: Bounded<ShownSpan>;
  readonly changes: readonly ClockChange[];
  /** In a list they are only counted. */
  readonly waiting: Bounded<TaskRow>;
}

export interface WindowsPage {
  readonly windows: Bounded<ShownWindow>;
  /** Those that do not load: they hold what they could match. */
  readonly broken: Bounded<{ readonly name: string; readonly place: Link }>;
}

/** What the list of windows shows. Each is worked out for itself: two weeks of a zone are many instants. */
export function* windowsModel(world: PageWorld): Slices<WindowsPage> {
  const { policySet } = world.status;
  const names = [...policySet.windows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { rows, more } = bound(names, windowsMax);
  const broken = policySet.broken.flatMap((one) =>
    one.kind === 'window'
      ? [{ name: one.name ?? 'a window without a name', place: linkOf(one.place, world) }]
      : [],
  );
  const shown: ShownWindow[] = [];
  for (const window of rows) {
    shown.push(showWindow(window, world, 0));
    yield;
  }
  return { windows: { rows: shown, more }, broken: bound(broken) };
}

/** What the page of a window shows; null where none has the name. */
export function windowModel(world: PageWorld, name: string): ShownWindow | null {
  const window = world.status.policySet.windows.get(name);
  return window === undefined ? null : showWindow(window, world, waitingMax);
}

function linkOf(place: Window['place'], { status, forges }: PageWorld): Link {
  const head = status.policies === null ? status.source.head : status.policies.head;
  return placeLink(forges.policies, head, place);
}

function showWindow(window: Window, world: PageWorld, rowsMax: number): ShownWindow {
  const { atMs } = world.status;
  const { name, description, timeZone, cutoffMs, place } = window;
  const state = windowAt(window, atMs);
  const days = daysFrom(atMs, timeZone);
  const drawn = spansOf(window, days[0]?.startMs ?? atMs, days.at(-1)?.endMs ?? atMs);
  const { first = [], number = 0 } = world.tasks.byWindow.get(name) ?? {};
  const waiting = first.slice(0, rowsMax).map((task) => taskRow(task, world));
  return {
    window: { text: name, href: windowHref(name) },
    id: `window-${name}`,
    description,
    timeZone,
    cutoff: cutoffMs === 0 ? null : formatDuration(cutoffMs),
    badge: badgeOfWindow(state),
    reason: state.reason,
    opensMs: state.opensMs,
    closesMs: state.closesMs,
    nextMs: state.isOpen ? state.closesMs : state.opensMs,
    horizonDays,
    place: linkOf(place, world),
    atMs,
    days,
    openings: bound(
      drawn.openings.map((span) => {
        const { startMs, endMs, isCutAfter } = span;
        return { ...span, lastMs: isCutAfter ? endMs : Math.max(startMs, endMs - cutoffMs) };
      }),
      spansMax,
    ),
    freezes: bound(drawn.freezes, spansMax),
    changes: clockChanges(days, timeZone),
    waiting: { rows: waiting, more: number - waiting.length },
  };
}

interface Spans {
  readonly fromMs: number;
  readonly toMs: number;
  readonly openings: readonly ShownSpan[];
  readonly freezes: readonly ShownSpan[];
}

/** By window, of the days that were asked for last: two years of quarters of an hour take too long for each page. */
const spansBy = new WeakMap<Window, Spans>();

/** What meets [fromMs, toMs), whole. Mostly a little around it is enough to see where each begins and ends. */
function spansOf(window: Window, fromMs: number, toMs: number): Spans {
  const known = spansBy.get(window);
  if (known?.fromMs === fromMs && known.toMs === toMs) return known;
  const near = lookAround(window, { fromMs, toMs }, nearMs);
  const isWhole = [...near.openings, ...near.freezes].every((span) => !span.isCutBefore && !span.isCutAfter);
  const spans = isWhole ? near : lookAround(window, { fromMs, toMs }, horizonDays * dayMs);
  spansBy.set(window, spans);
  return spans;
}

function lookAround(
  window: Window,
  { fromMs, toMs }: Pick<Spans, 'fromMs' | 'toMs'>,
  aroundMs: number,
): Spans {
  const timeline = drawTimeline(window, fromMs - aroundMs, toMs + aroundMs);
  const show = (spans: readonly Span[]): ShownSpan[] =>
    spans
      .filter(({ startMs, endMs }) => endMs > fromMs && startMs < toMs)
      .map(({ startMs, endMs, reasons }) => ({
        startMs,
        endMs,
        isCutBefore: startMs <= timeline.fromMs,
        isCutAfter: endMs >= timeline.toMs,
        reasons,
      }));
  return { fromMs, toMs, openings: show(timeline.openings), freezes: show(timeline.freezes) };
}

function badgeOfWindow({ isOpen, accepts }: { readonly isOpen: boolean; readonly accepts: boolean }): Badge {
  if (!isOpen) return { tone: 'quiet', word: 'closed' };
  return accepts ? { tone: 'good', word: 'open' } : { tone: 'warn', word: 'closing' };
}

/** Local days, the first of which holds the instant; one on which clocks change is shorter or longer. */
export function daysFrom(atMs: number, timeZone: string): ShownDay[] {
  const days: ShownDay[] = [];
  let startMs = startOfDay(atMs, timeZone);
  for (let day = 0; day < daysShown; day += 1) {
    const endMs = startOfDay(startMs + 1.5 * dayMs, timeZone);
    days.push({ startMs, endMs });
    startMs = endMs;
  }
  return days;
}

/** Midnight itself may be skipped: then the first instant after the gap. */
function startOfDay(timeMs: number, timeZone: string): number {
  const { year, month, day } = localParts(timeMs, timeZone);
  return instantOf(Date.UTC(year, month - 1, day), timeZone);
}

/** The instants at which the clocks of a zone change on these days, and by how much. */
export function clockChanges(days: readonly ShownDay[], timeZone: string): ClockChange[] {
  return days.flatMap(({ startMs, endMs }) => {
    const before = offsetAt(startMs, timeZone);
    const after = offsetAt(endMs, timeZone);
    if (before === after) return [];
    let [low, high] = [startMs, endMs];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle, timeZone) === before) low = middle;
      else high = middle;
    }
    return [{ atMs: high, byMs: after - before }];
  });
}
