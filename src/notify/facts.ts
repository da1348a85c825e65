/** How things stand now, where that is news to whoever is not watching: holds, denials, files with errors, halts. */
import type { ControllerStatus, SyncStatus } from '../controller/status.ts';
import { sha256Hex } from '../lib/digest.ts';
import { boundText } from '../lib/escape.ts';
import type { Decision } from '../plan/decision.ts';
import { isoInstant, type Reason } from '../policy/verdict.ts';
import { aboutNothing, type Notice, textLengthMax } from './notice.ts';
import { sayWhen, zoneOf } from './when.ts';

/** A notice that has no time of its own. Its id tells the fact: what it says may change, as the end of a hold does. */
export type Fact = Omit<Notice, 'at'>;

export interface Present {
  /** The most severe first; at most `factsMax`. */
  readonly facts: readonly Fact[];
  /** Whether this is all: what is not here is so no more. A pass that ended early does not know. */
  readonly isWhole: boolean;
}

/** More than anybody reads. What a plan has beyond it is told when it becomes an event, and shown by `snowgate status`. */
const factsMax = 2_000;

/** They come and go within minutes, and end by themselves; one that lasts is told as `notSynced`. */
const passing: ReadonlySet<string> = new Set([
  'SG6107',
  'SG6204',
  'SG6205',
  'SG6206',
  'SG6207',
  'SG6208',
  'SG6224',
  'SG6231',
  'SG6236',
  'SG6237',
  'SG6238',
  'SG6239',
  'SG6240',
  'SG6241',
  'SG6244',
]);
/** A pass that ended early: nothing was read, nothing decided. */
const early: ReadonlySet<string> = new Set(['SG6205', 'SG6206', 'SG6207']);
/** Of a fleet that only observes: its mode is no news. */
const observes = 'SG6129';
const expiredCode = 'SG6102';
const refusedCode = 'SG6113';
/** What a person has to mend, of a task that is blocked: an unknown fleet, a doubt in an account that is gone. Halts are told once. */
const blockedCodes: ReadonlySet<string> = new Set(['SG6106', 'SG6119']);
const clockCodes: ReadonlySet<string> = new Set(['SG6211', 'SG6212']);

/** Everything that is so now. A function of the status alone. */
export function presentFacts(status: ControllerStatus): Present {
  const facts: Fact[] = [...haltFacts(status), ...fleetFacts(status), ...syncFacts(status)];
  facts.push(...fileFacts(status, factsMax - facts.length));
  const urgent: Decision[] = [];
  const quiet: Decision[] = [];
  for (const decision of status.decisions) {
    if (decision.action === 'deny' || decision.action === 'blocked') urgent.push(decision);
    else if (decision.action === 'hold') quiet.push(decision);
  }
  for (const decision of [...urgent, ...quiet]) {
    if (facts.length >= factsMax) break;
    const fact = taskFact(decision, status);
    if (fact !== null) facts.push(fact);
  }
  const { view, desired, problems } = status;
  const isWhole = view !== null && desired !== null && !problems.some(({ code }) => early.has(code));
  return { facts: distinct(facts), isWhole };
}

function distinct(facts: readonly Fact[]): Fact[] {
  return [...new Map(facts.map((fact) => [fact.id, fact])).values()];
}

/** The same for the same fact, in every life and every replica. */
function idOf(...about: readonly (string | null)[]): string {
  return `now_${sha256Hex(JSON.stringify(about)).slice(0, 32)}`;
}

function haltFacts({ ledger, problems, halts }: ControllerStatus): Fact[] {
  const lasting = problems.filter(({ code }) => !passing.has(code) && !/^SG[34]/.test(code));
  const clocks = halts.filter(({ code }) => clockCodes.has(code));
  const own = [ledger.halt, ledger.refusal].filter((reason) => reason !== null);
  return [...own, ...lasting, ...clocks].map(({ code, message }) => ({
    ...aboutNothing,
    id: idOf('halted', code),
    kind: 'halted',
    severity: 'error',
    text: boundText(`halted, nothing is issued: ${message}`, textLengthMax),
    code,
  }));
}

function fleetFacts({ fleets }: ControllerStatus): Fact[] {
  return fleets.flatMap(({ name, stand, reason }): Fact[] => {
    if (stand !== 'halted' || reason === null) return [];
    const text = boundText(
      `fleet ${name} is halted, nothing is issued to it: ${reason.message}`,
      textLengthMax,
    );
    const { code } = reason;
    const id = idOf('fleetHalted', name, code);
    return [{ ...aboutNothing, id, kind: 'fleetHalted', severity: 'error', fleet: name, text, code }];
  });
}

function syncFacts({ source, policies, ledger, atMs, begunMs, maxAgeMs }: ControllerStatus): Fact[] {
  const parts: readonly (readonly [string, SyncStatus | null])[] = [
    ['source', source],
    ['policies', policies],
    ['ledger', ledger],
  ];
  return parts.flatMap(([name, sync]): Fact[] => {
    if (sync === null || (sync.ageMs ?? atMs - begunMs) <= maxAgeMs) return [];
    const since = `for more than ${Math.round(maxAgeMs / 1_000)} s (source.maxAge)`;
    const text = `the ${name} has not been fetched ${since}: nothing is issued on old news`;
    const id = idOf('notSynced', name);
    return [{ ...aboutNothing, id, kind: 'notSynced', severity: 'error', text, code: 'SG6204' }];
  });
}

/** Lines move with every edit above them, and are no part of the fact. */
function fileFacts({ sourceProblems }: ControllerStatus, most: number): Fact[] {
  const errors = (sourceProblems ?? []).filter(({ severity }) => severity === 'error').slice(0, most);
  return errors.map(({ code, message, place }) => ({
    ...aboutNothing,
    id: idOf('quarantined', place.path, code, message),
    kind: 'quarantined',
    severity: 'error',
    text: boundText(`${place.path}:${place.line} has an error, and is not read: ${message}`, textLengthMax),
    code,
    path: place.path,
  }));
}

function taskFact(decision: Decision, status: ControllerStatus): Fact | null {
  const { action, token } = decision;
  if (action === 'deny') return denyFact(decision, status);
  const reasons = decision.reasons.filter(({ code }) =>
    action === 'blocked' ? blockedCodes.has(code) : !passing.has(code) && code !== observes,
  );
  const [first] = reasons;
  if (first === undefined) return null;
  const needsCommit = action === 'blocked' || reasons.some(({ endedBy }) => endedBy === 'commit');
  const { untilMs } = decision;
  const when = untilMs === null ? '' : ` until ${whenOf(untilMs, reasons, status)}`;
  return {
    ...aboutTask(decision, status),
    id: idOf('held', decision.key, token, first.code, first.policy ?? null, first.rule ?? null),
    kind: 'held',
    severity: needsCommit ? 'warning' : 'info',
    text: sentence(decision, `is held${when}`, reasons),
    code: first.code,
    until: untilMs === null ? null : isoInstant(untilMs),
  };
}

/** What the ledger already says of it in these words is told as its event. */
function denyFact(decision: Decision, status: ControllerStatus): Fact | null {
  const [first] = decision.reasons;
  const { token } = decision;
  if (first === undefined || first.code === refusedCode) return null;
  const kind = first.code === expiredCode ? 'expired' : 'denied';
  const noted = token === null ? undefined : status.view?.receipts.get(token)?.notes.get(kind);
  if (noted?.includes(first.message) === true) return null;
  return {
    ...aboutTask(decision, status),
    id: idOf(kind, decision.key, token, first.code, first.policy ?? null, first.rule ?? null),
    kind,
    severity: 'warning',
    text: sentence(decision, kind === 'expired' ? 'has expired' : 'is denied', decision.reasons),
    code: first.code,
  };
}

function aboutTask({ fleet, name, key, token }: Decision, { desired, origins, view }: ControllerStatus) {
  const commit = token === null ? null : (origins.get(token)?.introduced?.id ?? null);
  const receipt = token === null ? undefined : view?.receipts.get(token);
  return {
    ...aboutNothing,
    fleet,
    task: name,
    token,
    devices: desired?.tasks.get(key)?.manifest.targets ?? [],
    commit: commit ?? receipt?.manifest?.commit ?? null,
  };
}

function sentence({ key }: Decision, says: string, reasons: readonly Reason[]): string {
  const why = reasons.map(({ code, message }) => `${code} ${message}`).join('; ');
  return boundText(`${key} ${says}: ${why}`, textLengthMax);
}

function whenOf(untilMs: number, reasons: readonly Reason[], { policySet, atMs }: ControllerStatus): string {
  return sayWhen(untilMs, zoneOf(reasons, policySet), atMs);
}
