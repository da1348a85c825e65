import { type Receipt, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { type Fault, fault } from '../lib/faults.ts';
import { clientToken } from '../manifest/canonical.ts';
import { tagKeys } from '../manifest/request.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { readConfiguredLedger } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { count, formatJson, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Checks the ledger from its first commit: that it only ever grew, that each event was allowed when it was written, that
 * each frozen request is the one that its token is the hash of, and that no revision has two tasks. Exit 1 otherwise.
 */
export async function verifyLedger(
  options: { readonly config?: string; readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const reading = await readConfiguredLedger(options, world);
  if (!reading.ok) return reading.exit;
  const { view, commits } = reading.value;
  const receipts = [...view.receipts.values()];
  const findings = receipts.flatMap((receipt) => checkReceipt(receipt, view));
  const requests = receipts.filter(({ request }) => request !== null).length;
  const { ledgerId, tip } = view;
  if (options.format === 'json') {
    world.stdout.write(
      formatJson({ ledger: ledgerId, tip, commits, revisions: receipts.length, requests, findings }, world),
    );
  } else {
    for (const finding of findings) printFault(finding, world);
    const checked = `${count(commits, 'commit')}, ${count(receipts.length, 'revision')}, ${count(requests, 'request')}`;
    const verdict = findings.length === 0 ? 'as it must be' : count(findings.length, 'finding');
    world.stdout.write(`ledger ${ledgerId}\ntip ${tip}\n${checked}: ${verdict}\n`);
  }
  return findings.length === 0 ? exitCodes.done : exitCodes.findings;
}

function checkReceipt(receipt: Receipt, view: LedgerView): Fault[] {
  const findings: Fault[] = [];
  if (receiptState(receipt) === 'doubled') {
    const ids = receipt.taskIds.join(', ');
    findings.push(
      fault(
        'SG7021',
        'human',
        `${receipt.key} (${receipt.token}) has more than one task: ${ids}`,
        'look at the devices; cancel what still can be',
      ),
    );
  }
  const mismatch = receipt.request === null ? null : describeMismatch(receipt, receipt.request, view);
  if (mismatch !== null) {
    findings.push(
      fault(
        'SG7020',
        'human',
        `the request of ${receipt.key} (${receipt.token}) ${mismatch}`,
        'something else than snowgate wrote it: find out what, before anything more is issued',
      ),
    );
  }
  return findings;
}

/** Why a request is not the one of its token; null where it is. */
function describeMismatch(
  receipt: Receipt,
  request: NonNullable<Receipt['request']>,
  view: LedgerView,
): string | null {
  const {
    [tagKeys.revision]: revision,
    [tagKeys.task]: task,
    [tagKeys.ledger]: ledger,
    ...others
  } = request.tags;
  const { [tagKeys.commit]: _commit, ...tags } = others;
  const token = clientToken({
    fleet: receipt.fleet,
    name: receipt.name,
    command: request.command,
    targets: request.targets,
    ...(request.description === undefined ? {} : { description: request.description }),
    tags,
    run: receipt.revision?.run ?? 1,
  });
  if (request.clientToken !== receipt.token) return `carries another clientToken, ${request.clientToken}`;
  if (token !== receipt.token) return `has the token ${token}`;
  if (revision !== receipt.token || task !== receipt.key || ledger !== view.ledgerId) {
    return 'carries tags of another revision or ledger';
  }
  return null;
}
