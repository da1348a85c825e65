/** A window drawn: as one strip of a fortnight, or day by day. Lengths are per cent, so that it fits any screen. */
import { localParts } from '../policy/local-time.ts';
import { type Html, html, when } from './html.ts';
import { changeText, clockIn, dayIn } from './page-time.ts';
import type { ShownDay, ShownSpan, ShownWindow } from './page-windows.ts';

/** What stands for a time that nobody has looked for. */
export const beforeText = 'earlier than what is looked at';
export const afterText = 'later than what is looked at';

interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Bar {
  readonly startMs: number;
  readonly endMs: number;
  readonly title: string;
}

function percent(timeMs: number, { fromMs, toMs }: Scale): number {
  const part = ((timeMs - fromMs) / (toMs - fromMs)) * 100;
  return Math.round(Math.min(100, Math.max(0, part)) * 1_000) / 1_000;
}

function isWithin(timeMs: number, { fromMs, toMs }: Scale): boolean {
  return fromMs <= timeMs && timeMs < toMs;
}

/** What hatched areas are filled with: once a page. A style sheet of another address could not name them. */
export function patterns(): Html {
  return html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch-freeze" class="pattern-freeze" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7"/><path d="M1.5 0v7"/></pattern>
<pattern id="hatch-cutoff" class="pattern-cutoff" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="5" height="5"/><path d="M1 0v5"/></pattern>
</defs></svg>`;
}

/** What the marks mean. */
export function legend(): Html {
  return html`<ul class="legend" aria-label="What the marks mean">
<li><svg aria-hidden="true"><rect class="opening" y="1" width="22" height="10" rx="2"/></svg>open</li>
<li><svg aria-hidden="true"><rect y="1" width="22" height="10" fill="url(#hatch-cutoff)"/></svg>nothing new begins (cutoff)</li>
<li><svg aria-hidden="true"><rect y="1" width="22" height="10" fill="url(#hatch-freeze)"/></svg>freeze</li>
<li><svg aria-hidden="true"><rect class="bed" y="1" width="22" height="10" rx="2"/></svg>closed</li>
<li><svg aria-hidden="true"><line class="change" x1="11" x2="11" y1="0" y2="12"/></svg>clocks change</li>
<li><svg aria-hidden="true"><line class="now" x1="11" x2="11" y1="0" y2="12"/></svg>now</li></ul>`;
}

/** Openings, cutoffs and freezes between two heights. */
function bars({ openings, freezes, timeZone }: ShownWindow, scale: Scale, top: number, height: number): Html {
  const text = (timeMs: number): string => `${dayIn(timeMs, timeZone)} ${clockIn(timeMs, timeZone)}`;
  const times = ({ startMs, endMs, isCutBefore, isCutAfter }: ShownSpan): string =>
    `${isCutBefore ? beforeText : text(startMs)} to ${isCutAfter ? afterText : text(endMs)}`;
  const draw = (bar: Bar, fill: Html): Html | null => {
    const x = percent(bar.startMs, scale);
    const width = percent(bar.endMs, scale) - x;
    return when(
      width > 0,
      () =>
        html`<rect x="${x}%" width="${Math.round(width * 1_000) / 1_000}%" y="${top}" height="${height}"${fill}><title>${bar.title}</title></rect>`,
    );
  };
  const open = openings.rows.map((opening) => {
    const { startMs, endMs, lastMs } = opening;
    const title = `open ${times(opening)}`;
    const last = { startMs: lastMs, endMs, title: `nothing new begins after ${text(lastMs)}` };
    return [
      draw({ startMs, endMs: lastMs, title }, html` class="opening"`),
      draw(last, html` class="cutoff" fill="url(#hatch-cutoff)"`),
    ];
  });
  const closed = freezes.rows.map((freeze) => {
    const { startMs, endMs, reasons } = freeze;
    const why = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
    return draw(
      { startMs, endMs, title: `freeze ${times(freeze)}${why}` },
      html` class="freeze" fill="url(#hatch-freeze)"`,
    );
  });
  return html`${open}${closed}`;
}

/** In words, for whoever does not see it. */
function described({ window, openings, freezes, changes, badge }: ShownWindow): string {
  const told = [
    `${window.text} in the next fortnight`,
    `${badge.word} now`,
    `${openings.rows.length + openings.more} openings`,
    `${freezes.rows.length + freezes.more} freezes`,
    `${changes.length} clock changes`,
  ];
  return `${told.join(', ')}; the table has all of it`;
}

/** The whole fortnight as one strip. */
export function strip(shown: ShownWindow): Html {
  const { days, timeZone, atMs, changes } = shown;
  const scale = { fromMs: days[0]?.startMs ?? atMs, toMs: days.at(-1)?.endMs ?? atMs + 1 };
  const marks = days.map(({ startMs }, index) => {
    const x = percent(startMs, scale);
    const day = localParts(startMs, timeZone).day;
    const line = when(index > 0, () => html`<line class="midnight" x1="${x}%" x2="${x}%" y1="18" y2="44"/>`);
    return html`${line}<text class="wide" x="${x}%" dx="3" y="12">${day === 1 ? dayIn(startMs, timeZone) : dayIn(startMs, timeZone).replace(/ [A-Z][a-z]+$/, '')}</text><text class="narrow" x="${x}%" dx="1" y="12">${day}</text>`;
  });
  const clocks = changes.map(({ atMs: changeMs, byMs }) => {
    const x = percent(changeMs, scale);
    return html`<line class="change" x1="${x}%" x2="${x}%" y1="16" y2="47"/><text class="change-text" x="${x}%" y="59"${x > 50 ? html` text-anchor="end"` : null}>clocks ${changeText(byMs)}</text>`;
  });
  return html`<svg class="strip${changes.length > 0 ? ' tall' : ''}" role="img" aria-label="${described(shown)}"><rect class="bed" x="0" y="20" width="100%" height="22" rx="3"/>${marks}${bars(shown, scale, 20, 22)}${clocks}${nowMark(atMs, scale, 16, 46)}</svg>`;
}

function nowMark(atMs: number, scale: Scale, top: number, bottom: number): Html | null {
  const x = percent(atMs, scale);
  return when(
    isWithin(atMs, scale),
    () =>
      html`<line class="now" x1="${x}%" x2="${x}%" y1="${top}" y2="${bottom}"/><circle class="now-head" cx="${x}%" cy="${bottom}" r="3.5"/>`,
  );
}

/** A row a local day. */
export function dayRows(shown: ShownWindow): Html {
  const { days, timeZone } = shown;
  const hours = ['00', '06', '12', '18'].map(
    (hour, index) =>
      html`<text x="${index * 25}%" y="12"${index === 0 ? null : html` text-anchor="middle"`}>${hour}</text>`,
  );
  const ruler = html`<li><span class="day soft">${timeZone.split('/').at(-1)?.replaceAll('_', ' ') ?? timeZone}</span><svg class="strip ruler">${hours}<text x="100%" y="12" text-anchor="end">24</text></svg></li>`;
  return html`<div role="img" aria-label="${described(shown)}"><ul class="days">${ruler}${days.map((day) => dayRow(day, shown))}</ul></div>`;
}

function dayRow({ startMs, endMs }: ShownDay, shown: ShownWindow): Html {
  const { timeZone, atMs, changes } = shown;
  const scale = { fromMs: startMs, toMs: endMs };
  const own = changes.filter(({ atMs: changeMs }) => isWithin(changeMs, scale));
  const lines = [25, 50, 75].map((x) => html`<line class="midnight" x1="${x}%" x2="${x}%" y1="1" y2="17"/>`);
  const clocks = own.map(({ atMs: changeMs }) => {
    const x = percent(changeMs, scale);
    return html`<line class="change" x1="${x}%" x2="${x}%" y1="0" y2="18"/>`;
  });
  const notes = own.map(
    ({ atMs: changeMs, byMs }) =>
      html`<span class="note">clocks ${changeText(byMs)} at ${clockIn(changeMs, timeZone)}</span>`,
  );
  const today = isWithin(atMs, scale) ? html` class="today"` : null;
  return html`<li${today}><span class="day">${dayIn(startMs, timeZone)}</span><svg class="strip"><rect class="bed" x="0" y="2" width="100%" height="14" rx="3"/>${lines}${bars(shown, scale, 2, 14)}${clocks}${nowMark(atMs, scale, 0, 18)}</svg>${notes}</li>`;
}
