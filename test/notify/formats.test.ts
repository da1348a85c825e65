/** What is sent, byte for byte: CloudEvents, their signatures, Slack, and nothing that acts on its reader. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSignature } from '../../src/http/hook-signature.ts';
import { escapeChat } from '../../src/lib/escape-chat.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import type { Waiting } from '../../src/notify/book.ts';
import { writeCloudEvent } from '../../src/notify/cloud-event.ts';
import { type Message, nextMessage } from '../../src/notify/message.ts';
import { aboutNothing, type Notice } from '../../src/notify/notice.ts';
import { shortenIds } from '../../src/notify/short-ids.ts';
import { signHeaders } from '../../src/notify/sign.ts';
import { writeSlack } from '../../src/notify/slack.ts';
import { secret, standardSecret, startMs } from '../http/hook-world.ts';

const ledger = '6f1c0000-0000-4000-8000-000000000001';
const notice: Notice = {
  ...aboutNothing,
  id: `${ledger}_12_0`,
  kind: 'failed',
  severity: 'error',
  fleet: 'lab',
  task: 'job',
  token: 'a'.repeat(64),
  devices: ['smd-1'],
  text: 'lab/job failed: smd-1 FAILED',
  at: '2026-11-23T12:00:00.000Z',
  commit: 'b'.repeat(40),
  taskId: 'st-1',
  ledger: { seq: 12, index: 0, commit: 'c'.repeat(40), replica: 'one' },
};
const one = (over: Partial<Notice> = {}): Message => ({ kind: 'one', notice: { ...notice, ...over } });

/** A storm of so many, every third of them an error. */
function storm(count: number): Message {
  const waiting = Array.from({ length: count }, (_, index): Waiting => {
    const kind = index % 3 === 0 ? 'failed' : 'held';
    const severity = kind === 'failed' ? 'error' : 'info';
    return {
      notice: { ...notice, id: `n${index}`, kind, severity, text: `job-${index} ${kind}` },
      of: 'event',
      position: { seq: index, index: 0 },
    };
  });
  const next = nextMessage(waiting);
  if (next === null) throw new Error('nothing waits');
  return next.message;
}

describe('a CloudEvent', () => {
  it('has the attributes of the specification, and everything that is known as its data', () => {
    const { id, body } = writeCloudEvent(one(), ledger, startMs, createRedactor());
    expect(id).toBe(notice.id);
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id: `${ledger}_12_0`,
      source: `urn:snowgate:ledger:${ledger}`,
      type: 'io.snowgate.task.failed',
      subject: 'lab/job',
      time: '2026-11-23T12:00:00.000Z',
      datacontenttype: 'application/json',
      severity: 'error',
      data: {
        kind: 'failed',
        severity: 'error',
        fleet: 'lab',
        task: 'job',
        token: 'a'.repeat(64),
        devices: ['smd-1'],
        text: 'lab/job failed: smd-1 FAILED',
        commit: 'b'.repeat(40),
        taskId: 'st-1',
        code: null,
        until: null,
        path: null,
        ledger: { seq: 12, index: 0, commit: 'c'.repeat(40), replica: 'one' },
      },
    });
  });

  it.each<[Partial<Notice>, string, string]>([
    [{ kind: 'fleetHalted', task: null }, 'io.snowgate.fleet.fleetHalted', 'lab'],
    [{ kind: 'halted', task: null, fleet: null, code: 'SG6201' }, 'io.snowgate.controller.halted', 'SG6201'],
    [
      { kind: 'quarantined', task: null, fleet: null, path: 'tasks/a.yaml' },
      'io.snowgate.source.quarantined',
      'tasks/a.yaml',
    ],
    [{ kind: 'dropped', task: null, fleet: null }, 'io.snowgate.controller.dropped', 'dropped'],
  ])('says by its type and subject what it is about: %o', (over, type, subject) => {
    const { body } = writeCloudEvent(one(over), ledger, startMs, createRedactor());
    expect(JSON.parse(body)).toMatchObject({ type, subject });
  });

  it('of a storm holds each of them as it would have been alone', () => {
    const message = storm(45);
    const { id, body } = writeCloudEvent(message, ledger, startMs, createRedactor());
    const event = JSON.parse(body);
    expect(event).toMatchObject({
      type: 'io.snowgate.digest',
      id,
      data: { counts: { held: 30, failed: 15 } },
    });
    expect(event.data.text).toBe('45 notices: 30 held, 15 failed');
    expect(event.data.events).toHaveLength(45);
    expect(event.data.events[7]).toMatchObject({
      id: 'n7',
      specversion: '1.0',
      type: 'io.snowgate.task.held',
    });
    expect(writeCloudEvent(storm(45), ledger, startMs + 1, createRedactor()).id).toBe(id);
    expect(Buffer.byteLength(body)).toBeLessThan(64 * 1024);
  });

  it('is alone where fewer wait', () => {
    expect(storm(20).kind).toBe('one');
    expect(storm(21).kind).toBe('digest');
  });
});

describe('a signature', () => {
  it('is the one that our own webhooks check, by a plain secret', () => {
    const headers = new Headers(signHeaders(secret, 'an-id', '{}', startMs) ?? {});
    const delivery = { headers, body: Buffer.from('{}'), wallMs: startMs };
    expect(checkSignature('generic', delivery, [secret])).not.toBeNull();
    expect(checkSignature('generic', { ...delivery, body: Buffer.from('{ }') }, [secret])).toBeNull();
  });

  it('is that of Standard Webhooks by one of their secrets, with an id that they take', () => {
    const headers = new Headers(signHeaders(standardSecret, notice.id, '{}', startMs) ?? {});
    const delivery = { headers, body: Buffer.from('{}'), wallMs: startMs };
    expect(checkSignature('gitlab', delivery, [standardSecret])).toEqual({ besides: notice.id });
    expect(signHeaders(secret, notice.id, '{}', startMs)).not.toHaveProperty('webhook-id');
  });

  it.each(['', 'fifteen-letters', 'whsec_', 'whsec_QUJD', 'whsec_*'])('is not made with %j', (bad) => {
    expect(signHeaders(bad, 'id', '{}', startMs)).toBeNull();
  });
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '<!channel>',
          '<@U123>',
          '<#C1>',
          '<http://evil|bank>',
          '*b*',
          '_i_',
          '~s~',
          '`c`',
          '```',
          '>',
          '&lt;',
        ],
        ...[
          '@here',
          '#general',
          ':smile:',
          'http://evil.example',
          'evil.example',
          '\n',
          '\u202e',
          '\u200b',
          '\\',
          '[a](b)',
        ],
        ...['\ud800', '&', 'a', ' ', '.', '"', '(', '1.', '- ', '|', '\u0000'],
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

/** What is left where pieces of code and entities are taken away. */
function bare(text: string): string {
  return text.replace(/`[^`]*`/g, ' ');
}

describe('a message of Slack', () => {
  it('says it in one line, as text and as blocks', () => {
    const body = JSON.parse(writeSlack(one(), createRedactor()));
    const line = ':rotating_light: lab/job failed: smd-1 FAILED';
    expect(body).toMatchObject({ text: line, link_names: false, unfurl_links: false, unfurl_media: false });
    expect(body.blocks[0]).toEqual({ type: 'section', text: { type: 'mrkdwn', text: line, verbatim: true } });
    expect(body.blocks[1].elements[0].text).toContain('commit bbbbbbbbbbbb');
  });

  it('of a storm counts them, and names the worst', () => {
    const { text } = JSON.parse(writeSlack(storm(45), createRedactor()));
    expect(text.split('\n')).toEqual([
      '*45 notices: 30 held, 15 failed*',
      ...[0, 3, 6, 9, 12].map((index) => `:rotating_light: job-${index} failed`),
      'and 40 more',
    ]);
  });

  it('gives no power to whoever wrote a part of it', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 3, max: 400 }), (text, most) => {
        const shown = escapeChat(text, most);
        expect(shown.length).toBeLessThanOrEqual(most);
        // Whole pieces of code, and outside of them words with what may stand around them.
        expect((shown.match(/`/g) ?? []).length % 2).toBe(0);
        expect(bare(shown)).toMatch(/^[\p{L}\p{N}\p{M} "'()/.,;:!?\u2026-]*$/u);
        expect(bare(shown)).not.toMatch(/[\p{L}\p{N}][.:][\p{L}\p{N}]/u);
        expect(shown).not.toMatch(/[<>\n\r]|&(?!amp;|lt;|gt;)/);
        expect(shown).not.toMatch(/\p{Cc}|\p{Surrogate}|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
      { numRuns: 500 },
    );
  });

  it('is never longer than Slack takes, and always JSON', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const message of [one({ text: text.repeat(30) }), storm(30)]) {
          const body = JSON.parse(writeSlack(message, createRedactor()));
          for (const block of body.blocks) {
            expect((block.text ?? block.elements[0]).text.length).toBeLessThanOrEqual(3_000);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('short ids', () => {
  const [own, listed, other] = ['smd-fictbgr3rbcjeqa5', 'smd-zzzzzzzzzzzz1234', 'smd-yyyyyyyyyyyy5678'];
  const fleets = [{ devices: null }, { devices: new Set([listed]) }] as unknown as Parameters<
    typeof shortenIds
  >[1]['fleets'];
  const text = `lab/job failed: ${own} FAILED, busy with ${listed}, not ${own}x, ${other}`;

  it.each([
    ['one notice', one({ devices: [own], text, task: own, path: `tasks/${listed}.yaml` })],
    [
      'a storm',
      nextMessage(
        Array.from(
          { length: 30 },
          (_, index): Waiting => ({
            notice: { ...notice, id: `n${index}`, devices: [own], text },
            of: 'event',
            position: { seq: index, index: 0 },
          }),
        ),
      )?.message as Message,
    ],
  ])('show the last four characters of what is a device of the task or of a fleet: %s', (_what, message) => {
    const { body } = writeCloudEvent(shortenIds(message, { fleets }), ledger, startMs, createRedactor());
    const shown = body + writeSlack(shortenIds(message, { fleets }), createRedactor());
    expect(shown).toContain('lab/job failed: …eqa5 FAILED, busy with …1234, not smd-fictbgr3rbcjeqa5x');
    expect(shown).toContain(other);
    expect(shown.replaceAll(`${own}x`, '')).not.toContain(own);
    expect(shown).not.toContain(listed);
  });

  it('leave no beginning of an id where a text was cut', () => {
    const cut = one({ devices: [own], text: `${'x '.repeat(495)}${own}` });
    const { body } = writeCloudEvent(shortenIds(cut, { fleets }), ledger, startMs, createRedactor());
    expect(body).not.toContain('smd-');
  });
});
