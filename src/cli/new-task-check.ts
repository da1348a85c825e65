/** Where a new task would stand, and whether it may: what is known of the work tree. */
import { lstat } from 'node:fs/promises';
import { isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import type { DocumentLimits } from '../lib/document.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import { type Manifest, type TaskKey, taskKey } from '../manifest/manifest.ts';
import { findBadOrder } from '../manifest/order.ts';
import { parseManifestFile } from '../manifest/parse.ts';
import { readConfig } from './config-file.ts';
import { namesOf, usualNames } from './folder-names.ts';
import { copiedSchemas, schemaFolder } from './init-texts.ts';
import { manifestText, type TaskDraft } from './manifest-text.ts';
import { defaultLimits, readManifests } from './manifests.ts';
import { type NewTaskOptions, wrong } from './new-task-options.ts';
import { defaultConfigPath } from './options.ts';
import { printNote } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { findFiles } from './tree-walk.ts';

export interface TaskSetting {
  /** Where the user stands. */
  readonly dir: string;
  /** Below it; empty for the whole of it. */
  readonly manifestsFolder: string;
  readonly limits: DocumentLimits;
  /** Of the configuration; null where there is none, or it has errors. */
  readonly fleets: readonly string[] | null;
  /** Everything that the parser has against these drafts, each once. */
  judge(drafts: readonly TaskDraft[]): Fault[];
  /** The path of their file, below `dir`, with forward slashes. Fault: SG7001. */
  pathOf(draft: TaskDraft, options: Pick<NewTaskOptions, 'dir' | 'file'>): Result<string>;
}

/** What the folder in which the user stands tells. Fault: SG7001, it is no task repository. */
export async function readTaskSetting(world: Surroundings): Promise<Result<TaskSetting>> {
  const dir = world.cwd;
  const read = (await exists(join(dir, defaultConfigPath)))
    ? await readConfig(defaultConfigPath, world)
    : null;
  if (read?.ok === false) return read;
  const config = read?.value.config ?? null;
  if (read !== null && config === null)
    printNote(
      `note: ${defaultConfigPath} has errors, and its fleets are not known; snowgate validate tells them`,
      world,
    );
  const limits = config?.source.limits ?? defaultLimits;
  const manifestsFolder = (config === null ? usualNames : namesOf(config)).manifests;
  const isRepository = config !== null || (await exists(join(dir, manifestsFolder)));
  const fleets = config === null ? null : [...config.fleets.keys()];
  return ok({
    dir,
    manifestsFolder,
    limits,
    fleets,
    judge: (drafts) => {
      const { problems } = parseManifestFile(Buffer.from(manifestText(drafts, null)), limits);
      const faults = problems.map(({ code, message, hint }) => fault(code, 'human', message, hint));
      const told = new Set<string>();
      return faults.filter(({ message }) => !told.has(message) && told.add(message));
    },
    pathOf: ({ fleet, name }, options) => {
      if (!isRepository && options.dir === undefined && options.file === undefined)
        return failed(
          fault(
            'SG7001',
            'human',
            `there is neither ${defaultConfigPath} nor a folder ${manifestsFolder} here`,
            'go to the root of the task repository, or name the file with --file',
          ),
        );
      const usual =
        fleets !== null && fleets.length > 1 ? posix.join(manifestsFolder, fleet) : manifestsFolder;
      return checkPath(dir, options.file ?? posix.join(options.dir ?? usual, `${name}.yaml`));
    },
  });
}

function checkPath(dir: string, written: string): Result<string> {
  const path = relative(dir, resolve(dir, written)).split(sep).join('/');
  if (path === '' || path === '..' || path.startsWith('../') || isAbsolute(path))
    return failed(wrong(`${written}: this is no file below the folder in which you are`));
  return /\.ya?ml$/.test(path)
    ? ok(path)
    : failed(wrong(`${written}: manifests are files .yaml or .yml, others are not read`));
}

export interface NewManifests {
  readonly path: string;
  readonly text: string;
  readonly manifests: readonly Manifest[];
}

/**
 * The file, as it may be written. Otherwise everything that is wrong: what the parser says, names that the work tree has
 * already (SG1301), names in `after` that it has not, and folders that cannot be read (SG7002, SG7003).
 */
export async function judgeText(
  drafts: readonly TaskDraft[],
  path: string,
  setting: TaskSetting,
): Promise<
  { readonly ok: true; readonly value: NewManifests } | { readonly ok: false; readonly faults: Fault[] }
> {
  const faults = setting.judge(drafts);
  if (faults.length > 0) return { ok: false, faults };
  const text = manifestText(drafts, await schemaFrom(path, setting.dir));
  const parsed = parseManifestFile(Buffer.from(text), setting.limits);
  const manifests = parsed.manifests.map(({ manifest }) => manifest);
  const there = await readThere(setting);
  if (!there.ok) return { ok: false, faults: [there.fault] };
  const strange = findConflicts(manifests, path, there.value);
  return strange.length > 0 ? { ok: false, faults: strange } : { ok: true, value: { path, text, manifests } };
}

/** Where editors find the schema from the file; null where the repository has no copy. */
async function schemaFrom(path: string, dir: string): Promise<string | null> {
  const schema = `${schemaFolder}/${copiedSchemas[0]}`;
  return (await exists(join(dir, schema))) ? posix.relative(posix.dirname(path), schema) : null;
}

async function readThere({ dir, manifestsFolder, limits }: TaskSetting): Promise<Result<Desired | null>> {
  const folder = manifestsFolder === '' ? '.' : manifestsFolder;
  if (!(await exists(join(dir, folder)))) return ok(null);
  const found = await findFiles([folder], dir);
  return found.ok ? readManifests(found.value, limits) : found;
}

/** Says of a task's name whether the work tree has it already (SG1301). Faults: SG7002, SG7003. */
export async function readTakenNames(setting: TaskSetting): Promise<Result<JudgeName>> {
  const there = await readThere(setting);
  return there.ok ? ok((task) => judgeName(task, there.value)) : there;
}

/** What is wrong with a name; null where it is free. */
export type JudgeName = (task: Parameters<typeof taskKey>[0]) => Fault | null;

function judgeName(task: Parameters<JudgeName>[0], there: Desired | null): Fault | null {
  const key = taskKey(task);
  const other = there?.tasks.get(key);
  if (other === undefined && there?.frozen.has(key) !== true) return null;
  const where = other === undefined ? 'a file with errors' : `${other.path}:${other.line}`;
  const hint = 'choose another name; to ask for the very same task again, raise its run';
  return fault('SG1301', 'human', `${key} is in ${where} already`, hint);
}

function findConflicts(manifests: readonly Manifest[], path: string, there: Desired | null): Fault[] {
  const taken = manifests.flatMap((manifest) => judgeName(manifest, there) ?? []);
  if (taken.length > 0) return taken;
  const tasks = new Map<TaskKey, WantedTask>(there?.tasks);
  for (const manifest of manifests) tasks.set(taskKey(manifest), { manifest, path, blob: '', line: 1 });
  const own = new Set(manifests.map(taskKey));
  return findBadOrder(tasks, there?.frozen ?? new Set(), there?.quarantined ?? new Map())
    .filter(({ key }) => own.has(key))
    .map(({ told: { code, message, hint } }) => fault(code, 'human', message, hint));
}

function exists(full: string): Promise<boolean> {
  return lstat(full).then(
    () => true,
    () => false,
  );
}
