/** Pieces that pages are made of. */
import type { Place } from '../lib/faults.ts';
import type { Reason } from '../policy/verdict.ts';
import { type Html, type HtmlValue, html, when } from './html.ts';
import type { Forge } from './page-forge.ts';
import { timeTag, untilTag } from './page-time.ts';
import type { Badge, Tone } from './page-words.ts';

/** Rows of any list: more is not read, and names where the rest is. */
const rowsMax = 200;

export interface Link {
  readonly text: string;
  /** Null where there is nothing to go to, or where it would tell what is hidden. */
  readonly href: string | null;
}

/** The first rows of a list, and how many are not among them. */
export interface Bounded<T> {
  readonly rows: readonly T[];
  readonly more: number;
}

/** A list cut to what is shown. */
export function bound<T>(all: readonly T[], max = rowsMax): Bounded<T> {
  return { rows: all.slice(0, max), more: Math.max(0, all.length - max) };
}

/** The page of a task. */
export function taskHref(fleet: string, name: string): string {
  return `/tasks/${encodeURIComponent(fleet)}/${encodeURIComponent(name)}`;
}

/** The page of a fleet. */
export function fleetHref(fleet: string): string {
  return `/fleets/${encodeURIComponent(fleet)}`;
}

/** The page of a window. */
export function windowHref(name: string): string {
  return `/windows/${encodeURIComponent(name)}`;
}

/** The page of a device. */
export function deviceHref(fleet: string, device: string): string {
  return `/devices/${encodeURIComponent(fleet)}/${encodeURIComponent(device)}`;
}

/** A link, or its text where it has nowhere to go. */
export function linkTo({ text, href }: Link, className = ''): Html {
  const named = className === '' ? null : html` class="${className}"`;
  return href === null ? html`<span${named}>${text}</span>` : html`<a href="${href}"${named}>${text}</a>`;
}

/** A commit as people write it, linked where the forge is known. */
export function commitLink(forge: Forge, id: string | null): Link | null {
  return id === null ? null : { text: id.slice(0, 12), href: forge.commit(id) };
}

/** `path:line`, linked where the forge is known. */
export function placeLink(forge: Forge, commit: string | null, { path, line }: Place): Link {
  return { text: `${path}:${line}`, href: forge.file(commit, path, line) };
}

/** The shapes of the tones, on a field of 16 by 16. */
const shapes: Readonly<Record<Tone, string>> = {
  bad: 'M5 1h6l4 4v6l-4 4H5l-4-4V5zM7 4v5h2V4zM7 10.5v2h2v-2z',
  warn: 'M8 1l7.5 14H.5zM7 6v4.5h2V6zM7 11.5v2h2v-2z',
  run: 'M3 1.5l11 6.5-11 6.5z',
  wait: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zM7 4v5l3.5 2.5 1-1.6L9 8.2V4z',
  good: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zM4.2 8.4l2.9 3 4.9-5.4-1.3-1.2-3.6 4-1.6-1.7z',
  quiet: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
};

/** The sign of a tone; its word stands beside it. */
export function shape(tone: Tone): Html {
  return html`<svg class="shape" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d="${shapes[tone]}"/></svg>`;
}

/** A state: shape, word and colour. */
export function badge({ tone, word }: Badge): Html {
  return html`<span class="badge ${tone}">${shape(tone)}${word}</span>`;
}

/** One reason of a verdict, with where it is written. */
export interface ShownReason {
  readonly code: string;
  readonly message: string;
  /** The policy and the rule, as `policy/rule`; null for what is built in. */
  readonly rule: string | null;
  readonly place: Link | null;
  readonly endedBy: 'time' | 'fact' | 'commit' | null;
}

/** Reasons as they are shown, and how many are left out. */
export function showReasons(
  reasons: readonly Reason[],
  forge: Forge,
  commit: string | null,
): Bounded<ShownReason> {
  return bound(
    reasons.map(({ code, message, policy, rule, place, endedBy }) => ({
      code,
      message,
      rule: policy === undefined ? null : [policy, rule].filter((part) => part !== undefined).join('/'),
      place: place === undefined ? null : placeLink(forge, commit, place),
      endedBy: endedBy ?? null,
    })),
    50,
  );
}

/** What ends with time says when. */
const endings = {
  time: null,
  fact: 'ends by itself when that has changed',
  commit: 'only a commit ends it',
} as const;

/** Every reason on a line of its own. */
export function reasonList({ rows, more }: Bounded<ShownReason>): Html | null {
  if (rows.length === 0) return null;
  const items = rows.map(({ code, message, rule, place, endedBy }) => {
    const where = [
      rule === null ? null : html`rule <code>${rule}</code>`,
      place === null ? null : linkTo(place, 'place'),
      endedBy === null || endings[endedBy] === null ? null : html`<span>${endings[endedBy]}</span>`,
    ].filter((part) => part !== null);
    const below = when(where.length > 0, () => html`<p class="where">${separated(where)}</p>`);
    return html`<li><p><code class="code">${code}</code> ${message}</p>${below}</li>`;
  });
  return html`<ul class="reasons">${items}${moreItem(more)}</ul>`;
}

/** What a person does next; nothing where there is nothing. */
export function nextLine(step: string | null): Html | null {
  return step === null ? null : html`<p class="next"><span class="label">what to do</span> ${step}</p>`;
}

/** Pieces with a dot between them. */
export function separated(pieces: readonly HtmlValue[]): Html {
  return html`${pieces.map((piece, index) => (index === 0 ? html`${piece}` : html` <span class="dot" aria-hidden="true">·</span> ${piece}`))}`;
}

/** The end of a list that is cut. */
export function moreItem(more: number, where = ''): Html | null {
  const told = where === '' ? '' : `: ${where}`;
  return when(more > 0, () => html`<li class="more">and ${more} more${told}</li>`);
}

/** Of what has ended so much is listed, the newest. */
export interface Cut {
  readonly listed: number;
  readonly all: number;
}

/** Says what a list lacks, and where it is. */
export function cutLine({ listed, all }: Cut): Html | null {
  return when(
    all > listed,
    () =>
      html`<p class="more">Of ${all} ended tasks of all fleets the newest ${listed} are listed: <code>snowgate ledger list</code> has all of them.</p>`,
  );
}

/** A hold's end: counted down, and the instant. */
export function untilLine(untilMs: number | null, atMs: number, timeZone: string | null): Html | null {
  if (untilMs === null) return null;
  return html`<p class="until"><span class="label">until</span> ${timeTag(untilMs, timeZone)} <strong>${untilTag(untilMs, atMs)}</strong></p>`;
}

/** A name and what it is, row by row; what is null is left out. */
export function facts(rows: readonly (readonly [string, HtmlValue])[]): Html {
  const shown = rows.filter(([, value]) => value !== null && value !== '');
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A table that scrolls by itself where it is too wide, for the keyboard, too. `caption` is for whoever does not see it. */
export function table(
  id: string,
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly HtmlValue[])[],
): Html {
  const head = heads.map((name) => html`<th scope="col">${name}</th>`);
  const body = rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`);
  return html`<div class="scroll" role="region" aria-labelledby="${id}-caption" tabindex="0" id="${id}">
<table><caption id="${id}-caption">${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** ISO 8601 as epoch milliseconds; null for what is none. */
export function readTime(text: string | null): number | null {
  const timeMs = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}
