/** One task: each of its revisions with what is decided of it, what was asked, and what became of it. */
import type { ControllerStatus } from '../controller/status.ts';
import type { ClaimedEvent } from '../ledger/events.ts';
import { buildRequest } from '../manifest/request.ts';
import type { Decision } from '../plan/decision.ts';
import { groupTask } from '../report/task-groups.ts';
import { type LifeMoment, readLife } from '../report/task-life.ts';
import { groupInputOf, type ShownTask, withSince } from './page-book.ts';
import {
  type Bounded,
  bound,
  commitLink,
  fleetHref,
  type Link,
  placeLink,
  readTime,
  type ShownReason,
  showReasons,
  taskHref,
} from './page-parts.ts';
import { type DeviceState, deviceStates, type TaskRow, taskRow } from './page-rows.ts';
import type { PageWorld } from './page-world.ts';

interface ShownMoment {
  readonly atMs: number | null;
  readonly gap: string;
  readonly word: string;
  readonly text: string;
  readonly commit: Link | null;
  readonly replica: string | null;
}

interface Verdict {
  readonly action: string | null;
  readonly untilMs: number | null;
  readonly reasons: Bounded<ShownReason>;
  /** What the newest claim was allowed by: policies, waiver, ends. */
  readonly allowed: readonly (readonly [string, string])[];
}

interface Introduced {
  readonly commit: Link;
  readonly author: string | null;
  /** Null where only a claim tells of it. */
  readonly atMs: number | null;
  readonly subject: string | null;
}

export interface Revision {
  readonly id: string;
  readonly row: TaskRow;
  readonly token: string | null;
  /** Whether the source asks for this one now. */
  readonly isWanted: boolean;
  readonly manifest: Link | null;
  readonly introduced: Introduced | null;
  readonly after: readonly Link[];
  readonly notBeforeMs: number | null;
  readonly notAfterMs: number | null;
  readonly taskIds: readonly string[];
  readonly devices: Bounded<DeviceState>;
  readonly verdict: Verdict;
  /** Line by line; null where no revision can be read. */
  readonly request: readonly string[] | null;
  /** Whether the request is in the ledger, and so the one that AWS was or will be sent. */
  readonly isFrozen: boolean;
  readonly life: Bounded<ShownMoment>;
  /** Older events than those shown are in the ledger alone. */
  readonly isCut: boolean;
}

export interface TaskPage {
  readonly atMs: number;
  readonly name: string;
  readonly fleet: Link;
  readonly command: string;
  /** The newest first. */
  readonly revisions: Bounded<Revision>;
}

/** A name that was asked for more often is read in the ledger. */
const revisionsMax = 20;

/** What the page of a task shows; null where neither source nor ledger knows the name. */
export function taskModel(world: PageWorld, fleet: string, name: string): TaskPage | null {
  const key = `${fleet}/${name}`;
  const own = revisionsOf(world.status, key);
  if (own.length === 0) return null;
  const { rows, more } = bound(own, revisionsMax);
  const input = groupInputOf(world.status);
  const tasks = rows.map(({ token, decision }) =>
    withSince(groupTask(decision, input.view.receipts.get(token ?? '') ?? null, input)),
  );
  return {
    atMs: world.status.atMs,
    name,
    fleet: { text: fleet, href: fleetHref(fleet) },
    command: `snowgate ledger show ${key}`,
    revisions: { rows: tasks.map((task) => revision(task, world)), more },
  };
}

/** A revision by its token; null where none can be read. */
interface Named {
  readonly token: string | null;
  readonly decision: Decision | null;
}

/** What the source asks for comes first, then what the ledger came to know last, then what it does not know. */
function revisionsOf({ decisions, desired, view }: ControllerStatus, key: string): Named[] {
  const decided = new Map(decisions.filter((one) => one.key === key).map((one) => [one.token, one]));
  const wanted = desired?.tasks.get(key)?.manifest.token;
  const known = view?.tokensByKey.get(key) ?? [];
  const isKnown = (token: string | null): boolean => decided.has(token) || known.includes(token ?? '');
  const first = [null, wanted ?? null].filter(isKnown);
  const tokens = new Set([...first, ...known.toReversed(), ...decided.keys()]);
  return [...tokens].map((token) => ({ token, decision: decided.get(token) ?? null }));
}

function revision(task: ShownTask, world: PageWorld): Revision {
  const { status, forges } = world;
  const { token, key, receipt } = task;
  const wanted = status.desired?.tasks.get(key);
  const isWanted = wanted !== undefined && wanted.manifest.token === token;
  const manifest = isWanted ? wanted.manifest : null;
  const place = isWanted
    ? placeLink(forges.source, status.source.head, { path: wanted.path, line: wanted.line, column: 1 })
    : claimedPlace(task, world);
  const request = receipt?.request ?? (isWanted ? requestOf(task, world) : null);
  const events = token === null ? [] : status.recent.of(token);
  const moments = readLife(events).map((moment) => shownMoment(moment, world));
  return {
    id: `revision-${token?.slice(0, 12) ?? 'unread'}`,
    row: taskRow(task, world),
    token,
    isWanted,
    manifest: place,
    introduced: introducedOf(task, world),
    after: (manifest?.after ?? []).map((text) => ({ text, href: taskHref(task.fleet, text) })),
    notBeforeMs: manifest?.notBeforeMs ?? null,
    notAfterMs: manifest?.notAfterMs ?? receipt?.permission.notAfterMs ?? null,
    taskIds: receipt?.taskIds ?? [],
    devices: bound(deviceStates(task, world)),
    verdict: verdictOf(task, world),
    request: request === null ? null : JSON.stringify(request, null, 2).split('\n'),
    isFrozen: receipt?.request != null,
    life: lastOf(moments),
    isCut: status.recent.isCut && receipt !== null,
  };
}

/** As the source's history tells while it waits, and as its claim has written it down afterwards. */
function introducedOf({ token, receipt }: ShownTask, { status, forges }: PageWorld): Introduced | null {
  const origin = status.origins.get(token ?? '')?.introduced ?? null;
  const link = commitLink(forges.source, origin?.id ?? receipt?.manifest?.commit ?? null);
  if (link === null) return null;
  if (origin === null)
    return { commit: link, author: receipt?.manifest?.author ?? null, atMs: null, subject: null };
  return { commit: link, author: origin.author, atMs: origin.timeMs, subject: origin.subject };
}

/** The newest moments: they tell how it stands. */
function lastOf<T>(all: readonly T[]): Bounded<T> {
  const { rows, more } = bound(all.toReversed());
  return { rows: rows.toReversed(), more };
}

function claimedPlace({ receipt }: ShownTask, { forges }: PageWorld): Link | null {
  if (receipt?.manifest == null) return null;
  const { path, commit } = receipt.manifest;
  return placeLink(forges.source, commit, { path, line: 1, column: 1 });
}

/** What would be sent now; the claim freezes it with the source's head of that moment. */
function requestOf({ key }: ShownTask, { status }: PageWorld): object | null {
  const manifest = status.desired?.tasks.get(key)?.manifest;
  const { source, ledger } = status;
  if (manifest === undefined || source.head === null || ledger.id === null) return null;
  return buildRequest(manifest, { commit: source.head, ledgerId: ledger.id });
}

function shownMoment({ at, gap, word, text, told }: LifeMoment, { forges }: PageWorld): ShownMoment {
  return {
    atMs: readTime(at),
    gap,
    word,
    text,
    commit: told === null ? null : commitLink(forges.ledger, told.commit),
    replica: told?.replica ?? null,
  };
}

function verdictOf({ decision, token }: ShownTask, { status, forges }: PageWorld): Verdict {
  const head = status.policies === null ? status.source.head : status.policies.head;
  const events = token === null ? [] : status.recent.of(token);
  const claim = events.map(({ event }) => event).findLast((event) => event.kind === 'claimed');
  return {
    action: decision?.action ?? null,
    untilMs: decision?.untilMs ?? null,
    reasons: showReasons(decision?.reasons ?? [], forges.policies, head),
    allowed: claim === undefined ? [] : allowedBy(claim),
  };
}

function allowedBy({ verdict, at, attempt }: ClaimedEvent): [string, string][] {
  const { policies, waiver, until, closes, cancels, notAfter, reasons } = verdict;
  const rows: [string, string | null | undefined][] = [
    ['claimed', `attempt ${attempt} at ${at}`],
    ['by policies', policies.map(({ name, blob }) => `${name} (${blob.slice(0, 12)})`).join(', ')],
    [
      'by waiver',
      waiver && `${waiver.name} of ${waiver.rules.join(', ')}, until ${waiver.expires}: ${waiver.reason}`,
    ],
    ['may be asked until', until],
    ['may begin until', closes],
    ['cancelled at', cancels],
    ['its own notAfter', notAfter],
    ['told beside it', reasons.map(({ code, message }) => `${code} ${message}`).join('; ')],
  ];
  return rows.flatMap(([name, text]) => (text == null || text === '' ? [] : [[name, text]]));
}
