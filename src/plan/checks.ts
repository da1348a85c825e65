/** The conditions of a claim beside the policies, each with what is said of it where it holds. */

import type { FaultCode } from '../lib/faults.ts';
import type { WantedTask } from '../manifest/collect.ts';
import { bindsTask } from '../policy/built-in.ts';
import type { CountFacts } from '../policy/facts.ts';
import type { JudgeInput } from '../policy/judge-input.ts';
import type { Reason, Verdict } from '../policy/verdict.ts';
import { isoInstant } from '../policy/verdict.ts';
import type { ClaimInput } from './claimable.ts';
import { findBlocks, findFull, findUndescribed } from './claimable.ts';
import type { Decision } from './decision.ts';
import { findBusyDevices } from './devices.ts';
import { findUnfinished } from './order.ts';
import { askedUnderName, findLowerRun, findRepeats } from './repeat-guard.ts';

export interface Check {
  readonly name: string;
  readonly outcome: 'passed' | 'hold' | 'deny' | 'off';
  /** What it found where it holds; empty otherwise: the reasons say it. */
  readonly text: string;
  readonly reasons: readonly Reason[];
}

interface Checked {
  readonly task: WantedTask;
  readonly judged: JudgeInput;
  readonly verdict: Verdict;
  readonly counts: CountFacts;
  readonly input: ClaimInput;
  readonly decision: Decision | undefined;
}

const denying: ReadonlySet<FaultCode> = new Set(['SG6102', 'SG6104', 'SG6310']);

/** In the order in which a person would ask for them. */
export function listChecks(checked: Checked): Check[] {
  return [
    ...timeChecks(checked),
    ...policyChecks(checked),
    ...ledgerChecks(checked),
    ...fleetChecks(checked),
  ];
}

function check(name: string, reasons: readonly Reason[], text: string, isOff = false): Check {
  const [first] = reasons;
  if (first === undefined) return { name, outcome: isOff ? 'off' : 'passed', text, reasons };
  const isDenied = reasons.some(({ code }) => denying.has(code));
  return { name, outcome: isDenied ? 'deny' : 'hold', text: '', reasons };
}

/** Those of the verdict that no policy gives, and those of the plan. */
function withCode({ verdict, decision }: Checked, ...codes: FaultCode[]): Reason[] {
  const of = (reasons: readonly Reason[]): Reason[] =>
    reasons.filter(({ code, policy }) => policy === undefined && codes.includes(code));
  const found = of(verdict.reasons);
  return found.length > 0 ? found : of(decision?.reasons ?? []);
}

function timeChecks(checked: Checked): Check[] {
  const { judged, verdict } = checked;
  const { notBeforeMs, notAfterMs } = judged.manifest;
  const { introduced } = judged.facts;
  const { maxWaitMs } = judged.settings;
  const isBounded = Number.isFinite(maxWaitMs);
  const sinceMs = Math.max(introduced?.timeMs ?? 0, notBeforeMs ?? 0);
  const by =
    introduced === null
      ? 'the commit that introduced it was not found'
      : `introduced by ${introduced.id.slice(0, 12)} at ${isoInstant(introduced.timeMs)}`;
  return [
    check(
      'notBefore',
      withCode(checked, 'SG6101'),
      notBeforeMs === undefined ? 'none' : `came at ${isoInstant(notBeforeMs)}`,
    ),
    check(
      'notAfter',
      withCode(checked, 'SG6102'),
      notAfterMs === undefined ? 'none' : `comes at ${isoInstant(notAfterMs)}`,
    ),
    check(
      'maxWait',
      withCode(checked, 'SG6310', 'SG6315'),
      isBounded ? `${by}; may wait until ${isoInstant(sinceMs + maxWaitMs)}` : by,
      !isBounded,
    ),
    check('permission to run', withCode(checked, 'SG6304', 'SG6305', 'SG6314'), describeEnd(verdict)),
  ];
}

function describeEnd(verdict: Verdict): string {
  if (verdict.action !== 'allow') return 'none while it is not allowed';
  return verdict.closesMs === null ? 'without an end' : `ends at ${isoInstant(verdict.closesMs)}`;
}

function policyChecks(checked: Checked): Check[] {
  const { fleet } = checked.task.manifest;
  const { requirePolicies, separateCommits, uncovered } = checked.judged.settings;
  const names = checked.verdict.policies.map(({ name }) => name);
  const asked = checked.judged.set.policies.filter(({ name }) => names.includes(name));
  const isCovered = bindsTask(asked);
  return [
    check('suspensions', withCode(checked, 'SG6320'), `none stops fleet ${fleet}`),
    check('loading', withCode(checked, 'SG6309'), 'all that could be about it loads'),
    check(
      'requirePolicies',
      withCode(checked, 'SG6311'),
      requirePolicies.length === 0 ? 'none' : `matched by ${requirePolicies.join(', ')}`,
      requirePolicies.length === 0,
    ),
    check(
      'uncovered',
      withCode(checked, 'SG6308'),
      isCovered ? 'a rule binds it' : 'no rule binds it, and policy.uncovered is allow',
      !isCovered && uncovered === 'allow',
    ),
    check(
      'separateCommits',
      withCode(checked, 'SG6312'),
      separateCommits ? 'its commit changes no policies' : 'not asked for',
      !separateCommits,
    ),
  ];
}

function ledgerChecks(checked: Checked): Check[] {
  const { task, input } = checked;
  const { manifest } = task;
  const { repeatGuard } = input.settings;
  const asked = askedUnderName(manifest, input.ledger);
  const lower = findLowerRun(manifest, asked);
  const repeats = repeatGuard ? findRepeats(manifest, asked) : [];
  const { after } = manifest;
  return [
    check('run', lower === null ? [] : [lower], `${manifest.run}, none higher was asked for`),
    check('repeatGuard', repeats, repeatGuard ? 'repeats nothing' : 'switched off', !repeatGuard),
    check('earlier revision', withCode(checked, 'SG6108'), 'none is open'),
    check('earlier attempt', withCode(checked, 'SG6107'), 'none has to be waited for'),
    check(
      'after',
      findUnfinished(manifest, input),
      after.length === 0 ? 'none' : `succeeded: ${after.join(', ')}`,
      after.length === 0,
    ),
  ];
}

function fleetChecks({ task, verdict, counts, input }: Checked): Check[] {
  const { fleet, targets } = task.manifest;
  const most = input.fleetRules.get(fleet)?.maxInFlight ?? null;
  const { tasks } = counts.inFlight;
  const flying = `${tasks} ${tasks === 1 ? 'task' : 'tasks'} of the fleet in flight`;
  const condition = input.fleets.get(fleet);
  const stops = findBlocks(fleet, condition, input);
  if (condition?.kind === 'paused' || condition?.kind === 'observed') stops.push(condition.reason);
  const busy = [...findBusyDevices(task.manifest, input), ...findUndescribed(task, verdict, input)];
  const how = input.surveys.has(fleet) ? 'free' : 'free by the ledger; AWS was not asked';
  return [
    check('devices', busy, `${targets.join(', ')} ${how}`),
    check(
      'maxInFlight',
      findFull(fleet, counts, input),
      most === null ? `not bounded; ${flying}` : `${flying}, at most ${most} are allowed`,
      most === null,
    ),
    check('fleet', stops, 'nothing stops it'),
  ];
}
