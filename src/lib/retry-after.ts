/**
 * How long a server asks to wait, from either of the headers that tell it; undefined where none does. In milliseconds.
 * `Retry-After` is a number of seconds, or a time in the one form that is written today (RFC 9110, sections 10.2.3 and 5.6.7).
 */
export function askedWaitMs(header: (name: string) => string | null, wallMs: number): number | undefined {
  const retryAfter = header('retry-after');
  const after = secondsOf(retryAfter);
  if (after !== undefined) return after * 1000;
  const untilMs = timeOf(retryAfter);
  if (untilMs !== undefined) return Math.max(0, untilMs - wallMs);
  if (header('x-ratelimit-remaining') !== '0') return undefined;
  const reset = secondsOf(header('x-ratelimit-reset'));
  return reset === undefined ? undefined : Math.max(0, reset * 1000 - wallMs);
}

function secondsOf(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

const days = 'Mon|Tue|Wed|Thu|Fri|Sat|Sun';
const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const httpDate = new RegExp(`^(?:${days}), [0-9]{2} (?:${months}) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$`);

function timeOf(text: string | null): number | undefined {
  const timeMs = text !== null && httpDate.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
