import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from '../../src/lib/log.ts';
import { createRedactor } from '../../src/lib/redact.ts';

const canary = 'c4n4ry-v4lue';

function open(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const redactor = createRedactor();
  redactor.register(canary, 'a file');
  const log = createLog({
    level: 'info',
    base: { replica: 'a' },
    redactor,
    destination: { write: (line) => void lines.push(line) },
    pretty: false,
    ...options,
  });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('writes one JSON line for an event, with its level, its time, the base and the fields', () => {
    const { log, parsed } = open();
    log.write('warn', 'fleet closed', {
      fleet: 'lab',
      attempt: 2,
      ok: false,
      taskId: null,
      reasons: ['a', 'b'],
    });
    expect(parsed()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        replica: 'a',
        event: 'fleet closed',
        fleet: 'lab',
        attempt: 2,
        ok: false,
        taskId: null,
        reasons: ['a', 'b'],
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = open();
    log.write('debug', 'detail');
    expect(lines).toEqual([]);
  });

  it.each([false, { colour: false }, { colour: true }] as const)(
    'redacts every text (pretty: %j)',
    (pretty) => {
      const { log, lines } = open({ pretty, base: { replica: canary } });
      log.write('error', `failed with ${canary}`, {
        reason: `x ${canary}`,
        list: [`https://u:${canary}@h/`, 'Authorization: Bearer abcdefgh12345'],
      });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toContain(canary);
      expect(lines[0]).not.toContain('abcdefgh12345');
      expect(lines[0]).toContain('[redacted]');
    },
  );

  it.each([false, { colour: false }] as const)(
    'keeps one event on one line, with nothing active in it (pretty: %j)',
    (pretty) => {
      const { log, lines } = open({ pretty });
      log.write('info', 'read', { path: 'a\nb\u001b[2J\u202e\u009b', list: ['\r\u2028'] });
      expect(lines).toHaveLength(1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is what is tested
      expect(lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    },
  );

  it('bounds texts and lists', () => {
    const { log, parsed } = open();
    log.write('info', 'long', { reason: 'x '.repeat(100_000), list: Array.from({ length: 500 }, () => 'y') });
    const [line] = parsed();
    expect(String(line?.reason)).toHaveLength(4096);
    expect(line?.list).toHaveLength(101);
    expect(line?.list).toContain('and 400 more');
  });

  it('shows no part of a secret, however many a long text holds', () => {
    const secret = 'a1b2c3d4e5'.repeat(200);
    const redactor = createRedactor();
    redactor.register(secret, 'a file');
    const { log, lines } = open({ redactor });
    log.write('info', 'long', { reason: `${secret} `.repeat(12) });
    expect(lines[0]).not.toContain('a1b2');
  });

  it('writes no name twice in a line', () => {
    const { log, lines, parsed } = open();
    log.write('info', 'clash', { level: 'x', time: 'y', event: 'z' });
    expect(lines[0]?.match(/"level":/g)).toHaveLength(1);
    expect(parsed()[0]).toMatchObject({
      level: 'info',
      event: 'clash',
      level_: 'x',
      time_: 'y',
      event_: 'z',
    });
  });
});
