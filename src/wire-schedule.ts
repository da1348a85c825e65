import { createTask, validateDetailed } from 'node-cron';
import type { Journal } from './controller/ports.ts';
import { type Fault, fault } from './lib/faults.ts';

/** Why node-cron does not take the schedule; null where it does. */
export function checkSchedule(expression: string): Fault | null {
  const { valid, errors } = validateDetailed(expression);
  if (valid) return null;
  const [first] = errors;
  const reason = first === undefined ? 'it is no cron expression' : `${first.field}: ${first.message}`;
  return fault(
    'SG7030',
    'human',
    `source.schedule ${JSON.stringify(expression)} cannot be followed: ${reason}`,
    'six fields, seconds first, such as "*/30 * * * * *"',
  );
}

/** Controllers with one schedule would else all ask their server in the same second. */
const jitterMaxMs = 5_000;
/** Of the time to the next tick: a quick schedule stays quick. */
const jitterShare = 0.25;
/** While a server cannot be reached, every second tick is left out, then three of four: it is asked on, and not harder. */
const skipDoublingsMax = 2;

export interface ScheduleOptions {
  readonly expression: string;
  /** Asks for a pass. */
  readonly tick: () => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Fetches in a row that have failed. */
  readonly countFailures: () => number;
  readonly journal: Journal;
}

/** How long a tick is put off; `gapMs` is the time to the next one, null where it is not known. */
export function jitterMs(random: number, gapMs: number | null): number {
  return Math.floor(random * Math.min(jitterMaxMs, (gapMs ?? 0) * jitterShare));
}

/** Whether the tick of this number is left out after so many fetches in a row that have failed. */
export function isLeftOut(tick: number, failures: number): boolean {
  return tick % 2 ** Math.min(failures, skipDoublingsMax) !== 0;
}

/**
 * Ticks by the schedule, in UTC: in a zone with clock changes node-cron is silent for an hour in autumn. A tick asks for
 * a pass and does not wait for it, so that none is late; passes that are asked for twice are one.
 */
export function startSchedule(options: ScheduleOptions): { stop(): Promise<void> } {
  const { expression, tick, random, countFailures, journal } = options;
  const timers = new Set<NodeJS.Timeout>();
  let ticks = 0;
  const tickLater = (): void => {
    ticks += 1;
    if (isLeftOut(ticks, countFailures())) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        tick();
      },
      jitterMs(random(), task.msToNext()),
    );
    timers.add(timer);
  };
  const log = (level: 'debug' | 'warn') => (message: string | Error) => {
    const reason = message instanceof Error ? message.message : message;
    journal.write(level, 'schedule', { reason });
  };
  const task = createTask(expression, tickLater, {
    timezone: 'UTC',
    noOverlap: true,
    // A tick that came too late, because this process was busy or asleep, is no news: the next one does its work.
    suppressMissedWarning: true,
    logger: { info: log('debug'), debug: log('debug'), warn: log('warn'), error: log('warn') },
  });
  void task.start();
  return {
    stop: async () => {
      await task.destroy();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
