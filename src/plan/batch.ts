/** Batch arithmetic: how much may be claimed at once, and in whose turn. */
import type { IssueConfig } from '../config/config.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Origin } from './facts.ts';
import type { Issuable } from './plan.ts';

/** Claims in one commit over all fleets: bounds the segment (about 2 KB a claim) and the time its push takes. */
export const claimsPerCommitMax = 400;

/**
 * Half of the deadline belongs to the push of the claim: it runs from before the commit is built, through every
 * resend. A smaller share would let one slow push release the whole batch; a larger one makes batches tiny.
 */
const callingShare = 0.5;

/**
 * The largest batch whose last call still starts before the deadline, when every call takes its whole time-out:
 * call i starts no earlier than i / rate, and no earlier than the call `concurrency` before it has ended.
 * At least 1: a batch of one that is late is released, and no batch would be never.
 */
export function batchMax(issue: IssueConfig): number {
  const budgetMs = issue.deadlineMs * callingShare;
  const byRate = Math.floor((budgetMs / 1000) * issue.rate);
  const rounds = Math.floor(budgetMs / issue.requestTimeoutMs);
  return Math.max(1, Math.min(issue.batch, byRate, rounds * issue.concurrency));
}

export interface Candidate {
  readonly token: Token;
  readonly fleet: string;
  /** When its permission ends; null where it does not. */
  readonly untilMs: number | null;
  /** Where it was introduced on the source's first-parent line. */
  readonly position: number;
  readonly name: string;
  /** One task at a time on a device: of two that share one, the later waits for another commit. */
  readonly devices: readonly string[];
}

/** What may be claimed, as the batch sees it; `origin` is null where it was not found in history. */
export function candidateOf({ task: { manifest }, permit }: Issuable, origin: Origin | null): Candidate {
  const { token, fleet, name, targets: devices } = manifest;
  const { untilMs } = permit.verdict;
  return { token, fleet, name, devices, untilMs, position: origin?.position ?? -1 };
}

/** The permission that ends first goes first, then the order of commits, then names. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  const ends = (a.untilMs ?? Number.POSITIVE_INFINITY) - (b.untilMs ?? Number.POSITIVE_INFINITY);
  if (ends < 0 || ends > 0) return ends;
  if (a.position !== b.position) return a.position - b.position;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * Chooses a commit's claims from candidates in order: fleets take turns, one claim each, from the fleet that the turn
 * points at, until every fleet has its batch or the commit is full. One fleet's backlog never starves another.
 */
export function chooseBatch<C extends Candidate>(
  candidates: readonly C[],
  perFleetMax: (fleet: string) => number,
  turn: number,
  totalMax: number = claimsPerCommitMax,
): C[] {
  const queues = new Map<string, C[]>();
  const taken = new Set<string>();
  for (const candidate of [...candidates].sort(compareCandidates)) {
    const queue = queues.get(candidate.fleet) ?? [];
    queues.set(candidate.fleet, queue);
    const devices = candidate.devices.map((device) => `${candidate.fleet}/${device}`);
    if (queue.length >= perFleetMax(candidate.fleet) || devices.some((device) => taken.has(device))) continue;
    queue.push(candidate);
    for (const device of devices) taken.add(device);
  }
  const fleets = [...queues.keys()].sort();
  const start = fleets.length === 0 ? 0 : turn % fleets.length;
  const order = [...fleets.slice(start), ...fleets.slice(0, start)].map((fleet) => queues.get(fleet) ?? []);
  const chosen: C[] = [];
  for (let round = 0; chosen.length < totalMax; round += 1) {
    const turnOf = order.flatMap((queue) => queue.slice(round, round + 1));
    if (turnOf.length === 0) break;
    chosen.push(...turnOf.slice(0, totalMax - chosen.length));
  }
  return chosen;
}
