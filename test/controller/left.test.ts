/** What a rule with `onClose: leave` lets go on is not cancelled; that it ran outside its window is told all the same. */
import { expect, it } from 'vitest';
import { yaml } from '../plan/stage.ts';
import { policyText, windowText } from './documents.ts';
import { makeConfig, startMs, World } from './world.ts';

const minuteMs = 60_000;
const leaving = { name: 'left', window: 'short', onClose: 'leave' };
const strict = { name: 'strict', window: 'long' };

async function startAt(rules: readonly Readonly<Record<string, unknown>>[], minutes: number) {
  const world = new World();
  world.rule({
    short: windowText('short', [[0, 30]]),
    long: windowText('long', [[0, 60]]),
    p: policyText('p', rules),
  });
  world.commit({ job: yaml() });
  const life = world.start({ config: makeConfig({ cancel: { leadMs: 2 * minuteMs } }) });
  await life.settle();
  const [task] = world.lab.tasks;
  if (task === undefined) throw new Error('nothing was made');
  for (let minute = 1; minute <= 70; minute += 1) {
    world.clock.advance(startMs + minute * minuteMs - world.clock.wall);
    if (minute >= minutes) {
      task.executions = task.targets.map(() => 'IN_PROGRESS');
      task.starts = task.targets.map(() => startMs + minutes * minuteMs);
    }
    task.ended = minute >= minutes + 3;
    await life.settle();
  }
  return world.events().flatMap((event) => {
    if (event.kind === 'ranOutsideWindow') return [...new Set(event.runs.map(({ cause }) => cause))];
    return event.kind === 'cancelRequested' ? ['cancel'] : [];
  });
}

it.each([
  ['alone, within its window', [leaving], 20, []],
  ['alone, after it', [leaving], 40, ['left']],
  ['beside a window that is open longer', [leaving, strict], 40, ['left']],
  ['beside a window for which the cancel is asked already', [leaving, strict], 59, ['cancel', 'left']],
] as const)('%s', async (_what, rules, minutes, told) => {
  expect(await startAt(rules, minutes)).toEqual(told);
});
