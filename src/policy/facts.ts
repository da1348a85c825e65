/**
 * What a rule's expression may read, as plain values; docs/POLICY-FACTS.md tells each to the people who write rules.
 * A group of facts that is null is not known here (in a pull request there are no credentials to ask AWS with), and a
 * rule that reads it is neither true nor false. A fact that is known to be absent has a value of its own instead, so
 * that no rule needs to ask whether it may look: an empty text, an empty map, the epoch.
 *
 * Instants are epoch milliseconds; counts are whole numbers.
 */
import type { Manifest } from '../manifest/manifest.ts';

/** The facts that can be unknown on their own; what of a task is no part of `previous` is always known. */
export type FactGroup = (typeof factGroups)[number];

export const factGroups = [
  'previous',
  'introduced',
  'changed',
  'fleet',
  /** `fleet.inFlight`, `fleet.issuedLastHour`, `fleet.issuedLastDay`. */
  'counts',
  /** Which devices there are, and what the ledger tells of them. */
  'devices',
  /** What AWS's DescribeDevice tells of the devices. */
  'described',
  'now',
] as const;

export interface RuleFacts {
  readonly task: TaskFacts;
  readonly introduced: CommitFacts | null;
  readonly changed: CommitFacts | null;
  readonly fleet: FleetFacts | null;
  readonly counts: CountFacts | null;
  /** In the order of `task.targets`. */
  readonly devices: readonly DeviceFacts[] | null;
  readonly nowMs: number;
}

export type TextMap = Readonly<Record<string, string>>;

export interface TaskFacts {
  readonly fleet: string;
  readonly name: string;
  readonly command: string;
  readonly targets: readonly string[];
  /** Empty where the manifest has none. */
  readonly description: string;
  readonly tags: TextMap;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly run: number;
  readonly after: readonly string[];
  /** Null where the manifest has none: the epoch to a rule, so that `task.notBefore <= now` holds. */
  readonly notBeforeMs: number | null;
  /** Null where the manifest has none: the end of the year 9999 to a rule. */
  readonly notAfterMs: number | null;
  /** Path of the manifest's file in the source. */
  readonly path: string;
  readonly token: string;
  readonly previous: PreviousFacts | null;
}

/** The newest other revision that was asked under the task's name; all empty where `exists` is false. */
export interface PreviousFacts {
  readonly exists: boolean;
  readonly token: string;
  readonly command: string;
  readonly targets: readonly string[];
  readonly description: string;
  readonly tags: TextMap;
  readonly run: number;
  /** The state of its receipt, as `ledger list` writes it. */
  readonly state: string;
  /** AWS's id of its task; empty where it has none. */
  readonly taskId: string;
  /** Null where it never was, as for `endedAtMs`. */
  readonly issuedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** A commit of the source. All but `id` is what its author asserts, and no proof. */
export interface CommitFacts {
  readonly id: string;
  /** The time of its position on the branch: never earlier than its first parent's, never later than now. */
  readonly timeMs: number;
  readonly author: string;
  readonly committer: string;
  readonly subject: string;
  /** Keys in lower case; the values of one key in the order of the message. */
  readonly trailers: Readonly<Record<string, readonly string[]>>;
}

export interface FleetFacts {
  readonly name: string;
  readonly region: string;
  /** Empty where the configuration names none. */
  readonly account: string;
  readonly labels: TextMap;
}

/** What is open or was issued in the fleet, always without the task being judged. */
export interface CountFacts {
  readonly inFlight: TaskCount;
  readonly issuedLastHour: TaskCount;
  readonly issuedLastDay: TaskCount;
}

export interface TaskCount {
  readonly tasks: number;
  readonly devices: number;
}

export interface DeviceFacts {
  readonly id: string;
  /** Id (or, before it has one, name) of the other task in flight on it; empty where there is none. */
  readonly busyWith: string;
  readonly lastTask: LastTaskFacts;
  readonly lastReboot: LastTaskFacts;
  readonly lastUnlock: LastTaskFacts;
  readonly described: DescribedFacts | null;
}

/** The newest task that the ledger knows on a device; all empty where there was none. */
export interface LastTaskFacts {
  readonly id: string;
  readonly name: string;
  readonly command: string;
  /** AWS's state of the execution; empty while it is in flight. */
  readonly outcome: string;
  /** Null where there was none (the epoch to a rule), and while it has not ended (now to a rule). */
  readonly endedAtMs: number | null;
}

/** What DescribeDevice tells. */
export interface DescribedFacts {
  /** LOCKED, UNLOCKED or UNLOCKING. */
  readonly state: string;
  readonly type: string;
  readonly tags: TextMap;
  /** Null: never, the epoch to a rule. */
  readonly lastReachedOutAtMs: number | null;
}

/** The facts of a task whose manifest lies at `path`. */
export function taskFacts(manifest: Manifest, path: string, previous: PreviousFacts | null): TaskFacts {
  const { fleet, name, command, targets, description = '', tags, labels, annotations, run, after } = manifest;
  return {
    fleet,
    name,
    command,
    targets,
    description,
    tags,
    labels,
    annotations,
    run,
    after,
    notBeforeMs: manifest.notBeforeMs ?? null,
    notAfterMs: manifest.notAfterMs ?? null,
    path,
    token: manifest.token,
    previous,
  };
}

/** Of a task under whose name nothing else was asked. */
export const noPrevious: PreviousFacts = {
  exists: false,
  token: '',
  command: '',
  targets: [],
  description: '',
  tags: {},
  run: 0,
  state: '',
  taskId: '',
  issuedAtMs: null,
  endedAtMs: null,
};

/** Of a device that the ledger knows nothing of. */
export const noLast: LastTaskFacts = { id: '', name: '', command: '', outcome: '', endedAtMs: null };
