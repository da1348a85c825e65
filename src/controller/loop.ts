/** The daemon: passes, one at a time, when a schedule or a due time asks for one; and an orderly end. */
import type { Moment } from '../lib/clock.ts';
import { elapsedMs, readMoment } from '../lib/clock.ts';
import { BugError, describeBug } from '../lib/faults.ts';
import { answerEvents } from './cancelling.ts';
import { land, noHeads, pushUntilKnown } from './landing.ts';
import { callListener } from './listener.ts';
import { usableOutcomes } from './outbox.ts';
import { backoffMs } from './pacer.ts';
import type { PassReport } from './pass.ts';
import { runPass } from './pass.ts';
import type { Controller } from './state.ts';
import { releaseLate, syncLedger } from './sync.ts';

/** Between two passes, however much is due: a pass costs two fetches, and what makes it due may be what it cannot do. */
const passGapMs = 1_000;
/** A sleep without a due time; a schedule that has died is survived. */
const idleMaxMs = 5 * 60_000;
/** What `--once` adds to takeover and settling: a few listings that fail, with their back-off. */
const onceExtraMs = 10 * 60_000;
/** After a pass that a bug has ended. */
const bugFirstMs = 30_000;
const bugLastMs = 10 * 60_000;
/** Before the end of `shutdown.timeout`, so that the process ends by itself and is not killed while it writes. */
const shutdownReserveMs = 2_000;

/** Wakes the loop. Rings are remembered while a pass runs, and many are one. */
export class Bell {
  #rung = false;
  #wake: AbortController | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.abort();
  }

  /** Resolves when rung, or after so long, or when told to stop. */
  async wait(c: Controller, durationMs: number): Promise<void> {
    if (!this.#rung && !c.signal.aborted) {
      // Not AbortSignal.any: joined to a signal that lives as long as the process, each one would be kept for ever.
      const wake = new AbortController();
      const stop = (): void => wake.abort();
      c.signal.addEventListener('abort', stop, { once: true });
      this.#wake = wake;
      await c.clock.sleep(durationMs, wake.signal);
      this.#wake = null;
      c.signal.removeEventListener('abort', stop);
    }
    this.#rung = false;
  }
}

/** Whoever keeps the books of a loop. A bug of theirs is told, and keeps no pass from being run. */
export interface LoopWatcher {
  /** A pass begins. */
  onBegin?(): void;
  onReport?(report: PassReport): void;
  /** A bug has ended a pass. */
  onBug?(): void;
}

/** Runs passes until told to stop; then writes down what is known, and returns. */
export async function runLoop(c: Controller, bell: Bell, watcher: LoopWatcher = {}): Promise<void> {
  const stoppedAt = watchStop(c);
  let bugs = 0;
  while (!c.signal.aborted) {
    tell(c, () => watcher.onBegin?.());
    const report = await runGuarded(c);
    if (report === null) {
      bugs += 1;
      tell(c, () => watcher.onBug?.());
      await c.clock.sleep(backoffMs(bugs, bugFirstMs, bugLastMs), c.signal);
      continue;
    }
    bugs = 0;
    tell(c, () => watcher.onReport?.(report));
    if (c.signal.aborted) break;
    await c.clock.sleep(passGapMs, c.signal);
    if (report.again) continue;
    const nowMs = c.clock.monotonicMs();
    const dueMs = report.wakeAtMs === null ? idleMaxMs : Math.max(0, report.wakeAtMs - nowMs);
    await bell.wait(c, Math.min(dueMs, idleMaxMs));
  }
  await flush(c, stoppedAt());
}

/** When it was told to stop; now, as long as it was not. */
function watchStop(c: Controller): () => Moment {
  let stopped: Moment | null = c.signal.aborted ? readMoment(c.clock) : null;
  const note = (): void => {
    stopped = readMoment(c.clock);
  };
  c.signal.addEventListener('abort', note, { once: true });
  return () => {
    c.signal.removeEventListener('abort', note);
    return stopped ?? readMoment(c.clock);
  };
}

function tell(c: Controller, listener: () => void): void {
  callListener(c.journal, 'a bug kept a pass from being noted', listener);
}

/**
 * A pass that throws is a bug of ours. The process does not end for it: it would be started again into the same bug, and
 * lose what AWS has answered. Null then.
 */
async function runGuarded(c: Controller): Promise<PassReport | null> {
  try {
    return await runPass(c, { drain: false });
  } catch (error) {
    const reason = describeBug(error);
    c.journal.write('error', 'a bug ended the pass, the next one is tried later', { code: 'SG6224', reason });
    return null;
  }
}

/**
 * The last write: outcomes and releases in one push, tried once, and again until `shutdown.timeout` since the stop is nearly
 * over.
 */
export async function flush(c: Controller, stopped: Moment): Promise<boolean> {
  const budgetMs = c.config.shutdown.timeoutMs - shutdownReserveMs;
  const giveUp = (): boolean => elapsedMs(stopped, readMoment(c.clock)) >= budgetMs;
  while (!isEmpty(c)) {
    const isDone = await flushOnce(c, giveUp);
    if (giveUp()) break;
    if (!isDone) await c.clock.sleep(passGapMs);
  }
  if (!isEmpty(c)) {
    c.journal.write('error', 'stopped before the ledger had taken everything', {
      outcomes: c.state.outbox.length,
      undecided: c.state.undecided?.commit.commit ?? null,
      hint: 'what it lacks is found again by a look, once a controller has watched these claims for recovery.takeover',
    });
  }
  return isEmpty(c);
}

function isEmpty(c: Controller): boolean {
  const { outbox, undecided, cancels, view } = c.state;
  const answers = view !== null && cancels.size > 0 ? answerEvents(c, view) : [];
  return outbox.length === 0 && undecided === null && answers.length === 0;
}

async function flushOnce(c: Controller, giveUp: () => boolean): Promise<boolean> {
  if (!(await syncLedger(c))) return false;
  const { view, undecided } = c.state;
  if (view === null) throw new BugError('the ledger was fetched and is not there');
  if (undecided !== null) {
    const { commit, batch } = undecided;
    const landing = await pushUntilKnown(c, view, commit, batch, giveUp);
    if (landing === 'landed') releaseLate(c, batch.events);
    return landing !== 'unknown' && landing !== 'refused';
  }
  const outcomes = usableOutcomes(c, view);
  const told = new Set(outcomes.map(({ token }) => token));
  const events = [...outcomes, ...answerEvents(c, view).filter(({ token }) => !told.has(token))];
  if (events.length === 0) return true;
  const landing = await land(c, view, events, noHeads, giveUp);
  return landing === 'landed' || landing === 'lost';
}

export interface OnceOptions {
  /** Whether claims in doubt are watched, looked at and written down, which takes minutes. */
  readonly wait: boolean;
}

/**
 * Passes until nothing is left that could be done now: what can be issued is issued, its outcomes have landed, and
 * every claim in doubt has been settled. What waits for a time, a commit or a person is left.
 */
export async function runOnce(c: Controller, options: OnceOptions): Promise<PassReport> {
  const begun = readMoment(c.clock);
  const stoppedAt = watchStop(c);
  for (;;) {
    const report = tellRefusal(c, await runToReport(c, stoppedAt));
    const done = isSettled(c, report, options);
    const stuck = report.problems.length > 0 && (isEmpty(c) || isOverdue(c, begun, 0));
    if (done || stuck || isOverdue(c, begun, onceExtraMs) || c.signal.aborted) {
      await flush(c, stoppedAt());
      return report;
    }
    const nowMs = c.clock.monotonicMs();
    const dueMs = report.again || report.wakeAtMs === null ? 0 : report.wakeAtMs - nowMs;
    await c.clock.sleep(Math.min(Math.max(passGapMs, dueMs), idleMaxMs), c.signal);
  }
}

/** A ledger that takes no push needs a person: trying on until a doubt would be overdue tells nobody so. */
function tellRefusal(c: Controller, report: PassReport): PassReport {
  const { pushHalt } = c.state;
  if (pushHalt === null) return report;
  const { code, message } = pushHalt;
  return { ...report, problems: [...report.problems, { code, message }] };
}

/** A bug ends the command; but not before what AWS has answered was written down. */
async function runToReport(c: Controller, stoppedAt: () => Moment): Promise<PassReport> {
  try {
    return await runPass(c, { drain: true });
  } catch (error) {
    await flush(c, stoppedAt());
    throw error;
  }
}

/**
 * Outcomes are tried to land for as long as another replica would wait before it looks for itself; a doubt is waited for
 * until it could be looked at, and then some. AWS may be away for a day, and a command that never ends says nothing.
 */
function isOverdue(c: Controller, begun: Moment, extraMs: number): boolean {
  const { takeoverMs, settlingMs } = c.config.recovery;
  return elapsedMs(begun, readMoment(c.clock)) >= takeoverMs + settlingMs + extraMs;
}

/** Holds that end with one of the next passes, because more has been read then. */
const stillReading: ReadonlySet<string> = new Set(['SG6239', 'SG6244']);

function isSettled(c: Controller, report: PassReport, options: OnceOptions): boolean {
  if (report.again || !isEmpty(c)) return false;
  return !report.decisions.some(({ action, reasons }) => {
    if (action === 'issue') return true;
    // Still reading what others have made, or what a rule reads: the next pass goes on with it.
    if (action === 'hold' && reasons.some(({ code }) => stillReading.has(code))) return true;
    if (action === 'look') return options.wait;
    return action === 'wait' && options.wait && reasons.some(({ code }) => code === 'SG6116');
  });
}
