import type { ControllerConfig, LedgerConfig } from '../config/config.ts';
import type { LedgerFetch, LedgerSegment } from '../controller/ports.ts';
import { readLedger } from '../git/ledger-audit.ts';
import { decodeFormat, decodeSegment } from '../ledger/codec.ts';
import type { BatchHeader, LedgerEvent } from '../ledger/events.ts';
import { foldBatch } from '../ledger/fold.ts';
import { findForgedRequest } from '../ledger/frozen-request.ts';
import { emptyView, type LedgerView } from '../ledger/view.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Token } from '../manifest/manifest.ts';
import { loadConfig, type Ready, stopBy } from './configuration.ts';
import { exitCodes } from './exit-codes.ts';
import type { Surroundings } from './surroundings.ts';

/** A push that is not answered by then is sent again; a claim's deadline is twice as long. */
export const pushTimeoutMs = 30_000;

/** One event and the commit that carries it. */
export interface ToldEvent {
  readonly event: LedgerEvent;
  readonly header: BatchHeader;
  readonly commit: string;
}

/** A whole ledger, read once. */
export interface LedgerReading {
  readonly view: LedgerView;
  readonly commits: number;
  /** Each revision's events, oldest first. */
  readonly events: Map<Token, ToldEvent[]>;
}

/** The configured ledger, read whole: for the commands that only look. What is wrong has been printed. */
export async function readConfiguredLedger(
  options: { readonly config?: string },
  world: Surroundings,
): Promise<Ready<LedgerReading>> {
  const config = await loadConfig(options.config, world);
  return config.ok ? readWholeLedger(config.value, world) : config;
}

/** Fetches and folds the ledger, with every check that the controller makes; what is wrong has been printed. */
export async function readWholeLedger(
  config: ControllerConfig,
  world: Surroundings,
): Promise<Ready<LedgerReading>> {
  const fetched = await readLedger(config.ledger, {
    fetchTimeoutMs: config.source.limits.fetchTimeoutMs,
    pushTimeoutMs,
    redactor: world.redactor,
    signal: world.stop,
  });
  if (fetched.kind === 'unreachable') return stopBy(fetched.fault, exitCodes.unreachable, world);
  if (fetched.kind === 'halted') return stopBy(fetched.fault, exitCodes.findings, world);
  const reading = foldFetched(fetched, config.ledger);
  return reading.ok ? reading : stopBy(reading.fault, exitCodes.findings, world);
}

/**
 * Folds what a fetch brought, on top of what an earlier one did. Faults: those of the codec and the fold, SG7010 for another
 * ledger than is pinned.
 */
export function foldFetched(
  fetched: Extract<LedgerFetch, { kind: 'fetched' }>,
  config: LedgerConfig,
  earlier: LedgerReading | null = null,
): Result<LedgerReading> {
  const begun = earlier === null ? beginReading(fetched, config) : ok(earlier);
  if (!begun.ok) return begun;
  const { view, commits, events } = begun.value;
  for (const segment of fetched.segments) {
    const trouble = foldSegment(view, segment, events);
    if (trouble !== null) return failed(trouble);
  }
  return ok({ view, commits: commits + fetched.segments.length, events });
}

function beginReading(
  fetched: Extract<LedgerFetch, { kind: 'fetched' }>,
  config: LedgerConfig,
): Result<LedgerReading> {
  const format = decodeFormat(fetched.format);
  if (!format.ok) return format;
  const { ledger } = format.value;
  const other = judgeLedgerId(config, ledger);
  if (other !== null) return failed(other);
  return ok({ view: emptyView(ledger, fetched.root), commits: 1, events: new Map() });
}

function foldSegment(
  view: LedgerView,
  segment: LedgerSegment,
  events: Map<Token, ToldEvent[]>,
): Fault | null {
  const batch = decodeSegment(segment);
  if (!batch.ok) return batch.fault;
  for (const event of batch.value.events) {
    const told = { event, header: batch.value.header, commit: segment.commit };
    const earlier = events.get(event.token);
    if (earlier === undefined) events.set(event.token, [told]);
    else earlier.push(told);
  }
  const forged = findForgedRequest(batch.value, view.ledgerId, segment.commit);
  return forged ?? foldBatch(view, batch.value, segment.commit);
}

/** SG7010 where the configuration pins another ledger than the branch holds; else null. */
export function judgeLedgerId(config: LedgerConfig, found: string): Fault | null {
  if (config.id === undefined || config.id === found) return null;
  return fault(
    'SG7010',
    'human',
    `the ledger branch holds ledger ${found}, and the configuration's ledger.id is ${config.id}`,
    'point ledger.url and ledger.branch at the right ledger, or correct ledger.id if this is a new one on purpose',
  );
}
