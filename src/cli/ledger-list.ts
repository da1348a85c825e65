import { type Receipt, receiptState } from '../ledger/receipt.ts';
import { count } from '../lib/count.ts';
import { receiptJson } from '../report/task-json.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { readConfiguredLedger } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { colorsFor, formatJson } from './print.ts';
import { formatRows, receiptDetail } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints every revision that the ledger knows, by name and then by age. */
export async function listLedger(
  options: { readonly config?: string; readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const reading = await readConfiguredLedger(options, world);
  if (!reading.ok) return reading.exit;
  const receipts = [...reading.value.view.receipts.values()].sort(byName);
  if (options.format === 'json') {
    world.stdout.write(formatJson(receipts.map(receiptJson), world));
    return exitCodes.done;
  }
  const rows = receipts.map((receipt) => ({
    state: receiptState(receipt),
    task: receipt.key,
    token: receipt.token,
    detail: receiptDetail(receipt),
  }));
  world.stdout.write(formatRows(rows, world.stdout.columns(), colorsFor(world.stdout, world.env)));
  world.stdout.write(`${count(receipts.length, 'revision')}${tally(rows.map(({ state }) => state))}\n`);
  return exitCodes.done;
}

function byName(a: Receipt, b: Receipt): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return (a.revision?.run ?? 0) - (b.revision?.run ?? 0) || a.seq - b.seq;
}

/** `: 5 issued, 1 waiting`; nothing where there is nothing to count. */
export function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const told = [...counts].map(([word, number]) => `${number} ${word}`);
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}
