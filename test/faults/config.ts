import type { ControllerConfig, FleetConfig } from '../../src/config/config.ts';
import { simAccount } from './aws.ts';
import type { Scenario } from './scenario.ts';

export const ledgerId = '6f1c0000-0000-4000-8000-000000000001';
export const maxAgeMs = 5 * 60_000;

/** The configuration of one replica of a scenario. */
export function makeConfig(replica: string, scenario: Scenario, fleets: readonly string[]): ControllerConfig {
  const { policies } = scenario;
  const isSeparate = policies?.isSeparate === true;
  const { uncovered = 'allow', separateCommits = false } = policies ?? {};
  const inFlight = policies?.maxInFlight == null ? {} : { maxInFlight: policies.maxInFlight };
  const requirePolicies = policies?.isRequired === true ? ['p0'] : [];
  const remote = { url: 'file:///simulated', auth: { kind: 'none' }, insecureTransport: false } as const;
  return {
    source: {
      ...remote,
      branch: 'main',
      path: 'tasks',
      policies: isSeparate ? null : 'policies',
      namesPolicies: false,
      schedule: '*/30 * * * * *',
      maxAgeMs,
      maxRemovals: 10,
      limits: {
        fileBytes: 65_536,
        files: 1_000,
        documentsPerFile: 100,
        depth: 32,
        fetchTimeoutMs: 120_000,
        historyCommits: 1_000,
      },
    },
    ...(isSeparate ? { policySource: { ...remote, branch: 'main', path: 'policies' } } : {}),
    policy: { uncovered, separateCommits },
    ledger: {
      ...remote,
      branch: 'snowgate-ledger',
      id: ledgerId,
      pushesPerMinute: scenario.pushesPerMinute,
      replicas: scenario.replicas,
      sharesSource: false,
    },
    stateDir: '/simulated',
    replica,
    repeatGuard: true,
    fleets: new Map(
      fleets.map((name): [string, FleetConfig] => [
        name,
        { name, region: name, account: simAccount, labels: {}, requirePolicies, ...inFlight },
      ]),
    ),
    issue: scenario.issue,
    recovery: scenario.recovery,
    cancel: { leadMs: scenario.cancelLeadMs },
    observe: { rate: 10 },
    clock: { toleranceMs: 30_000 },
    shutdown: { timeoutMs: 25_000 },
  };
}
