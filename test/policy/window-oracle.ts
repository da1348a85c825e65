/** A slow second opinion on windows: it steps minute by minute, and asks Temporal what the clocks show. */
import { Temporal } from 'temporal-polyfill';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

/** What a clock on the wall shows, as minutes since 1970 of a clock in UTC that shows the same. */
function wallMinute(timeMs: number, timeZone: string): number {
  const shown = Temporal.Instant.fromEpochMilliseconds(timeMs).toZonedDateTimeISO(timeZone);
  return (timeMs + shown.offsetNanoseconds / 1e6) / minuteMs;
}

/** Instants at which the clocks of a zone are changed within [fromMs, toMs). */
export function changesOf(timeZone: string, fromMs: number, toMs: number): number[] {
  const changes: number[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone);
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= toMs) return changes;
    changes.push(next.epochMilliseconds);
    at = next;
  }
}

/** Consecutive minutes, and what the wall shows at each. */
export interface Minutes {
  readonly fromMs: number;
  readonly walls: readonly number[];
}

export function readMinutes(timeZone: string, fromMs: number, toMs: number): Minutes {
  const walls: number[] = [];
  for (let timeMs = fromMs; timeMs < toMs; timeMs += minuteMs) walls.push(wallMinute(timeMs, timeZone));
  return { fromMs, walls };
}

export interface OracleEntry {
  readonly starts: (wallMinute: number) => boolean;
  readonly lasts: number;
}

/**
 * Whether each minute is in a time of the entry. A start comes when the wall shows its minute for the first time, or has
 * passed it over: whatever is not beyond the latest that was ever shown has been.
 */
function coverMinutes({ walls }: Minutes, { starts, lasts }: OracleEntry): boolean[] {
  const covered = walls.map(() => false);
  let latest = (walls[0] ?? 0) - 1;
  for (const [index, wall] of walls.entries()) {
    for (let shown = latest + 1; shown <= wall; shown += 1) {
      if (starts(shown)) covered.fill(true, index, index + lasts);
    }
    latest = Math.max(latest, wall);
  }
  return covered;
}

/** Whether each minute is open. */
export function openMinutes(
  minutes: Minutes,
  open: readonly OracleEntry[],
  closed: readonly OracleEntry[],
): boolean[] {
  const opened = open.map((entry) => coverMinutes(minutes, entry));
  const shut = closed.map((entry) => coverMinutes(minutes, entry));
  return minutes.walls.map(
    (_wall, index) => opened.some((row) => row[index]) && !shut.some((row) => row[index]),
  );
}

/** Of each minute, whether something new may begin: open, and open still for longer than the cutoff. */
export function acceptingMinutes(open: readonly boolean[], cutoffMinutes: number): boolean[] {
  let left = 0;
  const accepting: boolean[] = [];
  for (let index = open.length - 1; index >= 0; index -= 1) {
    left = open[index] === true ? left + 1 : 0;
    accepting[index] = left > cutoffMinutes;
  }
  return accepting;
}
