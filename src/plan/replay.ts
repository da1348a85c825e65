/**
 * What policies would have said of a claim of the past, on the facts that the ledger kept of it. They say what a change of
 * policies means before it is merged: what would have been stopped, had they been there.
 *
 * Nothing is made up: a rule that reads what was not kept gives no verdict. Suspensions do not count, which stop the
 * present and not the past, and neither does the longest wait; a waiver counts where the claim was made by it.
 */
import type { ClaimedEvent, ClaimWaiver } from '../ledger/events.ts';
import type { Locate } from '../lib/document-place.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { parseTask } from '../manifest/parse.ts';
import type { TaskRequest } from '../manifest/request.ts';
import { readRecordedFacts } from '../policy/fact-record.ts';
import type { FleetFacts, TaskFacts } from '../policy/facts.ts';
import { judge } from '../policy/judge.ts';
import type { JudgeInput } from '../policy/judge-input.ts';
import type { Match, MatchKeys } from '../policy/match.ts';
import type { Policy, Waiver } from '../policy/policy.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';
import type { FleetRules } from './claimable.ts';

export interface ReplayInput {
  readonly set: PolicySet;
  readonly uncovered: 'hold' | 'allow';
  /** Of the configuration, by name; a fleet of the past may be gone. */
  readonly fleets: ReadonlyMap<string, FleetRules>;
}

export interface Replayed {
  /**
   * - same: it would be allowed again
   * - hold, deny: it would not have been issued at that time
   * - unknown: a rule reads what the ledger did not keep
   */
  readonly outcome: 'same' | 'hold' | 'deny' | 'unknown';
  readonly reasons: readonly Reason[];
}

/** Judges a claim at the time at which it was made. `request` is that of its token's first claim. */
export function replayClaim(claim: ClaimedEvent, request: TaskRequest | null, input: ReplayInput): Replayed {
  if (request === null) return unknown('what was asked for is not in the ledger');
  const nowMs = Date.parse(claim.at);
  const blank = blankTask(claim, request);
  const recorded = readRecordedFacts(claim.verdict.facts, blank, nowMs);
  const manifest = rebuildManifest(claim, request, recorded.task);
  if (manifest === null) return unknown('what was asked for is no manifest of this version');
  const rules = input.fleets.get(claim.fleet);
  const fleet = recorded.fleet ?? todaysFleet(claim, rules);
  const isTaskKept = recorded.task.labels !== blank.labels;
  const missing: Missing = {
    task: !isTaskKept,
    notAfter: !isTaskKept && claim.verdict.notAfter === undefined,
    fleet: fleet === null,
  };
  const policies = input.set.policies.map(withoutWarnings);
  const judged: JudgeInput = {
    manifest,
    facts: { ...recorded, fleet },
    fleetLabels: fleet?.labels ?? {},
    introducedMs: null,
    touchesPolicies: null,
    set: { ...input.set, policies, suspensions: [], waivers: waiversOf(claim) },
    settings: {
      uncovered: input.uncovered,
      requirePolicies: rules?.requirePolicies ?? [],
      maxWaitMs: Number.POSITIVE_INFINITY,
      separateCommits: false,
    },
    mergedMs: new Map(waiversOf(claim).map(({ place }) => [place.path, nowMs])),
  };
  const doubtful = policies.filter((policy) => isDoubtful(policy, missing));
  if (doubtful.length === 0 && !input.set.broken.some((one) => isBrokenDoubtful(one, missing))) {
    return conclude(judged);
  }
  const certain = conclude(withoutDoubt(judged, doubtful, missing));
  if (certain.outcome === 'hold' || certain.outcome === 'deny') return certain;
  const names = doubtful.map(({ name }) => name).join(', ');
  return unknown(
    `${names === '' ? 'a policy that does not load' : names} reads labels or times that were not kept`,
  );
}

function conclude(input: JudgeInput): Replayed {
  const verdict = judge(input);
  if (verdict.action !== 'allow') return { outcome: verdict.action, reasons: verdict.reasons };
  const { unchecked } = verdict;
  return unchecked.length > 0 ? { outcome: 'unknown', reasons: unchecked } : { outcome: 'same', reasons: [] };
}

function unknown(message: string): Replayed {
  return { outcome: 'unknown', reasons: [{ code: 'SG7063', message }] };
}

/** What the claim tells of the task beside the facts. Its labels are those of nobody until they are read. */
function blankTask(claim: ClaimedEvent, request: TaskRequest): TaskFacts {
  const { fleet, name, token, taskRun, manifest, verdict } = claim;
  const { command, targets, description = '' } = request;
  const notAfterMs = verdict.notAfter == null ? null : Date.parse(verdict.notAfter);
  return {
    fleet,
    name,
    command,
    targets,
    description,
    tags: ownTags(request),
    labels: {},
    annotations: manifest.annotations,
    run: taskRun,
    after: [],
    notBeforeMs: null,
    notAfterMs,
    path: manifest.path,
    token,
    previous: null,
  };
}

/** Without those that snowgate adds. */
function ownTags({ tags }: TaskRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('snowgate:')));
}

/** By the one parser that makes manifests; null for what it does not take, or takes for another revision. */
function rebuildManifest(
  { token, verdict }: ClaimedEvent,
  { description }: TaskRequest,
  task: TaskFacts,
): Manifest | null {
  const { name, labels, annotations, fleet, command, targets, tags, run } = task;
  const spec: { [key: string]: JsonValue } = {
    fleet,
    command,
    targets: [...targets],
    tags: { ...tags },
    run,
  };
  if (description !== undefined) spec['description'] = description;
  if (verdict.notAfter != null) spec['notAfter'] = verdict.notAfter;
  const metadata = { name, labels: { ...labels }, annotations: { ...annotations } };
  const value: JsonValue = { apiVersion: 'snowgate/v1', kind: 'Task', metadata, spec };
  const locate: Locate = () => ({ line: 1, column: 1 });
  const parsed = parseTask({ value, locate });
  return parsed.ok && parsed.manifest.token === token ? parsed.manifest : null;
}

/** Account and region are those of the claim, labels those that the configuration has now. */
function todaysFleet({ fleet, identity }: ClaimedEvent, rules: FleetRules | undefined): FleetFacts | null {
  if (rules === undefined) return null;
  return { name: fleet, region: identity.region, account: identity.account, labels: rules.labels };
}

/** The one by which the claim was made, as the claim tells it. */
function waiversOf({ fleet, name, taskRun, verdict }: ClaimedEvent): readonly Waiver[] {
  return verdict.waiver === undefined ? [] : [rebuildWaiver(verdict.waiver, fleet, name, taskRun)];
}

function rebuildWaiver(waiver: ClaimWaiver, fleet: string, task: string, run: number): Waiver {
  const { name, path, blob, rules, reason, expires } = waiver;
  const place = { path, line: 1, column: 1 };
  return { name, place, blob, fleet, task, run, rules, reason, expiresMs: Date.parse(expires) };
}

/** What of the past is not known though it is always known to a rule. */
interface Missing {
  /** The task's labels, `after` and `notBefore`: kept only where a policy was asked. */
  readonly task: boolean;
  readonly notAfter: boolean;
  /** The fleet, which the configuration does not have any more. */
  readonly fleet: boolean;
}

/** Any of these words may be another one's field: to doubt too much is to say "unknown", never something wrong. */
const taskWords = /\b(labels|after|notBefore)\b/;
const notAfterWord = /\bnotAfter\b/;

/** A rule that only warns holds nothing, whatever it reads. */
function withoutWarnings(policy: Policy): Policy {
  return { ...policy, rules: policy.rules.filter(({ otherwise }) => otherwise !== 'warn') };
}

function isDoubtful({ match, rules }: Policy, missing: Missing): boolean {
  if (isMatchDoubtful(match, missing)) return true;
  return rules.some((rule) => {
    const source = rule.kind === 'condition' ? rule.expression.source : '';
    return (missing.task && taskWords.test(source)) || (missing.notAfter && notAfterWord.test(source));
  });
}

function isMatchDoubtful(match: Match, missing: Missing): boolean {
  const reads = (keys: MatchKeys | undefined): boolean =>
    (missing.task && keys?.labels !== undefined) || (missing.fleet && keys?.fleetLabels !== undefined);
  return reads(match) || reads(match.exclude);
}

function isBrokenDoubtful(broken: PolicySet['broken'][number], missing: Missing): boolean {
  return broken.kind === 'policy' && isMatchDoubtful(broken.match, missing);
}

/** What still holds it then holds it whatever the rest would say. */
function withoutDoubt(input: JudgeInput, doubtful: readonly Policy[], missing: Missing): JudgeInput {
  const { set, settings } = input;
  const names = new Set(doubtful.map(({ name }) => name));
  return {
    ...input,
    set: {
      ...set,
      policies: set.policies.filter(({ name }) => !names.has(name)),
      broken: set.broken.filter((one) => !isBrokenDoubtful(one, missing)),
    },
    settings: {
      ...settings,
      uncovered: 'allow',
      requirePolicies: settings.requirePolicies.filter((name) => !names.has(name)),
    },
  };
}
