/** What `snowgate drift` finds. */
import type { TaskDescription } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import type { Whose } from './aws-fleets.ts';

/** A task in AWS that the ledger does not have. */
export interface DriftTask {
  readonly taskId: string;
  readonly state: string;
  readonly whose: Exclude<Whose, 'known'>;
  /** The ledger and the revision that its tags name; null where they name none. */
  readonly ledger: string | null;
  readonly revision: string | null;
  /** Null where it was not asked any more: too many, or it is gone since. */
  readonly described: TaskDescription | null;
}

/** One fleet's drift. */
export interface FleetDrift {
  readonly tasks: readonly DriftTask[];
  /** Devices that manifests name and AWS does not know, and who names them. */
  readonly devices: readonly { readonly device: string; readonly tasks: readonly string[] }[];
  /** Tasks whose devices and times were not asked for. */
  readonly undescribed: number;
}

export type Drift = ReadonlyMap<string, Result<FleetDrift>>;
