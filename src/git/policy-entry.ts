import { problemOfFile } from '../lib/document-problem.ts';
import type { Problem } from '../manifest/manifest.ts';
import { calendarBytesMax } from '../policy/calendar-text.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import { gitlinkMode, symbolicLinkMode } from './modes.ts';
import { isBelow, pathLimitBytes, showPath } from './source-path.ts';
import type { TreeEntry } from './tree.ts';

/** Where policies lie in a repository, and what of it is not theirs. */
export interface PolicyLayout {
  /** No slash at either end. */
  readonly folder: string;
  /** Where manifests lie, which are no policies even below `folder`; null where the repository holds none. */
  readonly manifests: string | null;
}

/** A file whose blob is to be read, or one that is a problem without being read. */
export type PolicyCandidate =
  | { readonly kind: 'blob'; readonly path: string; readonly id: string; readonly sizeBytes: number }
  | { readonly kind: 'problem'; readonly file: PolicyFile };

/**
 * Files that hold no policy by custom. The list is exact, and short on purpose: whatever else lies among the policies
 * holds tasks, since its writer may believe that it counts.
 */
const notPolicies = new Set([
  'README',
  'README.md',
  'README.txt',
  'LICENSE',
  'LICENSE.md',
  'CODEOWNERS',
  '.editorconfig',
  '.gitattributes',
  '.gitignore',
  '.gitkeep',
]);

/** What one entry below the policies' folder is; null for what decides nothing. */
export function judgePolicyEntry(
  entry: TreeEntry,
  layout: PolicyLayout,
  fileBytes: number,
): PolicyCandidate | null {
  const { text: path, escaped } = showPath(entry.path);
  const { folder, manifests } = layout;
  if (manifests !== null && manifests !== folder && isBelow(manifests, folder) && isBelow(path, manifests)) {
    return null;
  }
  if (entry.mode === gitlinkMode) return problem(path, '', gitlinkProblem);
  if (entry.mode === symbolicLinkMode) return problem(path, entry.id, linkProblem);
  if (decidesNothing(path)) return null;
  if (entry.path.length > pathLimitBytes) return problem(path, entry.id, longProblem);
  if (escaped !== null) return problem(path, entry.id, bytesProblem);
  const limitBytes = bytesMaxOf(path, fileBytes);
  if (limitBytes === null) return problem(path, entry.id, suffixProblem);
  const sizeBytes = entry.sizeBytes ?? 0;
  if (sizeBytes > limitBytes) return problem(path, entry.id, sizeProblem(sizeBytes, limitBytes));
  return { kind: 'blob', path, id: entry.id, sizeBytes };
}

/** Words for people, and the policies' own tests. */
function decidesNothing(path: string): boolean {
  return notPolicies.has(path.slice(path.lastIndexOf('/') + 1)) || /\.test\.ya?ml$/.test(path);
}

/** How large a file of this name may be; null for a name that is not understood. */
function bytesMaxOf(path: string, fileBytes: number): number | null {
  if (/\.ya?ml$/.test(path)) return fileBytes;
  return path.endsWith('.ics') ? calendarBytesMax : null;
}

function problem(path: string, blob: string, found: Problem): PolicyCandidate {
  return { kind: 'problem', file: { path, blob, content: { kind: 'unreadable', problem: found } } };
}

const linkProblem = problemOfFile(
  'SG3041',
  'error',
  'this is a symbolic link, and links are never followed',
  'commit the file itself in its place',
);
const gitlinkProblem = problemOfFile(
  'SG3042',
  'error',
  'this is a submodule, and submodules are never read',
  'commit the policies themselves, or remove the submodule',
);
const bytesProblem = problemOfFile(
  'SG3043',
  'error',
  'this path is not UTF-8, or holds control characters (shown as \\xNN)',
  'rename the file',
);
const longProblem = problemOfFile(
  'SG3044',
  'error',
  `this path is longer than ${pathLimitBytes} bytes`,
  'shorten it',
);
const suffixProblem = problemOfFile(
  'SG3072',
  'error',
  'this is not understood among the policies: windows and policies end in .yaml or .yml, calendars in .ics, in lower case',
  'rename it, or move it out of the folder',
);

function sizeProblem(sizeBytes: number, limitBytes: number): Problem {
  return problemOfFile(
    'SG3045',
    'error',
    `this file has ${sizeBytes} bytes, and at most ${limitBytes} are read`,
    'split it into several files; source.limits.fileBytes bounds those of YAML',
  );
}
