/**
 * The newest tip of the ledger that this state directory has known, so that a branch that went back is seen also after
 * a restart. It is kept twice, as a ref of the mirror and as a small file beside it: the loss of one is survived.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitId } from '../controller/ports.ts';
import type { Result } from '../lib/faults.ts';
import { failed, ok } from '../lib/faults.ts';
import { writeWhole } from '../lib/whole-file.ts';
import { stateDirFault } from './home.ts';
import { explainLocal } from './ledger-reader.ts';
import type { Mirror } from './mirror.ts';
import { isAncestor, isObjectId, localTimeoutMs, resolveCommit, runLocal } from './mirror.ts';
import { succeeded } from './process.ts';

export interface LedgerKnowledge {
  readonly tip: CommitId | null;
  /**
   * The value of `ledger.acceptCommit` that has done its work. Left in the configuration it must not accept a second
   * loss; taken out and put in again, it is a new word.
   */
  readonly accepted: CommitId | null;
}

/** The small file, in a state directory. */
export function memoryFileIn(stateDir: string): string {
  return join(stateDir, 'ledger', 'known.json');
}

const knownRef = 'refs/snowgate/ledger';

/** Reads what an earlier life knew; nothing, where both places are lost. Fault: SG4003, the mirror cannot be read. */
export async function recall(mirror: Mirror, file: string): Promise<Result<LedgerKnowledge>> {
  const written = await readKnowledge(file);
  const kept = await resolveCommit(mirror, knownRef);
  if (!kept.ok) return kept;
  if (kept.value === null) return ok(written);
  if (written.tip === null) return ok({ ...written, tip: kept.value });
  // The ref is moved first, so that it may be one step ahead; in any other disagreement the file is right, because
  // the ref is moved only to what descends from what the file says.
  const ahead = await isAncestor(mirror, written.tip, kept.value);
  return ahead.ok ? ok(ahead.value ? { ...written, tip: kept.value } : written) : ahead;
}

/** The same from the file alone, for who only looks: another process may hold the mirror. */
export async function readKnowledge(file: string): Promise<LedgerKnowledge> {
  return parseKnowledge(await readFile(file, 'utf8').catch(() => ''));
}

/** Writes it down in both places, each at once or not at all. Faults: SG4003, SG3021. */
export async function remember(
  mirror: Mirror,
  file: string,
  knowledge: LedgerKnowledge,
): Promise<Result<null>> {
  const present = knowledge.tip === null ? ok(null) : await resolveCommit(mirror, knowledge.tip);
  if (!present.ok) return present;
  // A tip known from the file alone, after the mirror was lost, cannot be a ref yet.
  if (present.value !== null) {
    const moved = await runLocal(mirror, ['update-ref', '--no-deref', knownRef, present.value]);
    if (!succeeded(moved))
      return failed(explainLocal(moved, 'remembering the tip of the ledger', localTimeoutMs));
  }
  try {
    await writeWhole(file, `${JSON.stringify({ v: 1, tip: knowledge.tip, accepted: knowledge.accepted })}\n`);
  } catch (error) {
    return failed(stateDirFault(file, error));
  }
  return ok(null);
}

/** A file that is not ours, or only half, is a file that was lost. */
function parseKnowledge(text: string): LedgerKnowledge {
  const nothing = { tip: null, accepted: null };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return nothing;
  }
  if (typeof value !== 'object' || value === null || !('v' in value) || value.v !== 1) return nothing;
  const read = (field: unknown): CommitId | null =>
    typeof field === 'string' && isObjectId(field) ? field : null;
  return {
    tip: read('tip' in value ? value.tip : null),
    accepted: read('accepted' in value ? value.accepted : null),
  };
}
