/**
 * How things stand now, where that is news to whoever is not watching: holds, denials, files with errors, halts. And which of
 * the facts that were told are over: that is said only by a status in which what they are about was looked at and found
 * otherwise. What is missing elsewhere, after a restart or a pass that could not read, says nothing.
 */
import type { NotifyTarget } from '../config/config.ts';
import type { ControllerStatus, SyncStatus } from '../controller/status.ts';
import { Slice, type Slices } from '../lib/turns.ts';
import type { TaskKey } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import type { Reason } from '../policy/verdict.ts';
import { type About, type Fact, idOf, passingCodes, type Subject } from './fact.ts';
import { wants } from './filter.ts';
import { aboutNothing } from './notice.ts';
import { isHalted, type TaskWord, taskFact, taskWord } from './task-facts.ts';

/** More than anybody reads. What a plan has beyond it is told when it becomes an event, and shown by `snowgate status`. */
const factsMax = 2_000;
/** What a commit has to mend before anything can be read: too many files, no folder. Other faults of reading pass, or are told as `notSynced`. */
const readingCodes: ReadonlySet<string> = new Set(['SG3030', 'SG3031', 'SG3034', 'SG3071']);
const clockCodes: ReadonlySet<string> = new Set(['SG6211', 'SG6212']);
/** A pass that ended with one of these has not come to what halts fleets and clocks; with the first, not to the ledger. */
const unfetched = 'SG6206';
const undecided = 'SG6207';
/** A fact costs so much more than a decision that is only looked at. */
const factCost = 40;

/** A fact that a target was told of, and that has not ended as far as is known. */
export interface Standing {
  readonly about: About;
  /** The height of the ledger when it was told. */
  readonly seq: number;
}

export interface Facts {
  /** Those that the target wants to hear of, the most severe first; at most `factsMax`. */
  readonly wanted: readonly Fact[];
  /** Ids of those that it was told of, and that are over. */
  readonly ended: ReadonlySet<string>;
}

/** What is made of decisions, once for all targets of one status. */
export type FactMemo = Map<Decision, Fact>;

/** Everything that is so now, as one target is told of it. A function of the status and of what it was told, in slices. */
export function* surveyFacts(
  status: ControllerStatus,
  target: NotifyTarget,
  told: ReadonlyMap<string, Standing>,
  memo: FactMemo,
): Slices<Facts> {
  const slice = new Slice();
  const whole = [...haltFacts(status), ...fleetFacts(status), ...syncFacts(status)];
  const wanted = distinct(whole).filter((fact) => wants(target, fact));
  const ended = new Set<string>();
  const standing = new Set(whole.map(({ id }) => id));
  for (const [id, one] of told) {
    if (!standing.has(id) && isOver(one, status)) ended.add(id);
  }
  yield* surveyFiles(status, target, { told, wanted, ended, slice });
  yield* surveyTasks(status, target, { told, wanted, ended, slice }, memo);
  return { wanted: distinct(wanted), ended };
}

interface Survey {
  readonly told: ReadonlyMap<string, Standing>;
  readonly wanted: Fact[];
  readonly ended: Set<string>;
  readonly slice: Slice;
}

/** The first of each id. */
function distinct(facts: readonly Fact[]): Fact[] {
  const seen = new Set<string>();
  return facts.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Whether a fact of what is neither a file nor a task is over, where it is not among those that stand. */
function isOver({ about, seq }: Standing, status: ControllerStatus): boolean {
  const { ledger, fleets, isJudged, halts, maxAgeMs } = status;
  switch (about.of) {
    case 'ledger':
      return hasFetched(status);
    case 'push':
      // In a new life nothing is known against it before the first push.
      return ledger.refusal === null && hasPushed(status, seq);
    case 'pass':
      return isJudged;
    case 'clock':
      // A clock that complains of one thing does not look at the other; and it complains of nothing before AWS was heard.
      return (
        hasFetched(status) &&
        !status.problems.some(({ code }) => code === undecided) &&
        fleets.some(({ isProved }) => isProved) &&
        !halts.some(({ code }) => clockCodes.has(code))
      );
    case 'fleet': {
      const fleet = fleets.find(({ name }) => name === about.name);
      return fleet === undefined || fleet.stand === 'open' || fleet.stand === 'observed';
    }
    case 'sync': {
      const [, sync = null] = syncParts(status).find(([name]) => name === about.name) ?? [];
      return sync === null || (sync.ageMs !== null && sync.ageMs <= maxAgeMs);
    }
    case 'file':
    case 'task':
      return false;
  }
}

/** Whether the newest pass has fetched the ledger, folded it, and gone on. One that ends with a halt of it has the code of that. */
function hasFetched({ passes, ledger, problems }: ControllerStatus): boolean {
  const isMissed = problems.some(({ code }) => code === unfetched);
  return passes.ended > 0 && ledger.ageMs !== null && ledger.halt === null && !isMissed;
}

/** Whether a commit of this replica stands in the ledger beyond a height. */
function hasPushed({ recent, replica }: ControllerStatus, seq: number): boolean {
  return (recent.all.findLast((event) => event.replica === replica)?.seq ?? 0) > seq;
}

function haltFacts({ ledger, problems, halts }: ControllerStatus): Fact[] {
  const isLasting = ({ code }: Reason): boolean =>
    /^SG[34]/.test(code) ? readingCodes.has(code) : !passingCodes.has(code);
  const each: readonly (readonly [Subject, readonly Reason[]])[] = [
    ['ledger', ledger.halt === null ? [] : [ledger.halt]],
    ['push', ledger.refusal === null ? [] : [ledger.refusal]],
    ['pass', problems.filter(isLasting)],
    ['clock', halts.filter(({ code }) => clockCodes.has(code))],
  ];
  return each.flatMap(([of, reasons]) =>
    reasons.map(({ code, message }) => ({
      ...aboutNothing,
      about: { of, name: code },
      id: idOf('halted', code),
      kind: 'halted' as const,
      severity: 'error' as const,
      text: `halted, nothing is issued: ${message}`,
      code,
    })),
  );
}

function fleetFacts({ fleets }: ControllerStatus): Fact[] {
  return fleets.flatMap(({ name, stand, reason }): Fact[] => {
    if (stand !== 'halted' || reason === null) return [];
    const text = `fleet ${name} is halted, nothing is issued to it: ${reason.message}`;
    const { code } = reason;
    const [id, about] = [idOf('fleetHalted', name, code), { of: 'fleet', name } as const];
    return [{ ...aboutNothing, about, id, kind: 'fleetHalted', severity: 'error', fleet: name, text, code }];
  });
}

function syncParts({ source, policies, ledger }: ControllerStatus) {
  return [
    ['source', source],
    ['policies', policies],
    ['ledger', ledger],
  ] as const satisfies readonly (readonly [string, SyncStatus | null])[];
}

function syncFacts(status: ControllerStatus): Fact[] {
  const { atMs, begunMs, maxAgeMs } = status;
  return syncParts(status).flatMap(([name, sync]): Fact[] => {
    if (sync === null || (sync.ageMs ?? atMs - begunMs) <= maxAgeMs) return [];
    const since = `for more than ${Math.round(maxAgeMs / 1_000)} s (source.maxAge)`;
    const text = `the ${name} has not been fetched ${since}: nothing is issued on old news`;
    const [id, about] = [idOf('notSynced', name), { of: 'sync', name } as const];
    return [{ ...aboutNothing, about, id, kind: 'notSynced', severity: 'error', text, code: 'SG6204' }];
  });
}

/** Lines move with every edit above them, and are no part of the fact. */
function* surveyFiles(
  { sourceProblems, isJudged }: ControllerStatus,
  target: NotifyTarget,
  { told, wanted, ended, slice }: Survey,
): Slices<void> {
  const toldPaths = new Map<string, Set<string>>();
  if (isJudged) {
    for (const [id, { about }] of told) {
      if (about.of === 'file') toldPaths.set(about.name, (toldPaths.get(about.name) ?? new Set()).add(id));
    }
  }
  const isWanted = wants(target, { kind: 'quarantined', severity: 'error', fleet: null });
  if (!isWanted && toldPaths.size === 0) return;
  for (const { severity, code, message, place } of sourceProblems ?? []) {
    if (slice.isOver()) yield;
    if (severity !== 'error') continue;
    const { path, line } = place;
    const isFull = !isWanted || wanted.length >= factsMax;
    const ids = toldPaths.get(path);
    if (isFull && ids === undefined) continue;
    if (slice.isOver(factCost)) yield;
    const id = idOf('quarantined', path, code, message);
    ids?.delete(id);
    if (isFull) continue;
    wanted.push({
      ...aboutNothing,
      about: { of: 'file', name: path },
      id,
      kind: 'quarantined',
      severity: 'error',
      text: `${path}:${line} has an error, and is not read: ${message}`,
      code,
      path,
    });
  }
  for (const ids of toldPaths.values()) for (const id of ids) ended.add(id);
}

/** What needs a person before what only waits, so that the bound cuts the latter. */
function* surveyTasks(
  status: ControllerStatus,
  target: NotifyTarget,
  { told, wanted, ended, slice }: Survey,
  memo: FactMemo,
): Slices<void> {
  const toldTasks = toldBy(told);
  const kinds = (['held', 'denied', 'expired'] as const).filter((kind) => target.events.includes(kind));
  if (kinds.length === 0 && toldTasks.size === 0) return;
  const make = (decision: Decision, word: TaskWord): Fact => {
    const fact = memo.get(decision) ?? taskFact(decision, word, status);
    memo.set(decision, fact);
    return fact;
  };
  for (const isQuiet of [false, true]) {
    for (const decision of status.decisions) {
      if (slice.isOver()) yield;
      const { action, key } = decision;
      if ((action === 'hold') !== isQuiet) continue;
      const tasks = toldTasks.get(key);
      const isFull = wanted.length >= factsMax;
      if (isFull && tasks === undefined) continue;
      const word = taskWord(decision, status);
      const isWanted = word !== null && !isFull && wants(target, word);
      const fact = word !== null && (isWanted || tasks !== undefined) ? make(decision, word) : null;
      if (fact !== null && slice.isOver(factCost)) yield;
      if (isWanted && fact !== null) wanted.push(fact);
      if (tasks === undefined) continue;
      if (fact !== null) tasks.delete(fact.id);
      if (isHalted(decision)) tasks.clear();
    }
  }
  if (!status.isJudged) return;
  for (const ids of toldTasks.values()) for (const id of ids) ended.add(id);
}

/** The ids that were told of each task, and that nothing was found of yet. */
function toldBy(told: ReadonlyMap<string, Standing>): Map<TaskKey, Set<string>> {
  const tasks = new Map<TaskKey, Set<string>>();
  for (const [id, { about }] of told) {
    if (about.of === 'task') tasks.set(about.name, (tasks.get(about.name) ?? new Set()).add(id));
  }
  return tasks;
}
