/** How the simulated service behaves; what AWS leaves undocumented is a setting here, so that a client can be tried on both. */

export type ListOrder = 'oldest' | 'newest' | 'id';

export interface Settings {
  /** How long a clientToken is remembered, from its first acceptance. 0: not at all. AWS publishes no figure. */
  readonly tokenLifeMs: number;
  /** A task is invisible to every read for so long after it was made. */
  readonly listLagMs: number;
  /** A task is gone from every read so long after it was made, whatever its state. 0: it stays. */
  readonly listRetentionMs: number;
  /** A task is made so long after its request was accepted, whether that was answered or cut. */
  readonly lateEffectMs: number;
  /** A cancellation takes effect so long after it was accepted, and can lose the race with the device. */
  readonly cancelLagMs: number;
  /** A cancellation loses the race: a device that could take the task up does so as the cancellation is accepted. */
  readonly cancelLoses: boolean;
  /** A device that is online and idle takes up an execution no sooner than this after it was queued. */
  readonly pickupMs: number;
  readonly rebootMs: number;
  readonly unlockMs: number;
  /** An execution that has not ended so long after it was queued is TIMED_OUT. 0: it waits for ever. */
  readonly executionLifeMs: number;
  /** Entries of a page when the caller names no number, and the most it gets: 1 to 100. */
  readonly pageSize: number;
  /** Whether ListTasks gives tags; without them a caller has to ask DescribeTask. */
  readonly listTags: boolean;
  /**
   * The order of ListTasks; AWS promises none. `id` is the unkind one: a task made while a caller turns pages can land on a page
   * already turned, and is missed.
   */
  readonly listOrder: ListOrder;
  /** Unended tasks of a fleet; one more is refused by ServiceQuotaExceededException. 0: no quota. */
  readonly openTasksMax: number;
  /** Tasks that a fleet ever holds. All of them stay in memory, about 1 KiB each, to be shown; hence a bound. */
  readonly tasksMax: number;
}

export const defaultSettings: Settings = {
  tokenLifeMs: 10 * 60_000,
  listLagMs: 0,
  listRetentionMs: 0,
  lateEffectMs: 0,
  cancelLagMs: 0,
  cancelLoses: false,
  pickupMs: 1_000,
  rebootMs: 5_000,
  unlockMs: 2_000,
  executionLifeMs: 0,
  pageSize: 100,
  listTags: true,
  listOrder: 'oldest',
  openTasksMax: 0,
  tasksMax: 200_000,
};
