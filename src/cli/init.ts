import { join, resolve } from 'node:path';
import { readOrigin } from '../git/origin.ts';
import { systemClock } from '../lib/clock.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { fittingPolicies, forgeOf, type InitAnswers, ledgerBeside, placeholderUrls } from './init-answers.ts';
import { judgeAnswers, sourceOfOrigin } from './init-config.ts';
import {
  type GuidePath,
  type InitFile,
  initFiles,
  libraryFiles,
  type PackageTexts,
  workflows,
} from './init-files.ts';
import { type InitOptions, readInitOptions } from './init-options.ts';
import { askInit } from './init-questions.ts';
import { copiedSchemas } from './init-texts.ts';
import { initJson, initText } from './init-view.ts';
import { findObstacles, obstructed, writeNewFiles } from './new-files.ts';
import { readPackageFile } from './package-file.ts';
import { formatJson, printFault } from './print.ts';
import { type Asker, canAsk, withAsker } from './questions.ts';
import type { Surroundings } from './surroundings.ts';
import { exists, showPath } from './work-tree.ts';

/** Files that stand in the way whatever is answered: nobody is asked a dozen questions in vain. */
const fixedPaths = ['snowgate.yaml', 'policies/windows.yaml', 'tasks/first-task.yaml.example'];

/**
 * Makes a task repository in a folder, by flags, or by asking where somebody is there. Nothing is written unless every
 * path is free; exit 1 where one is not, or the person gave up.
 */
export async function init(
  named: string | undefined,
  options: InitOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const read = readInitOptions(options);
  if (!read.ok) {
    for (const reason of read.faults) printFault(reason, world);
    return exitCodes.usage;
  }
  const isAsking = options.yes !== true && canAsk(world);
  const prepare = (asker: Asker | null) => prepareFiles(named, read.value, asker, world);
  const prepared = isAsking
    ? await withAsker('A new task repository for snowgate', world, prepare)
    : await prepare(null);
  if (prepared === null) return exitCodes.findings;
  if (!prepared.ok) {
    const isObstructed = prepared.fault.code === 'SG7080';
    return stopBy(prepared.fault, isObstructed ? exitCodes.findings : exitCodes.usage, world).exit;
  }
  const { dir, files, leftAlone } = prepared.value;
  const done = await writeNewFiles(dir, files);
  if (done.fault !== null) return stopBy(done.fault, exitCodes.findings, world).exit;
  const told = { ...prepared.value, dir: showDir(dir, world), written: done.written, leftAlone };
  world.stdout.write(options.format === 'json' ? formatJson(initJson(told), world) : initText(told, world));
  return exitCodes.done;
}

function showDir(dir: string, { cwd }: Surroundings): string {
  return dir === cwd ? '.' : showPath(dir, cwd);
}

interface Prepared {
  readonly dir: string;
  readonly isRepository: boolean;
  readonly hasOrigin: boolean;
  readonly answers: InitAnswers;
  readonly files: readonly InitFile[];
  /** What was there already, and is a matter of taste. */
  readonly leftAlone: readonly string[];
}

/** Everything but the writing. Rejects where the person gives up. */
async function prepareFiles(
  named: string | undefined,
  known: Partial<InitAnswers>,
  asker: Asker | null,
  world: Surroundings,
): Promise<Result<Prepared>> {
  const chosen =
    named ??
    (asker === null ? '.' : await asker.text({ message: 'Folder of the repository', fallback: '.' }));
  const dir = resolve(world.cwd, chosen);
  const early = await findObstacles(dir, asker === null ? [] : fixedPaths);
  if (!early.ok) return early;
  if (early.value.length > 0) return failed(obstructed(dir, early.value));
  const origin = await readOrigin(dir, world.stop);
  const answers = await gather(known, origin === null ? null : sourceOfOrigin(origin), asker);
  if (!answers.ok) return answers;
  const trouble = judgeAnswers(answers.value);
  if (trouble !== null) return failed(trouble);
  const guide: GuidePath = (await exists(join(dir, 'README.md'))) ? 'tasks/README.md' : 'README.md';
  const all = initFiles(answers.value, await readTexts(answers.value), guide);
  const sorted = await sortOut(dir, all);
  if (!sorted.ok) return sorted;
  if (asker !== null) {
    const count = sorted.value.files.length;
    if (!(await asker.confirm(`Write ${count} files below ${showDir(dir, world)}?`, true))) asker.giveUp();
  }
  const isRepository = await exists(join(dir, '.git'));
  return ok({ dir, isRepository, hasOrigin: origin !== null, answers: answers.value, ...sorted.value });
}

/** What is in the way ends it; but what is a matter of taste, and there, is left alone. */
async function sortOut(
  dir: string,
  all: readonly InitFile[],
): Promise<Result<Pick<Prepared, 'files' | 'leftAlone'>>> {
  const files: InitFile[] = [];
  const leftAlone: string[] = [];
  const obstacles = new Set<string>();
  for (const file of all) {
    const found = await findObstacles(dir, [file.path]);
    if (!found.ok) return found;
    const isLeft = file.isOptional && found.value.includes(file.path);
    if (isLeft) leftAlone.push(file.path);
    else if (found.value.length === 0) files.push(file);
    else for (const obstacle of found.value) obstacles.add(obstacle);
  }
  return obstacles.size > 0 ? failed(obstructed(dir, [...obstacles])) : ok({ files, leftAlone });
}

async function gather(
  known: Partial<InitAnswers>,
  sourceUrl: string | null,
  asker: Asker | null,
): Promise<Result<InitAnswers>> {
  const year = new Date(systemClock.wallMs()).getUTCFullYear();
  const { timeZone: zoneHere } = Intl.DateTimeFormat().resolvedOptions();
  if (asker !== null) return ok(await askInit(asker, known, { sourceUrl, timeZone: zoneHere, year }));
  const { fleets, timeZone, window = 'nights' } = known;
  const source = known.sourceUrl ?? sourceUrl ?? placeholderUrls.source;
  const forge = known.forge ?? forgeOf(source);
  if (fleets === undefined || timeZone === undefined || forge === null)
    return failed(
      missing([
        [fleets, '--fleet NAME:REGION:ACCOUNT'],
        [timeZone, '--time-zone ZONE'],
        [forge ?? undefined, '--forge FORGE'],
      ]),
    );
  const beside = source === placeholderUrls.source ? placeholderUrls.ledger : ledgerBeside(source);
  return ok({
    fleets,
    timeZone,
    window,
    policies: known.policies ?? fittingPolicies({ fleets, window }),
    forge,
    sourceUrl: source,
    ledgerUrl: known.ledgerUrl ?? beside,
    taskOwners: known.taskOwners ?? [],
    policyOwners: known.policyOwners ?? [],
    year,
  });
}

function missing(flags: readonly (readonly [unknown, string])[]): Fault {
  const named = flags.filter(([value]) => value === undefined).map(([, flag]) => flag);
  return fault(
    'SG7001',
    'human',
    `nobody can be asked here, and there is no ${named.join(', no ')}`,
    'write them, or run the command on a terminal; snowgate init --help tells every flag',
  );
}

async function readTexts({ forge }: InitAnswers): Promise<PackageTexts> {
  const read = async (folder: string, names: readonly string[]): Promise<Map<string, string>> =>
    new Map(
      await Promise.all(
        names.map(async (name) => [name, await readPackageFile(`${folder}/${name}`)] as const),
      ),
    );
  const workflow = workflows[forge];
  return {
    policies: await read('policies', libraryFiles),
    schemas: await read('schemas', copiedSchemas),
    workflow: workflow === null ? null : await readPackageFile(workflow.source),
  };
}
