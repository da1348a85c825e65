/** A revision's life in words: what happened, when, how long after what came before, and which commit tells it. */
import type { DeviceExecution, LedgerEvent } from '../ledger/events.ts';
import { changes } from './device-times.ts';
import { describeVerdict } from './verdict-words.ts';

/** One event, the commit that carries it and the name of the controller that wrote it. */
export interface LifeEvent {
  readonly event: LedgerEvent;
  readonly commit: string;
  readonly replica: string;
}

export interface LifeMoment {
  /** ISO 8601; empty where the ledger tells no time. */
  readonly at: string;
  /** How long after the moment before; empty where that cannot be told. */
  readonly gap: string;
  readonly word: string;
  readonly text: string;
  /** Where it is told; null for what no event tells. */
  readonly told: { readonly commit: string; readonly replica: string } | null;
}

/** The moments of one revision's events, oldest first, and what they add up to. */
export function readLife(told: readonly LifeEvent[]): LifeMoment[] {
  const moments: LifeMoment[] = [];
  const wanted = told.map(({ event }) => event).find(isClaim);
  if (wanted !== undefined) moments.push(wantedMoment(wanted));
  const devices = new Map<string, DeviceExecution>();
  let before: string | null = null;
  for (const { event, commit, replica } of told) {
    const [word, text] = tell(event, devices);
    moments.push({
      at: event.at,
      gap: before === null ? '' : formatGap(before, event.at),
      word,
      text,
      told: { commit, replica },
    });
    before = event.at;
    for (const execution of 'executions' in event ? event.executions : []) {
      devices.set(execution.device, execution);
    }
  }
  const took = tookMoment(told);
  return took === null ? moments : [...moments, took];
}

type Claim = Extract<LedgerEvent, { kind: 'claimed' }>;

function isClaim(event: LedgerEvent): event is Claim {
  return event.kind === 'claimed';
}

/** Commit and author are what the first claim wrote down; the commit's own time stands in the source alone. */
function wantedMoment({ manifest: { commit, author, path } }: Claim): LifeMoment {
  const by = author === null ? '' : ` by ${author}`;
  const text = commit === null ? path : `${path} in ${commit.slice(0, 12)}${by}`;
  return { at: '', gap: '', word: 'wanted', text, told: null };
}

function tookMoment(told: readonly LifeEvent[]): LifeMoment | null {
  const events = told.map(({ event }) => event);
  const begun = events.find(isClaim);
  const ended = events.find(({ kind }) => kind === 'settled');
  if (begun === undefined || ended === undefined) return null;
  const gap = formatGap(begun.at, ended.at);
  return { at: '', gap, word: 'in all', text: 'from the first claim to the end', told: null };
}

/** `+850ms`, `+12s`, `+5m 3s`, `+2h 5m`, `+3d 4h`; nothing where clocks disagree about what came first. */
export function formatGap(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  if (!(ms >= 0)) return '';
  if (ms < 1000) return `+${ms}ms`;
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([number]) => number > 0);
  const shown = parts.slice(first, first + 2).filter(([number]) => number > 0);
  return `+${shown.map(([number, unit]) => `${number}${unit}`).join(' ')}`;
}

/** A word for what happened, and what there is to say of it. */
function tell(event: LedgerEvent, known: ReadonlyMap<string, DeviceExecution>): [string, string] {
  switch (event.kind) {
    case 'claimed':
      return ['claimed', tellClaim(event)];
    case 'issued':
      return ['issued', `${event.taskId} by attempt ${event.attempt}`];
    case 'released': {
      const again = event.notBefore === null ? '' : `, not again before ${event.notBefore}`;
      return ['released', `attempt ${event.attempt}, ${event.reason}${again}${said(event.message)}`];
    }
    case 'refused':
      return ['refused', `attempt ${event.attempt}, ${event.error}${said(event.message)}`];
    case 'unknown':
      return ['in doubt', `attempt ${event.attempt}, ${event.error}${said(event.message)}`];
    case 'adopted':
      return ['found', `${event.taskId}, by a look at ${event.look.tasksSeen} tasks`];
    case 'absent':
      return ['not found', `by a look at ${event.look.tasksSeen} tasks: attempt ${event.through} made none`];
    case 'ambiguous':
      return ['ambiguous', `${event.reason}, after a look at ${event.look.tasksSeen} tasks`];
    case 'doubled':
      return ['doubled', event.taskIds.join(', ')];
    case 'resolved': {
      const what = event.taskId === null ? 'no task was made' : `made ${event.taskId}`;
      return ['resolved', `${what}, says ${event.by}${said(event.reason)}`];
    }
    case 'baseline':
      return ['baseline', `${event.path}: never to be issued`];
    case 'noted':
      return [event.reason, event.message];
    case 'progress':
    case 'cancelRequested':
    case 'cancelAnswered':
    case 'ranOutsideWindow':
    case 'settled':
      return tellOfTask(event, known);
  }
}

function tellClaim({ attempt, look, verdict }: Claim): string {
  const allowed = describeVerdict(verdict);
  const parts = [
    `attempt ${attempt}`,
    look === undefined ? '' : 'after a look',
    allowed === '' ? '' : `allowed ${allowed}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

type TaskEvent = Extract<
  LedgerEvent,
  { kind: 'progress' | 'cancelRequested' | 'cancelAnswered' | 'ranOutsideWindow' | 'settled' }
>;

const cancelReasons = {
  removed: 'its manifest was removed',
  reverted: 'its commit was reverted',
  closed: 'its window ends',
  expired: 'its notAfter comes',
} as const;

/** Why a device began outside the window all the same. */
export const outsideCauses = {
  lostRace: 'the device was quicker than the cancel',
  cancelRefused: 'AWS refused to cancel',
  pollLag: 'the cancel had not been asked for yet',
  controllerDown: 'no controller was running',
  left: 'its policy says onClose: leave',
} as const;
const cancelAnswers = {
  accepted: 'accepted by AWS',
  refused: 'refused by AWS',
  begun: 'AWS was not asked',
} as const;

function tellOfTask(event: TaskEvent, known: ReadonlyMap<string, DeviceExecution>): [string, string] {
  switch (event.kind) {
    case 'progress':
      return ['progress', describe(changes(known, event.executions))];
    case 'cancelRequested':
      return [
        'cancel',
        `asked for ${event.taskId}: ${cancelReasons[event.reason]}${event.end === undefined ? '' : ` at ${event.end}`}`,
      ];
    case 'cancelAnswered':
      return ['cancel', `${cancelAnswers[event.answer]}${said(event.message)}`];
    case 'ranOutsideWindow': {
      const runs = event.runs.map(
        ({ device, startedAt, cause }) => `${device} began at ${startedAt}: ${outsideCauses[cause]}`,
      );
      return ['outside', `its window had closed at ${event.closedAt}; ${runs.join('; ')}`];
    }
    case 'settled': {
      const ends = describe(event.executions);
      return ['ended', ends === '' ? event.outcome : `${event.outcome}: ${ends}`];
    }
  }
}

function describe(executions: readonly DeviceExecution[]): string {
  return executions.map(({ device, state }) => `${device} ${state}`).join(', ');
}

function said(message: string): string {
  return message === '' ? '' : ` (${message})`;
}
