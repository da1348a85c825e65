/** CloudEvents 1.0 in structured JSON mode: what a webhook receives. */
import { writeJson } from '../lib/json-text.ts';
import type { Redactor } from '../lib/redact.ts';
import { type Digest, type Message, sayCounts } from './message.ts';
import { type AnyKind, type Notice, showText, subjectOf } from './notice.ts';

export const cloudEventType = 'application/cloudevents+json; charset=utf-8';

/** A notice has about a kilobyte; 64 of them are what every step on the way should take, by the specification of CloudEvents. */
export const digestNoticesMax = 50;

export interface WrittenEvent {
  readonly id: string;
  readonly body: string;
}

/** The message as JSON text; no secret in it, and no character that acts on whoever shows it. */
export function writeCloudEvent(
  message: Message,
  ledgerId: string,
  nowMs: number,
  redactor: Redactor,
): WrittenEvent {
  const event =
    message.kind === 'one'
      ? eventOf(message.notice, ledgerId, redactor)
      : digestEvent(message.digest, { ledgerId, time: new Date(nowMs).toISOString(), redactor });
  return { id: event.id, body: writeJson(event, redactor) };
}

function envelope(ledgerId: string) {
  return {
    specversion: '1.0',
    source: `urn:snowgate:ledger:${ledgerId}`,
    datacontenttype: 'application/json',
  };
}

function eventOf(notice: Notice, ledgerId: string, redactor: Redactor) {
  const { id, at, kind, severity, fleet, task, token, devices, commit } = notice;
  const text = showText(notice.text, redactor);
  const { taskId, code, until, path, ledger } = notice;
  return {
    ...envelope(ledgerId),
    id,
    type: typeOf(notice),
    subject: subjectOf(notice),
    time: at,
    severity,
    data: { kind, severity, fleet, task, token, devices, text, commit, taskId, code, until, path, ledger },
  };
}

function digestEvent(
  digest: Digest,
  {
    ledgerId,
    time,
    redactor,
  }: { readonly ledgerId: string; readonly time: string; readonly redactor: Redactor },
) {
  return {
    ...envelope(ledgerId),
    id: digest.id,
    type: 'io.snowgate.digest',
    time,
    data: {
      kind: 'digest',
      text: sayCounts(digest),
      counts: Object.fromEntries(digest.counts),
      events: digest.notices.map((notice) => eventOf(notice, ledgerId, redactor)),
    },
  };
}

const aboutController: ReadonlySet<AnyKind> = new Set(['halted', 'notSynced', 'haltEnded', 'dropped']);

/** `io.snowgate.task.failed`, `io.snowgate.fleet.fleetHalted`, `io.snowgate.source.quarantined`, `io.snowgate.controller.halted`. */
function typeOf({ kind, task, fleet }: Notice): string {
  const about =
    task !== null ? 'task' : fleet !== null ? 'fleet' : aboutController.has(kind) ? 'controller' : 'source';
  return `io.snowgate.${about}.${kind}`;
}
