/** Windows as HTML. */
import { count } from '../lib/count.ts';
import { type Html, type HtmlValue, html, when } from './html.ts';
import { badge, facts, linkTo, moreItem, table } from './page-parts.ts';
import { taskList } from './page-rows.ts';
import { changeText, spanText, timeTag, untilTag } from './page-time.ts';
import { daysShown, type ShownSpan, type ShownWindow, type WindowsPage } from './page-windows.ts';
import { afterText, beforeText, dayRows, legend, patterns, strip } from './page-windows-draw.ts';

/** What stands in `main` of the list. */
export function windowsView({ windows: { rows, more }, broken }: WindowsPage): Html {
  const none = when(
    rows.length === 0,
    () => html`<p class="card nothing">No window is written among the policies.</p>`,
  );
  const unloaded = when(
    broken.rows.length > 0,
    () =>
      html`<section aria-labelledby="broken"><h2 id="broken">Windows that do not load</h2><p class="lead">What they could be about is held.</p><ul class="card">${broken.rows.map(({ name, place }) => html`<li>${badge({ tone: 'bad', word: 'error' })} ${name}, ${linkTo(place, 'mono')}</li>`)}${moreItem(broken.more)}</ul></section>`,
  );
  return html`<div class="title"><h1>Windows</h1></div>${patterns()}${none}${unloaded}
${when(rows.length > 0, () => html`<p class="lead">The next ${daysShown} days, each in the local days of its own zone.</p>${legend()}`)}
${rows.map((shown) => windowCard(shown))}
${when(more > 0, () => html`<p class="more">and ${more} more: snowgate window explain NAME</p>`)}`;
}

function windowCard(shown: ShownWindow): Html {
  const { id, window, description, timeZone, waiting } = shown;
  const number = waiting.rows.length + waiting.more;
  return html`<section class="card" aria-labelledby="${id}"><h2 id="${id}">${linkTo(window)} ${badge(shown.badge)} <span class="number">${timeZone}</span></h2>
${description === '' ? null : html`<p class="soft">${description}</p>`}${next(shown)}
${strip(shown)}
<details id="table-of-${id}"><summary>As a table</summary>${openingTable(shown)}</details>
${when(number > 0, () => html`<p>${linkTo({ text: `${count(number, 'task')} waiting`, href: `${window.href ?? ''}#waiting` })}</p>`)}</section>`;
}

function next({
  nextMs,
  opensMs,
  closesMs,
  timeZone,
  atMs,
  horizonDays,
  badge: { word },
}: ShownWindow): Html {
  const verb = word === 'closed' ? 'opens' : 'closes';
  if (nextMs === null) return html`<p>${verb} not within ${horizonDays} days</p>`;
  const again =
    closesMs !== null && opensMs !== null && word === 'closing'
      ? html`; opens again ${timeTag(opensMs, timeZone)}`
      : null;
  return html`<p>${verb} ${timeTag(nextMs, timeZone)} <strong>${untilTag(nextMs, atMs)}</strong>${again}</p>`;
}

/** What stands in `main` of one window's page. */
export function windowView(shown: ShownWindow): Html {
  const { window, description, timeZone, cutoff, place, reason, waiting, atMs } = shown;
  return html`<p class="crumb"><a href="/windows">Windows</a></p><div class="title"><h1>${window.text}</h1>${badge(shown.badge)}</div>${patterns()}
${description === '' ? null : html`<p class="lead">${description}</p>`}
<div class="card">${next(shown)}${facts([
    ['Why', reason],
    ['Time zone', timeZone],
    ['Cutoff', cutoff === null ? null : `nothing new begins in the last ${cutoff} of an opening`],
    ['Written in', linkTo(place, 'mono')],
  ])}</div>
<section aria-labelledby="days"><h2 id="days">The next ${daysShown} days</h2>${legend()}<div class="card">${dayRows(shown)}</div></section>
<section aria-labelledby="waiting"><h2 id="waiting">Waiting for it <span class="number">${waiting.rows.length + waiting.more}</span></h2>${
    waiting.rows.length === 0
      ? html`<p class="card nothing">No task waits for this window.</p>`
      : taskList(waiting.rows, atMs)
  }${when(waiting.more > 0, () => html`<p class="more">and ${waiting.more} more</p>`)}</section>
<section aria-labelledby="openings"><h2 id="openings">As a table</h2>${openingTable(shown)}</section>`;
}

/** All that is drawn, in the order of time. */
function openingTable({ window, openings, freezes, changes, timeZone, id }: ShownWindow): Html {
  const times = ({ startMs, endMs, isCutBefore, isCutAfter }: ShownSpan): HtmlValue[] => [
    isCutBefore ? beforeText : timeTag(startMs, timeZone),
    isCutAfter ? afterText : timeTag(endMs, timeZone),
    isCutBefore || isCutAfter ? '' : spanText(endMs - startMs),
  ];
  const rows = [
    ...openings.rows.map((opening) => {
      const { startMs, endMs, lastMs, reasons } = opening;
      const last = lastMs < endMs ? [`nothing new in the last ${spanText(endMs - lastMs)}`] : [];
      return { startMs, cells: ['open', ...times(opening), [...last, ...reasons].join('; ')] };
    }),
    ...freezes.rows.map((freeze) => ({
      startMs: freeze.startMs,
      cells: ['freeze', ...times(freeze), freeze.reasons.join('; ')],
    })),
    ...changes.map(({ atMs, byMs }) => ({
      startMs: atMs,
      cells: ['clocks change', timeTag(atMs, timeZone), '', '', changeText(byMs)],
    })),
  ];
  const sorted = rows.sort((a, b) => a.startMs - b.startMs).map(({ cells }) => cells);
  const more = openings.more + freezes.more;
  const heads = ['What', 'From', 'To', 'Length', 'Why'];
  const caption = `Openings, freezes and clock changes of ${window.text}`;
  return html`${sorted.length === 0 ? html`<p class="nothing">Neither an opening nor a freeze in these days.</p>` : table(`spans-${id}`, caption, heads, sorted)}${when(more > 0, () => html`<p class="more">and ${more} more</p>`)}`;
}
