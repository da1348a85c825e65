/** When a window is open, worked out for a stretch of time: its entries as one ordered list of openings. */
import { mergeSpans, type Span, subtractSpans } from './spans.ts';

/** One line of `open` or `closed`: the times it gives that meet [fromMs, toMs), whole, in any order. */
export interface Entry {
  readonly spans: (fromMs: number, toMs: number) => readonly Span[];
}

export interface Schedule {
  /** Null: open except when closed. */
  readonly open: readonly Entry[] | null;
  readonly closed: readonly Entry[];
}

/** Nothing is known outside [fromMs, toMs): a span that reaches a side may go on beyond it. */
export interface Timeline {
  readonly fromMs: number;
  readonly toMs: number;
  readonly openings: readonly Span[];
  readonly freezes: readonly Span[];
}

/** The openings and freezes of a stretch, in order, merged and cut to it. */
export function drawTimeline(schedule: Schedule, fromMs: number, toMs: number): Timeline {
  const whole: Span = { startMs: fromMs, endMs: toMs, reasons: [] };
  const draw = (entries: readonly Entry[]): Span[] =>
    mergeSpans(
      entries.flatMap((entry) =>
        entry.spans(fromMs, toMs).map((span) => ({
          ...span,
          startMs: Math.max(fromMs, span.startMs),
          endMs: Math.min(toMs, span.endMs),
        })),
      ),
    );
  const freezes = draw(schedule.closed);
  const open = schedule.open === null ? [whole] : draw(schedule.open);
  return { fromMs, toMs, openings: subtractSpans(open, freezes), freezes };
}
