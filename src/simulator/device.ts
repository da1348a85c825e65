/**
 * One managed device: it takes one execution at a time, in the order they were queued, while it is online.
 *
 * An execution is QUEUED until the device takes it up (no sooner than `pickupMs` after it was queued, when the device is
 * online and idle), then IN_PROGRESS for the command's time, then ended. A device that goes offline while it works reports the end
 * when it is back. Unlocking: LOCKED, UNLOCKING, UNLOCKED; a restarted device is LOCKED, as Snow devices are after power-on.
 *
 * Time is only ever an argument; a device stands still until {@link advanceDevice} is told how late it is.
 */
import type { Settings } from './settings.ts';

export type ExecutionState =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'CANCELED'
  | 'FAILED'
  | 'SUCCEEDED'
  | 'REJECTED'
  | 'TIMED_OUT';

export type DeviceState = 'LOCKED' | 'UNLOCKING' | 'UNLOCKED';
export type CommandName = 'reboot' | 'unlock';

/** How a scripted execution ends. */
export type Outcome = 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'TIMED_OUT';

/** An end in store: for whatever comes next, or for the next execution of one command. */
export type ScriptedOutcome = Outcome | { readonly outcome: Outcome; readonly command: CommandName };

export interface Execution {
  readonly executionId: string;
  readonly taskId: string;
  readonly deviceId: string;
  readonly command: CommandName;
  readonly queuedMs: number;
  state: ExecutionState;
  startedMs: number | null;
  /** When the work is done and `outcome` holds; meaningful while IN_PROGRESS. */
  endMs: number;
  outcome: Outcome;
  updatedMs: number;
}

export type InstanceState = 'PENDING' | 'RUNNING' | 'SHUTTING_DOWN' | 'TERMINATED' | 'STOPPING' | 'STOPPED';

/** An EC2 instance on a device. */
export interface Instance {
  readonly instanceId: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly state: InstanceState;
}

export interface Device {
  readonly deviceId: string;
  /** What a scenario calls it; AWS knows no names. */
  readonly name: string | null;
  readonly arn: string;
  readonly jobId: string;
  /** Place in its fleet, from 0. */
  readonly index: number;
  tags: Readonly<Record<string, string>>;
  /** When it began to be managed. */
  readonly madeMs: number;
  /** Whether the account has it. One that it has not is not found, takes no task and is not heard. */
  present: boolean;
  online: boolean;
  /** When it could be heard again last; what waited ends or begins no earlier. */
  onlineSinceMs: number;
  /** When it was heard last, as of its last change; null for one that never was. */
  lastReachedOutMs: number | null;
  updatedMs: number;
  state: DeviceState;
  /** QUEUED executions, oldest first. */
  queue: Execution[];
  running: Execution | null;
  idleSinceMs: number;
  /** Null: one, whose ids follow from the device's. */
  instances: readonly Instance[] | null;
  /** How its next executions end, first first; SUCCEEDED where none is for the command. */
  outcomes: ScriptedOutcome[];
  /** Nothing is due on it before; -Infinity where that has to be found out. */
  dueMs: number;
}

type Step = { readonly kind: 'end' | 'expire' | 'start' | 'expireRunning'; readonly atMs: number };

/** Whether it reaches out to AWS, and AWS listens. */
export function isHeard(device: Device): boolean {
  return device.present && device.online;
}

function nextStep(device: Device, settings: Settings): Step | null {
  const life = settings.executionLifeMs;
  const head = device.queue[0];
  let next: Step | null = null;
  const consider = (kind: Step['kind'], atMs: number): void => {
    if (next === null || atMs < next.atMs) next = { kind, atMs };
  };
  if (device.running !== null) {
    if (isHeard(device)) consider('end', Math.max(device.running.endMs, device.onlineSinceMs));
    if (life > 0) consider('expireRunning', device.running.queuedMs + life);
  }
  if (head !== undefined) {
    if (device.running === null && isHeard(device)) {
      consider(
        'start',
        Math.max(head.queuedMs + settings.pickupMs, device.idleSinceMs, device.onlineSinceMs),
      );
    }
    if (life > 0) consider('expire', head.queuedMs + life);
  }
  return next;
}

/** Uses up the first end in store that is for this command. */
function takeOutcome(device: Device, command: CommandName): Outcome {
  const index = device.outcomes.findIndex((said) => typeof said === 'string' || said.command === command);
  const [said] = index < 0 ? [] : device.outcomes.splice(index, 1);
  if (said === undefined) return 'SUCCEEDED';
  return typeof said === 'string' ? said : said.outcome;
}

function start(device: Device, execution: Execution, atMs: number, settings: Settings): void {
  execution.state = 'IN_PROGRESS';
  execution.startedMs = atMs;
  execution.updatedMs = atMs;
  execution.outcome = takeOutcome(device, execution.command);
  const workMs = execution.command === 'reboot' ? settings.rebootMs : settings.unlockMs;
  execution.endMs = execution.outcome === 'REJECTED' ? atMs : atMs + workMs;
  device.running = execution;
  device.updatedMs = atMs;
  if (execution.command === 'unlock' && device.state === 'LOCKED' && execution.outcome !== 'REJECTED') {
    device.state = 'UNLOCKING';
  }
}

function end(device: Device, execution: Execution, outcome: Outcome, atMs: number): void {
  execution.state = outcome;
  execution.updatedMs = atMs;
  device.running = null;
  device.idleSinceMs = atMs;
  device.updatedMs = atMs;
  if (execution.command === 'unlock') {
    if (outcome === 'SUCCEEDED') device.state = 'UNLOCKED';
    else if (device.state === 'UNLOCKING') device.state = 'LOCKED';
  } else if (outcome === 'SUCCEEDED') {
    device.state = 'LOCKED';
  }
}

/**
 * Lets everything happen that is due until `toMs`, in the order of its own times, and tells `ended` of each execution
 * that ended. Answers when the next thing is due: `Infinity` for nothing.
 */
export function advanceDevice(
  device: Device,
  toMs: number,
  settings: Settings,
  ended: (execution: Execution) => void,
): number {
  // Ends: each step ends or starts one of finitely many executions.
  for (;;) {
    const step = nextStep(device, settings);
    if (step === null) return Infinity;
    if (step.atMs > toMs) return step.atMs;
    const subject =
      step.kind === 'end' || step.kind === 'expireRunning' ? device.running : device.queue.shift();
    if (subject === null || subject === undefined) return Infinity;
    if (step.kind === 'start') {
      start(device, subject, step.atMs, settings);
      continue;
    }
    if (step.kind === 'end') end(device, subject, subject.outcome, step.atMs);
    else if (step.kind === 'expireRunning') end(device, subject, 'TIMED_OUT', step.atMs);
    else {
      subject.state = 'TIMED_OUT';
      subject.updatedMs = step.atMs;
    }
    ended(subject);
  }
}

/**
 * Takes a QUEUED execution up now, however short it has waited, where the device could: it is online, idle, and this one is
 * next. Answers whether it did. The caller has advanced the device to `atMs` before.
 */
export function takeUp(device: Device, execution: Execution, atMs: number, settings: Settings): boolean {
  if (!isHeard(device) || device.running !== null || device.queue[0] !== execution) return false;
  device.queue.shift();
  start(device, execution, atMs, settings);
  return true;
}

/** Takes a QUEUED execution out of the queue for good. */
export function cancelExecution(device: Device, execution: Execution, atMs: number): void {
  device.queue = device.queue.filter((queued) => queued !== execution);
  execution.state = 'CANCELED';
  execution.updatedMs = atMs;
}

/** The caller has advanced the device to `atMs` before. */
export function setOnline(device: Device, online: boolean, atMs: number): void {
  if (device.online === online) return;
  device.online = online;
  // Nobody hears a device that is not in the account, whether its cable is pulled or not.
  if (device.present) device.lastReachedOutMs = atMs;
  if (online) device.onlineSinceMs = atMs;
}

/** The account gets the device or loses it. The caller has advanced it to `atMs` before. */
export function setPresent(device: Device, present: boolean, atMs: number): void {
  if (device.present === present) return;
  device.present = present;
  if (device.online) device.lastReachedOutMs = atMs;
  if (present) device.onlineSinceMs = atMs;
}
