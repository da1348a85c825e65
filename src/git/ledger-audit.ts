/** A look at a ledger from outside, by a command and not by the daemon: into a mirror that is thrown away again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerConfig } from '../config/config.ts';
import type { LedgerFetch } from '../controller/ports.ts';
import { stateDirFault } from './home.ts';
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
  if (answer.ok) return answer.value;
  return { kind: 'unreachable', fault: stateDirFault(tmpdir(), answer.error) };
}

/** Runs `act` in a directory of its own that is gone afterwards; not `ok` where the directory could not be made. */
export async function withTemporaryDir<T>(
  prefix: string,
  act: (dir: string) => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }> {
  let dir: string;
  try {
    dir = await mkdtemp(join(tmpdir(), prefix));
  } catch (error) {
    return { ok: false, error };
  }
  try {
    return { ok: true, value: await act(dir) };
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
