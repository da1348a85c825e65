/**
 * Is it alive, and is it ready? Alive is a loop that turns: whatever else is wrong is no reason to restart it, because a
 * restart forgets what it has watched, and mends nothing. Ready is one that could issue a task now. Both tell codes and names
 * of the configuration, and no id, version or message: probes ask without a token.
 */
import type {
  ControllerStatus,
  FleetStatus,
  PassStatus,
  SourceStatus,
  SyncStatus,
} from '../controller/status.ts';

/**
 * A loop begins a pass every five minutes at the latest, ten after a bug; a pass that waits for every server until its
 * time-out takes some ten. Twice that is no pass any more.
 */
export const turnMaxMs = 30 * 60_000;

export interface Check {
  readonly name: string;
  readonly isGood: boolean;
  /** `ok`, or what is wrong in a few words. */
  readonly word: string;
}

export interface Health {
  readonly isReady: boolean;
  readonly checks: readonly Check[];
}

/** Whether the loop turns. */
export function isAlive({ passes }: ControllerStatus): boolean {
  return passes.turnedAgoMs <= turnMaxMs;
}

/** Every check of readiness, with the one that fails named. */
export function judgeHealth(status: ControllerStatus): Health {
  const { source, policies, ledger, problems, halts, fleets, maxAgeMs } = status;
  const checks: Check[] = [
    check('source', judgeSource(source, maxAgeMs)),
    ...(policies === null ? [] : [check('policies', judgeSync(policies, maxAgeMs))]),
    check('ledger', judgeLedger(status)),
    check('pass', judgePasses(status.passes)),
    ...fleets.map((fleet) => check(`fleet ${fleet.name}`, judgeFleet(fleet))),
  ];
  const told = new Set([ledger.halt?.code, ...fleets.map(({ reason }) => reason?.code)]);
  const codes = new Set([...problems, ...halts].map(({ code }) => code));
  for (const code of codes) if (!told.has(code)) checks.push(check('issuing', `stopped by ${code}`));
  return { isReady: checks.every(({ isGood }) => isGood), checks };
}

function check(name: string, wrong: string | null): Check {
  return { name, isGood: wrong === null, word: wrong ?? 'ok' };
}

function judgeSync({ ageMs }: SyncStatus, maxAgeMs: number): string | null {
  if (ageMs === null) return 'not fetched yet';
  return ageMs > maxAgeMs ? `last fetched ${Math.round(ageMs / 1_000)} s ago` : null;
}

function judgeSource(source: SourceStatus, maxAgeMs: number): string | null {
  const { historyFault } = source;
  return judgeSync(source, maxAgeMs) ?? (historyFault && `history not read ${historyFault.code}`);
}

function judgePasses({ tookMs, isBroken }: PassStatus): string | null {
  if (isBroken) return 'the last one was ended by a bug SG6224';
  return tookMs === null ? 'none has ended yet' : null;
}

function judgeLedger({ ledger, maxAgeMs }: ControllerStatus): string | null {
  if (ledger.halt !== null) return `halted ${ledger.halt.code}`;
  if (ledger.refusal !== null) return `takes no commit ${ledger.refusal.code}`;
  return judgeSync(ledger, maxAgeMs);
}

/**
 * A pause ends by itself; but an identity that nobody knows may be the wrong one, and one that was never listed may be asked
 * for what another ledger has asked for already.
 */
function judgeFleet({ stand, isProved, isListed, reason }: FleetStatus): string | null {
  if (stand === 'observed') return null;
  const because = reason === null ? '' : ` ${reason.code}`;
  if (stand === 'halted') return `halted${because}`;
  if (!isProved) return `identity not proved${because}`;
  return isListed ? null : `not listed${because}`;
}
