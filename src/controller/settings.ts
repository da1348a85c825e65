/** What the configuration says to the plan: the floor that no commit can lower. */
import type { ControllerConfig } from '../config/config.ts';
import type { FleetRules, PlanSettings } from '../plan/claimable.ts';
import type { FleetFacts } from '../policy/facts.ts';

/** What holds for every task. */
export function planSettings({ repeatGuard, policy, issue, cancel }: ControllerConfig): PlanSettings {
  const { uncovered, separateCommits } = policy;
  return { repeatGuard, uncovered, separateCommits, maxWaitMs: issue.maxWaitMs, cancelLeadMs: cancel.leadMs };
}

/** What holds for the tasks of each fleet, by its name. */
export function fleetRules({ fleets }: ControllerConfig): ReadonlyMap<string, FleetRules> {
  return new Map(
    [...fleets].map(([name, { labels, requirePolicies, maxInFlight = null }]) => [
      name,
      { labels, requirePolicies, maxInFlight },
    ]),
  );
}

/** What rules may read of each fleet, by its name. */
export function fleetFacts({ fleets }: ControllerConfig): ReadonlyMap<string, FleetFacts> {
  return new Map(
    [...fleets].map(([name, { region, account = '', labels }]) => [name, { name, region, account, labels }]),
  );
}
