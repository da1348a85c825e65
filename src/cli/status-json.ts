/** `snowgate status --format json`; docs/OPERATIONS.md lists the fields. */
import { receiptJson } from '../report/task-json.ts';
import { headJson } from './planning.ts';
import { countOutside, type Status, type StatusEntry } from './status-entries.ts';

/** Everything: tasks by urgency, and what AWS said. */
export function statusJson(shown: Status): object {
  const { heads, findings } = headJson(shown.planning);
  const tasks = shown.entries.map((entry) => entryJson(entry, shown));
  const outside = countOutside(shown.entries);
  return { ...heads, tasks, outside, live: liveJson(shown), ...findings };
}

/** One task: each of its revisions with its whole receipt and events. */
export function taskJson(shown: Status, key: string): object {
  const { planning, entries } = shown;
  const { heads } = headJson(planning);
  const revisions = entries
    .filter((entry) => entry.key === key)
    .map((entry) => ({
      ...entryJson(entry, shown),
      manifest: wantedPlace(planning, entry),
      receipt: entry.receipt === null ? null : receiptJson(entry.receipt),
      events: (planning.reading.events.get(entry.token ?? '') ?? []).map(({ event }) => event),
    }));
  return { ...heads, task: key, revisions, live: liveJson(shown), halts: planning.input.halts };
}

/** Where the manifest of an entry stands in the source; null where this revision is not wanted. */
export function wantedPlace(
  { input }: Status['planning'],
  { key, token }: StatusEntry,
): { readonly path: string; readonly line: number } | null {
  const wanted = input.desired.tasks.get(key);
  if (wanted === undefined || wanted.manifest.token !== token) return null;
  return { path: wanted.path, line: wanted.line };
}

function entryJson(entry: StatusEntry, { planning, live }: Status): object {
  const { group, state, fleet, name, token, taskId, since, untilMs, reasons, next, receipt } = entry;
  const revision = receipt?.revision ?? planning.input.desired.tasks.get(entry.key)?.manifest;
  const answer = live?.get(fleet);
  const now = answer?.ok === true ? answer.value.executions.get(token ?? '') : undefined;
  const devices = entry.devices.map((device) =>
    now === undefined ? device : { ...device, now: now?.get(device.device) ?? null },
  );
  return {
    group,
    state,
    fleet,
    name,
    token,
    action: entry.decision?.action ?? null,
    run: revision?.run ?? null,
    command: revision?.command ?? null,
    targets: revision?.targets ?? [],
    taskId,
    outcome: receipt?.settled?.outcome ?? null,
    since,
    until: untilMs === null ? null : new Date(untilMs).toISOString(),
    reasons,
    next,
    devices,
    cancel: receipt?.cancel ?? null,
    outside: entry.outside,
  };
}

function liveJson({ live }: Status): object | null {
  if (live === null) return null;
  const fleets = [...live].map(([fleet, answer]) => {
    if (!answer.ok) {
      const { code, message } = answer.fault;
      return { fleet, asked: false, code, message };
    }
    const { around, unknownDevices, unasked } = answer.value;
    return { fleet, asked: true, around, unknownDevices, unasked };
  });
  return { fleets };
}
