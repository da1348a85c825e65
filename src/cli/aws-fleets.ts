/** Asking AWS from a command that only looks: fleets side by side, each paced and bounded, none in another's way. */
import type { ControllerConfig, FleetConfig } from '../config/config.ts';
import { Pacer } from '../controller/pacer.ts';
import type { ListedTask, Read, ReadFailure, TaskApi } from '../controller/ports.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { systemClock } from '../lib/clock.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { tagKeys } from '../manifest/request.ts';
import { createTaskApi } from '../snow/task-api.ts';
import type { Surroundings } from './surroundings.ts';

/** More at once would be throttled for being one account's calls, or wait for this machine. */
const fleetsAtATime = 8;
/** Single questions that go at once; what comes after goes by `observe.rate`, which the controller keeps to, too. */
const burst = 20;

/** One fleet, while it is asked. */
export interface FleetQuestions {
  readonly fleet: FleetConfig;
  readonly api: TaskApi;
  /** Waits for the turn of one more question; false where the time that a person waits is over. */
  turn(): Promise<boolean>;
}

/**
 * Asks each fleet, side by side, and says of each what was learned or why it could not be asked. Credentials and account
 * are proved first: the answers of another account would be lies. `budgetMs` is for the questions that take turns.
 */
export async function askFleets<T>(
  config: ControllerConfig,
  budgetMs: number,
  world: Surroundings,
  ask: (questions: FleetQuestions) => Promise<Result<T>>,
): Promise<Map<string, Result<T>>> {
  const answers = new Map<string, Result<T>>();
  const queue = [...config.fleets.values()];
  const work = async (): Promise<void> => {
    for (let fleet = queue.shift(); fleet !== undefined; fleet = queue.shift()) {
      answers.set(fleet.name, await askFleet(fleet, config, budgetMs, world, ask));
    }
  };
  await Promise.all(Array.from({ length: fleetsAtATime }, work));
  return new Map([...config.fleets.keys()].flatMap((name) => entryOf(answers, name)));
}

function entryOf<T>(answers: ReadonlyMap<string, T>, name: string): [string, T][] {
  const answer = answers.get(name);
  return answer === undefined ? [] : [[name, answer]];
}

async function askFleet<T>(
  fleet: FleetConfig,
  config: ControllerConfig,
  budgetMs: number,
  world: Surroundings,
  ask: (questions: FleetQuestions) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { redactor, stop } = world;
  const { requestTimeoutMs } = config.issue;
  const api = createTaskApi(fleet, { requestTimeoutMs, clock: systemClock, redactor });
  const close = (): void => api.close();
  stop.addEventListener('abort', close, { once: true });
  const pacer = new Pacer(config.observe.rate, burst);
  const endMs = systemClock.monotonicMs() + budgetMs;
  const turn = async (): Promise<boolean> => {
    const nowMs = systemClock.monotonicMs();
    const waitMs = pacer.waitMs(nowMs);
    if (stop.aborted || nowMs + waitMs >= endMs) return false;
    await systemClock.sleep(waitMs, stop);
    pacer.take(systemClock.monotonicMs());
    return !stop.aborted;
  };
  try {
    const proof = await api.prove();
    if (proof.kind !== 'ok') return failed(proof.fault);
    const { account } = proof.value;
    if (account !== (fleet.account ?? '')) return failed(otherAccount(fleet, account));
    return await ask({ fleet, api, turn });
  } finally {
    stop.removeEventListener('abort', close);
    api.close();
  }
}

function otherAccount({ name, account = 'none' }: FleetConfig, found: string): Fault {
  return fault(
    'SG6234',
    'human',
    `fleet ${name} reaches account ${found}, and the configuration says ${account}`,
    'correct the credentials, the role or account',
  );
}

/** A read's value, or its fault. */
export function resultOf<T>(read: Read<T>): Result<T> {
  return read.kind === 'ok' ? ok(read.value) : failed(faultOf(read));
}

function faultOf({ fault: reason }: ReadFailure): Fault {
  return reason;
}

/**
 * Whose a task in AWS is:
 * - known: the ledger has it, or is about to, by a claim that is still open
 * - unknown: it bears this ledger's mark, or the token of a wanted revision, and the ledger does not have it
 * - second: the same, of a revision that has a task: another one
 * - around: neither; it was made around Git, or by another ledger
 */
export type Whose = 'known' | 'unknown' | 'second' | 'around';

/** Tells whose a listed task is. `wanted`: the tokens now in the source; `taskIds`: all that the ledger names. */
export function judgeWhose(
  { taskId, tags }: ListedTask,
  view: LedgerView,
  wanted: ReadonlySet<string>,
  taskIds: ReadonlySet<string>,
): Whose {
  if (taskIds.has(taskId)) return 'known';
  const token = tags[tagKeys.revision] ?? '';
  if (tags[tagKeys.ledger] !== view.ledgerId && !wanted.has(token)) return 'around';
  const receipt = view.receipts.get(token);
  if (receipt === undefined) return 'unknown';
  switch (receiptState(receipt)) {
    case 'issued':
    case 'settled':
    case 'doubled':
      return 'second';
    // A look will settle these; and of a baseline it was said that it was asked before this ledger.
    case 'claimed':
    case 'inDoubt':
    case 'ambiguous':
    case 'baseline':
      return 'known';
    case 'pending':
    case 'waiting':
    case 'refused':
      return 'unknown';
  }
}

/** What a person is told of a task that is not known. */
export const whoseWords: Readonly<Record<Exclude<Whose, 'known'>, string>> = {
  around: 'made around Git',
  unknown: 'of this ledger, which does not know it (SG6233)',
  second: 'a second task of a revision that has one (SG6114)',
};

/** Every task id that the ledger names: made, or said by a person to be somebody else's. */
export function knownTaskIds(view: LedgerView): Set<string> {
  const known = new Set<string>();
  for (const { taskIds, disowned } of view.receipts.values()) {
    for (const taskId of [...taskIds, ...disowned]) known.add(taskId);
  }
  return known;
}
