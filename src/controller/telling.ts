/** What a landed commit says to whoever reads the log. Outcomes are told where they happen, and not again. */
import type { LedgerEvent, ProgressEvent, SettledEvent } from '../ledger/events.ts';
import type { Reason } from '../policy/verdict.ts';
import type { Controller } from './state.ts';

/** How a doubt has ended, and how a task has: whoever was told of it is told of this, too. */
export function tellLanded(c: Controller, event: LedgerEvent): void {
  const { fleet, name: task, token } = event;
  if (event.kind === 'adopted') {
    c.journal.write('info', 'doubt ended: AWS has the task', { fleet, task, token, taskId: event.taskId });
  } else if (event.kind === 'absent') {
    c.journal.write('info', 'doubt ended: AWS has no task', {
      fleet,
      task,
      token,
      tasksSeen: event.look.tasksSeen,
    });
  } else if (event.kind === 'ambiguous') {
    c.journal.write('error', 'doubt cannot be ended without a person', {
      fleet,
      task,
      token,
      reason: event.reason,
    });
  } else if (event.kind === 'doubled') {
    c.journal.write('error', 'DOUBLED: AWS has two tasks for one revision', {
      fleet,
      task,
      token,
      taskIds: event.taskIds,
    });
  } else if (event.kind === 'settled') {
    const level = event.outcome === 'succeeded' || event.outcome === 'canceled' ? 'info' : 'warn';
    c.journal.write(level, 'task ended', {
      fleet,
      task,
      token,
      outcome: event.outcome,
      devices: told(event),
    });
  } else if (event.kind === 'progress') {
    c.journal.write('debug', 'task goes on', { fleet, task, token, devices: told(event) });
  } else if (event.kind === 'ranOutsideWindow') {
    for (const { device, startedAt, cause } of event.runs) {
      const fields = {
        code: 'SG6246',
        fleet,
        task,
        token,
        device,
        startedAt,
        closedAt: event.closedAt,
        cause,
      };
      c.journal.write('error', 'task ran outside its window', fields);
    }
  } else if (event.kind === 'cancelRequested') {
    const { taskId, reason } = event;
    const isOver = event.end !== undefined;
    const what = isOver
      ? 'the time of a queued task is over, AWS is asked to cancel it'
      : 'task is not wanted any more, AWS is asked to cancel it';
    c.journal.write('info', what, {
      fleet,
      task,
      token,
      taskId,
      reason,
    });
  }
}

function told({ executions }: ProgressEvent | SettledEvent): string[] {
  return executions.map(({ device, state }) => `${device} ${state}`);
}

/** Once a life, so that nobody wonders why nothing happens. */
export function tellObserved(c: Controller, fleet: string, { code, message: reason }: Reason): void {
  c.announcer.say(`observed ${fleet}`, 'info', 'fleet only observed: nothing is issued to it', {
    fleet,
    code,
    reason,
  });
}
