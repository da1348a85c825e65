import type { RuleFacts } from '../../src/policy/facts.ts';
import { commit, device, nowMs, task } from './rule-facts.ts';

function entries<V>(count: number, keyChars: number, value: (index: number) => V): Record<string, V> {
  const key = (index: number) => `${'k'.repeat(keyChars - 3)}${String(index).padStart(3, '0')}`;
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [key(index), value(index)]));
}

/** Facts as large as a rule may read them, of letters that patterns and searches find hard. */
export function largestFacts(): RuleFacts {
  const tags = entries(50, 128, () => 'a'.repeat(256));
  const labels = entries(50, 64, () => 'a'.repeat(64));
  const largeCommit = {
    ...commit,
    author: 'a'.repeat(512),
    committer: 'a'.repeat(512),
    subject: 'a'.repeat(1024),
    trailers: entries(16, 64, () => Array.from({ length: 16 }, () => 'a'.repeat(256))),
  };
  return {
    task: {
      ...task,
      targets: Array.from({ length: 10 }, () => 'a'.repeat(64)),
      after: Array.from({ length: 20 }, () => 'a'.repeat(64)),
      path: 'a'.repeat(4096),
      tags,
      labels,
      annotations: entries(50, 64, () => `${'a'.repeat(1023)}b`),
    },
    introduced: largeCommit,
    changed: largeCommit,
    fleet: { name: 'north-sea', region: 'eu-west-1', account: '111122223333', labels: tags },
    counts: {
      inFlight: { tasks: 2, devices: 3 },
      issuedLastHour: { tasks: 4, devices: 6 },
      issuedLastDay: { tasks: 9, devices: 20 },
    },
    devices: Array.from({ length: 10 }, (_, index) => ({
      ...device,
      id: `smd-${index}`,
      described: { state: 'LOCKED', type: 'SNC1_HDD', tags, lastReachedOutAtMs: nowMs },
    })),
    nowMs,
  };
}
