/** Times as a page shows them: UTC and the zone of a window by the server, the reader's own time by the script. */
import { localParts, offsetAt } from '../policy/local-time.ts';
import { type Html, html } from './html.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

function titled(word: string): string {
  return `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`;
}

/** `Fri 27 Nov`. */
export function dayIn(timeMs: number, timeZone: string): string {
  const { weekday, day, month } = localParts(timeMs, timeZone);
  return `${titled(weekday)} ${day} ${months[month - 1]}`;
}

/** `22:00`, with seconds where there are any. */
export function clockIn(timeMs: number, timeZone: string): string {
  const { hour, minute, second } = localParts(timeMs, timeZone);
  return `${pad(hour)}:${pad(minute)}${second === 0 ? '' : `:${pad(second)}`}`;
}

/** `Fri 27 Nov 2026 21:00 UTC`. */
export function utcText(timeMs: number): string {
  const { year } = localParts(timeMs, 'UTC');
  return `${dayIn(timeMs, 'UTC')} ${year} ${clockIn(timeMs, 'UTC')} UTC`;
}

/** `Fri 27 Nov 22:00 Europe/Oslo`. */
export function zoneText(timeMs: number, timeZone: string): string {
  return `${dayIn(timeMs, timeZone)} ${clockIn(timeMs, timeZone)} ${timeZone}`;
}

/** `3 d 4 h`, `9 h 12 min`, `5 min`, `40 s`: two parts at most, rounded down. The script writes the same. */
export function spanText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return hours === 0 ? `${days} d` : `${days} d ${hours} h`;
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

/** `in 9 h 12 min`, or `now` once it has come. */
export function untilText(timeMs: number, atMs: number): string {
  return timeMs <= atMs ? 'now' : `in ${spanText(timeMs - atMs)}`;
}

/** An instant in UTC, in a zone beside it where one is given, and for the script to add the reader's own. */
export function timeTag(timeMs: number, timeZone: string | null = null): Html {
  const isSame = timeZone === null || offsetAt(timeMs, timeZone) === 0;
  const zone = isSame ? null : html` <span class="zone">(${zoneText(timeMs, timeZone)})</span>`;
  return html`<span class="when"><time datetime="${iso(timeMs)}" data-local="${timeZone ?? 'UTC'}">${utcText(timeMs)}</time>${zone}</span>`;
}

/** What the script counts down. */
export function untilTag(timeMs: number, atMs: number): Html {
  return html`<time class="count" datetime="${iso(timeMs)}" data-until="${timeMs}">${untilText(timeMs, atMs)}</time>`;
}

/** What the script counts up: `12 s ago`. */
export function sinceTag(timeMs: number, atMs: number): Html {
  return html`<time datetime="${iso(timeMs)}" data-since="${timeMs}">${spanText(atMs - timeMs)} ago</time>`;
}

/** No instant of a decision or an event is outside what a date can hold. */
function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** By how much clocks change, in words: `+1 h`, `-30 min`. */
export function changeText(changeMs: number): string {
  return `${changeMs < 0 ? '-' : '+'}${spanText(Math.abs(changeMs))}`;
}
