/** What a person does about a halt, by its code; docs/ERRORS.md and docs/OPERATIONS.md say more of each. */

const restore = 'restore the branch; if what is lost was never issued, name its tip in ledger.acceptCommit';
const tampered =
  'find out who pushed it, and move the branch back to the last good commit, which is named; then restart';
const reach = 'nothing, if it lasts a moment; otherwise see why it cannot be reached';
const access = 'correct what auth names, at the forge or in the configuration';
const clocks = 'set the clock of this machine right, and look at what sets it';

const steps: Readonly<Record<string, string>> = {
  SG3002: reach,
  SG3003: access,
  SG3004: 'check the name of the branch in the configuration',
  SG4002: 'nothing: the same commit is sent again until its fate is known',
  SG4004: 'allow the key of ledger.auth to push to ledger.branch',
  SG4005: 'wait; a lock that stays for minutes was left by a git that was killed',
  SG4006: 'make room at the server, or raise its limit',
  SG4010: 'restore the branch; never run ledger init where there was one',
  SG4011: restore,
  SG4012: 'restore the branch, or name its tip in ledger.acceptCommit to go over on purpose',
  SG4013: 'check ledger.url and ledger.branch',
  SG4014: tampered,
  SG4015: tampered,
  SG4016: tampered,
  SG4017: tampered,
  SG4018: tampered,
  SG4019: 'begin a new ledger branch, once nothing is open',
  SG4201: tampered,
  SG4202: tampered,
  SG4203: tampered,
  SG4210: 'upgrade if a newer snowgate wrote it; otherwise find out who did, and restore the branch',
  SG4211: 'check ledger.url and ledger.branch',
  SG4212: 'upgrade this snowgate',
  SG4213: 'upgrade this snowgate',
  SG6201: 'restore the branch, or name the new head in source.accept',
  SG6202: 'restore the manifests, or name the head in source.accept',
  SG6203: 'restore them, or name the head in source.accept',
  SG6204: reach,
  SG6205: reach,
  SG6206: reach,
  SG6207: 'nothing: the same commit is sent again',
  SG6208: 'nothing; if it lasts, see why the source cannot be reached',
  SG6211: clocks,
  SG6212: clocks,
  SG6221: 'point ledger.url and ledger.branch at the right ledger, or correct ledger.id',
  SG6222: 'report it with the log, and start the controller again',
  SG6223: 'report it with the log',
  SG6224: 'report it with the log',
  SG6231: 'nothing: the fleet goes on by itself',
  SG6232: 'correct the fleet, or name the old place in fleets.NAME.rebind',
  SG6233: 'restore the ledger, or snowgate ledger resolve TOKEN --created TASKID',
  SG6234: 'correct the credentials, the role or account',
  SG6235: "correct the fleet's credentials or role",
  SG6236: 'see that the role may create tasks, if it lasts',
  SG6237: 'see the reason that stands with it, if it lasts',
  SG6238: 'nothing; if it lasts, see why AWS cannot be reached',
  SG6239: 'nothing: they are still being read',
  SG6240: 'nothing while policySource can be reached; otherwise see the reason beside it',
  SG6241: 'see why policySource cannot be fetched',
  SG6242: 'restore the branch, or name the new head in policySource.accept',
  SG6247: 'restore the policies, correct where they are read from, or name the head in source.accept',
};

/** What to do about a halt; of a code that is not here, where that stands. */
export function stepFor(code: string): string {
  const step = Object.hasOwn(steps, code) ? steps[code] : undefined;
  return step ?? `docs/ERRORS.md tells what ${code} asks for`;
}
