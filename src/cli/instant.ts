import { failed, fault, ok, type Result } from '../lib/faults.ts';
import { parseTime } from '../manifest/time.ts';

/** The instant that a flag gives, in epoch milliseconds. Fault: SG7009. */
export function readInstant(flag: string, text: string): Result<number> {
  const at = parseTime(text);
  if (at.ok) return ok(at.epochMs);
  const hint = 'an instant with its offset, such as 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';
  return failed(fault('SG7009', 'human', `${flag} ${JSON.stringify(text)} ${at.reason}`, hint));
}
