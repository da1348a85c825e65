/** The facts that the rules read of a task, brought together from everything that a plan is made of. */
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { LastTasks, LedgerView } from '../ledger/view.ts';
import type { WantedTask } from '../manifest/collect.ts';
import type { Manifest, Token } from '../manifest/manifest.ts';
import type {
  CommitFacts,
  CountFacts,
  DescribedFacts,
  DeviceFacts,
  FleetFacts,
  LastTaskFacts,
  PreviousFacts,
  RuleFacts,
} from '../policy/facts.ts';
import { noLast, noPrevious, taskFacts } from '../policy/facts.ts';
import type { Occupied, Survey } from './devices.ts';
import { isFinalState } from './observation.ts';
import { askedUnderName } from './repeat-guard.ts';

/** Where a revision stands in the source's history. */
export interface Origin {
  /** Grows along the first-parent line: the order among waiting tasks. */
  readonly position: number;
  /** The time of that position. */
  readonly introducedMs: number;
  /** Null where the commit is not written yet: it is the merge that a plan is made for. */
  readonly introduced: CommitFacts | null;
  readonly changed: CommitFacts | null;
  /** Whether the commit that introduced it also changes policies. */
  readonly touchesPolicies: boolean;
}

export interface FactInput {
  readonly ledger: LedgerView;
  readonly nowMs: number;
  readonly occupied: Occupied;
  readonly surveys: ReadonlyMap<string, Survey>;
  /** By token; one that is not here is not known. */
  readonly origins: ReadonlyMap<Token, Origin>;
  /** Of the configured fleets. */
  readonly fleetFacts: ReadonlyMap<string, FleetFacts>;
  /** What AWS tells of devices, by `fleet/device`; one that is not here was not asked for. */
  readonly described: ReadonlyMap<string, DescribedFacts>;
}

/** Everything that is known of a task now. `counts` are those of its fleet, without the task itself. */
export function factsOf({ manifest, path }: WantedTask, counts: CountFacts, input: FactInput): RuleFacts {
  const origin = input.origins.get(manifest.token);
  return {
    task: taskFacts(manifest, path, previousFacts(manifest, input.ledger)),
    introduced: origin?.introduced ?? null,
    changed: origin?.changed ?? null,
    fleet: input.fleetFacts.get(manifest.fleet) ?? null,
    counts,
    devices: manifest.targets.map((device) => deviceFacts(manifest, device, input)),
    nowMs: input.nowMs,
  };
}

function previousFacts(manifest: Manifest, ledger: LedgerView): PreviousFacts {
  const receipt = findNewest(askedUnderName(manifest, ledger));
  if (receipt?.revision == null) return noPrevious;
  const { token, revision, request, taskIds, issuedAt, settled } = receipt;
  return {
    exists: true,
    token,
    command: revision.command,
    targets: revision.targets,
    description: request?.description ?? '',
    tags: request?.tags ?? {},
    run: revision.run,
    state: receiptState(receipt),
    taskId: taskIds[0] ?? '',
    issuedAtMs: readInstant(issuedAt),
    endedAtMs: readInstant(settled?.at ?? null),
  };
}

/** The one that was claimed last. Not the last one that the ledger came to know: a note may tell of it long before. */
function findNewest(asked: readonly Receipt[]): Receipt | undefined {
  let newest: Receipt | undefined;
  for (const receipt of asked) {
    if (receipt.revision === null) continue;
    if (newest === undefined || claimSeq(receipt) >= claimSeq(newest)) newest = receipt;
  }
  return newest;
}

function claimSeq({ attempts, seq }: Receipt): number {
  return attempts.at(-1)?.seq ?? seq;
}

function deviceFacts({ fleet, token }: Manifest, device: string, input: FactInput): DeviceFacts {
  const key = `${fleet}/${device}`;
  const last = input.ledger.lastTasks.get(key);
  return {
    id: device,
    busyWith: findBusyWith(key, fleet, device, token, input),
    lastTask: lastFacts(device, last, 'task', input.ledger),
    lastReboot: lastFacts(device, last, 'reboot', input.ledger),
    lastUnlock: lastFacts(device, last, 'unlock', input.ledger),
    described: input.described.get(key) ?? null,
  };
}

function findBusyWith(
  key: string,
  fleet: string,
  device: string,
  token: Token,
  { occupied, surveys }: FactInput,
): string {
  const receipt = occupied.get(key);
  if (receipt !== undefined && receipt.token !== token) return receipt.taskIds[0] ?? receipt.name;
  const survey = surveys.get(fleet);
  return survey?.kind === 'seen' ? (survey.foreign.get(device) ?? '') : '';
}

function lastFacts(
  device: string,
  last: LastTasks | undefined,
  key: keyof LastTasks,
  ledger: LedgerView,
): LastTaskFacts {
  const token = last?.[key];
  const receipt = token === undefined ? undefined : ledger.receipts.get(token);
  if (receipt?.revision == null) return noLast;
  const outcome = outcomeOn(device, receipt);
  return {
    id: receipt.taskIds[0] ?? '',
    name: receipt.name,
    command: receipt.revision.command,
    outcome,
    endedAtMs: outcome === '' ? null : endedOn(receipt),
  };
}

/** AWS's word where the device has ended; what became of the task where it ended without one; empty while it is in flight. */
function outcomeOn(device: string, { executions, settled }: Receipt): string {
  const state = executions.find((execution) => execution.device === device)?.state;
  if (state !== undefined && isFinalState(state)) return state;
  return settled?.outcome ?? '';
}

/** When that was written: never earlier than it happened, so a cool-down is never too short. */
function endedOn({ settled, progressAt }: Receipt): number | null {
  return readInstant(settled?.at ?? progressAt);
}

function readInstant(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
