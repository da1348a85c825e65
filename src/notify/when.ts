/** Times as people read them: in the zone of the window that they are about, where that is known. */
import type { PolicySet } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';

/** The zone of the window that a reason is about; UTC where it is about none. */
export function zoneOf(reasons: readonly Reason[], { policies, windows }: PolicySet): string {
  for (const { policy, rule } of reasons) {
    if (policy === undefined || rule === undefined) continue;
    const written = policies.find(({ name }) => name === policy)?.rules.find(({ name }) => name === rule);
    if (written?.kind !== 'window') continue;
    for (const name of written.anyOf) {
      const window = windows.get(name);
      if (window !== undefined) return window.timeZone;
    }
  }
  return 'UTC';
}

/** `22:00 CEST`; with the day where that is another than now's: `Fri 27 Nov 22:00 CET`. */
export function sayWhen(timeMs: number, zone: string, nowMs: number): string {
  const day = dayIn(timeMs, zone);
  const clock = `${clockIn(timeMs, zone)} ${zoneName(timeMs, zone)}`;
  return day === dayIn(nowMs, zone) ? clock : `${day} ${clock}`;
}

function dayIn(timeMs: number, zone: string): string {
  return formatOf(zone, 'day').format(timeMs).replace(',', '');
}

function clockIn(timeMs: number, zone: string): string {
  return formatOf(zone, 'clock').format(timeMs);
}

/** Each of the two knows the abbreviations of its own part of the world, and writes an offset for the rest. */
function zoneName(timeMs: number, zone: string): string {
  const british = nameIn(formatOf(zone, 'british'), timeMs);
  return /^GMT[+-]/.test(british) ? nameIn(formatOf(zone, 'american'), timeMs) : british;
}

function nameIn(format: Intl.DateTimeFormat, timeMs: number): string {
  return format.formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}

const forms = {
  day: ['en-GB', { weekday: 'short', day: 'numeric', month: 'short' }],
  clock: ['en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }],
  british: ['en-GB', { timeZoneName: 'short' }],
  american: ['en-US', { timeZoneName: 'short' }],
} as const satisfies Record<string, readonly [string, Intl.DateTimeFormatOptions]>;

/** Making one takes a hundred times as long as using it, and a pass has thousands of holds in a handful of zones. */
const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 400;

function formatOf(timeZone: string, form: keyof typeof forms): Intl.DateTimeFormat {
  const key = `${form} ${timeZone}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const [locale, options] = forms[form];
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone });
  if (formats.size >= formatsMax) formats.clear();
  formats.set(key, made);
  return made;
}
