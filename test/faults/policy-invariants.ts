/** DESIGN 6, checked on what truly happened: nothing is asked for, counted or run against what was written. Each finding is a sentence. */
import { foldSegment } from '../../src/controller/sync.ts';
import { decodeSegment } from '../../src/ledger/codec.ts';
import type { ClaimedEvent } from '../../src/ledger/events.ts';
import type { Receipt } from '../../src/ledger/receipt.ts';
import { isOpenState, receiptState } from '../../src/ledger/receipt.ts';
import type { LedgerView } from '../../src/ledger/view.ts';
import { emptyView, restlessReceipts } from '../../src/ledger/view.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import { isFinalState, judgeEnd } from '../../src/plan/observation.ts';
import type { LedgerRemote } from '../doubles/ledger.ts';
import type { SimAws } from './aws.ts';
import type { Book, Span } from './book.ts';
import { waiverPath } from './book.ts';
import { countLimit, hasLeft, isShut, whyNot } from './oracle.ts';
import { epochMs } from './process.ts';
import type { Scenario } from './scenario.ts';
import type { SimSource, SourceCommit, TaskText } from './source.ts';

/** Clocks may differ by the tolerance of 30 s, and AWS tells whole seconds. */
const clockSlackMs = 32_000;
const secondMs = 1_000;
const minuteMs = 60_000;

/** A world with its policies. */
export interface PolicyWorld {
  readonly scenario: Scenario;
  readonly source: SimSource;
  readonly policySource: SimSource | null;
  readonly aws: SimAws;
  readonly maxAgeMs: number;
}

/** The heads of the policies that go with a head of the source. */
function policyHeads(
  { policySource }: PolicyWorld,
  head: SourceCommit,
  fromMs: number,
  toMs: number,
): SourceCommit[] {
  if (policySource === null) return [head];
  return policySource.headsSince(fromMs).filter(({ atMs }) => atMs <= toMs);
}

interface Question {
  readonly token: Token;
  readonly task: TaskText;
  readonly head: SourceCommit;
  readonly policies: SourceCommit;
  readonly atMs: number;
  readonly isReady: (device: string) => boolean;
  readonly inFlight: number | null;
  readonly leadMs: number;
}

function ask({ scenario, source, policySource }: PolicyWorld, question: Question): string | null {
  const { token, head, policies } = question;
  const { uncovered = 'allow', separateCommits = false, isRequired = false } = scenario.policies ?? {};
  return whyNot({
    ...question,
    book: policies.book,
    introduced: source.introducedAt(head, token),
    mergedMs: (waiver) => (policySource ?? source).writtenAt(policies, waiverPath(waiver)).atMs,
    settings: { uncovered, separateCommits, requirePolicies: isRequired ? ['p0'] : [] },
  });
}

/** What AWS told of a device is believed for a minute, and called upon within a deadline; each with room for slow answers. */
const tagLagMs = 4 * minuteMs;

/**
 * S2 for policies: no call was started that the policies of every head of the last `maxAge` forbid at that instant; nor one of
 * which the task would be cancelled at once.
 */
export function findForbiddenCalls(world: PolicyWorld): string[] {
  const { aws, source, maxAgeMs } = world;
  // Whoever is frozen in between goes on with what he knows, for as long as it is not stale.
  const frozenMs = world.scenario.freezeEveryMs > 0 ? maxAgeMs : 0;
  return aws.calls.flatMap(({ atMs, wallMs, fleet, token, by }) => {
    const fromMs = atMs - maxAgeMs;
    const reasons = source
      .headsSince(fromMs)
      .filter((head) => head.atMs <= atMs)
      .flatMap((head) => {
        const task = head.texts.get(token);
        if (task === undefined) return [];
        const isReady = (device: string): boolean =>
          aws.wasReady(fleet, device, atMs - tagLagMs - frozenMs, atMs);
        return policyHeads(world, head, fromMs, atMs).map((policies) =>
          ask(world, {
            ...{ token, task, head, policies, isReady },
            ...{ atMs: wallMs - epochMs, inFlight: null, leadMs: world.scenario.cancelLeadMs },
          }),
        );
      });
    if (reasons.length === 0 || reasons.includes(null)) return [];
    return [`S2: ${by} called for ${token.slice(0, 12)} at ${atMs}, and ${reasons.at(-1)}`];
  });
}

/** At most so many in flight: by the heads that each commit acted on, and by all that was open before it. */
export function findOvercounts(world: PolicyWorld, remote: LedgerRemote, ledgerId: string): string[] {
  const findings: string[] = [];
  const view = emptyView(ledgerId, remote.root);
  for (const segment of remote.segments()) {
    const batch = decodeSegment(segment);
    // What a look did not find is over with the commit that says so.
    const looked = new Set(
      (batch.ok ? batch.value.events : []).flatMap((event) => (event.kind === 'absent' ? [event.token] : [])),
    );
    const open = openTokens(view).filter(({ token }) => !looked.has(token));
    const claims = batch.ok
      ? batch.value.events.filter((event): event is ClaimedEvent => event.kind === 'claimed')
      : [];
    const header = batch.ok ? batch.value.header : null;
    for (const fleet of new Set(claims.map((claim) => claim.fleet))) {
      const ours = claims.filter((claim) => claim.fleet === fleet);
      const limits = ours
        .map((claim) => limitOf(world, claim, header?.source ?? '', header?.policies ?? ''))
        .sort((a, b) => a - b);
      // Whatever the order in which they were granted, the strictest can have been the first.
      const tokens = new Set(ours.map(({ token }) => token));
      const before = open.filter((one) => one.fleet === fleet && !tokens.has(one.token)).length;
      for (const [index, limit] of limits.entries()) {
        if (before + index < limit) continue;
        findings.push(
          `count: commit ${header?.seq} claims ${ours.length} in ${fleet} beside ${before}, and at most ${limit} may be in flight`,
        );
        break;
      }
    }
    if (foldSegment(view, segment) !== null) break;
  }
  return findings;
}

/** The same for what the configuration allows, by what AWS holds; but for what AWS itself has forgotten. */
export function findFullFleets({ aws, scenario }: PolicyWorld, view: LedgerView): string[] {
  const most = scenario.policies?.maxInFlight ?? Number.POSITIVE_INFINITY;
  return [...aws.fleets].flatMap(([fleet, { tasks }]) => {
    const ours = [...tasks.values()]
      .filter(
        ({ clientToken }) =>
          clientToken !== null && view.receipts.get(clientToken)?.settled?.outcome !== 'vanished',
      )
      .map(({ taskId, createdMs, executions }) => ({
        ...{ taskId, createdMs },
        endedMs: executions.every(({ state }) => isFinalState(state))
          ? Math.max(...executions.map(({ updatedMs }) => updatedMs))
          : Number.POSITIVE_INFINITY,
      }));
    return ours.flatMap(({ taskId, createdMs }) => {
      const others = ours.filter((other) => other.createdMs <= createdMs && createdMs < other.endedMs);
      if (others.length <= most) return [];
      return [
        `count: ${fleet} had ${others.length} tasks in flight with ${taskId}, and at most ${most} may be`,
      ];
    });
  });
}

function openTokens(view: LedgerView): Receipt[] {
  return restlessReceipts(view).filter((receipt) => isOpenState(receiptState(receipt)));
}

function limitOf(
  { scenario, source, policySource }: PolicyWorld,
  { token, verdict }: ClaimedEvent,
  head: string,
  policies: string,
): number {
  const task = source.find(head)?.texts.get(token);
  const book = (policySource ?? source).find(policies)?.book;
  const configured = scenario.policies?.maxInFlight ?? Number.POSITIVE_INFINITY;
  if (task === undefined || book === undefined) return 0;
  return Math.min(configured, countLimit(book, task, verdict.waiver?.rules ?? []));
}

/** A task whose end is known, and everything that could have told its windows since it was claimed. */
interface Ended {
  readonly receipt: Receipt;
  readonly taskId: string;
  readonly text: TaskText;
  readonly books: readonly Book[];
  readonly claimedMs: number;
  readonly starts: readonly { readonly device: string; readonly startedMs: number }[];
}

function endedTasks(world: PolicyWorld, view: LedgerView): Ended[] {
  const { aws, source, policySource, maxAgeMs } = world;
  return [...view.receipts.values()].flatMap((receipt): Ended[] => {
    const [taskId = ''] = receipt.taskIds;
    const task = aws.fleets.get(receipt.fleet)?.tasks.get(taskId);
    const text = source.commits.findLast(({ texts }) => texts.has(receipt.token))?.texts.get(receipt.token);
    if (receipt.settled === null || receipt.settled.outcome === 'vanished' || task === undefined) return [];
    if (text === undefined || receipt.permission.isWaived) return [];
    const claimedMs = Date.parse(receipt.attempts[0]?.claimedAt ?? '') - epochMs;
    const heads = (policySource ?? source).headsSince(claimedMs - maxAgeMs - clockSlackMs);
    const starts = task.executions.flatMap(({ deviceId, startedMs }) =>
      startedMs === null ? [] : [{ device: deviceId, startedMs }],
    );
    return [{ receipt, taskId, text, books: heads.map(({ book }) => book), claimedMs, starts }];
  });
}

/** What began while every book said that it must not is written down; and nothing else is. */
export function findWrongRecords(world: PolicyWorld, view: LedgerView): string[] {
  return endedTasks(world, view).flatMap(({ receipt, taskId, text, books, claimedMs, starts }) => {
    const findings: string[] = [];
    for (const { device, startedMs } of starts) {
      // By a clock that is ahead it was asked for a little early, and by one that is behind it is seen a little late.
      const around = { fromMs: startedMs - clockSlackMs, toMs: startedMs + clockSlackMs };
      const record = receipt.outside.find((run) => run.device === device);
      if (record === undefined && books.every((book) => isShut(book, text, around, true))) {
        if (world.aws.untold.has(`${taskId}/${device}`)) continue;
        findings.push(`outside: ${device} began ${taskId} at ${startedMs}, and nobody wrote it down`);
      }
      if (record === undefined) continue;
      const mayBe =
        receipt.cancel !== null ||
        receipt.permission.notAfterMs !== null ||
        books.some((book) => wasShut(book, text, { fromMs: claimedMs, toMs: startedMs }));
      if (!mayBe) findings.push(`outside: ${device} is told to have begun ${taskId} outside, and did not`);
      if (record.cause === 'left' && !books.some((book) => hasLeft(book, text)))
        findings.push(`outside: ${device} is told to have been left, and no rule leaves anything`);
    }
    return findings;
  });
}

/** Whether it was ever no time to begin: what has opened again binds only a task that is still wanted. */
function wasShut(book: Book, text: TaskText, { fromMs, toMs }: Span): boolean {
  for (let atMs = fromMs; atMs < toMs; atMs += 30 * secondMs) {
    if (isShut(book, text, { fromMs: atMs, toMs: atMs }, true)) return true;
  }
  return isShut(book, text, { fromMs: toMs, toMs }, true);
}

/** Processes that were frozen when the faults ended have come back, and what was overdue is done. */
const settleMs = 25 * minuteMs;

/** With a controller up and AWS answering, a cancel is asked for in time: only a cancel that AWS took may lose its race. */
export function findLateCancels(world: PolicyWorld, view: LedgerView, calmAtMs: number): string[] {
  const isSteady = world.scenario.policies?.isSteady === true;
  const fromMs = isSteady ? 0 : calmAtMs + settleMs;
  const findings: string[] = [];
  for (const { receipt, taskId, text, books, starts } of endedTasks(world, view)) {
    const claimedMs = Date.parse(receipt.attempts.at(-1)?.claimedAt ?? '') - epochMs;
    for (const { device, startedMs } of starts) {
      if (startedMs < fromMs || claimedMs < fromMs) continue;
      const cause = receipt.outside.find((run) => run.device === device)?.cause ?? 'none';
      const isLate = cause === 'pollLag' || cause === 'controllerDown' || (isSteady && cause === 'lostRace');
      const exact = { fromMs: startedMs, toMs: startedMs };
      const isSilent = cause === 'none' && books.every((book) => isShut(book, text, exact, false));
      if (!isLate && !isSilent) continue;
      // What a device takes up sooner than the lead no cancel can catch.
      if (world.scenario.work.pickupMs <= world.scenario.cancelLeadMs) continue;
      findings.push(`outside: ${device} began ${taskId} at ${startedMs} (${cause}), though all was well`);
    }
  }
  return findings;
}

/** What was cancelled because its time was over, and never began, was missed. */
export function findWrongMisses(aws: SimAws, view: LedgerView): string[] {
  return [...view.receipts.values()].flatMap((receipt) => {
    const { cancel, settled, taskIds } = receipt;
    const task = aws.fleets.get(receipt.fleet)?.tasks.get(taskIds[0] ?? '');
    if (task === undefined || settled === null || cancel === null || cancel.endMs === null) return [];
    const end = judgeEnd(task.targets, receipt.executions, task.state);
    if (end !== 'canceled' || settled.outcome === 'missed' || settled.outcome === 'vanished') return [];
    return [`end: ${task.taskId} was cancelled when its window closed, and is told as ${settled.outcome}`];
  });
}

/** Whether a cancel for the end of its time was right: at that end it could not begin, and the end was near. */
export function isLawfulClosing(world: PolicyWorld, view: LedgerView, token: Token, atMs: number): boolean {
  const { source, policySource, scenario } = world;
  const receipt = view.receipts.get(token);
  const endMs = receipt?.cancel?.endMs ?? null;
  if (receipt === undefined || endMs === null) return false;
  const simMs = endMs - epochMs;
  if (atMs < simMs - scenario.cancelLeadMs - clockSlackMs) return false;
  const texts = source.commits.flatMap(({ texts: known }) => known.get(token) ?? []);
  if (texts.some(({ notAfterMs }) => notAfterMs === simMs)) return true;
  const books = (policySource ?? source).commits.map(({ book }) => book);
  if (books.some(({ waivers }) => waivers.some(({ expiresMs }) => expiresMs === simMs))) return true;
  const exact = { fromMs: simMs, toMs: simMs };
  return texts.some((text) => books.some((book) => isShut(book, text, exact, false)));
}

/** So long must everything hold, without a break, for a task to be asked for certainly; and so far is looked ahead. */
const roomMs = 4 * minuteMs;
const aheadMs = 65 * minuteMs;

/** Whether a task that nothing else holds would be asked for by what is written now, sooner or later. */
export function mayEverRun(world: PolicyWorld, view: LedgerView, token: Token, nowMs: number): boolean {
  const { source, policySource, scenario } = world;
  const { head } = source;
  const task = head.texts.get(token);
  if (scenario.policies === null || task === undefined) return true;
  const policies = policySource?.head ?? head;
  const stuck = restlessReceipts(view).filter(
    (receipt) => receipt.fleet === task.fleet && receiptState(receipt) === 'ambiguous',
  ).length;
  if (stuck >= (scenario.policies.maxInFlight ?? Number.POSITIVE_INFINITY)) return false;
  const isReady = (device: string): boolean => world.aws.wasReady(task.fleet, device, nowMs, nowMs);
  let sinceMs = nowMs;
  const fixed = { token, task, head, policies, isReady, inFlight: stuck, leadMs: scenario.cancelLeadMs };
  for (let atMs = nowMs; atMs < nowMs + aheadMs; atMs += 15 * secondMs) {
    if (ask(world, { ...fixed, atMs }) !== null) sinceMs = atMs + 15 * secondMs;
    else if (atMs - sinceMs >= roomMs) return true;
  }
  return false;
}
