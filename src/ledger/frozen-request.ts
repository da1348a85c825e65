/**
 * The request that a claim froze is sent by whoever claims the revision next, whoever wrote it there. So it is held against
 * its token, which is the hash of what a reviewed manifest asks for: else whoever may push to the ledger could have anything
 * asked of AWS in the name of a merged task.
 */
import { type Fault, fault } from '../lib/faults.ts';
import { clientToken } from '../manifest/canonical.ts';
import { tagKeys } from '../manifest/request.ts';
import type { Batch, ClaimedEvent } from './events.ts';

/** SG4203 for the first claim of a batch whose request is not the one of its token; else null. */
export function findForgedRequest({ events }: Batch, ledgerId: string, commit: string): Fault | null {
  for (const event of events) {
    const why = event.kind === 'claimed' ? describeMismatch(event, ledgerId) : null;
    if (why === null) continue;
    return fault(
      'SG4203',
      'human',
      `ledger commit ${commit} claims ${event.fleet}/${event.name} (${event.token}) with a request that ${why}`,
      'no controller writes this: stop all writers, find out who did, restore the branch to the commit before, then name its tip in ledger.acceptCommit',
    );
  }
  return null;
}

/** Why the request of a claim is not the one of its token; null where it is, and where the claim brings none. */
function describeMismatch(
  { request, token, fleet, name, taskRun }: ClaimedEvent,
  ledgerId: string,
): string | null {
  if (request === undefined) return null;
  const {
    [tagKeys.revision]: revision,
    [tagKeys.task]: task,
    [tagKeys.ledger]: ledger,
    [tagKeys.commit]: _commit,
    ...tags
  } = request.tags;
  const { command, targets, description } = request;
  const asked = { fleet, name, command, targets, tags, run: taskRun };
  const found = clientToken(description === undefined ? asked : { ...asked, description });
  if (request.clientToken !== token) return `carries another clientToken, ${request.clientToken}`;
  if (found !== token) return `has the token ${found}`;
  const isOurs = revision === token && task === `${fleet}/${name}` && ledger === ledgerId;
  return isOurs ? null : 'carries tags of another revision or ledger';
}
