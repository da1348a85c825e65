/** The files of a work tree, found: what is to be read, and what the controller would say of the rest in a commit. */
import { lstat } from 'node:fs/promises';
import { dirname, posix, resolve } from 'node:path';
import { folderMode, gitlinkMode, isRegularFile, symbolicLinkMode } from '../git/modes.ts';
import { judgeEntry } from '../git/source-files.ts';
import { showPath as showBytes } from '../git/source-path.ts';
import { problemOfFile } from '../lib/document-problem.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { PlacedProblem, SourceFile } from '../manifest/collect.ts';
import type { Problem } from '../manifest/manifest.ts';
import { joinPath, listFolder, modeOf } from './folder-entries.ts';
import { type FolderNames, isOfManifests, policyFolderOf } from './folder-names.ts';
import { type FoundFile, findingOf, foldersMax, showPath, unreadable, unusable } from './work-tree.ts';

/** As many files as the controller reads by default (`source.limits.files`): more is no manifest folder. */
const filesMax = 100_000;

export interface Found {
  readonly files: readonly FoundFile[];
  /** What among the manifests is a problem without being read: links, submodules, names that nobody could write down. */
  readonly refused: readonly SourceFile[];
  /** Folders of policies that are named, or hold what is named: each is read as a whole, by `readPolicyFolder`. */
  readonly policyFolders: readonly FoundFile[];
  /** iCalendar files outside of these. */
  readonly calendars: readonly FoundFile[];
  /** What could not be looked at, or is not followed. */
  readonly problems: readonly PlacedProblem[];
}

/**
 * The files that the paths name: a file itself, whatever it is called, and every .yaml and .yml below a folder, in the
 * order of their paths. Without `names` no folder is one of policies, and each that is named is one of manifests. Faults:
 * SG7002 (a path that is not there or cannot be read), SG7003 (too many, too deep).
 */
export async function findFiles(
  paths: readonly string[],
  cwd: string,
  names: FolderNames | null = null,
): Promise<Result<Found>> {
  const walk = new Walk(cwd, names);
  for (const path of paths) {
    try {
      const trouble = await walk.take(path);
      if (trouble !== null) return failed(trouble);
    } catch (error) {
      return failed(unreadable(path, error));
    }
  }
  return ok(walk.found());
}

/** Something on the disk, by its bytes. */
interface Entry {
  readonly full: Buffer;
  /** As the user would write it, with forward slashes; empty for the folder that the user stands in. */
  readonly path: Buffer;
  readonly mode: string;
}

/** Folders of policies are told apart by the walk itself. */
const everywhere = { path: '', policies: null };

class Walk {
  readonly #cwd: string;
  readonly #names: FolderNames | null;
  readonly #files = new Map<string, FoundFile>();
  readonly #refused = new Map<string, SourceFile>();
  readonly #policyFolders = new Map<string, FoundFile>();
  readonly #calendars = new Map<string, FoundFile>();
  readonly #problems = new Map<string, PlacedProblem>();

  constructor(cwd: string, names: FolderNames | null) {
    this.#cwd = cwd;
    this.#names = names;
  }

  /** Throws what the file system says of a path that cannot be read. */
  async take(path: string): Promise<Fault | null> {
    const full = resolve(this.#cwd, path);
    const mode = modeOf(await lstat(full));
    if (mode === null) return unusable(path, 'is neither a file nor a folder');
    const isFolder = mode === folderMode;
    if (this.#takePolicies(isFolder ? full : dirname(full))) return null;
    const shown = full === this.#cwd ? '' : showPath(full, this.#cwd);
    const entry = { full: Buffer.from(full), path: Buffer.from(shown), mode };
    if (isFolder) return this.#enter(entry, 0, this.#names === null || isOfManifests(shown, this.#names));
    const isAmong = this.#names !== null && isOfManifests(posix.dirname(shown), this.#names);
    this.#judge(entry, isAmong, true);
    return null;
  }

  found(): Found {
    return {
      files: sorted(this.#files),
      refused: sorted(this.#refused),
      policyFolders: sorted(this.#policyFolders),
      calendars: sorted(this.#calendars),
      problems: [...this.#problems.values()],
    };
  }

  async #enter(folder: Entry, depth: number, isAmong: boolean): Promise<Fault | null> {
    const shown = showBytes(folder.path).text;
    if (depth > foldersMax) return tooMany(shown, `is more than ${foldersMax} folders deep`);
    const content = await listFolder(folder.full).catch((error: unknown) => {
      if (depth === 0) throw error;
      this.#tell(folder, findingOf(unreadable(shown, error)));
      return null;
    });
    if (content === null) return null;
    if (content.isRepository && depth > 0 && isAmong) {
      this.#judge({ ...folder, mode: gitlinkMode }, true, false);
      return null;
    }
    for (const { name, mode } of content.entries) {
      const entry = { full: joinPath(folder.full, name), path: joinPath(folder.path, name), mode };
      const trouble =
        mode === folderMode
          ? await this.#enterWithin(entry, depth, isAmong)
          : this.#judge(entry, isAmong, false);
      if (trouble !== null) return trouble;
      if (this.#size() > filesMax) return tooMany(shown, `holds more than ${filesMax} manifest files`);
    }
    return null;
  }

  async #enterWithin(folder: Entry, depth: number, isAmong: boolean): Promise<Fault | null> {
    if (isAmong) return this.#enter(folder, depth + 1, true);
    const { text, escaped } = showBytes(folder.path);
    if (escaped === 'notUtf8') {
      this.#tell(folder, notTextProblem);
      return null;
    }
    if (this.#takePolicies(folder.full.toString())) return null;
    return this.#enter(folder, depth + 1, this.#names !== null && isOfManifests(text, this.#names));
  }

  /** What is no folder, or is a repository of its own: `isAmong` where everything is a manifest, `isNamed` by the user. */
  #judge(entry: Entry, isAmong: boolean, isNamed: boolean): null {
    const path = entry.path.toString();
    if (this.#names !== null && (path === this.#names.manifests || path === this.#names.policies)) {
      this.#tell(entry, notFolderProblem);
      return null;
    }
    if (isAmong) this.#judgeManifest(entry, isNamed);
    else this.#judgeOther(entry, path, isNamed);
    return null;
  }

  /** As the controller judges it in a commit; its size is known once it is read. */
  #judgeManifest(entry: Entry, isNamed: boolean): void {
    const judged = judgeEntry({ ...entry, id: '', sizeBytes: null }, everywhere, 0);
    if (judged?.kind === 'problem') this.#refused.set(keyOf(entry), judged.file);
    else if (judged !== null || isNamed) this.#add(entry, isNamed, true);
  }

  #judgeOther(entry: Entry, path: string, isNamed: boolean): void {
    const isManifest = isNamed || /\.ya?ml$/.test(path);
    if (entry.mode === symbolicLinkMode && isManifest) this.#tell(entry, linkProblem);
    if (!isRegularFile(entry.mode)) return;
    const isText = showBytes(entry.path).escaped !== 'notUtf8';
    if (isManifest && isText) this.#add(entry, isNamed, false);
    else if (isManifest) this.#tell(entry, notTextProblem);
    else if (path.endsWith('.ics') && isText) {
      const full = entry.full.toString();
      this.#calendars.set(full, { path, full });
    }
  }

  #add(entry: Entry, isNamed: boolean, isManifest: boolean): void {
    const file = {
      path: entry.path.toString(),
      full: entry.full.toString(),
      ...(isNamed ? { isNamed } : {}),
      ...(isManifest ? { isManifest } : {}),
    };
    if (isNamed || !this.#files.has(keyOf(entry))) this.#files.set(keyOf(entry), file);
  }

  #tell(entry: Entry, { line, column, ...problem }: Problem): void {
    const place = { path: showBytes(entry.path).text, line, column };
    this.#problems.set(keyOf(entry), { ...problem, place });
  }

  #size(): number {
    return this.#files.size + this.#calendars.size + this.#refused.size + this.#problems.size;
  }

  /** Whether a folder is one of policies, or lies in one. */
  #takePolicies(full: string): boolean {
    if (this.#names === null || full === this.#cwd) return false;
    const path = policyFolderOf(showPath(full, this.#cwd), this.#names);
    if (path === null) return false;
    const top = resolve(this.#cwd, path);
    this.#policyFolders.set(top, { path, full: top });
    return true;
  }
}

/** Each byte a character: two paths that are no text must not be taken for one. */
function keyOf({ full }: Entry): string {
  return full.toString('latin1');
}

function sorted<F extends { readonly path: string }>(files: ReadonlyMap<string, F>): F[] {
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const linkProblem = problemOfFile(
  'SG7005',
  'error',
  'a symbolic link; manifests are plain files, links are never followed',
  'name the file itself, or replace the link with it',
);
const notFolderProblem = problemOfFile(
  'SG3031',
  'error',
  'this is no folder, but a file or a symbolic link: the controller reads nothing at all',
  'correct source.path or source.policies in the configuration, or put a folder in its place',
);
const notTextProblem = problemOfFile(
  'SG7002',
  'warning',
  'this path is not UTF-8 (bytes are shown as \\xNN): it was not looked at',
  'rename it',
);

function tooMany(path: string, reason: string): Fault {
  return fault('SG7003', 'human', `${path} ${reason}`, 'name the folder that holds the manifests');
}
