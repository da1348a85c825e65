/**
 * `npm run bench [-- --tasks N --devices N --days N]`: months of a controller's life in one run. One replica, nothing going wrong but devices that are
 * offline for hours; tasks come one by one and are tidied away once they have ended. Figures, and no assertion but that
 * everything came to its end: what grows, and what a task costs in calls, in commits and in bytes.
 */
import { parseArgs } from 'node:util';
import type { TaskApi } from '../../src/controller/ports.ts';
import { encodeFormat } from '../../src/ledger/codec.ts';
import { receiptState } from '../../src/ledger/receipt.ts';
import { LedgerRemote } from '../doubles/ledger.ts';
import { SimAws } from '../faults/aws.ts';
import { makeConfig } from '../faults/config.ts';
import { readLedger } from '../faults/invariants.ts';
import { Prng } from '../faults/prng.ts';
import { Replica } from '../faults/replica.ts';
import { calmOdds, drawScenario, type Scenario } from '../faults/scenario.ts';
import { SimSource, type TaskText } from '../faults/source.ts';
import { Timeline } from '../faults/timeline.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '10000' },
    devices: { type: 'string', default: '1000' },
    days: { type: 'string', default: '90' },
  },
});
const tasksMax = Number(values.tasks);
const devices = Number(values.devices);
const dayMs = 24 * 3_600_000;
const endMs = Number(values.days) * dayMs;
const ledgerId = '6f1c0000-0000-4000-8000-000000000001';

/** Counts what each operation was asked; a listing of devices counts its pages. */
class CountingAws extends SimAws {
  readonly counts = new Map<string, number>();

  override open(...args: Parameters<SimAws['open']>): TaskApi {
    const api = super.open(...args);
    const counted = Object.entries(api).map(([name, method]) => [
      name,
      (...given: unknown[]): unknown => {
        const pages = name === 'listDevices' ? Math.ceil(devices / 100) : 1;
        this.counts.set(name, (this.counts.get(name) ?? 0) + pages);
        return (method as (...all: unknown[]) => unknown)(...given);
      },
    ]);
    return Object.fromEntries(counted) as TaskApi;
  }
}

const drawn = drawScenario(new Prng(1), false, null);
const scenario: Scenario = {
  ...drawn,
  replicas: 1,
  fleets: 1,
  devices,
  scheduleMs: 5 * 60_000,
  issue: {
    batch: 40,
    concurrency: 8,
    deadlineMs: 60_000,
    requestTimeoutMs: 5_000,
    rate: 2,
    maxWaitMs: 30 * dayMs,
    maxPerPass: 40,
  },
  recovery: { takeoverMs: 180_000, settlingMs: 30_000, listTrustMs: dayMs },
  pushesPerMinute: 6,
  listLagMs: 2_000,
  listRetentionMs: 0,
  lateEffectMaxMs: 0,
  tokenLifeMs: 600_000,
  work: {
    pickupMs: 60_000,
    workMs: 180_000,
    cancelLagMs: 0,
    offlineEveryMs: 0,
    failEveryMs: 0,
    foreignEveryMs: 0,
  },
};

const timeline = new Timeline();
const prng = new Prng(7);
const source = new SimSource(timeline);
const aws = new CountingAws(timeline, scenario, 1);
const remote = new LedgerRemote(encodeFormat({ v: 1, ledger: ledgerId }));
const [fleet = ''] = aws.fleets.keys();
const ids = aws.deviceIds(fleet);
const bugs: unknown[] = [];
const replica = new Replica(
  'soak',
  {
    timeline,
    scenario,
    source,
    aws,
    remote,
    odds: calmOdds,
    sourceIsDown: () => false,
    policySource: null,
    policyPrng: new Prng(1),
    policiesAreDown: () => false,
    onBug: (error) => bugs.push(error),
    log: () => undefined,
  },
  prng.split(),
  makeConfig('soak', scenario, [fleet]),
);

let wanted: TaskText[] = [];
let made = 0;
/** A new task, and those that have ended are tidied away, as people do: now and then, and not at once. */
function edit(): void {
  made += 1;
  if (made % 20 === 0) {
    const { view } = readLedger(remote, ledgerId);
    const open = new Set(
      [...view.receipts.values()]
        .filter((receipt) => receiptState(receipt) !== 'settled')
        .map(({ name }) => name),
    );
    wanted = wanted.filter(({ name }, index) => open.has(name) || index > wanted.length - 20);
  }
  const first = prng.between(0, ids.length - 1);
  wanted.push({
    fleet,
    name: `task-${made}`,
    command: prng.pick(['unlock', 'reboot']),
    targets: ids.slice(first, first + prng.between(1, 3)),
    run: 1,
    description: 'as asked',
  });
  source.commit(wanted);
}

function disturb(): void {
  const index = prng.between(0, ids.length - 1);
  aws.setOnline(fleet, index, false);
  timeline.after(prng.between(1, 12) * 3_600_000, () => aws.setOnline(fleet, index, true));
  if (timeline.nowMs < endMs) timeline.after(20 * 60_000, disturb);
}

function figures(): string {
  globalThis.gc?.();
  const heapMb = Math.round(process.memoryUsage().heapUsed / 1e6);
  const bytes = remote.segments().reduce((sum, { text }) => sum + text.length, 0);
  return `day ${Math.round(timeline.nowMs / dayMs)}: ${made} tasks, ${remote.segments().length} ledger commits, ${(bytes / 1e6).toFixed(1)} MB of segments, heap ${heapMb} MB`;
}

const everyMs = (endMs - dayMs) / tasksMax;
edit();
replica.start(0);
for (let task = 1; task < tasksMax; task += 1) timeline.at(task * everyMs, edit);
disturb();
for (let quarter = 1; quarter <= 4; quarter += 1) {
  await timeline.run((endMs * quarter) / 4);
  process.stdout.write(`${figures()}\n`);
}
const { view, finding } = readLedger(remote, ledgerId);
const ends = new Map<string, number>();
for (const receipt of view.receipts.values()) {
  const end = receipt.settled?.outcome ?? receiptState(receipt);
  ends.set(end, (ends.get(end) ?? 0) + 1);
}
const counts = [...aws.counts].sort().map(([name, count]) => `${name} ${(count / made).toFixed(2)}`);
process.stdout.write(
  `calls a task: ${counts.join(', ')}\nends: ${[...ends].map(([end, count]) => `${end} ${count}`).join(', ')}\n`,
);
if (bugs.length > 0 || finding !== null) {
  process.stdout.write(`failed: ${finding ?? String(bugs[0])}\n`);
  process.exitCode = 1;
}
replica.kill();
