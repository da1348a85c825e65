/** What a receipt's state decides by itself, whatever else holds. */
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import type { Token } from '../manifest/manifest.ts';
import type { Reason } from '../policy/verdict.ts';
import type { Judgement } from './judgement.ts';
import { judgement } from './judgement.ts';

export interface DoubtInput {
  /** Tokens whose claimant is given up by this observer's own watch. */
  readonly takenOver: ReadonlySet<Token>;
  /** Tokens claimed in another account, region or endpoint than their fleet is now: nobody here can look at them. */
  readonly elsewhere: ReadonlySet<Token>;
  /** Tokens that a look of this pass did not find: their doubt ends with the next commit. */
  readonly absent: ReadonlySet<Token>;
}

/**
 * The judgement of a receipt; null where the revision may be claimed (again). A look without a hit ends the doubt, and
 * the revision may be claimed again; unless AWS had refused it.
 */
export function judgeReceipt(receipt: Receipt, input: DoubtInput): Judgement | null {
  if (!input.absent.has(receipt.token)) return judgeByState(receipt, input);
  return receipt.refusal === null ? null : refused(receipt);
}

/** The same, where this pass has not looked. */
export function judgeByState(receipt: Receipt, input: DoubtInput): Judgement | null {
  const state = receiptState(receipt);
  switch (state) {
    case 'pending':
    case 'waiting':
      return null;
    case 'issued':
    case 'settled':
      return judgement('done', describeTask(receipt));
    case 'baseline':
      return judgement('done', {
        code: 'SG6112',
        message: 'written down as baseline when the ledger was made: never issued; raise run to ask',
      });
    case 'refused':
      return refused(receipt);
    case 'doubled':
      return judgement('blocked', {
        code: 'SG6114',
        message: `AWS has two tasks for this revision: ${receipt.taskIds.join(', ')}; look at both devices, cancel what still can be`,
      });
    case 'ambiguous':
      return judgement('blocked', {
        code: 'SG6115',
        message: `nobody can say whether AWS made a task; find out, then \`snowgate ledger resolve ${receipt.token.slice(0, 12)} --created TASKID\` or \`--not-created\`, with \`--reason\``,
      });
    case 'claimed':
      return input.takenOver.has(receipt.token) ? inDoubt(receipt, input) : claimed(receipt);
    case 'inDoubt':
      return inDoubt(receipt, input);
  }
}

/** `issued as st-1 (2 QUEUED)`, `issued as st-1, ended: partial (smd-2 FAILED)`. */
function describeTask(receipt: Receipt): Reason {
  const [taskId = ''] = receipt.taskIds;
  const canceled = describeCancel(receipt);
  if (receipt.settled === null) {
    return { code: 'SG6110', message: `issued as ${taskId}${describeDevices(receipt)}${canceled}` };
  }
  const { outcome } = receipt.settled;
  const devices = outcome === 'succeeded' ? '' : describeDevices(receipt);
  const outside =
    receipt.outside.length === 0
      ? ''
      : `; ran outside its window on ${receipt.outside.map(({ device }) => device).join(', ')}`;
  const message = `issued as ${taskId}, ended: ${outcome}${devices}${canceled}${outside}`;
  return { code: 'SG6111', message };
}

/** What the devices do or did, as far as the ledger knows: ` (smd-1 SUCCEEDED, smd-2 QUEUED)`. */
export function describeDevices({ executions }: Pick<Receipt, 'executions'>): string {
  if (executions.length === 0) return '';
  return ` (${executions.map(({ device, state }) => `${device} ${state}`).join(', ')})`;
}

function describeCancel({ cancel, settled }: Receipt): string {
  if (cancel === null) return '';
  const why = cancelTimes[cancel.reason];
  const unanswered =
    settled === null
      ? 'to be cancelled'
      : settled.outcome === 'canceled'
        ? 'cancelled'
        : 'not cancelled, it had ended,';
  const answer = cancel.answer === null ? unanswered : cancelWords[cancel.answer.kind];
  return `; ${answer} ${why}; ${cancel.endMs === null ? 'raise run to ask again' : 'raise run for the next window'}`;
}

const cancelTimes = {
  removed: 'when its manifest was removed',
  reverted: 'when its manifest was reverted',
  closed: 'when its window closed',
  expired: 'when its notAfter came',
} as const;

const cancelWords = {
  accepted: 'cancelled',
  refused: 'not cancelled, AWS refused,',
  begun: 'not cancelled, it had begun,',
} as const;

function refused({ refusal }: Receipt): Judgement {
  return judgement('deny', {
    code: 'SG6113',
    message: `AWS refused it: ${refusal?.error ?? ''}: ${refusal?.message ?? ''}; change the manifest or raise run`,
  });
}

function claimed(receipt: Receipt): Judgement {
  const attempt = receipt.attempts.at(-1);
  return judgement('wait', {
    code: 'SG6116',
    message: `claimed by ${attempt?.replica ?? ''} at ${attempt?.claimedAt ?? ''}; its outcome is awaited`,
  });
}

function inDoubt(receipt: Receipt, input: DoubtInput): Judgement {
  const attempt = receipt.attempts.at(-1);
  if (input.elsewhere.has(receipt.token)) {
    const { account = '', region = '', endpoint = '' } = receipt.identity ?? {};
    return judgement('blocked', {
      code: 'SG6119',
      message: `attempt ${attempt?.n ?? 0} may have made a task in ${[account, region, endpoint].filter((part) => part !== '').join(' ')}, which is not this fleet any more; look there, then \`snowgate ledger resolve ${receipt.token.slice(0, 12)} --created TASKID\` or \`--not-created\`, with \`--reason\``,
    });
  }
  return judgement('look', {
    code: 'SG6117',
    message: `attempt ${attempt?.n ?? 0} may have made a task unseen; AWS is listed before anything else is done`,
  });
}
