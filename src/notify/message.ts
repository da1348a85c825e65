/** What goes to a receiver at once: one notice, or a storm of them folded into one message. */
import { sha256Hex } from '../lib/digest.ts';
import type { Waiting } from './book.ts';
import { type AnyKind, countKinds, type Notice } from './notice.ts';

/** More of them waiting are a storm: nobody reads them one by one. */
const stormMin = 20;

export interface Digest {
  /** The same for the same notices. */
  readonly id: string;
  readonly notices: readonly Notice[];
  readonly counts: ReadonlyMap<AnyKind, number>;
}

export type Message =
  | { readonly kind: 'one'; readonly notice: Notice }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** The next message, and what it takes along; null where nothing waits. */
export function nextMessage(
  waiting: readonly Waiting[],
): { readonly message: Message; readonly taken: readonly Waiting[] } | null {
  const [first] = waiting;
  if (first === undefined) return null;
  if (waiting.length <= stormMin) return { message: { kind: 'one', notice: first.notice }, taken: [first] };
  const notices = waiting.map(({ notice }) => notice);
  const id = `digest_${sha256Hex(notices.map((notice) => notice.id).join('\n')).slice(0, 32)}`;
  const digest = { id, notices, counts: countKinds(notices) };
  return { message: { kind: 'digest', digest }, taken: waiting };
}

/** `37 notices: 20 held, 12 failed, 5 denied`. */
export function sayCounts({ notices, counts }: Digest): string {
  const each = [...counts].map(([kind, count]) => `${count} ${kindWords[kind]}`);
  return `${notices.length} notices: ${each.join(', ')}`;
}

/** As they stand behind a number. */
const kindWords: Readonly<Record<AnyKind, string>> = {
  issued: 'issued',
  refused: 'refused by AWS',
  released: 'not issued yet',
  inDoubt: 'in doubt',
  doubtEnded: 'in doubt no more',
  ambiguous: 'ambiguous',
  doubled: 'DOUBLED',
  resolved: 'resolved',
  succeeded: 'succeeded',
  partial: 'partly succeeded',
  failed: 'failed',
  canceled: 'cancelled',
  missed: 'missed',
  vanished: 'vanished',
  cancelRequested: 'to be cancelled',
  cancelRefused: 'not cancelled',
  ranOutsideWindow: 'outside the window',
  expired: 'expired',
  withdrawn: 'withdrawn',
  denied: 'denied',
  held: 'held',
  quarantined: 'with errors',
  halted: 'halted',
  fleetHalted: 'fleets halted',
  notSynced: 'not synced',
  haltEnded: 'halts ended',
  dropped: 'dropped',
};
