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

/**
 * Ticks by the schedule, in UTC: in a zone with clock changes node-cron is silent for an hour in autumn. A tick asks for
 * a pass and does not wait for it, so that none is late; passes that are asked for twice are one.
 */
export function startSchedule(
  expression: string,
  tick: () => void,
  journal: Journal,
): { stop(): Promise<void> } {
  const log = (level: 'debug' | 'warn') => (message: string | Error) => {
    const reason = message instanceof Error ? message.message : message;
    journal.write(level, 'schedule', { reason });
  };
  const task = createTask(expression, tick, {
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
    },
  };
}
