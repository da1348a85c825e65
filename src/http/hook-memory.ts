/** Which deliveries were here before: whoever has recorded one may send it again, and its signature is still good. */
import { createHash } from 'node:crypto';
import type { HookProvider } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';

/** A busy forge sends as many in a day. What falls out could be sent again once, for one look at a repository too many. */
export const rememberedMax = 1_000;
/** By the monotonic clock. */
export const rememberedMs = 86_400_000;

export interface DeliveryMemory {
  /** Whether it was here before; from now on it was. Only for what has proved who sent it: all else would push that out. */
  isRepeated(delivery: ProvenDelivery): boolean;
}

export interface ProvenDelivery {
  readonly provider: HookProvider;
  /**
   * The raw body. Its digest tells deliveries apart, and not the id that forges send in a header: at most of them that is
   * not signed, so that anybody may send an old body under a new id.
   */
  readonly body: Uint8Array;
  /** What is signed besides the body and tells two of the same body apart; empty where nothing is. */
  readonly besides: string;
}

/** A memory that is empty: after a restart, what was recorded before it works once more. */
export function createDeliveryMemory(clock: Clock): DeliveryMemory {
  /** When each was first seen, the oldest first. */
  const seenMs = new Map<string, number>();
  return {
    isRepeated({ provider, body, besides }) {
      const nowMs = clock.monotonicMs();
      for (const [key, atMs] of seenMs) {
        if (nowMs - atMs < rememberedMs) break;
        seenMs.delete(key);
      }
      // Neither of the first two holds a zero byte, so that no two deliveries are written alike.
      const key = createHash('sha256').update(`${provider}\0${besides}\0`).update(body).digest('base64');
      if (seenMs.has(key)) return true;
      seenMs.set(key, nowMs);
      for (const oldest of seenMs.keys()) {
        if (seenMs.size <= rememberedMax) break;
        seenMs.delete(oldest);
      }
      return false;
    },
  };
}
