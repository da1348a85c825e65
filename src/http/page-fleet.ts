/** A fleet, and a device: who they are, and the tasks on them. */
import { accountProof } from '../controller/status.ts';
import { count } from '../lib/count.ts';
import { eachInSlices, type Slices, sortInSlices } from '../lib/turns.ts';
import { groupTask } from '../report/task-groups.ts';
import { type Html, html, when } from './html.ts';
import { groupInputOf, type ShownTask, withSince } from './page-book.ts';
import { stepFor } from './page-halts.ts';
import {
  type Bounded,
  badge,
  bound,
  type Cut,
  cutLine,
  deviceHref,
  facts,
  fleetHref,
  type Link,
  linkTo,
  moreItem,
  nextLine,
  readTime,
  taskHref,
} from './page-parts.ts';
import { stateOn, type TaskRow, taskList, taskRow } from './page-rows.ts';
import { listingNote, standingLines, standingNotes } from './page-standing.ts';
import { sinceTag } from './page-time.ts';
import { type Badge, standBadge } from './page-words.ts';
import { cutOf, type PageWorld } from './page-world.ts';

interface ShownDevice {
  readonly device: Link;
  readonly isListed: boolean;
  readonly last: { readonly task: Link; readonly state: Badge | null } | null;
}

export interface FleetPage {
  readonly atMs: number;
  readonly name: string;
  readonly badge: Badge;
  readonly reason: { readonly code: string; readonly message: string; readonly step: string } | null;
  readonly account: string | null;
  /** Null where it names no account. */
  readonly isProved: boolean | null;
  /** That its tasks are not listed yet; null where that is not so. */
  readonly listing: string | null;
  /** How far what is shown is to be believed. */
  readonly notes: readonly string[];
  readonly region: string;
  readonly endpoint: string | null;
  readonly roleArn: string | null;
  readonly labels: readonly string[];
  readonly requirePolicies: readonly string[];
  readonly maxInFlight: number | null;
  readonly unknownTasks: number;
  readonly foreignTasks: number;
  /** Null before AWS has listed them. */
  readonly listed: number | null;
  readonly devices: Bounded<ShownDevice>;
  readonly tasks: Bounded<TaskRow>;
  readonly ended: Bounded<TaskRow>;
  readonly cut: Cut;
}

const rowsMax = 100;
const endedMax = 20;

/** What the page of a fleet shows; null where it is not configured. */
export function* fleetModel(world: PageWorld, name: string): Slices<FleetPage | null> {
  const { status, config } = world;
  const fleet = status.fleets.find((one) => one.name === name);
  const set = config.fleets.get(name);
  if (fleet === undefined) return null;
  const { open = [], over = [] } = world.tasks.byFleet.get(name) ?? {};
  const show = (some: readonly ShownTask[], max: number): Bounded<TaskRow> => {
    const { rows, more } = bound(some, max);
    return { rows: rows.map((task) => taskRow(task, world)), more };
  };
  return {
    atMs: status.atMs,
    name,
    badge: standBadge(fleet.stand),
    reason: fleet.reason === null ? null : { ...fleet.reason, step: stepFor(fleet.reason.code) },
    account: fleet.account,
    isProved: accountProof(fleet),
    listing: listingNote(fleet),
    notes: standingNotes(status),
    region: fleet.region,
    endpoint: set?.endpoint ?? null,
    roleArn: set?.roleArn ?? null,
    labels: Object.entries(set?.labels ?? {}).map(([key, value]) => `${key}: ${value}`),
    requirePolicies: set?.requirePolicies ?? [],
    maxInFlight: set?.maxInFlight ?? null,
    unknownTasks: fleet.unknownTasks,
    foreignTasks: fleet.foreignTasks,
    listed: fleet.devices?.size ?? null,
    devices: yield* devicesOf(world, name),
    tasks: show(open, rowsMax),
    ended: show(over, endedMax),
    cut: cutOf(world),
  };
}

/** Those that AWS lists, that the source names and that the ledger has a task of. */
function* namesOf({ status }: PageWorld, fleet: string): Slices<Set<string>> {
  const { fleets, desired, view } = status;
  const names = new Set(fleets.find(({ name }) => name === fleet)?.devices ?? []);
  yield* eachInSlices(desired?.tasks.values() ?? [], ({ manifest }) => {
    if (manifest.fleet === fleet) for (const device of manifest.targets) names.add(device);
  });
  yield* eachInSlices(view?.lastTasks.keys() ?? [], (key) => {
    if (key.startsWith(`${fleet}/`)) names.add(key.slice(fleet.length + 1));
  });
  return names;
}

const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function* devicesOf(world: PageWorld, fleet: string): Slices<Bounded<ShownDevice>> {
  const { view, fleets } = world.status;
  const listed = fleets.find(({ name }) => name === fleet)?.devices;
  const names = yield* sortInSlices([...(yield* namesOf(world, fleet))], compareNames);
  const { rows, more } = bound(names);
  const shown = rows.map((device): ShownDevice => {
    const token = view?.lastTasks.get(`${fleet}/${device}`)?.task;
    const receipt = token === undefined ? undefined : view?.receipts.get(token);
    const last =
      receipt === undefined
        ? null
        : {
            task: { text: receipt.name, href: taskHref(fleet, receipt.name) },
            state: stateOn(device, receipt),
          };
    return {
      device: { text: device, href: world.showsDevices ? deviceHref(fleet, device) : null },
      isListed: listed?.has(device) ?? true,
      last,
    };
  });
  return { rows: shown, more };
}

/** What stands in `main` of a fleet's page. */
export function fleetView(fleet: FleetPage): Html {
  const { atMs, name, reason, account, isProved, region, devices, tasks, ended, listed } = fleet;
  const halt =
    reason === null
      ? null
      : html`<div class="halts"><div class="card"><p><code class="code">${reason.code}</code> ${reason.message}</p>${nextLine(reason.step)}</div></div>`;
  const number = devices.rows.length + devices.more;
  const known = listed === null ? 'AWS has not listed them yet' : `AWS lists ${listed}`;
  return html`<p class="crumb">Fleet</p><div class="title"><h1>${name}</h1>${badge(fleet.badge)}</div>${halt}${standingLines(fleet.notes)}
<div class="card">${facts([
    ['Account', accountText(account, isProved)],
    ['Region', region],
    ['Endpoint', fleet.endpoint],
    ['Role', fleet.roleArn],
    ['Labels', fleet.labels.join(', ')],
    ['Required policies', fleet.requirePolicies.join(', ')],
    ['In flight at most', fleet.maxInFlight],
    ['Listing', fleet.listing],
    ['Made around Git', fleet.foreignTasks === 0 ? null : `${count(fleet.foreignTasks, 'task')} in flight`],
    ['Not in this ledger', fleet.unknownTasks === 0 ? null : count(fleet.unknownTasks, 'task')],
  ])}</div>
<section aria-labelledby="tasks"><h2 id="tasks">Tasks <span class="number">${tasks.rows.length + tasks.more}</span></h2>${tasks.rows.length === 0 ? html`<p class="card nothing">Nothing is under way or waits.</p>` : taskList(tasks.rows, atMs)}${moreTasks(tasks.more, name)}</section>
${when(ended.rows.length > 0, () => html`<section aria-labelledby="ended"><h2 id="ended">Ended</h2>${taskList(ended.rows, atMs, true)}${moreTasks(ended.more, name)}${cutLine(fleet.cut)}</section>`)}
<section aria-labelledby="devices"><h2 id="devices">Devices <span class="number">${number}, ${known}</span></h2>${deviceCards(devices)}</section>`;
}

function accountText(account: string | null, isProved: boolean | null): string {
  if (account === null) return 'none configured: STS is not asked';
  return `${account}, ${isProved === true ? 'proved by STS' : 'not proved'}`;
}

function moreTasks(more: number, fleet: string): Html | null {
  const href = `/tasks?fleet=${encodeURIComponent(fleet)}`;
  return when(
    more > 0,
    () => html`<p class="more">and ${more} more: ${linkTo({ text: 'all of them', href })}</p>`,
  );
}

function deviceCards({ rows, more }: Bounded<ShownDevice>): Html {
  if (rows.length === 0) return html`<p class="card nothing">None is known.</p>`;
  const items = rows.map(({ device, isListed, last }) => {
    const unknown = isListed ? null : badge({ tone: 'warn', word: 'AWS does not list it' });
    const task =
      last === null
        ? null
        : html`<p class="what">${linkTo(last.task)}</p>${last.state === null ? null : badge(last.state)}`;
    return html`<li><div class="head"><h3>${linkTo(device, 'device')}</h3>${task}${unknown}</div></li>`;
  });
  return html`<ul class="tasks brief grid">${items}${moreItem(more)}</ul>`;
}

interface DeviceTask {
  readonly task: Link;
  readonly badge: Badge;
  readonly command: string | null;
  readonly state: Badge | null;
  readonly taskId: string | null;
  readonly sinceMs: number | null;
}

export interface DevicePage {
  readonly atMs: number;
  readonly device: string;
  readonly fleet: Link;
  /** Null before AWS has listed the fleet's devices. */
  readonly isListed: boolean | null;
  readonly tasks: Bounded<DeviceTask>;
  readonly cut: Cut;
}

/** What the page of a device shows; null where nobody has heard of it. */
export function* deviceModel(world: PageWorld, fleet: string, device: string): Slices<DevicePage | null> {
  if (!(yield* namesOf(world, fleet)).has(device)) return null;
  const { status } = world;
  const own = yield* sortInSlices(yield* tasksOn(world, fleet, device), newestFirst);
  const { rows, more } = bound(own);
  const shown = rows.map((task): DeviceTask => {
    const { badge: state, task: link, command } = taskRow(task, world);
    return {
      task: link,
      badge: state,
      command,
      state: task.receipt === null ? null : stateOn(device, task.receipt),
      taskId: task.receipt?.taskIds[0] ?? null,
      sinceMs: readTime(task.since),
    };
  });
  const listed = status.fleets.find(({ name }) => name === fleet)?.devices ?? null;
  return {
    atMs: status.atMs,
    device,
    fleet: { text: fleet, href: fleetHref(fleet) },
    isListed: listed?.has(device) ?? null,
    tasks: { rows: shown, more },
    cut: cutOf(world),
  };
}

/** Those that are listed, and the newest of the device in any case. */
function* tasksOn(world: PageWorld, fleet: string, device: string): Slices<ShownTask[]> {
  const { status, tasks } = world;
  const { open = [], over = [] } = tasks.byFleet.get(fleet) ?? {};
  const own: ShownTask[] = [];
  for (const some of [open, over]) {
    yield* eachInSlices(some, (task) => {
      if (targetsOf(task, world).includes(device)) own.push(task);
    });
  }
  const known = new Set(own.map(({ token }) => token));
  const input = groupInputOf(status);
  for (const token of new Set(Object.values(input.view.lastTasks.get(`${fleet}/${device}`) ?? {}))) {
    const receipt = input.view.receipts.get(token);
    if (receipt !== undefined && !known.has(token)) own.push(withSince(groupTask(null, receipt, input)));
  }
  return own;
}

/** What has not been asked for yet stands before what has. */
function newestFirst(a: ShownTask, b: ShownTask): number {
  const [left, right] = [a.since ?? '9', b.since ?? '9'];
  return left < right ? 1 : left > right ? -1 : 0;
}

function targetsOf({ receipt, key, token }: ShownTask, { status }: PageWorld): readonly string[] {
  const wanted = status.desired?.tasks.get(key)?.manifest;
  return receipt?.revision?.targets ?? (wanted?.token === token ? wanted?.targets : undefined) ?? [];
}

/** What stands in `main` of a device's page. */
export function deviceView({ atMs, device, fleet, isListed, tasks: { rows, more }, cut }: DevicePage): Html {
  const known =
    isListed === null
      ? { tone: 'quiet' as const, word: 'not listed yet' }
      : isListed
        ? { tone: 'good' as const, word: 'known to AWS' }
        : { tone: 'warn' as const, word: 'AWS does not list it' };
  const items = rows.map(({ task, badge: state, command, state: own, taskId, sinceMs }) => {
    const since = sinceMs === null ? null : html`<p class="since">${sinceTag(sinceMs, atMs)}</p>`;
    const here = own === null ? null : html`<span class="label">on this device</span> ${badge(own)}`;
    return html`<li><div class="head">${badge(state)}<h3>${linkTo(task)}</h3><p class="what"><span>${command}</span> <code>${taskId}</code></p>${since}</div>${here}</li>`;
  });
  return html`<p class="crumb">Device of ${linkTo(fleet)}</p><div class="title"><h1 class="mono">${device}</h1>${badge(known)}</div>
<section aria-labelledby="tasks"><h2 id="tasks">Tasks on it <span class="number">${rows.length + more}</span></h2>${rows.length === 0 ? html`<p class="card nothing">No task has named it.</p>` : html`<ul class="tasks brief">${items}${moreItem(more)}</ul>`}${cutLine(cut)}</section>`;
}
