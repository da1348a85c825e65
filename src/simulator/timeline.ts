/**
 * Plays a scenario's timeline. There is no timer: whoever is about to look at the service, or to ask something of it, first
 * lets happen what was due by then, each step at its own time. So a scenario of a week is played in a moment by
 * moving the time, and it is the same whether it was looked at all along or at its end.
 */
import type { ApiError } from './answer.ts';
import type { Device } from './device.ts';
import { changeDevices } from './device-change.ts';
import type { Fleet } from './fleet.ts';
import type { Service } from './service.ts';
import { addRule, changeSettings } from './service.ts';
import type { Happening, Timeline } from './steps.ts';
import { cancelTask, createTask } from './tasks.ts';

/** A scenario that goes wrong at every step says the same thing each time. */
const notesMax = 100;

/** Lets every step happen that is due by `nowMs` of the service's own time. To be called before anything else sees it. */
export function playTimeline(service: Service, nowMs: number): void {
  const { timeline } = service;
  // Ends: each turn plays one of finitely many steps.
  for (;;) {
    const step = timeline.steps[timeline.played];
    if (step === undefined || timeline.startMs + step.atMs > nowMs) return;
    timeline.played += 1;
    play(service, step.happening, timeline.startMs + step.atMs);
  }
}

function play(service: Service, happening: Happening, atMs: number): void {
  const { timeline } = service;
  switch (happening.kind) {
    case 'devices':
      changeDevices(chooseDevices(service, happening.names), happening.change, atMs);
      return;
    case 'task':
      makeTask(timeline, happening, atMs);
      return;
    case 'cancel': {
      const task = timeline.tasks.get(happening.task);
      const reply = task === undefined ? null : cancelTask(task.fleet, task.taskId, atMs);
      if (reply === null) note(timeline, atMs, `cancel ${happening.task}: the task was never made`);
      else if (!reply.ok) noteRefusal(timeline, atMs, `cancel ${happening.task}`, reply.fault);
      return;
    }
    case 'rule':
      addRule(service, happening.rule);
      return;
    case 'clearRules':
      service.rules = [];
      return;
    case 'settings':
      changeSettings(service, happening.change, atMs);
  }
}

function chooseDevices(
  { timeline, fleets }: Service,
  names: readonly string[] | null,
): (readonly [Fleet, Device])[] {
  if (names === null)
    return fleets.flatMap((fleet) => fleet.devices.map((device) => [fleet, device] as const));
  return names.flatMap((name) => {
    const found = timeline.devices.get(name);
    return found === undefined ? [] : [found];
  });
}

/** As CreateTask would; the targets of a task are of one fleet, as the reader of the scenario has seen to. */
function makeTask(
  timeline: Timeline,
  { name, request }: Extract<Happening, { kind: 'task' }>,
  atMs: number,
): void {
  const seats = request.targets.flatMap((target) => {
    const found = timeline.devices.get(target);
    return found === undefined ? [] : [found];
  });
  const [first] = seats;
  if (first === undefined) return;
  const [fleet] = first;
  const targets = seats.map(([, { deviceId }]) => deviceId);
  const reply = createTask(fleet, { ...request, targets }, atMs);
  if (!reply.ok) noteRefusal(timeline, atMs, `task ${name ?? 'without a name'}`, reply.fault);
  else if (name !== null) timeline.tasks.set(name, { fleet, taskId: reply.value.taskId });
}

function noteRefusal(timeline: Timeline, atMs: number, what: string, { code, message }: ApiError): void {
  note(timeline, atMs, `${what}: ${code}: ${message}`);
}

function note(timeline: Timeline, atMs: number, text: string): void {
  const seconds = (atMs - timeline.startMs) / 1000;
  if (timeline.notes.length < notesMax) timeline.notes.push(`${seconds}s: ${text}`);
}
