import { dirname } from 'node:path/posix';
import { fault } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { type Ready, stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { splitDraft, type TaskDraft } from './manifest-text.ts';
import { findObstacles, obstructed, writeNewFiles } from './new-files.ts';
import {
  judgeText,
  type NewManifests,
  readTakenNames,
  readTaskSetting,
  type TaskSetting,
} from './new-task-check.ts';
import {
  type NewTaskOptions,
  type OpenDraft,
  readPerTask,
  readTaskOptions,
  wrong,
} from './new-task-options.ts';
import { askTask, type JudgeDraft } from './new-task-questions.ts';
import { colorsFor, formatJson, formatProblem, plain, printFault, printNote } from './print.ts';
import { canAsk, reasonOf, withAsker } from './questions.ts';
import { quoteWord } from './shell-word.ts';
import type { Surroundings } from './surroundings.ts';
import { readTargetList } from './target-list.ts';

/** Mistakes that are told, of a row of tasks that all have them. */
const faultsMax = 20;

/**
 * Writes one file of manifests: one task, or a row of them where `--targets-from` names more devices than one takes. It is
 * written only if the parser accepts it and nobody in the work tree bears its name; exit 2 where it is not right, 1 where
 * something is in the way, or the person gave up.
 */
export async function newTask(options: NewTaskOptions, world: Surroundings): Promise<ExitCode> {
  const perTask = readPerTask(options);
  if (!perTask.ok) return stopBy(perTask.fault, exitCodes.usage, world).exit;
  const open = await readOpenDraft(options, world);
  if (!open.ok) return open.exit;
  const setting = await readTaskSetting(world);
  if (!setting.ok) return stopBy(setting.fault, exitCodes.usage, world).exit;
  const splitting = { perTask: options.targetsFrom === undefined ? Number.POSITIVE_INFINITY : perTask.value };
  const split = (draft: TaskDraft): TaskDraft[] =>
    splitDraft(draft, { ...splitting, isChained: options.chain });
  const draft = await completeDraft(open.value, options, setting.value, split, world);
  if (!draft.ok) return draft.exit;
  const path = setting.value.pathOf(draft.value, options);
  if (!path.ok) return stopBy(path.fault, exitCodes.usage, world).exit;
  const judged = await judgeText(split(draft.value), path.value, setting.value);
  if (!judged.ok) return tellAll(judged.faults, world).exit;
  return write(judged.value, setting.value, options, world);
}

/** The flags, and the devices of a list. */
async function readOpenDraft(options: NewTaskOptions, world: Surroundings): Promise<Ready<OpenDraft>> {
  const read = readTaskOptions(options);
  if (!read.ok) return stopBy(read.fault, exitCodes.usage, world);
  if (options.targetsFrom === undefined) return read;
  const list = await readTargetList(options.targetsFrom, world);
  if (!list.ok) return stopBy(list.fault, exitCodes.usage, world);
  const { targets, problems } = list.value;
  if (problems.length === 0) return { ok: true, value: { ...read.value, targets } };
  const colors = colorsFor(world.stderr, world.env);
  for (const problem of problems) world.stderr.write(formatProblem(problem, colors));
  return { ok: false, exit: exitCodes.usage };
}

function tellAll(
  faults: readonly Parameters<typeof printFault>[0][],
  world: Surroundings,
): { readonly ok: false; readonly exit: ExitCode } {
  for (const reason of faults.slice(0, faultsMax)) printFault(reason, world);
  return { ok: false, exit: exitCodes.usage };
}

/** Stands for what is not known yet, while what is known is judged. */
const sample = { fleet: 'fleet', command: 'unlock', targets: ['smd-x'], name: 'name' };

async function completeDraft(
  open: OpenDraft,
  options: NewTaskOptions,
  setting: TaskSetting,
  split: (draft: TaskDraft) => TaskDraft[],
  world: Surroundings,
): Promise<Ready<TaskDraft>> {
  // The only fleet that there is needs no question.
  const [only, other] = setting.fleets ?? [];
  const known = only !== undefined && other === undefined ? { fleet: only, ...open } : open;
  const { fleet, command, targets, name } = known;
  const faults = setting.judge(split({ ...sample, ...known }));
  if (faults.length > 0) return tellAll(faults, world);
  if (fleet !== undefined && setting.fleets !== null && !setting.fleets.includes(fleet))
    return stopBy(strangeFleet(fleet, setting.fleets), exitCodes.usage, world);
  if (fleet !== undefined && command !== undefined && targets !== undefined && name !== undefined)
    return { ok: true, value: { ...known, fleet, command, targets, name } };
  // Standard input cannot hold a list and answers.
  if (!canAsk(world) || options.targetsFrom === '-') return stopBy(missing(known), exitCodes.usage, world);
  const judgeName = await readTakenNames(setting);
  if (!judgeName.ok) return stopBy(judgeName.fault, exitCodes.usage, world);
  const isNamed = fleet !== undefined && name !== undefined;
  const taken = isNamed ? split({ ...sample, ...known }).flatMap((one) => judgeName.value(one) ?? []) : [];
  if (taken.length > 0) return tellAll(taken, world);
  const judge: JudgeDraft = (change) => {
    const drafts = split({ ...sample, ...known, ...change });
    const named = change.name === undefined ? [] : drafts;
    return reasonOf(setting.judge(drafts)[0] ?? named.map(judgeName.value).find((reason) => reason !== null));
  };
  const answered = await withAsker('A new task', world, (asker) =>
    askTask(asker, known, setting.fleets ?? [], judge),
  );
  return answered === null ? { ok: false, exit: exitCodes.findings } : { ok: true, value: answered };
}

function strangeFleet(fleet: string, fleets: readonly string[]) {
  const nearest = findNearest(fleet, fleets);
  const hint = nearest === undefined ? `it has ${fleets.join(', ')}` : `did you mean ${nearest}?`;
  return fault('SG7022', 'human', `fleet ${fleet} is not in snowgate.yaml`, hint);
}

function missing({ fleet, command, targets, name }: OpenDraft) {
  const flags = [
    [fleet, '--fleet NAME'],
    [command, '--command unlock|reboot'],
    [targets, '--targets IDS'],
    [name, '--name NAME'],
  ] as const;
  const named = flags.filter(([value]) => value === undefined).map(([, flag]) => flag);
  return wrong(`nobody can be asked here, and there is no ${named.join(', no ')}`);
}

async function write(
  { path, text, manifests }: NewManifests,
  { dir, manifestsFolder }: TaskSetting,
  { format }: NewTaskOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const obstacles = await findObstacles(dir, [path]);
  if (!obstacles.ok) return stopBy(obstacles.fault, exitCodes.usage, world).exit;
  if (obstacles.value.length > 0)
    return stopBy(obstructed(dir, obstacles.value), exitCodes.findings, world).exit;
  const written = await writeNewFiles(dir, [{ path, text }]);
  if (written.fault !== null) return stopBy(written.fault, exitCodes.findings, world).exit;
  const folder = manifestsFolder === '' ? '.' : manifestsFolder;
  const isRead = folder === '.' || `${dirname(path)}/`.startsWith(`${folder}/`);
  if (!isRead)
    printNote(`note: the controller reads tasks below ${folder}/ alone, and ${path} is not there`, world);
  if (format === 'json') {
    const tasks = manifests.map(({ fleet, name, token, targets }) => ({ fleet, name, token, targets }));
    world.stdout.write(formatJson({ path, tasks }, world));
    return exitCodes.done;
  }
  const lines = manifests.map(({ token, fleet, name }) => `  ${token}  ${fleet}/${name}\n`);
  const next = `next: git add ${quoteWord(path)}, commit it on a branch, and open a pull request\n`;
  world.stdout.write(`${plain(path)} written\n${lines.join('')}${plain(next.trimEnd())}\n`);
  return exitCodes.done;
}
