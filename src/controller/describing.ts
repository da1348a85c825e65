/**
 * What AWS tells of single devices, asked for only where a rule that is about a task reads it, and bounded: what a pass
 * does not come to waits for the next one.
 */
import { elapsedMs, type Moment, readMoment } from '../lib/clock.ts';
import type { Issuable } from '../plan/plan.ts';
import type { DescribedFacts } from '../policy/facts.ts';
import type { Reason } from '../policy/verdict.ts';
import { pauseFleet, reasonOf } from './fleet-check.ts';
import { waitForRate } from './observe-rate.ts';
import type { Controller, FleetState } from './state.ts';

/**
 * How long an answer is believed: short enough for "in the last hour". At a slow rate three times what the ten devices of one
 * task take, or they would never be known together.
 */
const believedMs = 60_000;
const devicesMax = 10;
const patience = 3;
/** Devices of one fleet that are remembered; the oldest answers are dropped. */
const rememberedMax = 1_000;

export interface Described {
  readonly described: ReadonlyMap<string, DescribedFacts>;
  /** Why a device was not described, by `fleet/device`. */
  readonly undescribed: ReadonlyMap<string, Reason>;
}

/** How long an answer is believed where so many calls a second are allowed. */
function believedForMs({ config }: Controller): number {
  return Math.max(believedMs, (patience * devicesMax * 1_000) / config.observe.rate);
}

/** Asks for the devices of those tasks of a fleet whose rules read it. The fleet is ready to be asked. */
export async function describeDevices(
  c: Controller,
  name: string,
  wanted: readonly Issuable[],
): Promise<Described> {
  const described = new Map<string, DescribedFacts>();
  const undescribed = new Map<string, Reason>();
  const fleet = c.state.fleets.get(name);
  if (fleet === undefined) return { described, undescribed };
  const begun = readMoment(c.clock);
  const freshMs = believedForMs(c);
  let stopped: Reason | null = null;
  for (const { task } of inFairOrder(fleet, wanted)) {
    for (const device of task.manifest.targets) {
      const key = `${name}/${device}`;
      const known = fleet.around.described.get(device);
      if (known === undefined || elapsedMs(known.asked, readMoment(c.clock)) >= freshMs) {
        stopped ??= await ask(c, name, fleet, device, begun);
      }
      const answer = fleet.around.described.get(device);
      const isFresh = answer !== undefined && elapsedMs(answer.asked, readMoment(c.clock)) < freshMs;
      if (isFresh && answer.facts !== null) described.set(key, answer.facts);
      else undescribed.set(key, (isFresh ? answer.reason : null) ?? stopped ?? left(name, device));
    }
  }
  forgetOldest(fleet);
  return { described, undescribed };
}

/** Tasks of which nobody has asked yet come first; then those that were asked for longest ago, so that none starves. */
function inFairOrder({ around }: FleetState, wanted: readonly Issuable[]): Issuable[] {
  const askedMs = ({ task }: Issuable): number =>
    Math.min(...task.manifest.targets.map((device) => around.described.get(device)?.asked.monotonicMs ?? 0));
  return [...wanted]
    .map((issuable) => ({ issuable, at: askedMs(issuable) }))
    .sort((a, b) => a.at - b.at)
    .map(({ issuable }) => issuable);
}

/** Asks for one device and keeps the answer. Why the fleet is better left alone for the rest of the pass; null where it is not. */
async function ask(
  c: Controller,
  name: string,
  fleet: FleetState,
  device: string,
  begun: Moment,
): Promise<Reason | null> {
  const api = c.apis.get(name);
  if (api === undefined) return left(name, device);
  if (!(await waitForRate(c, fleet, begun))) return left(name, device);
  const answer = await api.describeDevice(device);
  c.guard.observe(name, answer.server, readMoment(c.clock));
  const asked = readMoment(c.clock);
  if (answer.kind === 'ok') {
    const { state, type, tags, lastReachedOutMs } = answer.value;
    const facts = { state, type, tags, lastReachedOutAtMs: lastReachedOutMs };
    fleet.around.described.set(device, { asked, facts, reason: null });
    c.announcer.clear(`describe ${name}`, 'devices are described again', { fleet: name });
    return null;
  }
  const { code, message } = answer.fault;
  const reason: Reason = {
    code: 'SG6243',
    message: `AWS did not tell what a rule reads of ${device} in fleet ${name}: ${code} ${message}`,
    endedBy: 'fact',
  };
  fleet.around.described.set(device, { asked, facts: null, reason });
  // A device that AWS does not know says nothing about the others.
  if (answer.kind === 'notFound') return null;
  c.announcer.say(
    `describe ${name}`,
    'warn',
    'devices could not be described, tasks whose rules read them wait',
    {
      fleet: name,
      code,
      reason: message,
    },
  );
  if (answer.kind === 'throttled') pauseFleet(c, name, fleet, reasonOf(name, answer.fault), 'access');
  return reason;
}

function left(name: string, device: string): Reason {
  return {
    code: 'SG6244',
    message: `what a rule reads of ${device} in fleet ${name} is still being asked for (observe.rate)`,
    endedBy: 'fact',
  };
}

function forgetOldest({ around }: FleetState): void {
  const more = around.described.size - rememberedMax;
  if (more <= 0) return;
  const oldest = [...around.described]
    .sort(([, a], [, b]) => a.asked.monotonicMs - b.asked.monotonicMs)
    .slice(0, more);
  for (const [device] of oldest) around.described.delete(device);
}
