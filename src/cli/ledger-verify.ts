import { resolve } from 'node:path';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { count } from '../lib/count.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { noPlan, type PlannedRequest, type Proof, provePlanned, readPlanned } from '../report/merge-proof.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { readConfiguredLedger } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { formatJson, plain, printFault } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { readBounded } from './work-tree.ts';

export interface VerifyOptions {
  readonly config?: string;
  /** A saved plan of a merge. */
  readonly planned?: string;
  readonly format: Format;
}

/** About ten thousand changes: more than anybody reviews. */
const plannedBytesMax = 16 * 1024 * 1024;

/**
 * Checks the ledger from its first commit, as every reading does: that it only ever grew, that each event was allowed when it
 * was written, that each frozen request is the one that its token is the hash of; that no revision has two tasks; and that what
 * a saved plan of a merge planned is what was asked for. Exit 1 otherwise.
 */
export async function verifyLedger(options: VerifyOptions, world: Surroundings): Promise<ExitCode> {
  const planned = await readPlannedFile(options.planned, world);
  if (!planned.ok) return stopBy(planned.fault, exitCodes.usage, world).exit;
  const reading = await readConfiguredLedger(options, world);
  if (!reading.ok) return reading.exit;
  const { view, commits } = reading.value;
  const receipts = [...view.receipts.values()];
  const proofs = planned.value === null ? null : provePlanned(planned.value, view);
  const findings = [...receipts.flatMap(checkReceipt), ...(proofs ?? []).flatMap(judgeProof)];
  const requests = receipts.filter(({ request }) => request !== null).length;
  const { ledgerId, tip } = view;
  if (options.format === 'json') {
    world.stdout.write(
      formatJson(
        { ledger: ledgerId, tip, commits, revisions: receipts.length, requests, planned: proofs, findings },
        world,
      ),
    );
  } else {
    for (const finding of findings) printFault(finding, world);
    const keyWidth = Math.max(0, ...(proofs ?? []).map(({ key }) => key.length));
    for (const proof of proofs ?? []) world.stdout.write(formatProof(proof, keyWidth));
    const checked = `${count(commits, 'commit')}, ${count(receipts.length, 'revision')}, ${count(requests, 'request')}`;
    const verdict = findings.length === 0 ? 'as it must be' : count(findings.length, 'finding');
    world.stdout.write(`ledger ${ledgerId}\ntip ${tip}\n${checked}: ${verdict}\n`);
  }
  return findings.length === 0 ? exitCodes.done : exitCodes.findings;
}

async function readPlannedFile(
  path: string | undefined,
  world: Surroundings,
): Promise<Result<readonly PlannedRequest[] | null>> {
  if (path === undefined) return ok(null);
  const bytes = await readBounded(resolve(world.cwd, path), path, plannedBytesMax);
  if (!bytes.ok) return bytes;
  if (bytes.value.length > plannedBytesMax)
    return failed(noPlan(path, `it has more than ${plannedBytesMax} bytes`));
  return readPlanned(Buffer.from(bytes.value).toString('utf8'), path);
}

/** What was held, or not merged, breaks no promise. */
function judgeProof({ key, token, outcome }: Proof): Fault[] {
  if (outcome !== 'differs') return [];
  return [
    fault(
      'SG7074',
      'human',
      `what was asked for as ${key} (${token}) is not what was planned`,
      'compare the request of snowgate ledger show with that of the plan: the plan was changed, or the ledger was',
    ),
  ];
}

const proofWords = {
  asked: 'asked for as planned',
  unasked: 'not asked for',
  differs: 'differs from the plan',
} as const;

function formatProof({ key, token, outcome, taskIds, state }: Proof, keyWidth: number): string {
  const tasks = taskIds.length === 0 ? '' : `: ${taskIds.join(', ')}`;
  const now = outcome === 'unasked' && state !== null ? ` (${state})` : tasks;
  return `${plain(key.padEnd(keyWidth))}  ${token.slice(0, 12)}  ${proofWords[outcome]}${plain(now)}\n`;
}

function checkReceipt(receipt: Receipt): Fault[] {
  if (receiptState(receipt) !== 'doubled') return [];
  const ids = receipt.taskIds.join(', ');
  const message = `${receipt.key} (${receipt.token}) has more than one task: ${ids}`;
  return [fault('SG7021', 'human', message, 'look at the devices; cancel what still can be')];
}
