/** The API: the status as JSON. Functions of it; what they are asked for comes from outside, and is bounded. */
import { accountProof, type ControllerStatus, type SyncStatus } from '../controller/status.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { eachInSlices, type Slices } from '../lib/turns.ts';
import { type Decision, type PlanAction, planActions } from '../plan/decision.ts';
import { makeDocument } from '../report/envelope.ts';
import { decisionJson, receiptJson } from '../report/task-json.ts';
import type { Cursors } from './cursor.ts';
import { judgeHealth } from './health.ts';
import { comparePlaces } from './task-order.ts';

/** Problems of files in one answer: whoever has more corrects these first. */
const problemsMax = 500;
/** Tasks of one answer: written in some ten milliseconds, in which nobody else is heard. Whoever wants more asks again. */
const pageMax = 1_000;
/** Of one answer, but for its last task: a denied one has a reason of each rule, and a thousand of them is no small answer. */
const reasonCharsMax = 500_000;
/** Each with its whole receipt. A name that is used again and again for years has more. */
const revisionsMax = 200;

const strangeCursor =
  'after is no `next` of this process, which may have been restarted: begin anew without it';

function document(
  kind: 'Status' | 'TaskList' | 'TaskDetail',
  { atMs }: ControllerStatus,
  fields: object,
): object {
  return makeDocument(kind, { at: new Date(atMs).toISOString(), ...fields });
}

/** How everything stands: what is in sync, what halts, each fleet, tasks by what is decided of them. */
export function statusJson(status: ControllerStatus): object {
  const { replica, run, begunMs, passes, source, policies, ledger, fleets, decisions } = status;
  const { isReady, checks } = judgeHealth(status);
  const problems = status.sourceProblems ?? [];
  const counts = new Map<PlanAction, number>(planActions.map((action) => [action, 0]));
  for (const { action } of decisions) counts.set(action, (counts.get(action) ?? 0) + 1);
  return document('Status', status, {
    replica,
    run,
    begun: new Date(begunMs).toISOString(),
    ready: isReady,
    checks: checks.map(({ name, isGood, word }) => ({ name, ok: isGood, word })),
    passes: { ended: passes.ended, bugs: passes.bugs, tookSeconds: seconds(passes.tookMs) },
    judged: status.isJudged,
    source: { ...syncJson(source), historyFault: source.historyFault },
    policies: policies === null ? null : syncJson(policies),
    ledger: {
      id: ledger.id,
      ...syncJson(ledger),
      halt: ledger.halt,
      refusal: ledger.refusal,
      unwritten: ledger.unwritten,
    },
    fleets: fleets.map(({ devices, isProved, isListed, ...fleet }) => ({
      ...fleet,
      proved: accountProof({ account: fleet.account, isProved }),
      listed: isListed,
      devices: devices?.size ?? null,
    })),
    halts: [...status.problems, ...status.halts],
    tasks: Object.fromEntries(counts),
    problems: problems.slice(0, problemsMax),
    problemsLeftOut: Math.max(0, problems.length - problemsMax),
  });
}

function syncJson({ head, ageMs }: SyncStatus): object {
  return { head, ageSeconds: seconds(ageMs) };
}

function seconds(durationMs: number | null): number | null {
  return durationMs === null ? null : Math.round(durationMs) / 1_000;
}

/** What of a list is asked for, as it was written in the query. */
export interface TaskQuery {
  readonly fleet?: string;
  readonly action?: string;
  readonly limit?: string;
  /** The `next` of the page before. */
  readonly after?: string;
}

export type TaskList =
  | { readonly ok: true; readonly value: object; readonly next: string | null }
  | { readonly ok: false; readonly problem: string };

/** What a list is made with. */
export interface TaskListing {
  /** The decisions of the status, by {@link comparePlaces}. */
  readonly ordered: readonly Decision[];
  readonly cursors: Cursors;
}

/** Tasks with what is decided of each, in the order of fleet and name, page by page. Of a long list only the page is held meanwhile. */
export function* taskListJson(
  status: ControllerStatus,
  query: TaskQuery,
  { ordered, cursors }: TaskListing,
): Slices<TaskList> {
  const { fleet, action, limit = String(pageMax), after } = query;
  if (action !== undefined && !planActions.includes(action as PlanAction))
    return { ok: false, problem: `action is one of ${planActions.join(', ')}` };
  if (!/^[1-9][0-9]{0,4}$/.test(limit) || Number(limit) > pageMax)
    return { ok: false, problem: `limit is a whole number from 1 to ${pageMax}` };
  const place = after === undefined ? null : cursors.read(after);
  if (after !== undefined && place === null) return { ok: false, problem: strangeCursor };
  let total = 0;
  let left = 0;
  const first: Decision[] = [];
  yield* eachInSlices(ordered, (one) => {
    if ((fleet ?? one.fleet) !== one.fleet || (action ?? one.action) !== one.action) return;
    total += 1;
    if (place !== null && comparePlaces(one, place) <= 0) return;
    left += 1;
    if (first.length < Number(limit)) first.push(one);
  });
  const page = fillPage(first);
  const tasks = page.map((decision) => ({
    ...decisionJson(decision),
    state: stateOf(status.view?.receipts.get(decision.token ?? '')),
    introduced: introducedOf(status, decision.token),
    manifest: placeOf(status, decision.key, decision.token),
  }));
  const last = page.at(-1);
  const next = last !== undefined && page.length < left ? cursors.write(last) : null;
  return { ok: true, value: document('TaskList', status, { total, next, tasks }), next };
}

/** The first of them, as many as fit by their reasons; at least one, where there is one. */
function fillPage(decisions: readonly Decision[]): Decision[] {
  const page: Decision[] = [];
  let charsLeft = reasonCharsMax;
  for (const decision of decisions) {
    if (charsLeft <= 0) break;
    page.push(decision);
    for (const { message } of decision.reasons) charsLeft -= message.length;
  }
  return page;
}

function stateOf(receipt: Receipt | undefined): string {
  return receipt === undefined ? 'pending' : receiptState(receipt);
}

/** History is read for what may still be asked for. Of the others the first claim has written the commit down, without its time. */
function introducedOf({ origins, view }: ControllerStatus, token: string | null): object | null {
  const introduced = origins.get(token ?? '')?.introduced ?? null;
  if (introduced !== null) {
    return { commit: introduced.id, at: new Date(introduced.timeMs).toISOString() };
  }
  const commit = view?.receipts.get(token ?? '')?.manifest?.commit ?? null;
  return commit === null ? null : { commit, at: null };
}

/** Where the manifest stands in the source; null where this revision is not wanted. */
function placeOf({ desired }: ControllerStatus, key: string, token: string | null): object | null {
  const wanted = desired?.tasks.get(key);
  if (wanted === undefined || wanted.manifest.token !== token) return null;
  return { path: wanted.path, line: wanted.line };
}

/** One task with its newest revisions, the newest last; null where neither source nor ledger knows the name. */
export function taskJson(status: ControllerStatus, fleet: string, name: string): object | null {
  const key = `${fleet}/${name}`;
  const { view, decisions } = status;
  const decided = decisions.filter((decision) => decision.key === key);
  const inLedger = view?.tokensByKey.get(key) ?? [];
  const tokens = [...new Set([...inLedger, ...decided.map(({ token }) => token)])];
  if (tokens.length === 0) return null;
  const revisions = tokens.slice(-revisionsMax).map((token) => {
    const receipt = view?.receipts.get(token ?? '');
    const decision = decided.find((one) => one.token === token);
    return {
      token,
      state: stateOf(receipt),
      decision: decision === undefined ? null : decisionJson(decision),
      introduced: introducedOf(status, token),
      manifest: placeOf(status, key, token),
      receipt: receipt === undefined ? null : receiptJson(receipt),
    };
  });
  const revisionsLeftOut = tokens.length - revisions.length;
  return document('TaskDetail', status, { fleet, name, revisions, revisionsLeftOut });
}
