/**
 * `npm run bench`, the part about pages (`--receipts N`, `--held N`): what a request costs, and for how long it keeps the event loop from
 * everything else, at the end of a pass and while the ledger grows. All as ratios to one plain loop over the held tasks, which
 * looks up manifest, receipt and origin of each. Each figure is the median of a few rounds.
 */
import { parseArgs } from 'node:util';
import { Metrics } from '../../src/http/metrics.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { appOf, ask, bearer } from '../http/watched.ts';
import { LargeWorld } from './large-world.ts';

const { values } = parseArgs({
  options: {
    receipts: { type: 'string', default: '300000' },
    held: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const world = new LargeWorld({ receipts: Number(values.receipts), held: Number(values.held) });

function medianOf(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

/** The longest time between two turns of the event loop while something is done, and how long it took in all. */
async function watch(act: () => Promise<unknown>): Promise<{ tookMs: number; blockMs: number }> {
  let isOver = false;
  let blockMs = 0;
  const begunMs = performance.now();
  let turnedMs = begunMs;
  const turn = (): void => {
    const nowMs = performance.now();
    blockMs = Math.max(blockMs, nowMs - turnedMs);
    turnedMs = nowMs;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await act();
  isOver = true;
  await new Promise((resolve) => setImmediate(resolve));
  return { tookMs: performance.now() - begunMs, blockMs };
}

function plainLoop(): number {
  const { decisions, desired, view, origins } = world.status();
  let found = 0;
  for (const { key, token } of decisions) {
    if (desired?.tasks.get(key)?.manifest.token === token) found += 1;
    if (view?.receipts.has(token ?? '') === true) found += 1;
    if (origins.has(token ?? '')) found += 1;
  }
  return found;
}

function plainMs(): number {
  const all = Array.from({ length: rounds }, () => {
    const begunMs = performance.now();
    if (plainLoop() === 0) throw new Error('nothing is held');
    return performance.now() - begunMs;
  });
  return medianOf(all);
}

const metrics = new Metrics('1.2.3');
const redactor = createRedactor();
const appWith = (redactDevices: boolean) =>
  appOf('web', world.watched, { status: () => world.status(), metrics, redactor, config: { redactDevices } });
const open = appWith(false);
const hidden = appWith(true);
for (let warm = 0; warm < 3; warm += 1) plainMs();
const unitMs = plainMs();
process.stdout.write(
  `${values.receipts} receipts, ${values.held} held tasks; a plain loop over the held tasks is 1: in all, and the longest block\n`,
);

async function measure(
  what: string,
  path: string,
  app = open,
  before = (): void => world.pass(),
): Promise<void> {
  const took: number[] = [];
  const blocks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    before();
    const seen = await watch(async () => {
      const answer = await app(ask(path, bearer));
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      await answer.text();
    });
    took.push(seen.tookMs);
    blocks.push(seen.blockMs);
  }
  const ratio = (ms: number): string => (ms / unitMs).toFixed(2).padStart(9);
  process.stdout.write(`${what.padEnd(52)} ${ratio(medianOf(took))} ${ratio(medianOf(blocks))}\n`);
}

const nothing = (): void => undefined;
const grow = (): void => world.grow();
await measure('overview, after a pass', '/');
await measure('overview again', '/', open, nothing);
await measure('overview while tasks are issued', '/', open, grow);
await measure('tasks, after a pass', '/tasks');
await measure('tasks, the last page', '/tasks?page=2000', open, nothing);
await measure('tasks, by a text', '/tasks?text=CHG77', open, nothing);
await measure('windows, after a pass', '/windows');
await measure('windows again', '/windows', open, nothing);
await measure('one window', '/windows/nights-3', open, nothing);
await measure('a fleet', '/fleets/sea', open, nothing);
await measure('a device', '/devices/lab/smd-00000000000100', open, nothing);
await measure('a task that is held', '/tasks/lab/unlock-100', open, nothing);
await measure('a task that has ended', '/tasks/lab/reboot-100', open, nothing);
await measure('overview, devices hidden, after a pass', '/', hidden);
await measure('overview, devices hidden, again', '/', hidden, nothing);
await measure('metrics, after a pass', '/metrics');
await measure('metrics while tasks are issued', '/metrics', open, grow);
