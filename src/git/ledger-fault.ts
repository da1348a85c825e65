/** What is said when the branch is not what it was. Each names the way out: halted is not a dead end. */
import type { LedgerConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import type { Fault } from '../lib/faults.ts';
import { fault } from '../lib/faults.ts';
import type { Mirror } from './mirror.ts';
import { showUrl } from './remote.ts';

/**
 * SG4010: the server answers, and has no such branch. Who remembers no tip may be the first to ask, or may only look, and
 * knows nothing of what was there before; a pinned `ledger.id` proves that something was.
 */
export function goneFault(config: LedgerConfig, mirror: Mirror, known: CommitId | null): Fault {
  const what = `the ledger branch ${config.branch} of ${showUrl(config.url)} is not there`;
  const never = 'never make a new ledger in its place, which would ask for everything again';
  if (known !== null) {
    const where = restoring(config, mirror, known);
    return fault(
      'SG4010',
      'human',
      `${what}; its newest commit known here is ${known}`,
      `restore the branch: ${where}; ${never}`,
    );
  }
  const elsewhere = 'from a clone, or from the mirror in the stateDir of a controller';
  if (config.id !== undefined) {
    return fault(
      'SG4010',
      'human',
      `${what}; ledger.id pins ledger ${config.id}, so it was there once`,
      `check ledger.url and ledger.branch; then restore the branch ${elsewhere}; ${never}`,
    );
  }
  return fault(
    'SG4010',
    'human',
    what,
    `check ledger.url and ledger.branch; if it was ever there, restore it ${elsewhere}, and ${never}; only the very first time: \`snowgate ledger init\``,
  );
}

export interface LedgerLoss {
  readonly config: LedgerConfig;
  readonly mirror: Mirror;
  readonly known: CommitId;
  readonly tip: CommitId;
  /** The tip is an older commit of the same line; else the line was rewritten. */
  readonly wentBack: boolean;
  readonly acceptUsed: boolean;
}

/** SG4011: commits that were there are not there any more. */
export function wentBackFault(loss: LedgerLoss): Fault {
  const { config, known, tip } = loss;
  const how = loss.wentBack ? `went back to ${tip}` : `was rewritten: its tip ${tip}`;
  const why = loss.wentBack ? `from ${known}` : `does not descend from ${known}, the newest known here`;
  const again = loss.acceptUsed ? ' (it has served once; start once without it before it is set again)' : '';
  return fault(
    'SG4011',
    'human',
    `the ledger branch ${config.branch} of ${showUrl(config.url)} ${how} ${why}`,
    `restore the branch: ${restoring(config, loss.mirror, known)}; or, if what is lost was never issued, set ledger.acceptCommit: ${tip} and restart${again}`,
  );
}

/** SG4012: this is another ledger. */
export function otherLedgerFault(loss: LedgerLoss, root: CommitId): Fault {
  const { config, known, tip } = loss;
  return fault(
    'SG4012',
    'human',
    `the branch ${config.branch} of ${showUrl(config.url)} holds another ledger: its tip ${tip} does not descend from the root ${root}`,
    `restore the branch: ${restoring(config, loss.mirror, known)}; or, to go over to the other ledger on purpose, set ledger.acceptCommit: ${tip} and restart`,
  );
}

function restoring(config: LedgerConfig, mirror: Mirror, known: CommitId): string {
  return `push commit ${known} to refs/heads/${config.branch} from a clone that has it, such as the mirror ${mirror.dir}`;
}
