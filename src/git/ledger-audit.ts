/** A look at a ledger from outside, by a command and not by the daemon: into a mirror that is thrown away again. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { LedgerFetch } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { beforeExit } from './last-acts.ts';
import type { LedgerOptions } from './ledger-branch.ts';
import { openLedger } from './ledger-branch.ts';

/**
 * Reads a whole ledger once, with every check that the daemon makes: one root with FORMAT, then one added segment a
 * commit. Only what an earlier life knew is not there to be compared with, except `ledger.acceptCommit`, below which
 * the branch must not be.
 */
export async function readLedger(
  config: LedgerConfig,
  options: Omit<LedgerOptions, 'stateDir'> & { readonly signal?: AbortSignal },
): Promise<LedgerFetch> {
  const answer = await withTemporaryDir('snowgate-ledger-', async (stateDir) => {
    const ledger = await openLedger(config, { ...options, stateDir });
    if (!ledger.ok) return { kind: 'unreachable' as const, fault: ledger.fault };
    const close = (): void => void ledger.value.close();
    options.signal?.addEventListener('abort', close, { once: true });
    try {
      return await ledger.value.fetch();
    } finally {
      options.signal?.removeEventListener('abort', close);
      await ledger.value.close();
    }
  });
  return answer.ok ? answer.value : { kind: 'unreachable', fault: answer.fault };
}

/** Runs `act` in a directory of its own that is gone afterwards. Fault: SG7008, the directory could not be made. */
export async function withTemporaryDir<T>(
  prefix: string,
  act: (dir: string) => Promise<T>,
): Promise<Result<T>> {
  const made = await makeTemporaryDir(prefix);
  if (!made.ok) return made;
  try {
    return ok(await act(made.value.dir));
  } finally {
    await made.value.remove();
  }
}

/** A directory that only this user may look into. It is removed when the process exits, if not before. */
export interface TemporaryDir {
  readonly dir: string;
  remove(): Promise<void>;
}

/** Makes a new one. Fault: SG7008. */
export async function makeTemporaryDir(prefix: string): Promise<Result<TemporaryDir>> {
  const removal = { recursive: true, force: true, maxRetries: 5 };
  try {
    const dir = await mkdtemp(join(tmpdir(), prefix));
    const forget = beforeExit(() => rmSync(dir, removal));
    const remove = async (): Promise<void> => {
      await rm(dir, removal);
      forget();
    };
    return ok({ dir, remove });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return failed(
      fault(
        'SG7008',
        'human',
        `no folder could be made in ${tmpdir()}: ${reason}`,
        'make room there, or name another by TMPDIR',
      ),
    );
  }
}
