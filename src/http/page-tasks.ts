/** All tasks, chosen by a form whose every field is in the address. */

import { eachInSlices, type Slices } from '../lib/turns.ts';
import { type PlanAction, planActions } from '../plan/decision.ts';
import { groupWords, type StatusGroup, statusGroups } from '../report/task-groups.ts';
import { type Html, html, when } from './html.ts';
import type { ShownTask } from './page-book.ts';
import { type Cut, cutLine } from './page-parts.ts';
import { type TaskRow, taskList, taskRow } from './page-rows.ts';
import { cutOf, type PageWorld, tasksIn } from './page-world.ts';

/** What is asked for, as it was written; empty is everything. */
export interface TaskFilter {
  readonly fleet: string;
  readonly group: string;
  readonly action: string;
  readonly text: string;
  /** From 1. */
  readonly page: number;
}

export interface TasksPage {
  readonly atMs: number;
  readonly filter: TaskFilter;
  readonly fleets: readonly string[];
  readonly total: number;
  readonly cut: Cut;
  readonly pages: number;
  readonly rows: readonly TaskRow[];
}

const pageSize = 50;
const textLengthMax = 200;
/** Of a form; more fleets than these are chosen by their text. */
const fleetsMax = 200;

export type ReadFilter =
  | { readonly ok: true; readonly filter: TaskFilter }
  | { readonly ok: false; readonly problem: string };

/** Reads the query. What is no choice is told: it would else show everything, as if it were what was asked for. */
export function readFilter(query: URLSearchParams): ReadFilter {
  const [fleet = '', group = '', action = '', text = '', page = '1'] = [
    'fleet',
    'group',
    'action',
    'text',
    'page',
  ].map((key) => query.get(key) ?? undefined);
  const fail = (problem: string): ReadFilter => ({ ok: false, problem });
  if (group !== '' && !statusGroups.includes(group as StatusGroup))
    return fail(`group is one of ${statusGroups.join(', ')}`);
  if (action !== '' && !planActions.includes(action as PlanAction))
    return fail(`action is one of ${planActions.join(', ')}`);
  if (text.length > textLengthMax || fleet.length > textLengthMax)
    return fail(`a text has at most ${textLengthMax} characters`);
  if (!/^[1-9][0-9]{0,6}$/.test(page)) return fail('page is a whole number from 1');
  return { ok: true, filter: { fleet, group, action, text: text.trim(), page: Number(page) } };
}

/** What the list shows. A page beyond the last one is the last one. */
export function* tasksModel(world: PageWorld, filter: TaskFilter): Slices<TasksPage> {
  const { status } = world;
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const chosen: ShownTask[] = [];
  for (const group of statusGroups) {
    if (filter.group !== '' && filter.group !== group) continue;
    yield* eachInSlices(tasksIn(group, world), (task) => {
      if (isChosen(task, filter, words, world)) chosen.push(task);
    });
  }
  const pages = Math.max(1, Math.ceil(chosen.length / pageSize));
  const page = Math.min(filter.page, pages);
  const rows = chosen.slice((page - 1) * pageSize, page * pageSize).map((task) => taskRow(task, world));
  return {
    atMs: status.atMs,
    filter: { ...filter, page },
    fleets: fleetNames(world),
    total: chosen.length,
    cut: cutOf(world),
    pages,
    rows,
  };
}

/** Those of the configuration, and others that tasks name. */
function fleetNames({ status, tasks }: PageWorld): string[] {
  const names = new Set(status.fleets.map(({ name }) => name));
  for (const name of tasks.byFleet.keys()) {
    if (names.size >= fleetsMax) break;
    names.add(name);
  }
  return [...names].sort().slice(0, fleetsMax);
}

function isChosen(task: ShownTask, filter: TaskFilter, words: readonly string[], world: PageWorld): boolean {
  const { fleet, action } = filter;
  if (fleet !== '' && task.fleet !== fleet) return false;
  if (action !== '' && task.decision?.action !== action) return false;
  if (words.length === 0) return true;
  const text = searchText(task, world);
  return words.every((word) => text.includes(word));
}

/** What must not be shown must not be found either: whoever guesses would learn it. */
function searchText(
  { key, state, token, receipt, decision }: ShownTask,
  { status, showsDevices }: PageWorld,
): string {
  const wanted = status.desired?.tasks.get(key);
  const manifest = wanted?.manifest.token === token ? wanted?.manifest : undefined;
  const revision = receipt?.revision ?? manifest;
  const open = [key, state, token, revision?.command, ...(receipt?.taskIds ?? [])];
  const hidden = [
    ...(revision?.targets ?? []),
    manifest?.description,
    ...Object.values(manifest?.labels ?? {}),
    ...Object.values(manifest?.annotations ?? {}),
    ...(decision?.reasons ?? []).map(({ code, message }) => `${code} ${message}`),
  ];
  return [...open, ...(showsDevices ? hidden : [])].join(' ').toLowerCase();
}

/** What stands in `main`. */
export function tasksView({ atMs, filter, fleets, total, cut, pages, rows }: TasksPage): Html {
  const { page } = filter;
  const first = rows.length === 0 ? 0 : (page - 1) * pageSize + 1;
  const found =
    total === 0
      ? 'No task is like that.'
      : `${first} to ${first + rows.length - 1} of ${total}, the most urgent first`;
  const pager = when(
    pages > 1,
    () =>
      html`<nav class="pager" aria-label="Pages of the list">${pageLink('Earlier', page - 1, filter, page > 1)}<span>page ${page} of ${pages}</span>${pageLink('Later', page + 1, filter, page < pages)}</nav>`,
  );
  return html`<div class="title"><h1>Tasks</h1></div>
<form class="filter card" method="get" action="/tasks" id="filter" role="search">
<div><label for="fleet">Fleet</label>${select('fleet', filter.fleet, [['', 'every fleet'], ...fleets.map((name) => [name, name] as const)])}</div>
<div><label for="group">What it needs</label>${select('group', filter.group, [['', 'whatever'], ...statusGroups.map((group) => [group, groupWords[group]] as const)])}</div>
<div><label for="action">Action of the plan</label>${select('action', filter.action, [['', 'every action'], ...planActions.map((action) => [action, action] as const)])}</div>
<div><label for="text">Text</label><input type="search" id="text" name="text" maxlength="${textLengthMax}" value="${filter.text}" autocomplete="off"></div>
<button type="submit">Show</button>
</form>
<section aria-labelledby="found"><h2 id="found"><span class="number">${found}</span></h2>${when(rows.length > 0, () => taskList(rows, atMs))}${pager}${cutLine(cut)}</section>`;
}

function select(name: string, chosen: string, options: readonly (readonly [string, string])[]): Html {
  const known = options.some(([value]) => value === chosen)
    ? options
    : [...options, [chosen, chosen] as const];
  const items = known.map(
    ([value, text]) =>
      html`<option value="${value}"${value === chosen ? html` selected` : null}>${text}</option>`,
  );
  return html`<select id="${name}" name="${name}">${items}</select>`;
}

function pageLink(text: string, page: number, filter: TaskFilter, isThere: boolean): Html | null {
  const { fleet, group, action } = filter;
  const asked = Object.entries({ fleet, group, action, text: filter.text, page: String(page) });
  const query = new URLSearchParams(asked.filter(([, value]) => value !== ''));
  return when(isThere, () => html`<a href="/tasks?${query.toString()}">${text}</a>`);
}
