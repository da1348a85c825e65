import type { OutsideRun } from '../ledger/events.ts';
import type { Receipt } from '../ledger/receipt.ts';
import { receiptState } from '../ledger/receipt.ts';
import { type Colors, plain } from './print.ts';

/** What became of it as far as anybody knows, in a sentence where that is not known. */
export function describeEnd(receipt: Receipt): string {
  const state = receiptState(receipt);
  const attempt = receipt.attempts.length;
  if (state === 'claimed') {
    return `not known yet: attempt ${attempt} was claimed, and nothing is written of its call`;
  }
  if (state !== 'inDoubt') return receiptDetail(receipt);
  return `not known yet: attempt ${attempt} may have made a task, which a look at AWS tells`;
}

/** What became of it, in a few words. */
export function receiptDetail(receipt: Receipt): string {
  const [taskId, ...others] = receipt.taskIds;
  switch (receiptState(receipt)) {
    case 'issued':
      return [taskId, countStates(receipt), describeCancel(receipt), describeOutside(receipt)]
        .filter((part) => part !== '')
        .join(', ');
    case 'settled':
      return [
        `${taskId} ${receipt.settled?.outcome ?? ''}${describeEnds(receipt)}`,
        describeCancel(receipt),
        describeOutside(receipt),
      ]
        .filter((part) => part !== '')
        .join(', ');
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

/** `1 SUCCEEDED, 2 QUEUED`; nothing before the first news. */
function countStates({ executions }: Receipt): string {
  const counts = new Map<string, number>();
  for (const { state } of executions) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, number]) => `${number} ${state}`).join(', ');
}

/** Which devices did not succeed: ` (smd-2 FAILED)`. */
function describeEnds({ executions }: Receipt): string {
  const others = executions.filter(({ state }) => state !== 'SUCCEEDED');
  return others.length === 0
    ? ''
    : ` (${others.map(({ device, state }) => `${device} ${state}`).join(', ')})`;
}

/** Which devices began after the permission to run had ended; nothing where none did. */
export function describeOutside({ outside }: { readonly outside: readonly OutsideRun[] }): string {
  if (outside.length === 0) return '';
  return `ran outside its window on ${outside.map(({ device }) => device).join(', ')}`;
}

/** What became of asking AWS to cancel it; nothing where nobody asked. */
export function describeCancel({ cancel }: Pick<Receipt, 'cancel'>): string {
  if (cancel === null) return '';
  return cancel.answer === null ? `cancel asked (${cancel.reason})` : cancelWords[cancel.answer.kind];
}

/** What the answer to a cancel means. */
const cancelWords = {
  accepted: 'cancel accepted',
  refused: 'cancel refused by AWS',
  begun: 'too late to cancel: it had begun',
} as const;

/** The colour says what a person has to do: green nothing, yellow wait, red look. */
export function paintState(state: string, padded: string, colors: Colors): string {
  if (/^(issued|settled|succeeded|done|issue)$/.test(state)) return colors.green(padded);
  if (/^(ambiguous|doubled|refused|deny|blocked|quarantined)$/.test(state)) return colors.red(padded);
  return /^(baseline|pending|withdraw)$/.test(state) ? colors.dim(padded) : colors.yellow(padded);
}

/** One row of a listing. */
export interface Row {
  readonly state: string;
  readonly task: string;
  readonly token: string;
  readonly detail: string;
  /** Lines of their own, below the row. */
  readonly below?: readonly string[];
}

/** Longer names push the columns after them aside, instead of every other row's. */
const taskWidthMax = 48;

/**
 * A listing in columns. What does not fit into a terminal's line goes on in the next, below the name; a file or a pipe
 * has lines of any length. What others wrote is escaped.
 */
export function formatRows(rows: readonly Row[], columns: number, colors: Colors): string {
  const stateWidth = Math.max(0, ...rows.map(({ state }) => state.length));
  const taskWidth = Math.min(taskWidthMax, Math.max(0, ...rows.map(({ task }) => plain(task).length)));
  const below = ({ below: lines = [] }: Row): string =>
    lines.map((line) => formatWrapped(line, ' '.repeat(stateWidth + 2), columns)).join('');
  return rows
    .map((row) => `${formatRow(row, { stateWidth, taskWidth, columns }, colors)}${below(row)}`)
    .join('');
}

/**
 * One line behind an indent, escaped; what does not fit into a terminal's line goes on in the next, `hang` columns further
 * in. `columns` is 0 where lines are of any length.
 */
export function formatWrapped(text: string, indent: string, columns: number, hang = 2): string {
  const safe = plain(text);
  if (columns === 0 || indent.length + safe.length <= columns) return `${indent}${safe}\n`;
  const [first = '', ...rest] = wrapWords(safe, Math.max(20, columns - indent.length - hang));
  const inner = `${indent}${' '.repeat(hang)}`;
  return `${`${indent}${first}`.trimEnd()}\n${rest.map((line) => `${inner}${line}\n`).join('')}`;
}

function formatRow(
  row: Row,
  { stateWidth, taskWidth, columns }: { stateWidth: number; taskWidth: number; columns: number },
  colors: Colors,
): string {
  const task = plain(row.task);
  const detail = plain(row.detail);
  const short = row.token.slice(0, 12);
  const state = paintState(row.state, row.state.padEnd(stateWidth), colors);
  const baseWidth = stateWidth + 2 + Math.max(task.length, taskWidth) + 2 + short.length;
  const fits = (width: number): boolean => columns === 0 || width <= columns;
  const base = `${state}  ${task.padEnd(taskWidth)}  ${colors.dim(short)}`;
  if (fits(baseWidth + 2 + detail.length)) return `${`${base}  ${detail}`.trimEnd()}\n`;
  const [first, rest] = fits(baseWidth) ? [base, detail] : [`${state}  ${task}`, `${short} ${detail}`];
  const indent = ' '.repeat(stateWidth + 2);
  const lines = wrapWords(rest, Math.max(20, columns - indent.length));
  return `${first.trimEnd()}\n${lines.map((line) => `${indent}${line}\n`).join('')}`;
}

/** Breaks between words; a word longer than a line stands alone, whole, so that it can be copied. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line.trimEnd());
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
