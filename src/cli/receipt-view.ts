import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { type Colors, plain } from './print.ts';

/** A receipt as `--format json` writes it: every field of the fold, with its derived state. */
export function receiptJson(receipt: Receipt): object {
  const { token, fleet, name, revision, request, manifest, attempts, taskIds, identity } = receipt;
  return {
    token,
    fleet,
    name,
    state: receiptState(receipt),
    run: revision?.run ?? null,
    command: revision?.command ?? null,
    targets: revision?.targets ?? [],
    taskIds,
    outcome: receipt.settled?.outcome ?? null,
    executions: receipt.settled?.executions ?? [],
    attempts,
    release: receipt.release,
    refusal: receipt.refusal,
    ambiguous: receipt.ambiguous,
    resolution: receipt.resolution,
    notes: [...receipt.notes].map(([reason, message]) => ({ reason, message })),
    identity,
    manifest,
    request,
  };
}

/** What became of it, in a few words. */
export function receiptDetail(receipt: Receipt): string {
  const [taskId, ...others] = receipt.taskIds;
  switch (receiptState(receipt)) {
    case 'issued':
      return taskId ?? '';
    case 'settled':
      return `${taskId ?? ''} ${receipt.settled?.outcome ?? ''}`;
    case 'doubled':
      return [taskId, ...others].join(' ');
    case 'refused':
      return receipt.refusal?.error ?? '';
    case 'waiting':
      return receipt.release?.reason ?? '';
    case 'ambiguous':
      return receipt.ambiguous ?? '';
    case 'claimed':
    case 'inDoubt':
      return `attempt ${receipt.attempts.length}`;
    case 'pending':
      return [...receipt.notes.keys()].join(' ');
    case 'baseline':
      return '';
  }
}

/** The colour says what a person has to do: green nothing, yellow wait, red look. */
export function paintState(state: string, padded: string, colors: Colors): string {
  if (/^(issued|settled|done|issue)$/.test(state)) return colors.green(padded);
  if (/^(ambiguous|doubled|refused|deny|blocked|quarantined)$/.test(state)) return colors.red(padded);
  return /^(baseline|pending|withdraw)$/.test(state) ? colors.dim(padded) : colors.yellow(padded);
}

/** One row of a listing. */
export interface Row {
  readonly state: string;
  readonly task: string;
  readonly token: string;
  readonly detail: string;
}

/** Below so many columns a row becomes two lines: a wrapped table is read by nobody. */
const wideMin = 72;

/** A listing in columns, or in pairs of lines on a narrow terminal; what others wrote is escaped. */
export function formatRows(rows: readonly Row[], columns: number, colors: Colors): string {
  const wide = columns === 0 || columns >= wideMin;
  const stateWidth = Math.max(0, ...rows.map(({ state }) => state.length));
  const taskWidth = Math.min(48, Math.max(0, ...rows.map(({ task }) => plain(task).length)));
  const lines = rows.map(({ state, task, token, detail }) => {
    const painted = paintState(state, state.padEnd(stateWidth), colors);
    const short = colors.dim(token.slice(0, 12));
    if (!wide) return `${painted}  ${plain(task)}\n  ${short}  ${plain(detail)}`.trimEnd();
    return `${painted}  ${plain(task).padEnd(taskWidth)}  ${short}  ${plain(detail)}`.trimEnd();
  });
  return lines.map((line) => `${line}\n`).join('');
}
