/** What is told of a task that waits, is denied, or needs a person. */
import type { ControllerStatus } from '../controller/status.ts';
import type { Decision } from '../plan/decision.ts';
import { isoInstant, type Reason } from '../policy/verdict.ts';
import { type Fact, idOf, passingCodes } from './fact.ts';
import { aboutNothing, type Notice } from './notice.ts';
import { sayWhen, zoneOf } from './when.ts';

/** Of a fleet that only observes: its mode is no news. */
const observes = 'SG6129';
const expiredCode = 'SG6102';
const refusedCode = 'SG6113';
/** What a person has to mend, of a task that is blocked: an unknown fleet, a doubt in an account that is gone. Halts are told once. */
const blockedCodes: ReadonlySet<string> = new Set(['SG6106', 'SG6119']);
/** A task that is blocked by one of these was judged: the rest are halts, under which nobody looks at what else would hold it. */
const ownCodes: ReadonlySet<string> = new Set([...blockedCodes, 'SG6114', 'SG6115', 'SG6128']);

/** What is told of a decision, before it is put into words. */
export interface TaskWord extends Pick<Notice, 'kind' | 'severity' | 'fleet'> {
  readonly reasons: readonly [Reason, ...Reason[]];
}

/** Whether only a halt was looked at: whatever held the task before may hold it still. */
export function isHalted({ action, reasons }: Decision): boolean {
  return action === 'blocked' && reasons.some(({ code }) => !ownCodes.has(code));
}

/** The kind of word that a decision is; null where it is none. Cheap: there are a hundred thousand. */
export function taskWord(decision: Decision, status: ControllerStatus): TaskWord | null {
  const { action, fleet } = decision;
  if (action === 'deny') return denyWord(decision, status);
  if (action !== 'hold' && action !== 'blocked') return null;
  const [first, ...others] = decision.reasons.filter(({ code }) =>
    action === 'blocked' ? blockedCodes.has(code) : !passingCodes.has(code) && code !== observes,
  );
  if (first === undefined) return null;
  const reasons = [first, ...others] as const;
  const needsCommit = action === 'blocked' || reasons.some(({ endedBy }) => endedBy === 'commit');
  return { kind: 'held', severity: needsCommit ? 'warning' : 'info', fleet, reasons: [...reasons] };
}

/** What the ledger already says of it in these words is told as its event. */
function denyWord({ reasons, token, fleet }: Decision, { view }: ControllerStatus): TaskWord | null {
  const [first, ...others] = reasons;
  if (first === undefined || first.code === refusedCode) return null;
  const kind = first.code === expiredCode ? 'expired' : 'denied';
  const noted = token === null ? undefined : view?.receipts.get(token)?.notes.get(kind);
  if (noted?.includes(first.message) === true) return null;
  return { kind, severity: 'warning', fleet, reasons: [first, ...others] };
}

/** The word as a fact. */
export function taskFact(decision: Decision, word: TaskWord, status: ControllerStatus): Fact {
  const { key, name, token, untilMs } = decision;
  const { kind, severity, fleet, reasons } = word;
  const [first] = reasons;
  const endMs = kind === 'held' ? untilMs : null;
  return {
    ...aboutNothing,
    about: { of: 'task', name: key },
    id: idOf(kind, key, token, first.code, first.policy ?? null, first.rule ?? null),
    kind,
    severity,
    fleet,
    task: name,
    token,
    devices: status.desired?.tasks.get(key)?.manifest.targets ?? [],
    text: sentence(decision, word, status),
    commit: commitOf(decision, status),
    code: first.code,
    until: endMs === null ? null : isoInstant(endMs),
  };
}

function commitOf({ token }: Decision, { origins, view }: ControllerStatus): string | null {
  if (token === null) return null;
  return origins.get(token)?.introduced?.id ?? view?.receipts.get(token)?.manifest?.commit ?? null;
}

function sentence({ key, untilMs }: Decision, { kind, reasons }: TaskWord, status: ControllerStatus): string {
  const { policySet, atMs } = status;
  const when = untilMs === null ? '' : ` until ${sayWhen(untilMs, zoneOf(reasons, policySet), atMs)}`;
  const says = kind === 'held' ? `is held${when}` : kind === 'expired' ? 'has expired' : 'is denied';
  const why = reasons.map(({ code, message }) => `${code} ${message}`).join('; ');
  return `${key} ${says}: ${why}`;
}
