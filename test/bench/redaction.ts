/**
 * `npm run bench`, the part about what is hidden: a page of the API and a line of the log as ratios to their plain JSON, by the number of
 * secrets that are known; and a page by the number of tasks there are. Repetitions take turns, and the median counts.
 */
import { createHash } from 'node:crypto';
import type { ControllerStatus } from '../../src/controller/status.ts';
import { taskListJson } from '../../src/http/api.ts';
import { Cursors } from '../../src/http/cursor.ts';
import { comparePlaces } from '../../src/http/task-order.ts';
import { writeJson } from '../../src/lib/json-text.ts';
import { createLog } from '../../src/lib/log.ts';
import { createRedactor, type Redactor } from '../../src/lib/redact.ts';
import { finish, sortInSlices } from '../../src/lib/turns.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import type { Decision } from '../../src/plan/decision.ts';

const rounds = 15;
const cursors = new Cursors();

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function statusOf(tasks: number): ControllerStatus {
  const decisions = Array.from({ length: tasks }, (_, index): Decision => {
    const name = `unlock-${String(index).padStart(6, '0')}`;
    return {
      key: `north-sea/${name}`,
      fleet: 'north-sea',
      name,
      token: digest(name) as Token,
      action: 'hold',
      untilMs: 1_800_000_000_000 + index,
      reasons: [{ code: 'SG6101', message: `the window nights is closed; ${name} waits until it opens` }],
    };
  });
  const status: Pick<ControllerStatus, 'atMs' | 'decisions' | 'view' | 'origins' | 'desired'> = {
    atMs: 1_800_000_000_000,
    decisions,
    view: null,
    origins: new Map(),
    desired: null,
  };
  return status as ControllerStatus;
}

/** Long and alike at their beginning, as session tokens are. */
function redactorOf(secrets: number): Redactor {
  const redactor = createRedactor();
  for (let index = 0; index < secrets; index += 1)
    redactor.register(`IQoJb3JpZ2luX2Vj${digest(String(index)).repeat(10)}=`, `session ${index}`);
  return redactor;
}

function compare(entries: readonly (readonly [string, () => unknown])[]): void {
  const spentMs: number[][] = entries.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [, act]] of entries.entries()) {
      const begunMs = performance.now();
      act();
      spentMs[index]?.push(performance.now() - begunMs);
    }
  }
  const medians = spentMs.map((all) => all.sort((a, b) => a - b)[rounds >> 1] ?? 0);
  for (const [index, [what]] of entries.entries()) {
    const ratio = (medians[index] ?? 0) / (medians[0] ?? 1);
    process.stdout.write(`${what.padEnd(64)} ${ratio.toFixed(2)}\n`);
  }
}

function page(status: ControllerStatus): object {
  const ordered = finish(sortInSlices(status.decisions, comparePlaces));
  const listed = finish(taskListJson(status, {}, { ordered, cursors }));
  if (!listed.ok) throw new Error(listed.problem);
  return listed.value;
}

const counts = [0, 20, 500, 5_000];
const thousand = page(statusOf(1_000));
compare([
  ['a page of 1,000 tasks as plain JSON', () => JSON.stringify(thousand, null, 2)],
  ...counts.map((secrets) => {
    const redactor = redactorOf(secrets);
    return [`the same as it is sent, ${secrets} secrets`, () => writeJson(thousand, redactor)] as const;
  }),
]);

const fields = { fleet: 'north-sea', task: 'unlock-1', reason: 'the window nights is closed until 22:00' };
compare([
  ['1,000 lines of the log as plain JSON', () => times(1_000, () => JSON.stringify(fields))],
  ...counts.map((secrets) => {
    const destination = { write: () => undefined };
    const redactor = redactorOf(secrets);
    const log = createLog({ level: 'info', base: {}, redactor, destination, pretty: false });
    const write = (): void => log.write('info', 'task held', fields);
    return [`the same as they are logged, ${secrets} secrets`, () => times(1_000, write)] as const;
  }),
]);

const few = statusOf(1_000);
const many = statusOf(100_000);
compare([
  ['a page of 1,000 tasks of 1,000', () => page(few)],
  ['a page of 1,000 tasks of 100,000', () => page(many)],
  ['its JSON as it is sent', () => writeJson(thousand, redactorOf(0))],
]);

function times(count: number, act: () => unknown): void {
  for (let index = 0; index < count; index += 1) act();
}
