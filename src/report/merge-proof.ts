/** Whether what was asked for is what a pull request had planned: a saved plan, held against the ledger. */
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { type TaskRequest, tagKeys } from '../manifest/request.ts';
import { mergeCommit, unknownLedger } from './merge.ts';

/** A request as `snowgate plan --base --format json` wrote it down. */
export interface PlannedRequest {
  readonly key: string;
  readonly request: TaskRequest;
}

export interface Proof {
  readonly key: string;
  readonly token: string;
  /**
   * - asked: byte for byte as planned, but for the commit that was only to be
   * - unasked: the ledger has no request of it: held, withdrawn, or not merged
   * - differs: something else was asked for under its token
   */
  readonly outcome: 'asked' | 'unasked' | 'differs';
  /** Of what was asked: AWS's ids. */
  readonly taskIds: readonly string[];
  readonly state: string | null;
}

/** Reads the requests out of a saved plan. Fault: SG7073, it is none. */
export function readPlanned(text: string, path: string): Result<readonly PlannedRequest[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed(noPlan(path, 'it is no JSON'));
  }
  if (!isRecord(value) || value['apiVersion'] !== 'snowgate/v1' || value['kind'] !== 'MergePlan') {
    return failed(noPlan(path, 'it is no MergePlan of snowgate/v1'));
  }
  const tasks: unknown = value['tasks'];
  if (!Array.isArray(tasks)) return failed(noPlan(path, 'it has no tasks'));
  const planned: PlannedRequest[] = [];
  for (const task of tasks as unknown[]) {
    if (!isRecord(task)) return failed(noPlan(path, 'one of its tasks is none'));
    if (task['request'] === null) continue;
    const request = readRequest(task['request']);
    if (request === null) return failed(noPlan(path, 'one of its requests is none'));
    planned.push({ key: `${String(task['fleet'])}/${String(task['name'])}`, request });
  }
  return ok(planned);
}

/** In the order of the plan. */
export function provePlanned(planned: readonly PlannedRequest[], view: LedgerView): Proof[] {
  return planned.map(({ key, request }): Proof => {
    const token = request.clientToken;
    const receipt = view.receipts.get(token);
    if (receipt?.request == null)
      return { key, token, outcome: 'unasked', taskIds: [], state: stateOf(receipt) };
    const isSame =
      sayRequest(receipt.request) === sayRequest(request) &&
      receipt.key === key &&
      isLedger(request, view.ledgerId);
    const outcome = isSame ? 'asked' : 'differs';
    return { key, token, outcome, taskIds: receipt.taskIds, state: stateOf(receipt) };
  });
}

function stateOf(receipt: Receipt | undefined): string | null {
  return receipt === undefined ? null : receiptState(receipt);
}

/** A plan that was made without the ledger may not know which one it is. */
function isLedger({ tags }: TaskRequest, ledgerId: string): boolean {
  const planned = tags[tagKeys.ledger];
  return planned === ledgerId || planned === unknownLedger;
}

/** Without the commit, and without the ledger's id, which a plan that was made without the ledger does not know. */
function sayRequest({ clientToken, command, targets, description, tags }: TaskRequest): string {
  const { [tagKeys.commit]: _commit, [tagKeys.ledger]: _ledger, ...own } = tags;
  return JSON.stringify([clientToken, command, targets, description ?? null, Object.entries(own).sort()]);
}

function readRequest(value: unknown): TaskRequest | null {
  if (!isRecord(value)) return null;
  const { clientToken, command, targets, description, tags } = value;
  if (typeof clientToken !== 'string' || (command !== 'unlock' && command !== 'reboot')) return null;
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) return null;
  if (description !== undefined && typeof description !== 'string') return null;
  if (!isTextMap(tags) || tags[tagKeys.commit] !== mergeCommit) return null;
  return { clientToken, command, targets, tags, ...(description === undefined ? {} : { description }) };
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** SG7073: a file is no saved plan of a merge. */
export function noPlan(path: string, why: string): Fault {
  return fault(
    'SG7073',
    'human',
    `${path} is no saved plan: ${why}`,
    'save one with snowgate plan --base REF --format json > FILE, before the merge',
  );
}
