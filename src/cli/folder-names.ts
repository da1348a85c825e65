/** What a folder of a work tree is by its name: of manifests, of policies, or neither. */
import type { ControllerConfig } from '../config/config.ts';
import { trimFolder } from '../git/source-path.ts';

/** Without slashes at either end, and never one within the other; empty for a whole repository. */
export interface FolderNames {
  readonly manifests: string;
  readonly policies: string;
}

/** The defaults of `source.path` and `source.policies`. */
export const usualNames: FolderNames = { manifests: 'tasks', policies: 'policies' };

/** As a configuration says. */
export function namesOf({ source, policySource }: ControllerConfig): FolderNames {
  const policies = source.policies ?? policySource?.path ?? usualNames.policies;
  return { manifests: trimFolder(source.path), policies: trimFolder(policies) };
}

/**
 * The outermost folder of policies that a folder is or lies in; null where there is none. What lies in a folder of
 * manifests is a manifest, whatever it is called, as for the controller.
 */
export function policyFolderOf(folder: string, names: FolderNames): string | null {
  const { manifests, policies } = names;
  for (const path of withAncestors(folder)) {
    if (endsIn(path, policies)) return path;
    if (endsIn(path, manifests)) return null;
  }
  return null;
}

/** Whether a folder is one of manifests, or lies in one. Where manifests are a whole repository, each folder below is. */
export function isOfManifests(folder: string, { manifests }: FolderNames): boolean {
  if (manifests === '') return !folder.startsWith('/');
  return withAncestors(folder).some((path) => endsIn(path, manifests));
}

/** From the outermost on. Beyond the folder that the user stands in, what the folders above are called says nothing. */
function withAncestors(folder: string): string[] {
  if (folder.startsWith('/')) return [folder];
  const steps = folder.split('/');
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'));
}

function endsIn(path: string, end: string): boolean {
  if (end === '') return false;
  return path === end || path.endsWith(`/${end}`);
}
