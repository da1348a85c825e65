import { describe, expect, it } from 'vitest';
import { Announcer } from '../../src/controller/announcer.ts';
import type { LogLevel } from '../../src/controller/ports.ts';

function start() {
  const lines: string[] = [];
  const clock = {
    nowMs: 0,
    wallMs: () => 0,
    monotonicMs: () => clock.nowMs,
    sleep: async () => undefined,
  };
  const journal = {
    write: (level: LogLevel, event: string) => void lines.push(`${clock.nowMs / 60_000} ${level} ${event}`),
  };
  return { lines, clock, announcer: new Announcer(journal, clock) };
}

describe('the announcer', () => {
  it('says a thing once, and again when it is another', () => {
    const { lines, announcer } = start();
    for (const reason of ['a', 'a', 'b', 'b', 'a']) announcer.say('s', 'warn', 'slow', { reason });
    expect(lines).toEqual(Array.from({ length: 3 }, () => '0 warn slow'));
  });

  it('says each hour what a person has to end, and nothing else', () => {
    const { lines, clock, announcer } = start();
    for (let minute = 0; minute <= 150; minute += 1) {
      clock.nowMs = minute * 60_000;
      announcer.say('halt', 'error', 'halted', { code: 'SG6201' });
      announcer.say('source', 'warn', 'source not reached', {});
    }
    expect(lines).toEqual([
      '0 error halted',
      '0 warn source not reached',
      '60 error halted',
      '120 error halted',
    ]);
  });

  it('says that a thing is over, where it had been said', () => {
    const { lines, announcer } = start();
    announcer.clear('s', 'well again');
    announcer.say('s', 'warn', 'slow', {});
    announcer.clear('s', 'well again');
    announcer.say('s', 'warn', 'slow', {});
    expect(lines).toEqual(['0 warn slow', '0 info well again', '0 warn slow']);
  });
});
