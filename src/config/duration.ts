const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** One whole number and one unit. Nine digits keep the longest, in days, a safe integer. */
export const durationPattern = '^[0-9]{1,9}(ms|s|m|h|d)$';

/** Milliseconds of `500ms`, `30s`, `5m`, `24h` or `7d`; undefined for anything else. A day is 24 hours. */
export function parseDuration(text: string): number | undefined {
  const parts = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(text);
  const unitMs = unitsMs[parts?.[2] ?? ''];
  return parts === null || unitMs === undefined ? undefined : Number(parts[1]) * unitMs;
}

/** The shortest way to write it: 95000 becomes `95s`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const unitMs = unitsMs[unit] ?? 1;
    if (durationMs > 0 && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
