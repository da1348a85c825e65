/** S1, S2 and L of DESIGN 5, checked on what truly happened. Each finding is a sentence. */
import { foldSegment } from '../../src/controller/sync.ts';
import type { LedgerView } from '../../src/ledger/fold.ts';
import { emptyView } from '../../src/ledger/fold.ts';
import { receiptState } from '../../src/ledger/receipt.ts';
import { collectDesired } from '../../src/manifest/collect.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { makePlan } from '../../src/plan/plan.ts';
import type { LedgerRemote } from '../doubles/ledger.ts';
import type { SimAws } from './aws.ts';
import { epochMs } from './process.ts';
import type { SimSource } from './source.ts';

/** Clocks may differ by the tolerance of 30 s, and AWS tells whole seconds. */
const clockSlackMs = 32_000;

/** The ledger as a newcomer reads it; a finding where it may not be read. */
export function readLedger(
  remote: LedgerRemote,
  ledgerId: string,
): { view: LedgerView; finding: string | null } {
  const view = emptyView(ledgerId, remote.root);
  for (const segment of remote.segments()) {
    const problem = foldSegment(view, segment);
    if (problem !== null) return { view, finding: `the ledger is not valid: ${problem.message}` };
  }
  return { view, finding: null };
}

/** S1: at most one task per token. */
export function findDoubles(aws: SimAws): string[] {
  const findings: string[] = [];
  const tasks = new Map<Token, string>();
  for (const fleet of aws.fleets.values()) {
    for (const { taskId, clientToken } of fleet.tasks.values()) {
      const token = clientToken ?? '';
      const other = tasks.get(token);
      if (other !== undefined)
        findings.push(`S1: token ${token.slice(0, 12)} has tasks ${other} and ${taskId}`);
      tasks.set(token, taskId);
    }
  }
  return findings;
}

/**
 * The repeat guard: no command is asked twice of a device under one name with one run; and at most one task of a name is
 * open at a time, by the ledger's own knowledge. Both by what AWS holds.
 */
export function findRepeats(aws: SimAws, source: SimSource): string[] {
  const findings: string[] = [];
  const asked = new Map<string, string>();
  for (const [fleet, { tasks }] of aws.fleets) {
    for (const { taskId, clientToken, command, targets, tags } of tasks.values()) {
      const run = source.runOf(clientToken ?? '');
      for (const target of targets) {
        const what = `${fleet} ${tags['snowgate:task']} ${run} ${command} ${target}`;
        const other = asked.get(what);
        if (other !== undefined && other !== clientToken)
          findings.push(`repeat: ${what} was asked twice, ${taskId}`);
        asked.set(what, clientToken ?? '');
      }
    }
  }
  return findings;
}

/** S2: no call was started for a revision that was not wanted and allowed at heads at most `maxAge` old. */
export function findUnwantedCalls(aws: SimAws, source: SimSource, maxAgeMs: number): string[] {
  return aws.calls.flatMap(({ atMs, wallMs, token, by }) => {
    const heads = source.headsSince(atMs - maxAgeMs).filter((head) => head.atMs <= atMs);
    const holders = heads.flatMap((head) => {
      const manifests = head.tokens.get(token)?.parsed.manifests ?? [];
      return manifests.map(({ manifest }) => manifest).filter((manifest) => manifest.token === token);
    });
    if (holders.length === 0)
      return [`S2: ${by} called for ${token.slice(0, 12)} at ${atMs}, which nobody wanted`];
    const nowMs = epochMs + atMs;
    const allowed = holders.some(
      ({ notBeforeMs = 0, notAfterMs = Number.POSITIVE_INFINITY }) =>
        wallMs >= notBeforeMs &&
        wallMs < notAfterMs &&
        nowMs >= notBeforeMs - clockSlackMs &&
        nowMs < notAfterMs + clockSlackMs,
    );
    return allowed ? [] : [`S2: ${by} called for ${token.slice(0, 12)} at ${atMs}, outside its times`];
  });
}

/** L: what stays wanted and allowed has become issued, refused or ambiguous; nothing is still open. */
export function findUnfinished(view: LedgerView, source: SimSource, aws: SimAws, nowMs: number): string[] {
  const findings: string[] = [];
  for (const decision of decideAtEnd(view, source, aws, nowMs)) {
    const { key, action, reasons } = decision;
    if (isFinished(decision)) continue;
    findings.push(`L: ${key} is ${action}: ${reasons.map(({ message }) => message).join('; ')}`);
  }
  for (const fleet of aws.fleets.values()) {
    for (const { taskId, clientToken } of fleet.tasks.values()) {
      const receipt = view.receipts.get(clientToken ?? '');
      if (receipt?.taskIds.includes(taskId) === true) continue;
      if (receipt !== undefined && receiptState(receipt) === 'ambiguous') continue;
      findings.push(`L: task ${taskId} is in AWS, and the ledger does not know it`);
    }
  }
  return findings;
}

function isFinished({ action, reasons }: Decision): boolean {
  if (action === 'done' || action === 'quarantined' || action === 'deny') return true;
  const codes = reasons.map(({ code }) => code);
  // Ambiguous, and what waits behind it, wait for a human; a repeat is held until somebody raises its run.
  if (action === 'blocked') return codes.includes('SG6115');
  if (action === 'hold') return codes.includes('SG6105');
  return action === 'wait' && reasons.some(({ message }) => message.includes('ambiguous'));
}

function decideAtEnd(view: LedgerView, source: SimSource, aws: SimAws, nowMs: number): readonly Decision[] {
  return makePlan({
    desired: collectDesired(source.head.files),
    ledger: view,
    policySet: { files: [] },
    nowMs: epochMs + nowMs,
    repeatGuard: true,
    fleets: new Map([...aws.fleets.keys()].map((name) => [name, { kind: 'open' }])),
    halts: [],
    takenOver: new Set(),
    elsewhere: new Set(),
    absent: new Set(),
    previous: new Map(),
  }).decisions;
}

/** Whether anything is still open in the view of the scenario's end: what a run waits for. */
export function isAtRest(view: LedgerView, source: SimSource, aws: SimAws, nowMs: number): boolean {
  return findUnfinished(view, source, aws, nowMs).length === 0;
}
