/** S1, S2 and L of DESIGN 5, checked on what truly happened. Each finding is a sentence. */
import { foldSegment } from '../../src/controller/sync.ts';
import { decodeSegment } from '../../src/ledger/codec.ts';
import type { Receipt } from '../../src/ledger/receipt.ts';
import { receiptState } from '../../src/ledger/receipt.ts';
import type { LedgerView } from '../../src/ledger/view.ts';
import { emptyView } from '../../src/ledger/view.ts';
import { collectDesired } from '../../src/manifest/collect.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { isFinalState, judgeEnd } from '../../src/plan/observation.ts';
import { makePlan } from '../../src/plan/plan.ts';
import type { LedgerRemote } from '../doubles/ledger.ts';
import { openInput } from '../plan/input.ts';
import type { SimAws } from './aws.ts';
import type { PolicyWorld } from './policy-invariants.ts';
import { isLawfulClosing, mayEverRun } from './policy-invariants.ts';
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
    for (const { taskId, clientToken: token } of fleet.tasks.values()) {
      if (token === null) continue;
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
      if (clientToken === null) continue;
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

/**
 * S2 for CancelTask: none was started for a revision that was wanted at every head of the last `maxAge`, unless its time was
 * about to end.
 */
export function findWrongCancels(world: PolicyWorld, view: LedgerView): string[] {
  const { aws, source, maxAgeMs } = world;
  return aws.cancels.flatMap(({ atMs, token, by }) => {
    const heads = source.headsSince(atMs - maxAgeMs).filter((head) => head.atMs <= atMs);
    const wasUnwanted = heads.some((head) => !head.tokens.has(token));
    return wasUnwanted || isLawfulClosing(world, view, token, atMs)
      ? []
      : [`S2: ${by} cancelled ${token.slice(0, 12)} at ${atMs}, which was wanted all the time`];
  });
}

/**
 * No device ever has two tasks of ours in flight, by what AWS holds; but for one that AWS itself has forgotten, of which nobody
 * can say when it ends.
 */
export function findCrowds(view: LedgerView, aws: SimAws): string[] {
  const findings: string[] = [];
  for (const { tasks } of aws.fleets.values()) {
    const lastOn = new Map<string, { readonly taskId: string; readonly untilMs: number }>();
    const ours = [...tasks.values()].filter(
      ({ clientToken }) =>
        clientToken !== null && view.receipts.get(clientToken)?.settled?.outcome !== 'vanished',
    );
    for (const { taskId, createdMs, executions } of ours.sort((a, b) => a.createdMs - b.createdMs)) {
      for (const { deviceId, state, updatedMs } of executions) {
        const other = lastOn.get(deviceId);
        if (other !== undefined && other.untilMs > createdMs) {
          findings.push(
            `crowd: ${deviceId} had ${other.taskId} until ${other.untilMs}, and ${taskId} was made at ${createdMs}`,
          );
        }
        const untilMs = isFinalState(state) ? updatedMs : Number.POSITIVE_INFINITY;
        lastOn.set(deviceId, { taskId, untilMs });
      }
    }
  }
  return findings;
}

/** What somebody else has made so long ago is seen by a survey before a call: listing, pushing and the deadline included. */
const surveySlackMs = 4 * 60_000;

/** No call was started for a device on which somebody else's task had been in flight for long, and was still listed. */
export function findIntrusions(aws: SimAws, listRetentionMs: number): string[] {
  const foreign = [...aws.fleets.values()].flatMap(({ tasks }) =>
    [...tasks.values()].filter(({ clientToken }) => clientToken === null),
  );
  const byToken = new Map(
    [...aws.fleets.values()].flatMap(({ tasks }) =>
      [...tasks.values()].map((task) => [task.clientToken, task] as const),
    ),
  );
  return aws.calls.flatMap(({ atMs, token, by }) => {
    const targets = byToken.get(token)?.targets ?? [];
    return foreign.flatMap(({ taskId, createdMs, executions }) =>
      executions
        .filter(({ deviceId, state, updatedMs }) => {
          const untilMs = isFinalState(state) ? updatedMs : Number.POSITIVE_INFINITY;
          const isListed = listRetentionMs === 0 || atMs < createdMs + listRetentionMs - surveySlackMs;
          return targets.includes(deviceId) && createdMs + surveySlackMs < atMs && atMs < untilMs && isListed;
        })
        .map(
          ({ deviceId }) =>
            `intrusion: ${by} called at ${atMs} for ${deviceId}, which ${taskId} was on since ${createdMs}`,
        ),
    );
  });
}

/** After so long without faults, a removal has been seen and its cancel has been asked for. */
const cancelGraceMs = 30 * 60_000;

/** What was removed long ago, and had not begun, does not begin. */
export function findLateRuns(aws: SimAws, source: SimSource, calmAtMs: number): string[] {
  const findings: string[] = [];
  const wantedNames = new Set(
    [...source.head.tokens.values()].flatMap(({ parsed }) =>
      parsed.manifests.map(({ manifest }) => `${manifest.fleet}/${manifest.name}`),
    ),
  );
  for (const { tasks } of aws.fleets.values()) {
    for (const { taskId, clientToken, tags, executions, createdMs } of tasks.values()) {
      if (clientToken === null || wantedNames.has(tags['snowgate:task'] ?? '')) continue;
      for (const { deviceId, startedMs } of executions) {
        if (startedMs === null || startedMs < Math.max(calmAtMs, createdMs) + cancelGraceMs) continue;
        findings.push(
          `cancel: ${deviceId} began ${taskId} at ${startedMs}, which was removed before ${calmAtMs}`,
        );
      }
    }
  }
  return findings;
}

/** AWS was asked to cancel what the ledger says it was, and nothing else. */
function findWrongCancel({ key, cancel }: Receipt, wasAsked: boolean): string[] {
  if (cancel?.answer?.kind === 'accepted' && !wasAsked)
    return [`cancel: AWS was never asked to cancel ${key}`];
  if (cancel === null && wasAsked)
    return [`cancel: the ledger does not tell that AWS was asked to cancel ${key}`];
  return [];
}

/** A claimant that is alive, and whose calls are answered, is not looked after: its outcomes are written by itself. */
export function findNeedlessLooks(remote: LedgerRemote, calmAtMs: number, freezes: boolean): string[] {
  const findings: string[] = [];
  const calm = new Set<string>();
  for (const segment of remote.segments()) {
    const batch = decodeSegment(segment);
    for (const event of batch.ok ? batch.value.events : []) {
      const isLook =
        event.kind === 'adopted' ||
        event.kind === 'absent' ||
        (event.kind === 'claimed' && event.look !== undefined);
      if (isLook && calm.has(event.token)) {
        findings.push(`outcome: ${event.fleet}/${event.name} was looked for, though its claimant lives`);
      }
      const atMs = Date.parse(event.at) - epochMs;
      if (
        event.kind === 'claimed' &&
        event.look === undefined &&
        atMs > calmAtMs + (freezes ? thawMs : 60_000)
      )
        calm.add(event.token);
    }
  }
  return findings;
}

/** Processes that were frozen when the faults ended have come back. */
const thawMs = 20 * 60_000;

/** What the ledger says of an end is what happened; and a cancel that was accepted and lost its race is told as such. */
export function findWrongEnds(view: LedgerView, aws: SimAws): string[] {
  const findings: string[] = [];
  for (const receipt of view.receipts.values()) {
    const task = aws.fleets.get(receipt.fleet)?.tasks.get(receipt.taskIds[0] ?? '');
    if (task !== undefined) findings.push(...findWrongCancel(receipt, task.cancelRequestedMs !== null));
    if (receipt.settled === null || receipt.settled.outcome === 'vanished' || task === undefined) continue;
    const truth = task.executions.map(({ deviceId, state }) => `${deviceId} ${state}`).sort();
    const told = receipt.executions.map(({ device, state }) => `${device} ${state}`).sort();
    if (truth.join() !== told.join()) {
      findings.push(`end: ${task.taskId} is told as ${told.join(', ')}, and was ${truth.join(', ')}`);
    }
    const end = judgeEnd(task.targets, receipt.executions, task.state);
    // Where nothing ran because its time was over, nobody has called it off.
    const name = end === 'canceled' && receipt.cancel?.endMs != null ? 'missed' : end;
    if (name !== receipt.settled.outcome) {
      findings.push(`end: ${task.taskId} is told as ${receipt.settled.outcome}, and was ${truth.join(', ')}`);
    }
  }
  return findings;
}

/** L: what stays wanted and allowed has become issued, refused or ambiguous; nothing is still open. */
export function findUnfinished(world: PolicyWorld, view: LedgerView, nowMs: number): string[] {
  const { aws, source } = world;
  const findings: string[] = [];
  for (const decision of decideAtEnd(view, source, aws, nowMs)) {
    const { key, action, reasons, token } = decision;
    if (isFinished(decision)) continue;
    // Decided as if there were no policies: what they do not let through, now or soon, waits with good reason.
    if (action !== 'wait' && token !== null && !mayEverRun(world, view, token, nowMs)) continue;
    findings.push(`L: ${key} is ${action}: ${reasons.map(({ message }) => message).join('; ')}`);
  }
  for (const { token, key, taskIds } of view.receipts.values()) {
    const receipt = view.receipts.get(token);
    if (receipt !== undefined && receiptState(receipt) === 'issued')
      findings.push(`L: ${key} is still in flight as ${taskIds[0]}`);
  }
  for (const fleet of aws.fleets.values()) {
    for (const { taskId, clientToken } of fleet.tasks.values()) {
      if (clientToken === null) continue;
      const receipt = view.receipts.get(clientToken);
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
  // Ambiguous, and what waits behind it, wait for a human.
  if (action === 'blocked') return codes.includes('SG6115');
  if (action === 'hold') {
    // A repeat is held until somebody raises its run; what comes after another, for as long as that has not succeeded.
    if (codes.includes('SG6105') || codes.includes('SG6122') || codes.includes('SG6123')) return true;
    return reasons.every(({ message }) => message.includes('(ambiguous)'));
  }
  return action === 'wait' && reasons.some(({ message }) => message.includes('ambiguous'));
}

function decideAtEnd(view: LedgerView, source: SimSource, aws: SimAws, nowMs: number): readonly Decision[] {
  const fleets = [...aws.fleets.keys()];
  return makePlan(openInput(collectDesired(source.head.files), view, epochMs + nowMs, fleets)).decisions;
}

/** Whether anything is still open in the view of the scenario's end: what a run waits for. */
export function isAtRest(world: PolicyWorld, view: LedgerView, nowMs: number): boolean {
  return findUnfinished(world, view, nowMs).length === 0;
}
