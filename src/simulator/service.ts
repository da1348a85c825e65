/** The whole simulated service as a value: its fleets, who may speak for them, its rules, its counters. No clock, no socket. */
import { ok } from '../lib/faults.ts';
import type { Reply } from './answer.ts';
import { refuse } from './answer.ts';
import type { Fleet } from './fleet.ts';
import { createFleet, expectChange, settleFleet } from './fleet.ts';
import { seededFractions } from './identity.ts';
import type { SigningKey } from './proof.ts';
import type { DeviceOptions } from './roster.ts';
import type { Rule, RuleOptions } from './rules.ts';
import { makeRule } from './rules.ts';
import type { Settings } from './settings.ts';
import type { Scope } from './signature.ts';
import type { Step, Timeline } from './steps.ts';
import { makeTimeline } from './steps.ts';

export interface FleetSeat {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** The access key ids that speak for the account. */
  readonly accessKeyIds: readonly string[];
  /** How many, or what is said of each. */
  readonly devices: number | readonly DeviceOptions[];
}

export interface ServiceOptions {
  readonly seed: number;
  /** At least one. A single one without access key ids answers whoever asks, for whichever region; several, by region. */
  readonly fleets: readonly FleetSeat[];
  readonly settings: Settings;
  readonly rules: readonly RuleOptions[];
  /** How far the server's `Date` and its check of signatures run ahead of the clock. */
  readonly skewMs: number;
  readonly checkSkew: boolean;
  /** With any of them, every signature is proved; without, none. */
  readonly signingKeys?: readonly SigningKey[];
  /** What happens by itself. */
  readonly steps?: readonly Step[];
}

/** One answered (or unanswered) request, for whoever looks back. */
export interface CallRecord {
  readonly atMs: number;
  readonly requestId: string;
  readonly operation: string;
  readonly account: string | null;
  readonly region: string | null;
  /** What was sent back; null for a connection cut or left hanging. */
  readonly status: number | null;
  readonly error: string | null;
  readonly effect: string | null;
  readonly clientToken: string | null;
  readonly taskId: string | null;
}

export interface Service {
  readonly fleets: readonly Fleet[];
  /** The account by access key id. */
  readonly keys: ReadonlyMap<string, string>;
  /** By access key id. */
  readonly signingKeys: ReadonlyMap<string, SigningKey>;
  readonly timeline: Timeline;
  settings: Settings;
  rules: Rule[];
  rulesMade: number;
  readonly fraction: () => number;
  readonly seed: number;
  requests: number;
  /** The newest calls, oldest first; a bounded number. */
  readonly calls: CallRecord[];
  readonly counts: Map<string, number>;
  skewMs: number;
  checkSkew: boolean;
  /** How far the model's time was moved ahead of the clock; nothing that is sent as a header moves with it. */
  advancedMs: number;
}

/** Enough to see what led to a surprise, and a few hundred KiB at most. */
const callsKept = 1_000;

/** A service with its fleets, at `nowMs`. */
export function createService(options: ServiceOptions, nowMs: number): Service {
  const keys = new Map<string, string>();
  for (const seat of options.fleets) for (const key of seat.accessKeyIds) keys.set(key, seat.account);
  const signingKeys = new Map(options.signingKeys?.map((key) => [key.accessKeyId, key]));
  for (const { accessKeyId, account } of signingKeys.values()) keys.set(accessKeyId, account);
  const { seed, settings } = options;
  const fleets = options.fleets.map(({ account, region, devices }) =>
    createFleet({ account, region, devices, seed, settings, nowMs }),
  );
  return {
    fleets,
    timeline: makeTimeline(options.steps ?? [], fleets, nowMs),
    keys,
    signingKeys,
    settings: options.settings,
    rules: options.rules.map((rule, index) => makeRule(rule, index + 1)),
    rulesMade: options.rules.length,
    fraction: seededFractions(options.seed),
    seed: options.seed,
    requests: 0,
    calls: [],
    counts: new Map(),
    skewMs: options.skewMs,
    checkSkew: options.checkSkew,
    advancedMs: 0,
  };
}

/** The fleet that a signature's scope names. */
export function findFleet(service: Service, scope: Scope): Reply<Fleet> {
  const [only, ...others] = service.fleets;
  const open = service.keys.size === 0;
  if (open && only !== undefined && others.length === 0) return ok(only);
  const account = service.keys.get(scope.accessKeyId);
  if (!open && account === undefined) {
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const fleet = service.fleets.find(
    (seat) => (open || seat.account === account) && seat.region === scope.region,
  );
  return fleet === undefined
    ? refuse(
        'InvalidSignatureException',
        `Credential should be scoped to a valid region, not '${scope.region}'.`,
      )
    : ok(fleet);
}

/** New settings for what happens from `nowMs` on; what was due before happens under the old ones. */
export function changeSettings(service: Service, change: Partial<Settings>, nowMs: number): void {
  service.settings = { ...service.settings, ...change };
  for (const fleet of service.fleets) {
    settleFleet(fleet, nowMs);
    fleet.settings = service.settings;
    expectChange(fleet);
  }
}

/** One more rule, behind those there are. */
export function addRule(service: Service, options: RuleOptions): Rule {
  service.rulesMade += 1;
  const rule = makeRule(options, service.rulesMade);
  // Rules that are used up make room: a test that adds one before each call would otherwise end at the bound.
  service.rules = [...service.rules.filter((old) => old.left > 0), rule];
  return rule;
}

/** Remembers a call, and forgets the oldest where there are too many. */
export function recordCall(service: Service, call: CallRecord): void {
  service.calls.push(call);
  if (service.calls.length > callsKept) service.calls.shift();
  service.counts.set(call.operation, (service.counts.get(call.operation) ?? 0) + 1);
}
