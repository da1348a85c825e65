import type {
  CommitFacts,
  DeviceFacts,
  LastTaskFacts,
  RuleFacts,
  TaskFacts,
} from '../../src/policy/facts.ts';

/** A Friday, 22:30 in Oslo. */
export const nowMs = Date.parse('2026-11-27T21:30:00Z');
const hourMs = 3_600_000;

const never: LastTaskFacts = { id: '', name: '', command: '', outcome: '', endedAtMs: null };

export const commit: CommitFacts = {
  id: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
  timeMs: nowMs - 3 * hourMs,
  author: 'Ada <ada@example.com>',
  committer: 'Grace <grace@example.com>',
  subject: 'Unlock aurora after inspection',
  trailers: { 'reviewed-by': ['Grace <grace@example.com>', 'Linus <linus@example.com>'], refs: ['CHG10423'] },
};

export const device: DeviceFacts = {
  id: 'smd-fictbgr3rbcjeqa5',
  busyWith: '',
  lastTask: {
    id: 'st-1',
    name: 'reboot-aurora',
    command: 'reboot',
    outcome: 'SUCCEEDED',
    endedAtMs: nowMs - 5 * hourMs,
  },
  lastReboot: {
    id: 'st-1',
    name: 'reboot-aurora',
    command: 'reboot',
    outcome: 'SUCCEEDED',
    endedAtMs: nowMs - 5 * hourMs,
  },
  lastUnlock: never,
  described: {
    state: 'LOCKED',
    type: 'SNC1_HDD',
    tags: { site: 'aurora' },
    lastReachedOutAtMs: nowMs - hourMs / 4,
  },
};

export const task: TaskFacts = {
  fleet: 'north-sea',
  name: 'unlock-aurora-2026-11',
  command: 'unlock',
  targets: ['smd-fictbgr3rbcjeqa5'],
  description: 'Unlock after customs inspection',
  tags: { owner: 'marine-ops' },
  labels: { site: 'aurora' },
  annotations: { change: 'CHG10423', reason: 'customs inspection' },
  run: 1,
  after: ['reboot-aurora-2026-11'],
  notBeforeMs: null,
  notAfterMs: null,
  path: 'tasks/north-sea/unlock-aurora.yaml',
  token: 'a'.repeat(64),
  previous: {
    exists: true,
    token: 'b'.repeat(64),
    command: 'unlock',
    targets: ['smd-fictbgr3rbcjeqa5'],
    description: '',
    tags: {},
    run: 1,
    state: 'settled',
    taskId: 'st-0',
    issuedAtMs: nowMs - 48 * hourMs,
    endedAtMs: nowMs - 47 * hourMs,
  },
};

/** Facts of which everything is known; a test changes what it is about. */
export function ruleFacts(changes: Partial<RuleFacts> = {}): RuleFacts {
  return {
    task,
    introduced: commit,
    changed: { ...commit, timeMs: nowMs - hourMs },
    fleet: { name: 'north-sea', region: 'eu-west-1', account: '111122223333', labels: { env: 'production' } },
    counts: {
      inFlight: { tasks: 2, devices: 3 },
      issuedLastHour: { tasks: 4, devices: 6 },
      issuedLastDay: { tasks: 9, devices: 20 },
    },
    devices: [device],
    nowMs,
    ...changes,
  };
}
