/** The state of all tasks as a person reads it: what needs one first, counts last. */

import { count } from '../lib/count.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';
import { groupWords, type StatusGroup, statusGroups } from '../report/task-groups.ts';
import { whoseWords } from './aws-fleets.ts';
import { formatHead } from './planning.ts';
import { type Colors, colorsFor, plain } from './print.ts';
import { describeOutside, formatRows, formatWrapped, type Row, receiptDetail } from './receipt-view.ts';
import { countOutside, type Status, type StatusEntry } from './status-entries.ts';
import type { Surroundings } from './surroundings.ts';

/** Rows of a group; more than a person reads at once is counted. */
const rowsMax = 100;
const endedMax = 10;

/** Heads and halts, the groups that hold something, what AWS said, and one line of counts. */
export function formatStatus(shown: Status, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const columns = world.stdout.columns();
  const groups = statusGroups
    .filter((group) => group !== 'quiet')
    .map((group) => formatGroup(group, shown, columns, colors));
  const live = formatLive(shown, columns, colors);
  return `${formatHead(shown.planning, colors, columns)}${groups.join('')}${live}${formatCounts(shown)}`;
}

function formatGroup(group: StatusGroup, shown: Status, columns: number, colors: Colors): string {
  const entries = shown.entries.filter((entry) => entry.group === group);
  if (entries.length === 0) return '';
  const max = group === 'ended' ? endedMax : rowsMax;
  const rows = entries.slice(0, max).map((entry) => entryRow(entry, shown));
  const hidden = entries.length - rows.length;
  const where = group === 'ended' ? 'snowgate ledger list' : 'snowgate status --format json';
  const more = hidden > 0 ? formatWrapped(`and ${hidden} more: ${where} names them`, '  ', columns) : '';
  return `\n${colors.bold(groupWords[group])}\n${formatRows(rows, columns, colors)}${more}`;
}

function entryRow(entry: StatusEntry, shown: Status): Row {
  const { state, key, token, next, group } = entry;
  const below = group === 'ended' ? [] : deviceLines(entry, shown);
  return {
    state,
    task: key,
    token: token ?? '',
    detail: entryDetail(entry, shown),
    below: next === null ? below : [...below, `next: ${next}`],
  };
}

/** Why it is so, and until when. */
function entryDetail(entry: StatusEntry, shown: Status): string {
  const { halts } = shown.planning.input;
  const { group, reasons, untilMs, receipt, since, cancel, taskId } = entry;
  const isCoded = group === 'needsPerson' || group === 'inDoubt';
  // What halts everything stands above, once.
  const isHalt = ({ code }: Reason): boolean => halts.some((halt) => halt.code === code);
  const told = reasons.map((reason) => {
    if (isHalt(reason)) return `halted by ${reason.code}`;
    return isCoded ? `${reason.code} ${reason.message}` : reason.message;
  });
  const why = told.join('; ');
  const at = since === null ? '' : `at ${shortInstant(Date.parse(since))}`;
  if (group === 'ended') return joined([receipt === null ? '' : receiptDetail(receipt).trim(), at], ', ');
  if (receipt?.settled != null) return joined([receiptDetail(receipt), at], ', ');
  if (group === 'inFlight') {
    const isPlain = entry.decision?.action === 'done' && cancel === null;
    const outside = describeOutside({ outside: entry.outside });
    return isPlain || why === '' ? joined([taskId ?? '', cancel ?? '', outside], '; ') : why;
  }
  if (why === '' && receipt !== null && entry.decision === null) return receiptDetail(receipt);
  if (entry.state === 'issue')
    return joined([`asked for by the next pass${unlessHeld(entry, shown)}`, why], ': ');
  const isTold = untilMs === null || why.includes(new Date(untilMs).toISOString());
  return joined([isTold ? '' : `until ${shortInstant(untilMs)}`, why], ': ');
}

/** What is said behind a promise that only AWS can keep. Holds by what it shows are written nowhere: the ledger cannot know them. */
export function unlessHeld({ fleet }: StatusEntry, { live }: Pick<Status, 'live'>): string {
  return live?.get(fleet)?.ok === true ? '' : ', unless AWS shows what holds it';
}

/** What is said below what AWS was not asked for. */
export const unaskedNote = '\nby the ledger alone; --live asks AWS, too\n';

function joined(parts: readonly string[], by: string): string {
  return parts.filter((part) => part !== '').join(by);
}

/** Each device: what it does, since when, and what AWS says now where that is something else. */
export function deviceLines({ devices, fleet, token }: StatusEntry, { live }: Status): string[] {
  const answer = live?.get(fleet);
  const now = answer?.ok === true ? answer.value.executions.get(token ?? '') : undefined;
  const gone = now === null ? ['AWS does not know this task any more'] : [];
  const lines = devices.map(({ device, state, since }) => {
    const current = now?.get(device);
    const changed = current === undefined || current === state ? '' : `; AWS says ${current} now`;
    return `${device} ${state} since ${since === null ? 'now' : shortInstant(Date.parse(since))}${changed}`;
  });
  return [...lines, ...gone];
}

/** What AWS said of each fleet beside the tasks that are followed, or why it could not be asked. */
export function formatLive({ live }: Pick<Status, 'live'>, columns: number, colors: Colors): string {
  if (live === null) return '';
  if (live.size === 0) {
    return `\n${formatWrapped('AWS was not asked: its fleet is not in the configuration', '', columns)}`;
  }
  const parts = [...live].map(([fleet, answer]) => {
    if (!answer.ok) {
      const text = `fleet ${fleet} could not be asked: ${answer.fault.code} ${answer.fault.message}`;
      return colors.red(formatWrapped(text, '', columns));
    }
    const { around, unknownDevices, unasked } = answer.value;
    const lines = [
      ...around.map(({ taskId, state, whose, devices }) => {
        const on =
          devices?.map(({ device, state: at }) => `${device} ${at}`).join(', ') ?? 'devices not asked';
        return `${taskId} ${state}, ${whoseWords[whose]} (${on})`;
      }),
      ...unknownDevices.map((device) => `AWS knows no device ${device}, which a manifest names`),
      ...(unasked === 0 ? [] : [`${count(unasked, 'task')} not asked for: too many at once`]),
    ];
    if (lines.length === 0) return '';
    const shown = lines.map((line) => formatWrapped(line, '  ', columns)).join('');
    return `${colors.bold(`AWS, fleet ${plain(fleet)}`)}\n${shown}`;
  });
  const asked = [...live.values()].filter(({ ok }) => ok).length;
  const summary = `AWS was asked: ${asked} of ${count(live.size, 'fleet')} answered`;
  return `\n${parts.join('')}${formatWrapped(summary, '', columns)}`;
}

function countWords(group: StatusGroup, number: number): string {
  if (group === 'needsPerson') return number === 1 ? 'needs a person' : 'need a person';
  return group === 'ended' ? 'ended' : groupWords[group];
}

function formatCounts({ entries, live }: Status): string {
  const counts = statusGroups.flatMap((group) => {
    const number = entries.filter((entry) => entry.group === group).length;
    return number === 0 ? [] : [`${number} ${countWords(group, number)}`];
  });
  const unasked = live === null ? unaskedNote : '';
  const told = counts.length === 0 ? '' : `: ${counts.join(', ')}`;
  const outside = countOutside(entries);
  const ran = outside === 0 ? '' : `; ${count(outside, 'device')} ran outside a window`;
  return `${unasked}${unasked === '' ? '\n' : ''}${count(entries.length, 'revision')}${told}${ran}\n`;
}
