/** A task as a row of a list: what state it is in, why, until when, on which devices, and what a person does next. */
import type { Receipt } from '../ledger/receipt.ts';
import type { Reason } from '../policy/verdict.ts';
import { outsideCauses } from '../report/task-life.ts';
import { type Html, html, when } from './html.ts';
import { type ShownTask, windowsOf } from './page-book.ts';
import {
  type Bounded,
  badge,
  bound,
  deviceHref,
  type Link,
  linkTo,
  moreItem,
  nextLine,
  readTime,
  reasonList,
  type ShownReason,
  showReasons,
  taskHref,
  untilLine,
} from './page-parts.ts';
import { sinceTag } from './page-time.ts';
import { type Badge, executionBadge, taskBadge } from './page-words.ts';
import type { PageWorld } from './page-world.ts';

export interface DeviceState {
  readonly device: Link;
  /** Null before there is a task. */
  readonly state: Badge | null;
}

export interface TaskRow {
  /** Of the element: what had the focus has it again after a change. */
  readonly id: string;
  readonly task: Link;
  readonly badge: Badge;
  readonly command: string | null;
  readonly run: number | null;
  readonly token: string | null;
  /** AWS's id; null before there is one. */
  readonly taskId: string | null;
  readonly devices: Bounded<DeviceState>;
  readonly reasons: Bounded<ShownReason>;
  /** In AWS's words or ours, where no reason says it. */
  readonly detail: string | null;
  readonly untilMs: number | null;
  /** Of the window that it waits for. */
  readonly timeZone: string | null;
  readonly sinceMs: number | null;
  readonly next: string | null;
}

/** Of a row in a list; the task's own page has all. */
const reasonsMax = 4;
const devicesMax = 10;

/** One task as a row. */
export function taskRow(task: ShownTask, world: PageWorld): TaskRow {
  const { key, fleet, name, token, decision, receipt, since, next } = task;
  const { status, forges } = world;
  const manifest = wantedOf(task, world);
  const { command = null, run = null } = receipt?.revision ?? manifest ?? {};
  const reasons = decision?.reasons ?? [];
  const head = status.policies === null ? status.source.head : status.policies.head;
  const isPlain = decision === null || (decision.action === 'done' && task.group !== 'needsPerson');
  return {
    id: `task-${fleet}-${name}-${(token ?? '').slice(0, 12)}`.replaceAll(/\s/g, '-'),
    task: { text: key, href: taskHref(fleet, name) },
    badge: taskBadge(task),
    command,
    run,
    token: token?.slice(0, 12) ?? null,
    taskId: receipt?.taskIds[0] ?? null,
    devices: bound(deviceStates(task, world), devicesMax),
    reasons: showReasons(isPlain ? [] : reasons.slice(0, reasonsMax), forges.policies, head),
    detail: receipt === null ? null : detailOf(receipt),
    untilMs: decision?.action === 'hold' ? decision.untilMs : null,
    timeZone: zoneOf(reasons, world),
    sinceMs: readTime(since),
    next,
  };
}

function wantedOf({ key, token }: ShownTask, { status }: PageWorld) {
  const manifest = status.desired?.tasks.get(key)?.manifest;
  return manifest?.token === token ? manifest : undefined;
}

/** Each device of a task, with what it does where there is one. */
export function deviceStates(task: ShownTask, world: PageWorld): DeviceState[] {
  const { receipt, fleet } = task;
  const targets = receipt?.revision?.targets ?? wantedOf(task, world)?.targets ?? [];
  return targets.map((device) => ({
    device: { text: device, href: world.showsDevices ? deviceHref(fleet, device) : null },
    state: receipt === null ? null : stateOn(device, receipt),
  }));
}

/** What a device does with a task; null before there is one. */
export function stateOn(device: string, { executions, settled, taskIds }: Receipt): Badge | null {
  const known = executions.find((execution) => execution.device === device)?.state;
  if (known !== undefined) return executionBadge(known);
  if (taskIds.length === 0) return null;
  return settled === null ? executionBadge('QUEUED') : { tone: 'quiet', word: 'did not run' };
}

/** What the reasons of a decision do not say. */
function detailOf({ refusal, cancel, release, outside, taskIds }: Receipt): string | null {
  const told = [
    taskIds.length > 1 ? `AWS has ${taskIds.join(' and ')}` : '',
    refusal === null ? '' : `${refusal.error}: ${refusal.message}`,
    taskIds.length > 0 || release === null ? '' : `${release.reason}: ${release.message}`,
    cancel === null ? '' : cancel.answer === null ? 'cancel asked for' : cancelWords[cancel.answer.kind],
    ...outside.map(({ device, cause }) => `${device} ran outside its window: ${outsideCauses[cause]}`),
  ].filter((part) => part !== '');
  return told.length === 0 ? null : told.join('; ');
}

const cancelWords = {
  accepted: 'cancel accepted',
  refused: 'cancel refused by AWS',
  begun: 'too late to cancel: it had begun',
} as const;

function zoneOf(reasons: readonly Reason[], { status, tasks }: PageWorld): string | null {
  for (const name of windowsOf(reasons, tasks)) {
    const window = status.policySet.windows.get(name);
    if (window !== undefined) return window.timeZone;
  }
  return null;
}

/** The devices of a task, each with its state. */
export function deviceList({ rows, more }: Bounded<DeviceState>): Html | null {
  if (rows.length === 0) return null;
  const items = rows.map(
    ({ device, state }) =>
      html`<li>${linkTo(device, 'device')}${state === null ? null : html` ${badge(state)}`}</li>`,
  );
  return html`<ul class="devices">${items}${moreItem(more)}</ul>`;
}

/** A list of tasks. `isBrief` is for what is over: one line each. */
export function taskList(rows: readonly TaskRow[], atMs: number, isBrief = false): Html {
  return html`<ul class="tasks${isBrief ? ' brief' : ''}">${rows.map((row) => taskItem(row, atMs, isBrief))}</ul>`;
}

function taskItem(row: TaskRow, atMs: number, isBrief: boolean): Html {
  const {
    id,
    task,
    command,
    run,
    token,
    taskId,
    devices,
    reasons,
    detail,
    untilMs,
    timeZone,
    sinceMs,
    next,
  } = row;
  const what = [
    command,
    run === null || run === 1 ? null : `run ${run}`,
    taskId === null ? null : html`<code>${taskId}</code>`,
    token === null ? null : html`<code title="the first characters of the token">${token}</code>`,
  ].filter((part) => part !== null);
  const since = sinceMs === null ? null : html`<p class="since">${sinceTag(sinceMs, atMs)}</p>`;
  const head = html`<div class="head">${badge(row.badge)}<h3>${linkTo(task)}</h3><p class="what">${what.map((part) => html`<span>${part}</span> `)}</p>${since}</div>`;
  if (isBrief) return html`<li id="${id}">${head}${deviceList(devices)}</li>`;
  return html`<li id="${id}">${head}${untilLine(untilMs, atMs, timeZone)}${reasonList(reasons)}${when(detail !== null, () => html`<p class="detail">${detail}</p>`)}${deviceList(devices)}${nextLine(next)}</li>`;
}
