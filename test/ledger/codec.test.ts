import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeFormat,
  decodeSegment,
  encodeChecked,
  encodeFormat,
  encodeSegment,
} from '../../src/ledger/codec.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { batch } from './arbitrary.ts';
import {
  absent,
  adopted,
  ambiguous,
  baseline,
  claimed,
  doubled,
  emptyLook,
  header,
  issued,
  laterClaim,
  noted,
  refused,
  released,
  resolved,
  settled,
  unknown,
} from './events.ts';

const path = '2026/11/23/12/0000000001-one.jsonl';
const identity = { account: '', region: 'eu-west-1', endpoint: 'http://127.0.0.1:4010' };
const revision = { command: 'unlock', targets: ['smd-1'], taskRun: 2, identity } as const;
const everyKind: LedgerEvent[] = [
  claimed(),
  laterClaim({ look: emptyLook }),
  issued(),
  released(),
  refused(),
  unknown(),
  adopted(),
  absent(),
  ambiguous(),
  doubled(),
  resolved(),
  resolved({ taskId: 'st-1', revision }),
  baseline(),
  noted(),
  settled(),
];

type Json = { [key: string]: unknown };
const clone = (event: unknown): Json => structuredClone(event) as Json;
const read = (...lines: readonly unknown[]): ReturnType<typeof decodeSegment> =>
  decodeSegment({ path, text: lines.map((line) => `${JSON.stringify(line)}\n`).join('') });

describe('a segment', () => {
  it('comes back as it was written, whatever its texts hold', () => {
    fc.assert(
      fc.property(batch, (written) => {
        const decoded = decodeSegment({ path, text: encodeSegment(written) });
        expect(decoded).toEqual({ ok: true, value: written });
      }),
      { numRuns: 300 },
    );
  });

  it('is one line for the header and one for each event, whatever they hold', () => {
    fc.assert(
      fc.property(batch, (written) => {
        const lines = encodeSegment(written).split('\n');
        expect(lines).toHaveLength(written.events.length + 2);
        expect(lines.at(-1)).toBe('');
      }),
      { numRuns: 100 },
    );
  });

  it('is given out for writing only when it can be read again', () => {
    const good = { header: header(), events: everyKind };
    expect(encodeChecked(good)).toEqual({ ok: true, value: encodeSegment(good) });
    for (const event of [resolved({ by: 'x'.repeat(8193) }), resolved({ reason: 'x'.repeat(8193) })]) {
      expect(encodeChecked({ header: header(), events: [event] })).toMatchObject({
        ok: false,
        fault: { code: 'SG4214', class: 'human', message: expect.stringContaining('resolved.') },
      });
    }
  });

  it('cut at any byte is a fault or a shorter segment, and never an event that was not written', () => {
    const whole = encodeSegment({ header: header(), events: everyKind });
    for (let end = 0; end < whole.length; end += 1) {
      const decoded = decodeSegment({ path, text: whole.slice(0, end) });
      if (!decoded.ok) expect(decoded.fault).toMatchObject({ code: 'SG4210', class: 'human' });
      else expect(everyKind.slice(0, decoded.value.events.length)).toEqual(decoded.value.events);
    }
  });

  it.each([
    ['nothing', '', 1],
    ['no end of its last line', JSON.stringify(header()), 1],
    ['an unended second line', `${JSON.stringify(header())}\n{`, 2],
    ['an empty line', `${JSON.stringify(header())}\n\n`, 2],
    ['a line that is not JSON', `${JSON.stringify(header())}\nissued\n`, 2],
    ['a list', `${JSON.stringify(header())}\n[]\n`, 2],
    ['null', `${JSON.stringify(header())}\nnull\n`, 2],
    ['a number', `${JSON.stringify(header())}\n1\n`, 2],
    ['only line ends', '\n\n', 1],
    ['too many lines', `${JSON.stringify(header())}\n`.repeat(100_001), 100_000],
  ])('of %s is damaged, by its line', (_what, text, line) => {
    const decoded = decodeSegment({ path, text });
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'SG4210', class: 'human' } });
    expect(decoded.ok ? '' : decoded.fault.message).toContain(`${path}:${line}:`);
  });

  it.each([2, 7, 1e9])('of version %i is too new, in the header and in an event', (v) => {
    expect(read({ ...header(), v })).toMatchObject({ fault: { code: 'SG4213' } });
    const decoded = read(header(), issued(), { ...noted(), v });
    expect(decoded).toMatchObject({ fault: { code: 'SG4213' } });
    expect(decoded.ok ? '' : decoded.fault.message).toContain(`${path}:3`);
  });

  it('of a newer version may be otherwise as it likes: it says upgrade, not damage', () => {
    expect(read({ v: 2, anything: [] })).toMatchObject({ fault: { code: 'SG4213' } });
    expect(read(header(), { v: 2, kind: 'rotated' })).toMatchObject({ fault: { code: 'SG4213' } });
  });

  it.each(['rotated', 'vanished', 'batch', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'with an event of kind %j is never read around',
    (kind) => {
      const decoded = read(header(), issued(), { ...issued(), kind }, issued());
      expect(decoded).toMatchObject({ ok: false, fault: { code: 'SG4212', class: 'human' } });
      expect(decoded.ok ? '' : decoded.fault.message).toContain(`${path}:3`);
    },
  );

  it.each([undefined, null, 7, ['issued'], {}])('with an event whose kind is %j is never read', (kind) => {
    expect(read(header(), { ...issued(), kind })).toMatchObject({ fault: { code: 'SG4212' } });
  });

  it('shows no more than a little of a kind that others wrote, quoted', () => {
    const decoded = read(header(), { ...issued(), kind: `\u001b[2J\n${'x'.repeat(9000)}` });
    const message = decoded.ok ? '' : decoded.fault.message;
    expect(message.length).toBeLessThan(200);
    expect(message).not.toContain('\u001b');
    expect(message).not.toContain('\n');
  });
});

/** Every place in a value: the keys that lead to it. */
function places(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]];
  const inner = Object.entries(value).flatMap(([key, child]) => places(child, [...at, key]));
  return at.length === 0 ? inner : [[...at], ...inner];
}

function parentOf(event: Json, at: readonly string[]): Json {
  return at.slice(0, -1).reduce<Json>((value, key) => value[key] as Json, event);
}

/** May be left out: `request` and `look` of a claim, a description, and what stands in free maps and lists. */
const optional = /^(request|look|request\.description)$|\.(tags|annotations)\.|\.\d+$/;

describe('an event', () => {
  const fields = [header(), ...everyKind].flatMap((event) =>
    places(event)
      .filter((at) => at.join() !== 'kind')
      .map((at) => ({ kind: event.kind, field: at.join('.'), at, event })),
  );
  const decode = (event: Json): ReturnType<typeof decodeSegment> =>
    event.kind === 'batch' ? read(event) : read(header(), event);
  const expectDamage = (event: Json, top: string, line: number): void => {
    const decoded = decode(event);
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'SG4210', class: 'human' } });
    expect(decoded.ok ? '' : decoded.fault.message).toContain(`${path}:${line}:`);
    expect(decoded.ok ? '' : decoded.fault.message).toContain(top);
  };

  it.each(fields)('$kind without $field, or with something else there, is named', ({ event, at, field }) => {
    const line = event.kind === 'batch' ? 1 : 2;
    const [top = ''] = at;
    const last = at.at(-1) ?? '';
    for (const wrong of [true, -1, 0.5, { x: 1 }, [[]], 'x'.repeat(8193)]) {
      const changed = clone(event);
      parentOf(changed, at)[last] = wrong;
      expectDamage(changed, top, line);
    }
    if (optional.test(field)) return;
    const removed = clone(event);
    delete parentOf(removed, at)[last];
    expectDamage(removed, top, line);
  });

  const objects = fields.filter(({ at, event }) => {
    const value = parentOf(clone(event), [...at, '']);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });
  it.each(objects.filter(({ field }) => !/(tags|annotations)$/.test(field)))(
    '$kind with an unknown field in $field is not believed',
    ({ event, at }) => {
      const changed = clone(event);
      Object.assign(parentOf(changed, [...at, '']), { extra: 1 });
      expectDamage(changed, at[0] ?? '', event.kind === 'batch' ? 1 : 2);
    },
  );

  it.each(everyKind)('$kind with an unknown field is not believed', (event) => {
    for (const field of ['extra', 'constructor', 'toString']) {
      expectDamage({ ...clone(event), [field]: 'x' }, field, 2);
    }
    const line = JSON.stringify(event).replace('{', '{"__proto__":{"taskId":"st-1"},');
    const decoded = decodeSegment({ path, text: `${JSON.stringify(header())}\n${line}\n` });
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'SG4210' } });
  });

  it('shows no more than a little of a field that others named, quoted', () => {
    const decoded = read(header(), { ...issued(), [`\u001b[2J\n${'x'.repeat(9000)}`]: 1 });
    const message = decoded.ok ? '' : decoded.fault.message;
    expect(message.length).toBeLessThan(200);
    expect(message).not.toContain('\u001b');
    expect(message).not.toContain('\n');
  });

  it('takes nothing from a prototype', () => {
    const { taskId: _, ...bare } = issued();
    const line = JSON.stringify(bare).replace('{', '{"__proto__":{"taskId":"st-1"},');
    const decoded = decodeSegment({ path, text: `${JSON.stringify(header())}\n${line}\n` });
    expect(decoded).toMatchObject({ ok: false, fault: { code: 'SG4210' } });
  });

  it.each([
    '2026-13-01T00:00:00.000Z',
    '2026-02-30T00:00:00.000Z',
    '2026-11-23T24:00:00.000Z',
    '2026-11-23T12:60:00.000Z',
    '2026-11-23T12:00:60.000Z',
    '2026-11-23T12:00:00Z',
    '2026-11-23T12:00:00.000+00:00',
    '2026-11-23 12:00:00.000Z',
    '+02026-11-23T12:00:00.000Z',
    'now',
  ])('at %s, which is no instant, is not believed', (at) => {
    expectDamage(clone(issued({ at })), 'at', 2);
    expectDamage(clone(released({ notBefore: at })), 'notBefore', 2);
    expectDamage(clone(header({ at })), 'at', 1);
  });

  it.each(['st 1', 'st\n1', '', 'x'.repeat(65), 'st-\u00e9', '../st-1', 'st;rm'])(
    'with the task id %j is not believed',
    (taskId) => {
      expectDamage(clone(issued({ taskId })), 'taskId', 2);
      expectDamage(clone(adopted({ taskId })), 'taskId', 2);
      expectDamage(clone(doubled({ taskIds: ['st-1', taskId] })), 'taskIds', 2);
    },
  );

  it.each(['Lab', '-lab', 'lab-', 'a/b', 'a b', 'Snowgate-Seq: 9', 'a\nb', '', 'x'.repeat(64)])(
    'of the name %j is not believed',
    (name) => {
      expectDamage(clone(noted({ name })), 'name', 2);
      expectDamage(clone(noted({ fleet: name })), 'fleet', 2);
      expectDamage(clone(header({ replica: name })), 'replica', 1);
    },
  );

  it('bears no lists longer than it could have', () => {
    const targets = Array.from({ length: 11 }, (_, index) => `smd-${index}`);
    expectDamage(clone(baseline({ targets })), 'targets', 2);
    const taskIds = Array.from({ length: 101 }, (_, index) => `st-${index}`);
    expectDamage(clone(doubled({ taskIds })), 'taskIds', 2);
  });
});

describe('FORMAT', () => {
  const ledger = '6f1c2d3e-0000-4000-8000-000000000001';

  it('comes back as it was written', () => {
    expect(decodeFormat(encodeFormat({ v: 1, ledger }))).toEqual({ ok: true, value: { v: 1, ledger } });
  });

  it('of a newer version is too new', () => {
    expect(decodeFormat(encodeFormat({ v: 2, ledger }))).toMatchObject({ fault: { code: 'SG4213' } });
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"v":1}',
    `{"ledger":"${ledger}"}`,
    `{"v":0,"ledger":"${ledger}"}`,
    '{"v":1,"ledger":"me"}',
    `{"v":1,"ledger":"${ledger}","extra":1}`,
    `{"v":"1","ledger":"${ledger}"}`,
  ])('of %j is not read', (content) => {
    expect(decodeFormat(content)).toMatchObject({ ok: false, fault: { code: 'SG4211', class: 'human' } });
  });
});
