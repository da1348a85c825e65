/** How something stands, as word: what it is about, and what it has in common with every notice. */
import { sha256Hex } from '../lib/digest.ts';
import type { Notice } from './notice.ts';

/** What has to be looked at to say that a fact is over. */
export const subjects = ['ledger', 'push', 'pass', 'clock', 'fleet', 'sync', 'file', 'task'] as const;
export type Subject = (typeof subjects)[number];

export interface About {
  readonly of: Subject;
  /** The code of what stands in the way, the fleet, what is fetched, the path, or `fleet/name`. */
  readonly name: string;
}

/** A notice that has no time of its own. Its id tells the fact: what it says may change, as the end of a hold does. */
export interface Fact extends Omit<Notice, 'at'> {
  readonly about: About;
}

/** The same for the same fact, in every life and every replica. */
export function idOf(...about: readonly (string | null)[]): string {
  return `now_${sha256Hex(JSON.stringify(about)).slice(0, 32)}`;
}

/** They come and go within minutes, and end by themselves; one that lasts is told as `notSynced`. */
export const passingCodes: ReadonlySet<string> = new Set([
  'SG6107',
  'SG6204',
  'SG6205',
  'SG6206',
  'SG6207',
  'SG6208',
  'SG6224',
  'SG6231',
  'SG6236',
  'SG6237',
  'SG6238',
  'SG6239',
  'SG6240',
  'SG6241',
  'SG6244',
]);
