/** The first page as HTML. */
import { count } from '../lib/count.ts';
import { type Html, html, when } from './html.ts';
import type { Overview } from './page-overview.ts';
import { badge, linkTo, moreItem, nextLine, separated, shape, table } from './page-parts.ts';
import { taskList } from './page-rows.ts';
import { standingLines } from './page-standing.ts';
import { sinceTag } from './page-time.ts';
import type { Tone } from './page-words.ts';

/** What stands in `main`. */
export function overviewView(model: Overview): Html {
  const groups = model.groups.filter(({ number }) => number > 0);
  const nothing = when(
    groups.length === 0 && !model.isNew,
    () => html`<section><p class="card nothing">No task is known: none was merged yet.</p></section>`,
  );
  return html`${verdict(model)}${standingLines(model.notes)}${tiles(model)}${halts(model)}
${groups.map((group) => groupSection(group, model.atMs))}${nothing}${problems(model)}${sync(model)}${fleets(model)}`;
}

function verdict(model: Overview): Html {
  const stopped = model.halts.rows.length + model.halts.more;
  const heads = model.sync.map(({ name, head, fetchedMs }) => {
    const age = fetchedMs === null ? 'not read yet' : sinceTag(fetchedMs, model.atMs);
    return html`<li>${name} ${head === null ? null : linkTo(head, 'mono')} <span class="soft">${age}</span></li>`;
  });
  const { tone, title, text } = judge(model, stopped);
  return html`<div class="verdict ${tone}">${shape(tone)}<div><h1>${title}</h1><p>${text}</p></div><ul class="heads" aria-label="In sync with Git">${heads}</ul></div>`;
}

function judge({ isReady, isNew }: Overview, stopped: number): { tone: Tone; title: string; text: string } {
  if (isNew) {
    const text = 'The first pass has not ended yet: nothing is known so far.';
    return { tone: 'quiet', title: 'Starting', text };
  }
  if (stopped > 0) {
    const text = `${count(stopped, 'thing')} must be put right first.`;
    return { tone: 'bad', title: 'Issuing is stopped', text };
  }
  if (!isReady) {
    const text = 'Not everything could be issued now: the checks of readiness say why.';
    return { tone: 'warn', title: 'Not ready', text };
  }
  return { tone: 'good', title: 'Ready', text: 'What is merged and allowed is issued.' };
}

function tiles({ groups }: Overview): Html {
  const items = groups.map(({ group, word, tone, number }) => {
    const shown = number === 0 ? 'none' : tone;
    const sign = number === 0 ? null : shape(tone);
    const body = html`<b>${sign}${number}</b> <span>${tileWord(group, word, number)}</span>`;
    return number === 0
      ? html`<li><span class="tile ${shown}">${body}</span></li>`
      : html`<li><a class="tile ${shown}" href="#group-${group}">${body}</a></li>`;
  });
  return html`<ul class="tiles" aria-label="Tasks by what they need">${items}</ul>`;
}

function tileWord(group: string, word: string, number: number): string {
  if (group === 'needsPerson' && number !== 1) return 'need a person';
  return group === 'ended' ? 'ended' : word;
}

function halts({ halts: { rows, more } }: Overview): Html | null {
  return when(rows.length > 0, () => {
    const items = rows.map(
      ({ code, message, step }) =>
        html`<li class="card"><p><code class="code">${code}</code> ${message}</p>${nextLine(step)}</li>`,
    );
    return html`<section class="halts" aria-labelledby="halts"><h2 id="halts">What stops it</h2><ul>${items}${moreItem(more)}</ul></section>`;
  });
}

function groupSection(
  { group, word, number, listed, tasks }: Overview['groups'][number],
  atMs: number,
): Html {
  const title = `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
  const where = listed < number ? `the newest ${listed} of ${number}` : 'all of them';
  const more = when(
    tasks.more > 0,
    () => html`<p class="more">and ${tasks.more} more: <a href="/tasks?group=${group}">${where}</a></p>`,
  );
  return html`<section aria-labelledby="group-${group}"><h2 id="group-${group}">${title} <span class="number">${number}</span></h2>
${taskList(tasks.rows, atMs, group === 'ended')}${more}</section>`;
}

function problems({ problems: { rows, more } }: Overview): Html | null {
  return when(rows.length > 0, () => {
    const items = rows.map(({ id, place, code, isError, message, hint }) => {
      const sign = badge(isError ? { tone: 'bad', word: 'error' } : { tone: 'warn', word: 'warning' });
      const help = hint === null ? null : html`<p class="next">${hint}</p>`;
      return html`<li id="${id}"><div class="head">${sign}<h3>${linkTo(place, 'mono')}</h3></div><p><code class="code">${code}</code> ${message}</p>${help}</li>`;
    });
    return html`<section aria-labelledby="problems"><h2 id="problems">Files with problems <span class="number">${rows.length + more}</span></h2>
<p class="lead">What such a file may hold is quarantined: nothing is issued or cancelled for it, and everything else goes on.</p>
<ul class="tasks">${items}${moreItem(more, 'snowgate validate names them')}</ul></section>`;
  });
}

function sync({ sync: places, checks, atMs }: Overview): Html {
  const cards = places.map(({ name, where, head, fetchedMs, isFresh }) => {
    const state = badge(
      isFresh
        ? { tone: 'good', word: 'in sync' }
        : { tone: 'bad', word: fetchedMs === null ? 'not read yet' : 'out of date' },
    );
    const at = [
      head === null ? null : html`at ${linkTo(head, 'mono')}`,
      fetchedMs === null ? null : html`fetched ${sinceTag(fetchedMs, atMs)}`,
    ].filter((part) => part !== null);
    return html`<li class="card"><h3>${name} ${state}</h3><p>${separated(at)}</p><p class="soft">${where}</p></li>`;
  });
  const lines = checks.map(({ name, isGood, word }) => {
    const sign = badge(isGood ? { tone: 'good', word: 'ok' } : { tone: 'bad', word: 'not ok' });
    return html`<li>${sign} ${name}${isGood ? null : html`: ${word}`}</li>`;
  });
  const bad = checks.filter(({ isGood }) => !isGood).length;
  return html`<section aria-labelledby="sync"><h2 id="sync">In sync with Git</h2><ul class="sync">${cards}</ul>
<details id="checks" class="block"><summary>Checks of readiness: ${bad === 0 ? 'all good' : `${bad} of ${checks.length} not`}</summary><ul class="card">${lines}</ul></details></section>`;
}

function fleets({ fleets: { rows, more } }: Overview): Html {
  const cells = rows.map((fleet) => [
    linkTo(fleet.fleet),
    html`${badge(fleet.badge)}${[fleet.reason, fleet.listing].map((line) => line && html`<br>${line}`)}`,
    `${fleet.account ?? 'no account'}${fleet.isProved === false ? ', not proved' : ''}`,
    fleet.region,
    fleet.devices === null ? 'not listed yet' : fleet.devices,
    fleet.inFlight,
  ]);
  const heads = ['Fleet', 'Stand', 'Account', 'Region', 'Devices', 'Tasks in flight'];
  return html`<section aria-labelledby="fleets"><h2 id="fleets">Fleets</h2>${table('fleet-table', 'Table of fleets', heads, cells)}${when(more > 0, () => html`<p class="more">and ${more} more</p>`)}</section>`;
}
