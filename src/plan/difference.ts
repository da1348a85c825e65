/**
 * What a merge makes different: the plan before it and the plan after it, task by task. Both are the daemon's own plans, made
 * at one instant on the same ledger; nothing is decided here.
 */
import type { Receipt } from '../ledger/receipt.ts';
import { isAsked, receiptState } from '../ledger/receipt.ts';
import { sha256Hex } from '../lib/digest.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { Manifest, TaskKey, Token } from '../manifest/manifest.ts';
import { taskKey } from '../manifest/manifest.ts';
import { matchesTask } from '../policy/match.ts';
import type { Reason } from '../policy/verdict.ts';
import type { Window } from '../policy/window.ts';
import { windowAt } from '../policy/window.ts';
import { candidateOf, compareCandidates } from './batch.ts';
import type { Decision } from './decision.ts';
import type { Plan, PlanInput } from './plan.ts';
import { inOrder } from './plan.ts';
import { askedUnderName, findRepeats } from './repeat-guard.ts';
import { compareText } from './text-order.ts';
import { findHiding, judgeAbsence } from './withdrawal.ts';

/** A plan, and everything that it follows from. */
export interface Side {
  readonly input: PlanInput;
  readonly plan: Plan;
}

/**
 * - added: a name that nothing bore
 * - renamed: a name that nothing bore, for what another name asked: AWS is asked for it as for something new
 * - revised: the same name asks for something else
 * - repeated: the same again, by a raised run
 * - edited: nothing that AWS sees has changed, but when it may be asked, or what people read
 * - moved: the very same document elsewhere
 * - removed: nothing bears the name any more
 * - broken: its document, or its name, cannot be trusted any more
 * - judged: nothing of it has changed, and something else is decided
 */
export const changeKinds = [
  'added',
  'renamed',
  'revised',
  'repeated',
  'edited',
  'moved',
  'removed',
  'broken',
  'judged',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A window in which a task may be asked for, at the first instant at which it may. */
export interface OpenWindow {
  readonly name: string;
  readonly policy: string;
  readonly rule: string;
  /** When it closes; null where it does not within a year. */
  readonly closesMs: number | null;
}

export interface TaskChange {
  readonly key: TaskKey;
  readonly kind: ChangeKind;
  /** The other name of what was renamed: the old one of `renamed`, the new one of a `removed` that goes with it. */
  readonly other: TaskKey | null;
  readonly before: WantedTask | null;
  readonly after: WantedTask | null;
  /** Of a name that is broken: the other files in which it may stand, where the one that it was read from is not to blame. */
  readonly hiddenBy: readonly string[];
  /** The fields that differ, as a manifest names them; empty where there is nothing to compare. */
  readonly fields: readonly string[];
  /** What is decided of the name without the merge; null where nothing is. */
  readonly was: Decision | null;
  /** What is decided of what the merge wants, or of the name where that wants nothing; null where nothing is. */
  readonly decision: Decision | null;
  /** What else is decided of the name: an older revision that is cancelled, withdrawn or awaited. */
  readonly rest: readonly Decision[];
  /** What the ledger knows of the revision that the merge wants, or of the one that it removes. */
  readonly receipt: Receipt | null;
  /** The first instant at which AWS may be asked, as far as anybody can know now. */
  readonly firstMs: number | null;
  /** The windows that are open to it then; empty where none binds it. */
  readonly windows: readonly OpenWindow[];
  /** What the repeat guard holds of it, now or once an older revision has ended. */
  readonly repeats: readonly Reason[];
  /** Tasks that would be asked for first, and keep a device of this one busy until they end: the nearest, and how many more. */
  readonly behind: { readonly nearest: readonly TaskKey[]; readonly more: number };
}

/** Of a row of tasks on one device nobody wants to read more. */
const behindShown = 3;

/** The changes in the order in which tasks are judged, removals last. What neither side knows anything new of is not there. */
export function findChanges(before: Side, after: Side): TaskChange[] {
  const keys = new Set([...before.input.desired.tasks.keys(), ...after.input.desired.tasks.keys()]);
  for (const { input } of [before, after]) for (const key of input.desired.frozen) keys.add(key);
  const renames = findRenames(before, after);
  const decided = { before: decisionsOf(before.plan), after: decisionsOf(after.plan) };
  const queues = findQueues(after);
  const changes = [...keys].flatMap((key): TaskChange[] => {
    const change = changeOf(key, { before, after, renames, decided, queues });
    return change === null ? [] : [change];
  });
  const places = new Map(inOrder(after.input).map(({ manifest }, place) => [manifest.token, place]));
  const placeOf = ({ after: task }: TaskChange): number =>
    task === null ? Number.MAX_SAFE_INTEGER : (places.get(task.manifest.token) ?? Number.MAX_SAFE_INTEGER);
  return changes.sort((a, b) => placeOf(a) - placeOf(b) || compareText(a.key, b.key));
}

type ByKey = ReadonlyMap<TaskKey, readonly Decision[]>;

function decisionsOf({ decisions }: Plan): ByKey {
  const byKey = new Map<TaskKey, Decision[]>();
  for (const decision of decisions) {
    const others = byKey.get(decision.key);
    if (others === undefined) byKey.set(decision.key, [decision]);
    else others.push(decision);
  }
  return byKey;
}

interface Compared {
  readonly before: Side;
  readonly after: Side;
  readonly renames: Renames;
  readonly decided: { readonly before: ByKey; readonly after: ByKey };
  /** The order in which tasks are asked for next. */
  readonly queues: Queues;
}

function changeOf(key: TaskKey, compared: Compared): TaskChange | null {
  const { before, after, renames, decided } = compared;
  const old = before.input.desired.tasks.get(key) ?? null;
  const wanted = after.input.desired.tasks.get(key) ?? null;
  const was = pick(decided.before.get(key), old?.manifest.token ?? null);
  const token = wanted?.manifest.token ?? null;
  const decision = pick(decided.after.get(key), token);
  const kind = kindOf(key, old, wanted, compared, was, decision);
  if (kind === null) return null;
  const known = new Set((decided.before.get(key) ?? []).map(say));
  const rest = (decided.after.get(key) ?? []).filter((one) => one !== decision && !known.has(say(one)));
  const { receipts } = after.input.ledger;
  const meant = token ?? old?.manifest.token ?? newestToken(key, after.input);
  const firstMs = wanted === null || decision === null ? null : firstInstant(decision, after.input.nowMs);
  return {
    key,
    kind,
    other: renames.get(key) ?? null,
    before: old,
    after: wanted,
    hiddenBy: kind === 'broken' && old !== null ? findHiders(old, after) : [],
    fields: old === null || wanted === null ? [] : findFields(old.manifest, wanted.manifest),
    was,
    decision,
    rest,
    receipt: receipts.get(meant) ?? null,
    firstMs,
    windows: wanted === null || firstMs === null ? [] : findWindows(wanted, after.input, firstMs),
    repeats: wanted === null ? [] : findGuarded(wanted, after.input),
    behind:
      wanted === null || decision?.action !== 'issue'
        ? { nearest: [], more: 0 }
        : findBehind(wanted, key, compared.queues),
  };
}

/** The decision of the wanted revision; of a name that wants nothing, what is decided of the name. */
function pick(decisions: readonly Decision[] | undefined, token: Token | null): Decision | null {
  const found = decisions?.find((decision) => decision.token === token);
  return found ?? (token === null ? (decisions?.[0] ?? null) : null);
}

/** Without its words: they tell places, which shift by an edit that means nothing. */
function say({ key, token, action, untilMs, reasons }: Decision): string {
  const codes = reasons.map(({ code, policy, rule }) => `${code} ${policy ?? ''}/${rule ?? ''}`);
  return JSON.stringify([key, token, action, untilMs, codes.sort()]);
}

function kindOf(
  key: TaskKey,
  old: WantedTask | null,
  wanted: WantedTask | null,
  { before, after, renames }: Compared,
  was: Decision | null,
  decision: Decision | null,
): ChangeKind | null {
  if (wanted === null) {
    if (old !== null) return isGone(old, after) ? 'removed' : 'broken';
    return before.input.desired.frozen.has(key)
      ? after.input.desired.frozen.has(key)
        ? null
        : 'removed'
      : 'broken';
  }
  if (old === null) return renames.has(key) ? 'renamed' : 'added';
  if (old.manifest.token !== wanted.manifest.token) {
    return isRepeat(wanted.manifest, old.manifest) ? 'repeated' : 'revised';
  }
  if (old.manifest.digest !== wanted.manifest.digest) return 'edited';
  if (old.path !== wanted.path) return 'moved';
  return was !== null && decision !== null && say(was) === say(decision) ? null : 'judged';
}

/** Not hidden in something unreadable, either. */
function isGone({ manifest, path }: WantedTask, { input }: Side): boolean {
  return judgeAbsence(manifest, [path], input.desired) === 'removed';
}

/** Not the file that it was read from: what is wrong with that is told of it. */
function findHiders({ manifest, path }: WantedTask, { input }: Side): readonly string[] {
  if (input.desired.frozen.has(taskKey(manifest))) return [];
  return findHiding(manifest.name, [path], input.desired).filter((hiding) => hiding !== path);
}

/** Whether raising the run is all that has changed. */
function isRepeat(wanted: Manifest, old: Manifest): boolean {
  return wanted.run > old.run && askOf(wanted) === askOf(old);
}

/** What is asked for, without the name and the run. */
function askOf({ command, targets, description, tags }: Manifest): string {
  const own = Object.entries(tags).sort(([a], [b]) => compareText(a, b));
  return JSON.stringify([command, targets, description ?? null, own]);
}

type Renames = ReadonlyMap<TaskKey, TaskKey>;

/** Pairs of names, both ways: one gone and one come for the very same, each with nobody else that it could be. */
function findRenames(before: Side, after: Side): Renames {
  const gone = unpaired(before, after);
  const come = unpaired(after, before);
  const renames = new Map<TaskKey, TaskKey>();
  for (const [ask, [from, ...others]] of gone) {
    const [to, ...more] = come.get(ask) ?? [];
    if (from === undefined || to === undefined || others.length > 0 || more.length > 0) continue;
    renames.set(from, to);
    renames.set(to, from);
  }
  return renames;
}

function unpaired(here: Side, there: Side): Map<string, TaskKey[]> {
  const found = new Map<string, TaskKey[]>();
  for (const [key, { manifest }] of here.input.desired.tasks) {
    if (there.input.desired.tasks.has(key) || there.input.desired.frozen.has(key)) continue;
    const ask = sha256Hex(JSON.stringify([askOf(manifest), manifest.run]));
    found.set(ask, [...(found.get(ask) ?? []), key]);
  }
  return found;
}

const comparedFields = [
  ['command', ({ command }) => command],
  ['targets', ({ targets }) => targets],
  ['description', ({ description }) => description ?? ''],
  ['tags', ({ tags }) => Object.entries(tags).sort()],
  ['run', ({ run }) => run],
  ['notBefore', ({ notBeforeMs }) => notBeforeMs ?? null],
  ['notAfter', ({ notAfterMs }) => notAfterMs ?? null],
  ['after', ({ after }) => after],
  ['labels', ({ labels }) => Object.entries(labels).sort()],
  ['annotations', ({ annotations }) => Object.entries(annotations).sort()],
] as const satisfies readonly (readonly [string, (manifest: Manifest) => unknown])[];

function findFields(old: Manifest, wanted: Manifest): string[] {
  return comparedFields
    .filter(([, read]) => JSON.stringify(read(old)) !== JSON.stringify(read(wanted)))
    .map(([name]) => name);
}

function firstInstant({ action, untilMs }: Decision, nowMs: number): number | null {
  if (action === 'issue') return nowMs;
  return action === 'hold' ? untilMs : null;
}

/** The windows of every rule that binds the task, as they stand at an instant. */
function findWindows({ manifest }: WantedTask, input: PlanInput, atMs: number): OpenWindow[] {
  const fleetLabels = input.fleetRules.get(manifest.fleet)?.labels ?? {};
  const subject = { ...manifest, fleetLabels };
  return input.policies.policies
    .filter(({ match }) => matchesTask(match, subject))
    .flatMap(({ name: policy, rules }) =>
      rules.flatMap((rule): OpenWindow[] => {
        if (rule.kind !== 'window' || rule.otherwise === 'warn') return [];
        return rule.anyOf.flatMap((name): OpenWindow[] => {
          const window: Window | undefined = input.policies.windows.get(name);
          const state = window === undefined ? null : windowAt(window, atMs);
          if (state?.accepts !== true) return [];
          return [{ name, policy, rule: rule.name, closesMs: state.closesMs }];
        });
      }),
    );
}

/** Of a revision that was never asked for: what was asked for already is not asked again in any case. */
function findGuarded({ manifest }: WantedTask, { ledger, settings }: PlanInput): Reason[] {
  const own = ledger.receipts.get(manifest.token);
  if (!settings.repeatGuard || (own !== undefined && isAsked(receiptState(own)))) return [];
  return findRepeats(manifest, askedUnderName(manifest, ledger));
}

/** Of a name that nobody could read: what was asked for under it last. */
function newestToken(key: TaskKey, { ledger }: PlanInput): Token {
  return ledger.tokensByKey.get(key)?.at(-1) ?? '';
}

interface Queues {
  /** By device, in the order in which they are asked for. */
  readonly byDevice: ReadonlyMap<string, readonly TaskKey[]>;
  /** The place of a task in the queue of a device, by both. */
  readonly places: ReadonlyMap<string, number>;
}

/** Which tasks would be asked for now, by their devices, in the order in which they are. */
function findQueues({ plan, input }: Side): Queues {
  const byDevice = new Map<string, TaskKey[]>();
  const places = new Map<string, number>();
  const candidates = plan.issuable.map((issuable) =>
    candidateOf(issuable, input.origins.get(issuable.task.manifest.token) ?? null),
  );
  for (const { fleet, name, devices } of candidates.sort(compareCandidates)) {
    for (const device of devices) {
      const place = `${fleet}/${device}`;
      const queue = byDevice.get(place) ?? [];
      byDevice.set(place, queue);
      places.set(`${place} ${name}`, queue.length);
      queue.push(`${fleet}/${name}`);
    }
  }
  return { byDevice, places };
}

function findBehind(
  { manifest }: WantedTask,
  key: TaskKey,
  { byDevice, places }: Queues,
): TaskChange['behind'] {
  const { fleet, name, targets } = manifest;
  const nearest = new Set<TaskKey>();
  let most = 0;
  for (const device of targets) {
    const place = places.get(`${fleet}/${device} ${name}`) ?? 0;
    most = Math.max(most, place);
    const queue = byDevice.get(`${fleet}/${device}`) ?? [];
    for (const ahead of queue.slice(Math.max(0, place - behindShown), place)) nearest.add(ahead);
  }
  nearest.delete(key);
  const shown = [...nearest].sort().slice(0, behindShown);
  return { nearest: shown, more: Math.max(0, Math.max(most, nearest.size) - shown.length) };
}
