/** What each device does with a task, and since when: read from the task's events. */
import type { DeviceExecution, LedgerEvent, SettledEvent } from '../ledger/events.ts';

export interface DeviceTime {
  readonly device: string;
  readonly state: string;
  /** When the ledger first told of this state; ISO 8601. Null where AWS said it just now. */
  readonly since: string | null;
}

/** Where every device of a task stands, in the order of its targets. Null before there is a task. */
export function deviceTimes(targets: readonly string[], events: readonly LedgerEvent[]): DeviceTime[] | null {
  let known: Map<string, DeviceTime> | null = null;
  for (const event of events) {
    if (event.kind === 'issued' || event.kind === 'adopted' || isWordOfTask(event)) {
      known ??= new Map(targets.map((device) => [device, { device, state: 'QUEUED', since: event.at }]));
    } else if (event.kind === 'progress' || event.kind === 'settled') {
      for (const { device, state } of changes(known, event.executions)) {
        known?.set(device, { device, state, since: event.at });
      }
      if (event.kind === 'settled' && event.outcome !== 'vanished') endUnheard(known, event);
    }
  }
  return known === null ? null : [...known.values()];
}

/** The task is over: a device of which AWS never told an execution will not run it any more. */
function endUnheard(known: Map<string, DeviceTime> | null, { executions, at }: SettledEvent): void {
  for (const device of known?.keys() ?? []) {
    if (executions.some((execution) => execution.device === device)) continue;
    known?.set(device, { device, state: 'did not run', since: at });
  }
}

function isWordOfTask(event: LedgerEvent): boolean {
  return event.kind === 'resolved' && event.taskId !== null;
}

/** The executions that tell something new. */
export function changes(
  known: ReadonlyMap<string, { readonly state: string }> | null,
  executions: readonly DeviceExecution[],
): readonly DeviceExecution[] {
  return executions.filter(({ device, state }) => known?.get(device)?.state !== state);
}
