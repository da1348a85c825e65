/** One daemon through the bad days of its servers: it lives, says what is wrong, issues nothing meanwhile, and goes on. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogLine, Started } from '../e2e/processes.ts';
import { taskText, until } from '../e2e/world.ts';
import { findHttpsPrograms } from './https-server.ts';
import { byPassword, expectClean, initLedger, openProgramWorld, type ProgramWorld } from './program-world.ts';
import { hookWords } from './repositories.ts';

// A program starts three or four times in a test, and a busy machine takes its time over each.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const programs = findHttpsPrograms();
const ledger = 'ledger-daemon.git';

let on: ProgramWorld;
let daemon: Started;

beforeAll(async () => {
  if (programs === null) return;
  on = await openProgramWorld(programs);
  await on.repositories.make(ledger);
  const reach = byPassword(on, ledger);
  const id = await initLedger(on, 'daemon', reach);
  const { source } = reach as { source: object };
  const config = on.world.configure('daemon', {
    source: { ...source, schedule: '* * * * * *', limits: { fetchTimeout: '5s' } },
    ledger: { ...(reach.ledger as object), id },
  });
  daemon = on.world.start('run', '--config', config);
});
afterAll(() => on?.end());

let wanted = 0;

/** Each task on a device of its own: on one device a task waits for the other. */
function want(name: string): void {
  const targets = on.world.devices.slice(wanted, wanted + 1);
  wanted += 1;
  on.world.commit({ [`tasks/${name}.yaml`]: taskText(name, { targets }) });
}

async function untilTold(event: string, code?: string): Promise<LogLine> {
  let told: LogLine | undefined;
  await until(`the log says: ${event} ${code ?? ''}`, () => {
    told = daemon
      .log()
      .findLast((line) => line.event === event && (code === undefined || line.code === code));
    return told !== undefined;
  });
  return told ?? { level: '', event: '' };
}

async function issued(): Promise<number> {
  return (await on.world.tasks()).length;
}

async function untilIssued(count: number): Promise<void> {
  await until(`${count} tasks are there`, async () => (await issued()) === count);
}

describe.skipIf(programs === null)('a daemon over https', () => {
  it('issues while all is well', async () => {
    want('fair-weather');
    await untilIssued(1);
  });

  it('is declined by a hook: it says who, and issues when the hook lets it', async () => {
    await on.repositories.suffer('declines');
    want('after-the-audit');
    const { level, code, reason, hint } = await untilTold('ledger push refused');
    expect({ level, code }).toEqual({ level: 'error', code: 'SG4004' });
    expect([reason, hint]).toEqual([
      expect.stringContaining(hookWords),
      expect.stringContaining('ledger.auth'),
    ]);
    expect(await issued()).toBe(1);
    await on.repositories.suffer('none');
    await untilIssued(2);
  });

  it('meets a server that hangs, and one that is down: it says so, and goes on when they answer', async () => {
    await on.repositories.suffer('fetchHangs');
    want('after-the-storm');
    expect(await untilTold('source not reached', 'SG3008')).toMatchObject({
      hint: expect.stringContaining('fetchTimeout'),
    });
    await on.https.kill();
    // The ledger is asked first, and without it the source is not.
    expect(await untilTold('ledger not reached', 'SG3002')).toMatchObject({
      reason: expect.stringContaining('cannot be reached'),
    });
    expect(await issued()).toBe(2);
    await on.repositories.suffer('none');
    await on.https.start();
    await untilTold('ledger reached again');
    await untilTold('source reached again');
    await untilIssued(3);
  });

  it('has told no secret in all that time, and ends in order', async () => {
    expect(daemon.isRunning()).toBe(true);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expectClean(daemon.text.stdout + daemon.text.stderr);
    const tokens = (await on.world.tasks()).map(({ clientToken }) => clientToken);
    expect([tokens.length, new Set(tokens).size]).toEqual([3, 3]);
  });
});
