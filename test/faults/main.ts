/**
 * `npm run simulate-faults -- [--seed N] [--runs M] [--break-a1] [--verbose]`: runs seeds and prints what it finds.
 * The seed comes first on each line, so that any run can be had again.
 */
import { parseArgs } from 'node:util';
import { runSeed } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    'break-a1': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    'stop-at': { type: 'string', default: '10' },
  },
});

const first = Number(values.seed);
const runs = Number(values.runs);
const failuresMax = Number(values['stop-at']);
let failures = 0;
let [calls, tasks, commits, events, lives] = [0, 0, 0, 0, 0];
let done = 0;
const kinds = new Map<string, number>();
for (let seed = first; seed < first + runs && failures < failuresMax; seed += 1) {
  const breakA1 = values['break-a1'];
  const result = await runSeed(
    seed,
    values.verbose ? { breakA1, log: (line) => process.stderr.write(`${line}\n`) } : { breakA1 },
  );
  done += 1;
  if (done % 5_000 === 0) process.stderr.write(`${done} done\n`);
  calls += result.calls;
  tasks += result.tasks;
  commits += result.commits;
  events += result.events;
  lives += result.lives;
  for (const [kind, count] of result.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  if (result.findings.length === 0) continue;
  failures += 1;
  process.stdout.write(`seed ${seed}: ${result.findings.slice(0, 5).join('\n  ')}\n`);
}
process.stdout.write(
  `${done} seeds from ${first}: ${failures} failed; ${calls} calls, ${tasks} tasks, ${commits} ledger commits, ${lives} lives, ${events} events\n`,
);
process.stdout.write(
  `${[...kinds]
    .sort()
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')}\n`,
);
process.exitCode = failures === 0 ? 0 : 1;
