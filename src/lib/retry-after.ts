/** How long a server asks to wait, from either of the headers that tell it; undefined where none does. In milliseconds. */
export function askedWaitMs(header: (name: string) => string | null, wallMs: number): number | undefined {
  const after = secondsOf(header('retry-after'));
  if (after !== undefined) return after * 1000;
  if (header('x-ratelimit-remaining') !== '0') return undefined;
  const reset = secondsOf(header('x-ratelimit-reset'));
  return reset === undefined ? undefined : Math.max(0, reset * 1000 - wallMs);
}

function secondsOf(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
