/**
 * What a ledger commit says to people in `git log`: one line an event, then trailers for machines. Made only of names,
 * ids and codes whose grammar the codec has checked, so that nobody else's text can pretend to be a trailer.
 */
import type { Batch, DeviceExecution, LedgerEvent } from './events.ts';

/** Lines told in full; the rest is counted, and stands in the segment. */
const linesMax = 500;

/** The message of the commit that carries a batch. */
export function commitMessage(batch: Batch): string {
  const { header, events } = batch;
  const told = events.slice(0, linesMax).map(describeEvent);
  if (events.length > linesMax) told.push(`and ${events.length - linesMax} more`);
  const trailers = [
    `Snowgate-Seq: ${header.seq}`,
    `Snowgate-Replica: ${header.replica}`,
    `Snowgate-Run: ${header.run}`,
    ...(header.source === null ? [] : [`Snowgate-Source: ${header.source}`]),
    ...(header.policies === null ? [] : [`Snowgate-Policies: ${header.policies}`]),
  ];
  const paragraphs = [[summarize(events)], told, trailers].filter((lines) => lines.length > 0);
  return `${paragraphs.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function summarize(events: readonly LedgerEvent[]): string {
  const [only] = events;
  if (only === undefined) return 'source head acted on';
  if (events.length === 1) return describeEvent(only);
  const counts = new Map<string, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

/** One event in one line. */
export function describeEvent(event: LedgerEvent): string {
  const what = `${event.kind} ${event.fleet}/${event.name} ${event.token.slice(0, 12)}`;
  switch (event.kind) {
    case 'claimed':
      return `${what} attempt ${event.attempt}${event.look === undefined ? '' : ' after a look'}`;
    case 'issued':
      return `${what} attempt ${event.attempt} as ${event.taskId}`;
    case 'released':
      return `${what} attempt ${event.attempt}: ${event.reason}`;
    case 'refused':
    case 'unknown':
      return `${what} attempt ${event.attempt}`;
    case 'adopted':
      return `${what} as ${event.taskId}`;
    case 'absent':
      return `${what} after ${event.look.tasksSeen} tasks were listed`;
    case 'ambiguous':
    case 'cancelRequested':
    case 'noted':
      return `${what}: ${event.reason}`;
    case 'doubled':
      return `${what}: ${event.taskIds.join(', ')}`;
    case 'resolved':
      return `${what}: ${event.taskId === null ? 'no task was made' : `made ${event.taskId}`}`;
    case 'baseline':
      return what;
    case 'progress':
      return `${what}: ${describeExecutions(event.executions)}`;
    case 'cancelAnswered':
      return `${what}: ${event.answer}`;
    case 'ranOutsideWindow':
      return `${what}: ${event.runs.map(({ device, cause }) => `${device} ${cause}`).join(', ')}`;
    case 'settled':
      return `${what}: ${event.outcome}`;
  }
}

/** `2 QUEUED, 1 SUCCEEDED`: states in AWS's words, whose grammar the codec has checked. */
function describeExecutions(executions: readonly DeviceExecution[]): string {
  const counts = new Map<string, number>();
  for (const { state } of executions) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

/** Where a segment lies: `YYYY/MM/DD/HH/<seq, 10 digits>-<replica>.jsonl`, in UTC. `at` is ISO 8601. */
export function segmentPath(header: {
  readonly seq: number;
  readonly replica: string;
  readonly at: string;
}): string {
  const [day = '', time = ''] = header.at.split('T');
  const seq = String(header.seq).padStart(10, '0');
  return `${day.replaceAll('-', '/')}/${time.slice(0, 2)}/${seq}-${header.replica}.jsonl`;
}
