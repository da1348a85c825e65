/** Which waivers count for a task now, and why others do not. */
import type { JudgeInput } from './judge-input.ts';
import type { Waiver } from './policy.ts';
import type { Reason } from './verdict.ts';
import { isoInstant } from './verdict.ts';

/** A break-glass that stands longer is a policy that nobody has written down. */
const waiverLastsMaxMs = 72 * 3_600_000;

/** The waivers of the task and its run, of which each may be tried by itself; and a reason for each that does not count. */
export function sortWaivers({ manifest, facts, set, mergedMs }: JudgeInput): {
  readonly usable: readonly Waiver[];
  readonly reasons: Reason[];
} {
  const usable: Waiver[] = [];
  const reasons: Reason[] = [];
  for (const waiver of set.waivers) {
    if (waiver.fleet !== manifest.fleet || waiver.task !== manifest.name) continue;
    const why = findFault(waiver, manifest.run, facts.nowMs, mergedMs.get(waiver.place.path));
    if (why === null) usable.push(waiver);
    else {
      const { name, place } = waiver;
      const message = `waiver ${name} does not count: ${why} (${place.path}:${place.line})`;
      reasons.push({ code: 'SG6326', message, place });
    }
  }
  return { usable, reasons };
}

function findFault(waiver: Waiver, run: number, nowMs: number, mergedMs: number | undefined): string | null {
  if (waiver.run !== run) return `it is for run ${waiver.run}, and the task has run ${run}`;
  if (nowMs >= waiver.expiresMs) return `it expired at ${isoInstant(waiver.expiresMs)}`;
  if (mergedMs === undefined) return 'when it was merged is not known';
  if (waiver.expiresMs - mergedMs <= waiverLastsMaxMs) return null;
  return `it was merged at ${isoInstant(mergedMs)}, and expires more than 72 hours later`;
}
