import { problemOfFile } from '../lib/document-problem.ts';
import type { SourceFile } from '../manifest/collect.ts';
import type { ParsedFile, Problem } from '../manifest/manifest.ts';
import { gitlinkMode, symbolicLinkMode } from './modes.ts';
import type { SourceLayout } from './source-path.ts';
import { isBelow, judgePath, pathLimitBytes } from './source-path.ts';
import type { TreeEntry } from './tree.ts';

/** A manifest whose blob is to be read, or a file that is a problem without being read. */
export type Candidate =
  | { readonly kind: 'blob'; readonly path: string; readonly id: string }
  | { readonly kind: 'problem'; readonly file: SourceFile };

/**
 * What an entry below the folder of manifests is, by its name and kind, and by its size where that is told; null for what is
 * not ours to read. A commit and a work tree ask the same question here.
 */
export function judgeEntry(entry: TreeEntry, layout: SourceLayout, fileBytes: number): Candidate | null {
  const verdict = judgePath(entry.path);
  const { path } = verdict;
  if (isExcluded(path, layout)) return null;
  if (entry.mode === gitlinkMode) return problem(entry, path, gitlinkProblem);
  if (entry.mode === symbolicLinkMode) {
    return problem(entry, path, verdict.kind === 'other' ? otherLinkProblem : linkProblem);
  }
  if (verdict.kind === 'other') return null;
  if (verdict.kind === 'nearly') return problem(entry, path, suffixProblem);
  if (verdict.kind === 'bad') return problem(entry, path, pathProblems[verdict.reason]);
  const long = judgeSize(entry.sizeBytes ?? 0, fileBytes);
  if (long !== null) return { kind: 'problem', file: { path, blob: entry.id, parsed: long } };
  return { kind: 'blob', path, id: entry.id };
}

/** What a file that is longer than is read comes to, whatever it holds; null for one that is read. */
export function judgeSize(sizeBytes: number, fileBytes: number): ParsedFile | null {
  return sizeBytes > fileBytes ? unread(sizeProblem(sizeBytes, fileBytes)) : null;
}

/** Windows and policies may lie below the manifests' folder; they are no manifests. */
export function isExcluded(path: string, { path: root, policies }: SourceLayout): boolean {
  return policies !== null && policies !== root && isBelow(policies, root) && isBelow(path, policies);
}

/** Adds a warning to files whose paths are one on a disk that folds case or composes accents. */
export function warnOfTwins(files: readonly SourceFile[]): readonly SourceFile[] {
  const byFolded = new Map<string, SourceFile[]>();
  for (const file of files) {
    const folded = file.path.normalize('NFC').toLowerCase();
    const sharers = byFolded.get(folded);
    if (sharers === undefined) byFolded.set(folded, [file]);
    else sharers.push(file);
  }
  if (byFolded.size === files.length) return files;
  return files.map((file) => {
    const sharers = byFolded.get(file.path.normalize('NFC').toLowerCase()) ?? [];
    const twin = sharers.find((other) => other !== file);
    return twin === undefined ? file : withProblem(file, twinProblem(twin.path));
  });
}

function withProblem(file: SourceFile, added: Problem): SourceFile {
  return { ...file, parsed: { ...file.parsed, problems: [...file.parsed.problems, added] } };
}

function problem(entry: TreeEntry, path: string, found: Problem): Candidate {
  const blob = entry.mode === gitlinkMode ? '' : entry.id;
  return { kind: 'problem', file: { path, blob, parsed: unread(found) } };
}

/** A file that nobody read. What is only pointed out (a warning) may have been a manifest before it was renamed, or a folder of them. */
export function unread(found: Problem): ParsedFile {
  return { manifests: [], problems: [found], badNames: [], hidden: 'any' };
}

const linkProblem = problemOfFile(
  'SG3041',
  'error',
  'this is a symbolic link, and links are never followed',
  'commit the manifest itself in its place',
);
const otherLinkProblem = problemOfFile(
  'SG3041',
  'warning',
  'this is a symbolic link, and links are never followed: manifests behind it are not read',
  'commit the manifests themselves, or remove the link',
);
const gitlinkProblem = problemOfFile(
  'SG3042',
  'error',
  'this is a submodule, and submodules are never read',
  'commit the manifests themselves, or remove the submodule',
);
const suffixProblem = problemOfFile(
  'SG3046',
  'warning',
  'this is not read: a manifest ends in .yaml or .yml, in lower case',
  'rename it',
);
const pathProblems = {
  notUtf8: problemOfFile(
    'SG3043',
    'error',
    'this path is not UTF-8 (bytes are shown as \\xNN)',
    'rename the file',
  ),
  control: problemOfFile(
    'SG3043',
    'error',
    'this path holds control characters (shown as \\xNN)',
    'rename the file',
  ),
  long: problemOfFile('SG3044', 'error', `this path is longer than ${pathLimitBytes} bytes`, 'shorten it'),
} as const;

function sizeProblem(sizeBytes: number, limitBytes: number): Problem {
  return problemOfFile(
    'SG3045',
    'error',
    `this file has ${sizeBytes} bytes, and at most ${limitBytes} are read`,
    'split it into several files, or raise source.limits.fileBytes',
  );
}

function twinProblem(other: string): Problem {
  return problemOfFile(
    'SG3047',
    'warning',
    `this path differs from ${other} only in case or composition, and is the same file on some disks`,
    'rename one of them',
  );
}
