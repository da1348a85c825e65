import { type Receipt, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { receiptJson } from '../report/task-json.ts';
import { describeNewestClaim } from '../report/verdict-words.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type LedgerReading, readConfiguredLedger } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { type Colors, colorsFor, formatJson, plain } from './print.ts';
import { describeEnd, formatWrapped, paintState } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';
import { findNamed, findNearestName, sayOneOf } from './task-name.ts';
import { formatTimeline } from './timeline.ts';

/** Fewer digits of a token name nothing for certain. */
const prefixMin = 8;

/** Prints the whole life of one revision, or of every revision of one name. Exit 2 when the ledger knows none. */
export async function showLedger(
  what: string,
  options: { readonly config?: string; readonly format: Format },
  world: Surroundings,
): Promise<ExitCode> {
  const reading = await readConfiguredLedger(options, world);
  if (!reading.ok) return reading.exit;
  const found = findShown(what, reading.value.view);
  if (!found.ok) return stopBy(found.fault, exitCodes.usage, world).exit;
  if (options.format === 'json') {
    world.stdout.write(
      formatJson(
        found.value.map((receipt) => lifeJson(receipt, reading.value)),
        world,
      ),
    );
    return exitCodes.done;
  }
  const colors = colorsFor(world.stdout, world.env);
  const columns = world.stdout.columns();
  const lives = found.value.map((receipt) => formatLife(receipt, reading.value, columns, colors));
  world.stdout.write(lives.join('\n'));
  return exitCodes.done;
}

/** The same for a name that only one fleet has, too: to look at the wrong one costs nothing. */
function findShown(what: string, view: LedgerView): Result<readonly Receipt[]> {
  const found = findReceipts(what, view);
  if (found.ok || what.includes('/')) return found;
  const named = findNamed(what, view.tokensByKey.keys());
  const [only] = named;
  if (only === undefined) return found;
  if (named.length === 1) return findReceipts(only, view);
  return failed(unknown(`"${what}" for several fleets`, sayOneOf(named)));
}

/** The receipts that a token, the beginning of one, or fleet/name names. Fault: SG7012, none or several tokens. */
export function findReceipts(what: string, view: LedgerView): Result<readonly Receipt[]> {
  if (what.includes('/')) {
    const tokens = view.tokensByKey.get(what) ?? [];
    const receipts = tokens.flatMap((token) => view.receipts.get(token) ?? []);
    return receipts.length > 0 ? ok(receipts) : failed(unknownName(what, view));
  }
  const matching = [...view.receipts.values()].filter(({ token }) => token.startsWith(what));
  const [only] = matching;
  if (!/^[0-9a-f]{1,64}$/.test(what) || what.length < prefixMin) return failed(noToken(what, view));
  if (only === undefined) return failed(unknown(`no revision whose token begins ${what}`));
  if (matching.length > 1) return failed(unknown(`${matching.length} revisions whose tokens begin ${what}`));
  return ok([only]);
}

function unknownName(what: string, view: LedgerView): Fault {
  return unknown(`no revision of "${what}"`, didYouMean(what, view));
}

function noToken(what: string, view: LedgerView): Fault {
  const grammar = `a token is given by ${prefixMin} to 64 of its hex digits, a name as FLEET/NAME`;
  return unknown(`nothing called "${what}"`, didYouMean(what, view) ?? grammar);
}

function didYouMean(what: string, view: LedgerView): string | undefined {
  const nearest = findNearestName(what, view.tokensByKey.keys());
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}

function unknown(what: string, hint = 'snowgate ledger list names everything'): Fault {
  return fault('SG7012', 'human', `the ledger holds ${what}`, hint);
}

function lifeJson(receipt: Receipt, reading: LedgerReading): object {
  const told = reading.events.get(receipt.token) ?? [];
  const events = told.map(({ event, header, commit }) => {
    const { seq, replica, run } = header;
    return { commit, seq, replica, run, ...event };
  });
  return { ...receiptJson(receipt), events };
}

function formatLife(receipt: Receipt, reading: LedgerReading, columns: number, colors: Colors): string {
  const state = receiptState(receipt);
  const fields: [string, string | undefined][] = [
    ['token', receipt.token],
    ['command', receipt.revision?.command],
    ['targets', receipt.revision?.targets.join(' ')],
    ['run', receipt.revision?.run.toString()],
    ['allowed', describeNewestClaim(reading.events.get(receipt.token))],
    ['became', describeEnd(receipt)],
    ['manifest', receipt.manifest === null ? undefined : receipt.manifest.path],
    ['commit', receipt.manifest?.commit ?? undefined],
    ['author', receipt.manifest?.author ?? undefined],
    ...Object.entries(receipt.manifest?.annotations ?? {}),
    [
      'refused',
      receipt.refusal === null ? undefined : `${receipt.refusal.error}: ${receipt.refusal.message}`,
    ],
    [
      'resolved',
      receipt.resolution === null ? undefined : `by ${receipt.resolution.by}: ${receipt.resolution.reason}`,
    ],
    ...[...receipt.notes].map(([reason, message]): [string, string] => [reason, message]),
  ];
  const shown = fields.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.min(16, Math.max(...shown.map(([name]) => name.length)));
  const lines = shown.map(([name, value]) =>
    formatWrapped(`${plain(name).padEnd(width)}  ${value ?? ''}`, '  ', columns, width + 2),
  );
  const told = formatTimeline(reading.events.get(receipt.token) ?? [], columns, colors);
  return `${colors.bold(receipt.key)}  ${paintState(state, state, colors)}\n${lines.join('')}\n${told}`;
}
