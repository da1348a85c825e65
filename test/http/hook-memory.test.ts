/** What was here before is known, within bounds. */
import { describe, expect, it } from 'vitest';
import { createDeliveryMemory, rememberedMax, rememberedMs } from '../../src/http/hook-memory.ts';
import { StepClock } from './hook-world.ts';

function makeMemory() {
  const clock = new StepClock();
  const memory = createDeliveryMemory(clock);
  const isRepeated = (text: string, provider: 'github' | 'gitea' = 'github', besides = ''): boolean =>
    memory.isRepeated({ provider, body: Buffer.from(text), besides });
  return { clock, isRepeated };
}

describe('a delivery', () => {
  it('is repeated when its provider, its body and what else was signed are the same', () => {
    const { isRepeated } = makeMemory();
    expect(isRepeated('a')).toBe(false);
    expect(isRepeated('a')).toBe(true);
    expect(isRepeated('a')).toBe(true);
    expect(isRepeated('a', 'gitea')).toBe(false);
    expect(isRepeated('a', 'github', '1')).toBe(false);
    expect(isRepeated('b')).toBe(false);
    expect(isRepeated('')).toBe(false);
  });

  it('is not another one whose parts are cut otherwise', () => {
    const { isRepeated } = makeMemory();
    expect(isRepeated('2.a', 'github', '1.')).toBe(false);
    expect(isRepeated('.2.a', 'github', '1')).toBe(false);
    expect(isRepeated('a', 'github', '1.2.')).toBe(false);
  });

  it('is forgotten after a day of the monotonic clock, counted from its first time', () => {
    const { clock, isRepeated } = makeMemory();
    isRepeated('a');
    clock.wall += 10 * rememberedMs;
    clock.monotonic += rememberedMs - 1;
    expect(isRepeated('a')).toBe(true);
    clock.monotonic += 1;
    expect(isRepeated('a')).toBe(false);
    expect(isRepeated('a')).toBe(true);
  });

  it('is forgotten when a thousand others came after it, the oldest first', () => {
    const { isRepeated } = makeMemory();
    for (let index = 0; index < rememberedMax; index += 1) isRepeated(`${index}`);
    expect(isRepeated('0')).toBe(true);
    expect(isRepeated('one more')).toBe(false);
    expect(isRepeated('1')).toBe(true);
    expect(isRepeated('0')).toBe(false);
    expect(isRepeated('1')).toBe(false);
    expect(isRepeated('3')).toBe(true);
  });
});
