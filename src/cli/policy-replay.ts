import type { ControllerConfig } from '../config/config.ts';
import { fleetRules } from '../controller/settings.ts';
import type { ClaimedEvent } from '../ledger/events.ts';
import { systemClock } from '../lib/clock.ts';
import { count } from '../lib/count.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { parseTime } from '../manifest/time.ts';
import { type Replayed, type ReplayInput, replayClaim } from '../plan/replay.ts';
import { loadPolicies, type PolicySet } from '../policy/policy-set.ts';
import { isoInstant, shortInstant } from '../policy/verdict.ts';
import { loadConfig, type Ready, stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type LedgerReading, readWholeLedger, type ToldEvent } from './ledger-reading.ts';
import type { Format } from './options.ts';
import { readPlanning } from './planning.ts';
import { readPolicyPath } from './policy-path.ts';
import { colorsFor, formatJson, formatProblem } from './print.ts';
import { formatRows, type Row } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

export interface ReplayOptions {
  readonly since: string;
  readonly config?: string;
  readonly path?: string;
  readonly format: Format;
}

/** One claim of the ledger, judged again. */
interface ReplayedClaim extends Replayed {
  readonly claim: ClaimedEvent;
  readonly commit: string;
}

interface Replay {
  readonly sinceMs: number;
  readonly claims: readonly ReplayedClaim[];
  /** Revisions that were denied: of them the ledger keeps no facts. */
  readonly denied: number;
}

/**
 * Tells which claims since a day the policies of now would not have allowed: those at the newest head, or of a work tree.
 * Reads the ledger, and the policies; asks AWS nothing, writes nothing. Exit 1 where a claim differs, or a policy is invalid.
 */
export async function policyReplay(options: ReplayOptions, world: Surroundings): Promise<ExitCode> {
  const since = parseSince(options.since, systemClock.wallMs());
  if (!since.ok) return stopBy(since.fault, exitCodes.usage, world).exit;
  const sinceMs = since.value;
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const read = await readBoth(config.value, options.path, world);
  if (!read.ok) return read.exit;
  const { set, reading } = read.value;
  const errors = set.problems.filter(({ severity }) => severity === 'error');
  for (const problem of errors) {
    world.stderr.write(formatProblem(problem, colorsFor(world.stderr, world.env)));
  }
  const input = { set, uncovered: config.value.policy.uncovered, fleets: fleetRules(config.value) };
  const replay = replayAll(reading, sinceMs, input);
  world.stdout.write(options.format === 'json' ? replayJson(replay, set, world) : replayText(replay, world));
  const differs = replay.claims.some(({ outcome }) => outcome === 'hold' || outcome === 'deny');
  return differs || errors.length > 0 ? exitCodes.findings : exitCodes.done;
}

/** A day begins in UTC, as everything in the ledger. Fault: SG7064. */
function parseSince(text: string, nowMs: number): Result<number> {
  const time = parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (!time.ok) return failed(badSince(text, 'is no day and no instant with an offset'));
  if (time.epochMs > nowMs) return failed(badSince(text, `has not come yet: it is ${shortInstant(nowMs)}`));
  return ok(time.epochMs);
}

function badSince(text: string, why: string): Fault {
  const hint = 'a day, such as 2026-11-01, or 2026-11-01T08:00:00+01:00';
  return fault('SG7064', 'human', `--since ${JSON.stringify(text)} ${why}`, hint);
}

interface Read {
  readonly set: PolicySet;
  readonly reading: LedgerReading;
}

async function readBoth(
  config: ControllerConfig,
  path: string | undefined,
  world: Surroundings,
): Promise<Ready<Read>> {
  if (path === undefined) {
    const planned = await readPlanning(config, systemClock, world);
    if (!planned.ok) return planned;
    const { input, reading } = planned.value;
    return { ok: true, value: { set: input.policies, reading } };
  }
  const { limits } = config.source;
  const tree = await readPolicyPath(path, world.cwd, limits.fileBytes);
  if (!tree.ok) return stopBy(tree.fault, exitCodes.usage, world);
  const reading = await readWholeLedger(config, world);
  if (!reading.ok) return reading;
  return { ok: true, value: { set: loadPolicies(tree.value.files, limits), reading: reading.value } };
}

function replayAll({ events }: LedgerReading, sinceMs: number, input: ReplayInput): Replay {
  const found: (ReplayedClaim & { readonly seq: number })[] = [];
  let denied = 0;
  for (const told of events.values()) {
    const request = requestOf(told);
    for (const { event, commit, header } of told) {
      if (Date.parse(event.at) < sinceMs) continue;
      if (event.kind === 'noted' && event.reason === 'denied') denied += 1;
      if (event.kind !== 'claimed') continue;
      found.push({ claim: event, commit, seq: header.seq, ...replayClaim(event, request, input) });
    }
  }
  // Stable: the claims of one batch stay in their order.
  return { sinceMs, claims: found.sort((a, b) => a.seq - b.seq), denied };
}

/** What was asked for stands in the first claim of a token. */
function requestOf(told: readonly ToldEvent[]) {
  for (const { event } of told) {
    if (event.kind === 'claimed' && event.request !== undefined) return event.request;
  }
  return null;
}

function replayText({ sinceMs, claims, denied }: Replay, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const told = claims.filter(({ outcome }) => outcome !== 'same');
  const rows = formatRows(told.map(replayRow), world.stdout.columns(), colors);
  const [differ, unknown] = [countOf(claims, 'hold', 'deny'), countOf(claims, 'unknown')];
  const left =
    denied === 0
      ? ''
      : `${count(denied, 'denial')} not replayed: the ledger keeps no facts of what was denied\n`;
  return `${rows}${count(claims.length, 'claim')} since ${shortInstant(sinceMs)} replayed: ${differ} differ, ${unknown} unknown\n${left}`;
}

function countOf(claims: readonly ReplayedClaim[], ...outcomes: readonly Replayed['outcome'][]): number {
  return claims.filter(({ outcome }) => outcomes.includes(outcome)).length;
}

function replayRow({ claim, outcome, reasons }: ReplayedClaim): Row {
  const why = reasons.map(({ code, message }) => `${code} ${message}`).join('; ');
  const { fleet, name, token, at, attempt } = claim;
  const which = attempt === 1 ? '' : `, attempt ${attempt}`;
  const when = shortInstant(Date.parse(at));
  return { state: outcome, task: `${fleet}/${name}`, token, detail: `${when}${which}: ${why}` };
}

function replayJson({ sinceMs, claims, denied }: Replay, { digest }: PolicySet, world: Surroundings): string {
  const told = claims.filter(({ outcome }) => outcome !== 'same');
  return formatJson(
    {
      since: isoInstant(sinceMs),
      policySet: digest,
      replayed: claims.length,
      differ: countOf(claims, 'hold', 'deny'),
      unknown: countOf(claims, 'unknown'),
      notReplayed: denied,
      claims: told.map(({ claim: { fleet, name, token, attempt, at }, commit, outcome, reasons }) => ({
        fleet,
        name,
        token,
        attempt,
        at,
        commit,
        outcome,
        reasons,
      })),
    },
    world,
  );
}
