/** What the files of a work tree are, by their own word: configurations, documents of policies, manifests. */
import { dirname } from 'node:path';
import { ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { checkConfig, configBytesMax, type ReadConfig } from './config-file.ts';
import { type FolderNames, isOfManifests } from './folder-names.ts';
import { type FoundFile, readBounded } from './work-tree.ts';

export interface Parts {
  readonly configs: readonly ReadConfig[];
  readonly manifests: readonly FoundFile[];
  /** Documents of policies outside of any folder of theirs. */
  readonly policies: readonly PolicyFile[];
}

/** A misspelt kind is what it is nearest to, so that what else is wrong with the document is told with it. */
const policyKinds = ['Window', 'Policy', 'Suspension', 'Waiver'];
const kinds = ['Controller', 'Task', ...policyKinds, 'PolicyTest'];

/** Tells them apart; tests of policies are none of these, and left out. Fault: SG7002. */
export async function partFiles(files: readonly FoundFile[], names: FolderNames): Promise<Result<Parts>> {
  const configs: ReadConfig[] = [];
  const manifests: FoundFile[] = [];
  const policies: PolicyFile[] = [];
  for (const file of files) {
    const { full, path } = file;
    const read = await readBounded(full, path, configBytesMax);
    if (!read.ok) return read;
    const bytes = read.value;
    const kind = kindOf(bytes);
    // What a folder of manifests holds is read as one by the controller, and refused by it.
    const isManifest = isOfManifests(dirname(path), names);
    if (kind === 'Controller') configs.push(checkConfig(bytes, path, full));
    else if (isManifest || kind === undefined || kind === 'Task') manifests.push(file);
    else if (kind !== 'PolicyTest') policies.push({ path, blob: '', content: { kind: 'bytes', bytes } });
  }
  return ok({ configs, manifests, policies });
}

/**
 * Only the first kind of a file counts: a configuration is one document. By searching, not by a pattern: each character
 * is looked at once, whatever a pull request writes there.
 */
function kindOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const key = 'kind:';
  const start = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (!text.startsWith(key, start)) return undefined;
  const end = text.indexOf('\n', start);
  const [written = ''] = text.slice(start + key.length, end < 0 ? undefined : end).split('#', 1);
  return findNearest(written.replace(/["']/g, '').trim(), kinds);
}
