/** Word of one thing that happened, or of how something stands: what every format is made of. */
import type { NoticeKind, NoticeSeverity } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import { boundText } from '../lib/escape.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Token } from '../manifest/manifest.ts';

/** Besides what can be asked for: the end of a halt, for whoever was told of it, and what was dropped unsent. */
export type AnyKind = NoticeKind | 'haltEnded' | 'dropped';

/** Where in the ledger it is written. */
export interface LedgerPlace {
  readonly seq: number;
  readonly index: number;
  readonly commit: CommitId;
  readonly replica: string;
}

export interface Notice {
  /** The same for the same thing, whoever sends it and however often: letters, digits, hyphens and underscores. */
  readonly id: string;
  readonly kind: AnyKind;
  readonly severity: NoticeSeverity;
  /** Null where it is about no fleet. */
  readonly fleet: string | null;
  /** The name of the task within its fleet. */
  readonly task: string | null;
  readonly token: Token | null;
  readonly devices: readonly string[];
  /** One sentence, with the name of what it is about, in full length. Parts of it may have been written by anybody: see {@link showText}. */
  readonly text: string;
  /** ISO 8601: when it happened, or was seen first. */
  readonly at: string;
  /** The commit of the source that introduced the revision, where it is known. */
  readonly commit: CommitId | null;
  /** AWS's id of the task. */
  readonly taskId: string | null;
  /** The code of the reason. */
  readonly code: string | null;
  /** ISO 8601: when a hold ends by itself. */
  readonly until: string | null;
  /** The file that it is about. */
  readonly path: string | null;
  readonly ledger: LedgerPlace | null;
}

/** What a notice is about, where there is less to say than everything. */
export const aboutNothing = {
  fleet: null,
  task: null,
  token: null,
  devices: [],
  commit: null,
  taskId: null,
  code: null,
  until: null,
  path: null,
  ledger: null,
} as const;

/** Longer than any sentence of ours; AWS's words and policies' messages may be longer. In UTF-16 units. */
const textLengthMax = 1_000;

/** A text as others may see it. Cut last: of a secret that was cut first, the beginning would be known to nobody. */
export function showText(text: string, redactor: Redactor): string {
  return boundText(redactor.redact(text), textLengthMax);
}

/** What it is about, in one word: `fleet/name`, a fleet, a file. */
export function subjectOf({ fleet, task, path, code, kind }: Notice): string {
  if (fleet !== null) return task === null ? fleet : `${fleet}/${task}`;
  return path ?? code ?? kind;
}

/** How many there are of each kind, the most first. */
export function countKinds(notices: readonly Notice[]): Map<AnyKind, number> {
  const counts = new Map<AnyKind, number>();
  for (const { kind } of notices) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}
