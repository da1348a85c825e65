/** Events of the ledger as notices. A function of the event and of what the ledger knows of its revision. */
import type { NoticeKind, NoticeSeverity } from '../config/config.ts';
import type { RecentEvent } from '../controller/recent-events.ts';
import type { DeviceExecution, LedgerEvent, ReleaseReason } from '../ledger/events.ts';
import type { LedgerView } from '../ledger/view.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Origin } from '../plan/facts.ts';
import type { Notice } from './notice.ts';

export interface EventContext {
  readonly view: LedgerView;
  readonly origins: ReadonlyMap<Token, Origin>;
}

interface Word {
  readonly kind: NoticeKind;
  readonly severity: NoticeSeverity;
  /** What follows the name of the task. */
  readonly says: string;
  readonly taskId?: string;
  readonly code?: string;
}

/** Of what made no task, what a person may have to mend; the rest is asked again by itself, or was meant. */
const mendable: ReadonlySet<ReleaseReason> = new Set(['denied', 'credentials', 'quota', 'clock']);

/** The notice of an event; null for one that nobody needs word of (claims, progress, what ends by itself). */
export function noticeOfEvent(recent: RecentEvent, { view, origins }: EventContext): Notice | null {
  const { event, seq, index, commit, replica } = recent;
  const word = wordOf(event);
  if (word === null) return null;
  const { fleet, name, token, at } = event;
  const receipt = view.receipts.get(token);
  return {
    id: `${view.ledgerId}_${seq}_${index}`,
    kind: word.kind,
    severity: word.severity,
    fleet,
    task: name,
    token,
    devices: receipt?.revision?.targets ?? [],
    text: `${fleet}/${name} ${word.says}`,
    at,
    commit: receipt?.manifest?.commit ?? origins.get(token)?.introduced?.id ?? null,
    taskId: word.taskId ?? receipt?.taskIds[0] ?? null,
    code: word.code ?? null,
    until: null,
    path: null,
    ledger: { seq, index, commit, replica },
  };
}

function wordOf(event: LedgerEvent): Word | null {
  switch (event.kind) {
    case 'issued':
      return {
        kind: 'issued',
        severity: 'info',
        says: `was issued: AWS has made ${event.taskId}`,
        taskId: event.taskId,
      };
    case 'refused':
      return {
        kind: 'refused',
        severity: 'error',
        says: `was refused by AWS: ${event.error}: ${event.message}`,
      };
    case 'released':
      if (!mendable.has(event.reason)) return null;
      return {
        kind: 'released',
        severity: 'warning',
        says: `could not be issued (${event.reason}), and is tried again: ${event.message}`,
      };
    case 'noted':
      return {
        kind: event.reason,
        severity: event.reason === 'withdrawn' ? 'info' : 'warning',
        says: `${noteWords[event.reason]}: ${event.message}`,
      };
    case 'settled':
      return settledWord(event.outcome, event.executions);
    case 'cancelRequested':
      return {
        kind: 'cancelRequested',
        severity: 'info',
        says: `is to be cancelled: ${cancelWords[event.reason]}`,
        taskId: event.taskId,
      };
    case 'cancelAnswered':
      if (event.answer !== 'refused') return null;
      return {
        kind: 'cancelRefused',
        severity: 'warning',
        says: `is not cancelled, AWS refused: ${event.message}`,
      };
    case 'claimed':
    case 'baseline':
    case 'progress':
      return null;
    case 'ranOutsideWindow': {
      const runs = event.runs.map(({ device, startedAt, cause }) => `${device} at ${startedAt} (${cause})`);
      const says = `ran outside its window, which closed at ${event.closedAt}: ${runs.join(', ')}`;
      return { kind: 'ranOutsideWindow', severity: 'error', says, code: 'SG6246' };
    }
    case 'unknown':
    case 'adopted':
    case 'absent':
    case 'ambiguous':
    case 'doubled':
    case 'resolved':
      return doubtWord(event);
  }
}

type Doubt = 'unknown' | 'adopted' | 'absent' | 'ambiguous' | 'doubled' | 'resolved';

function doubtWord(event: Extract<LedgerEvent, { kind: Doubt }>): Word {
  switch (event.kind) {
    case 'unknown':
      return {
        kind: 'inDoubt',
        severity: 'warning',
        says: `is in doubt, AWS may have made a task: ${event.error}: ${event.message}`,
      };
    case 'adopted':
      return {
        kind: 'doubtEnded',
        severity: 'info',
        says: `is in doubt no more: AWS has ${event.taskId}`,
        taskId: event.taskId,
      };
    case 'absent':
      return { kind: 'doubtEnded', severity: 'info', says: 'is in doubt no more: AWS has no task' };
    case 'ambiguous':
      return {
        kind: 'ambiguous',
        severity: 'error',
        says: `is ambiguous: ${ambiguousWords[event.reason]}; a person has to find out, then snowgate ledger resolve`,
        code: 'SG6115',
      };
    case 'doubled':
      return {
        kind: 'doubled',
        severity: 'error',
        says: `is DOUBLED, AWS has two tasks for it: ${event.taskIds.join(', ')}`,
        code: 'SG6114',
      };
    case 'resolved': {
      const what = event.taskId === null ? 'no task was made' : `AWS has ${event.taskId}`;
      const says = `was resolved by ${event.by}: ${what}: ${event.reason}`;
      return {
        kind: 'resolved',
        severity: 'info',
        says,
        ...(event.taskId === null ? {} : { taskId: event.taskId }),
      };
    }
  }
}

function settledWord(
  outcome: Extract<LedgerEvent, { kind: 'settled' }>['outcome'],
  executions: readonly DeviceExecution[],
): Word {
  const isGood = outcome === 'succeeded' || outcome === 'canceled';
  const devices = executions.map(({ device, state }) => `${device} ${state}`).join(', ');
  const says = `${settledWords[outcome]}${devices === '' ? '' : `: ${devices}`}`;
  return { kind: outcome, severity: isGood ? 'info' : 'error', says };
}

const settledWords = {
  succeeded: 'succeeded',
  partial: 'succeeded on some devices only',
  failed: 'failed',
  canceled: 'was cancelled',
  missed: 'was missed: no device ran it in time',
  vanished: 'has vanished: AWS does not know the task any more',
} as const;

const noteWords = { denied: 'is denied', expired: 'has expired', withdrawn: 'was withdrawn' } as const;

const cancelWords = {
  removed: 'its manifest was removed',
  reverted: 'its manifest was reverted',
  closed: 'its window closes',
  expired: 'its notAfter comes',
} as const;

const ambiguousWords = {
  tooOld: 'the doubt is older than AWS is trusted to list a task',
  otherTargets: 'AWS has a task with its token and other targets',
} as const;
