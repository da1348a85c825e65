/** The API: the status as JSON. Functions of it; what they are asked for comes from outside, and is bounded. */
import type { ControllerStatus, SyncStatus } from '../controller/status.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { type PlanAction, planActions } from '../plan/decision.ts';
import { decisionJson, receiptJson } from '../report/task-json.ts';
import { judgeHealth } from './health.ts';

const apiVersion = 'snowgate/v1';

/** Problems of files in one answer: whoever has more corrects these first. */
const problemsMax = 500;
const pageDefault = 1_000;
const pageMax = 10_000;

type Kind = 'Status' | 'TaskList' | 'TaskDetail';

function document(kind: Kind, { atMs }: ControllerStatus, fields: object): object {
  return { apiVersion, kind, at: new Date(atMs).toISOString(), ...fields };
}

/** How everything stands: what is in sync, what halts, each fleet, tasks by what is decided of them. */
export function statusJson(status: ControllerStatus): object {
  const { replica, run, begunMs, passes, source, policies, ledger, fleets, decisions } = status;
  const { isReady, checks } = judgeHealth(status);
  const problems = status.sourceProblems ?? [];
  const counts = planActions.map((action) => [
    action,
    decisions.filter((decision) => decision.action === action).length,
  ]);
  return document('Status', status, {
    replica,
    run,
    begun: new Date(begunMs).toISOString(),
    ready: isReady,
    checks: checks.map(({ name, isGood, word }) => ({ name, ok: isGood, word })),
    passes: { ended: passes.ended, bugs: passes.bugs, tookSeconds: seconds(passes.tookMs) },
    source: syncJson(source),
    policies: policies === null ? null : syncJson(policies),
    ledger: {
      id: ledger.id,
      ...syncJson(ledger),
      halt: ledger.halt,
      refusal: ledger.refusal,
      unwritten: ledger.unwritten,
    },
    fleets: fleets.map(({ devices, isProved, ...fleet }) => ({
      ...fleet,
      proved: isProved,
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
  | { readonly ok: true; readonly value: object }
  | { readonly ok: false; readonly problem: string };

/** Tasks with what is decided of each, in the order of fleet and name, page by page. */
export function taskListJson(status: ControllerStatus, query: TaskQuery): TaskList {
  const { fleet, action, limit = String(pageDefault), after } = query;
  if (action !== undefined && !planActions.includes(action as PlanAction))
    return { ok: false, problem: `action is one of ${planActions.join(', ')}` };
  if (!/^[1-9][0-9]{0,4}$/.test(limit) || Number(limit) > pageMax)
    return { ok: false, problem: `limit is a whole number from 1 to ${pageMax}` };
  const chosen = status.decisions
    .filter((one) => (fleet ?? one.fleet) === one.fleet && (action ?? one.action) === one.action)
    .map((decision) => ({ decision, id: `${decision.key} ${decision.token ?? ''}` }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const rest = after === undefined ? chosen : chosen.filter(({ id }) => id > after);
  const page = rest.slice(0, Number(limit));
  const tasks = page.map(({ decision }) => ({
    ...decisionJson(decision),
    state: stateOf(status.view?.receipts.get(decision.token ?? '')),
    introduced: introducedOf(status, decision.token),
    manifest: placeOf(status, decision.key, decision.token),
  }));
  const next = page.length < rest.length ? (page.at(-1)?.id ?? null) : null;
  return { ok: true, value: document('TaskList', status, { total: chosen.length, next, tasks }) };
}

function stateOf(receipt: Receipt | undefined): string {
  return receipt === undefined ? 'pending' : receiptState(receipt);
}

function introducedOf({ origins }: ControllerStatus, token: string | null): object | null {
  const introduced = origins.get(token ?? '')?.introduced ?? null;
  return introduced === null
    ? null
    : { commit: introduced.id, at: new Date(introduced.timeMs).toISOString() };
}

/** Where the manifest stands in the source; null where this revision is not wanted. */
function placeOf({ desired }: ControllerStatus, key: string, token: string | null): object | null {
  const wanted = desired?.tasks.get(key);
  if (wanted === undefined || wanted.manifest.token !== token) return null;
  return { path: wanted.path, line: wanted.line };
}

/** One task with each of its revisions, the newest last; null where neither source nor ledger knows the name. */
export function taskJson(status: ControllerStatus, fleet: string, name: string): object | null {
  const key = `${fleet}/${name}`;
  const { view, decisions } = status;
  const decided = decisions.filter((decision) => decision.key === key);
  const inLedger = view?.tokensByKey.get(key) ?? [];
  const tokens = new Set([...inLedger, ...decided.map(({ token }) => token)]);
  if (tokens.size === 0) return null;
  const revisions = [...tokens].map((token) => {
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
  return document('TaskDetail', status, { fleet, name, revisions });
}
