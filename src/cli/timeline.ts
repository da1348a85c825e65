/** A revision's life as a timeline: when, how long after what came before, what happened, and which commit tells it. */
import type { DeviceExecution, LedgerEvent } from '../ledger/events.ts';
import { changes } from './device-times.ts';
import type { ToldEvent } from './ledger-reading.ts';
import type { Colors } from './print.ts';
import { formatWrapped, paintState } from './receipt-view.ts';
import { describeVerdict } from './verdict-view.ts';

interface Moment {
  /** ISO 8601; empty where the ledger tells no time. */
  readonly at: string;
  /** How long after the line before; empty where that cannot be told. */
  readonly gap: string;
  readonly word: string;
  readonly text: string;
  /** The commit and its writer; empty for what no event tells. */
  readonly where: string;
}

/** One line an event, behind two columns; what is too long for a terminal's line goes on below. */
export function formatTimeline(told: readonly ToldEvent[], columns: number, colors: Colors): string {
  const moments = readMoments(told);
  const width = (part: 'at' | 'gap' | 'word'): number => Math.max(0, ...moments.map((m) => m[part].length));
  const [atWidth, gapWidth, wordWidth] = [width('at'), width('gap'), width('word')];
  return moments
    .map(({ at, gap, word, text, where }) => {
      const times = `${at.padEnd(atWidth)}  ${gap.padStart(gapWidth)}  `;
      const shown = paintState(stateOf(word, text), word.padEnd(wordWidth), colors);
      const rest = formatWrapped([text, where].filter((part) => part !== '').join('  '), '', 0).trimEnd();
      const fits = columns === 0 || 2 + times.length + wordWidth + 2 + rest.length <= columns;
      if (fits) return `  ${times}${shown}  ${rest}\n`;
      const below = [text, where].filter((part) => part !== '');
      const head = `${times.trim() === '' ? '' : times}${shown.trimEnd()}`;
      return `  ${head}\n${below.map((part) => formatWrapped(part, '    ', columns)).join('')}`;
    })
    .join('');
}

/** The colour of a line: what went wrong is red, as the state of the same name is. */
function stateOf(word: string, text: string): string {
  if (word !== 'ended') return word;
  return text.startsWith('succeeded') ? 'settled' : 'claimed';
}

function readMoments(told: readonly ToldEvent[]): Moment[] {
  const moments: Moment[] = [];
  const wanted = told.map(({ event }) => event).find(isClaim);
  if (wanted !== undefined) moments.push(wantedMoment(wanted));
  const devices = new Map<string, DeviceExecution>();
  let before: string | null = null;
  for (const { event, header, commit } of told) {
    const [word, text] = tell(event, devices);
    const where = `[${commit.slice(0, 12)} ${header.replica}]`;
    moments.push({
      at: event.at,
      gap: before === null ? '' : formatGap(before, event.at),
      word,
      text,
      where,
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
function wantedMoment({ manifest: { commit, author, path } }: Claim): Moment {
  const by = author === null ? '' : ` by ${author}`;
  const text = commit === null ? path : `${path} in ${commit.slice(0, 12)}${by}`;
  return { at: '', gap: '', word: 'wanted', text, where: '' };
}

function tookMoment(told: readonly ToldEvent[]): Moment | null {
  const events = told.map(({ event }) => event);
  const begun = events.find(isClaim);
  const ended = events.find(({ kind }) => kind === 'settled');
  if (begun === undefined || ended === undefined) return null;
  const gap = formatGap(begun.at, ended.at);
  return { at: '', gap, word: 'in all', text: 'from the first claim to the end', where: '' };
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
