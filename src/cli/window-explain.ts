import { systemClock } from '../lib/clock.ts';
import { failed, fault, ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { loadPolicies, type PolicySet } from '../policy/policy-set.ts';
import { horizonDays, type Window } from '../policy/window.ts';
import { stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { readInstant } from './instant.ts';
import { defaultLimits } from './manifests.ts';
import { readPolicyPath } from './policy-path.ts';
import { colorsFor, formatJson, formatProblem } from './print.ts';
import type { Surroundings } from './surroundings.ts';
import { windowIcs, windowJson, windowText } from './window-view.ts';

export interface WindowOptions {
  readonly at?: string;
  readonly days: string;
  readonly path: string;
  readonly format: 'text' | 'json' | 'ics';
}

/** Tells when a window of a work tree is open, and why: now or at another time, and in the days after it. Offline. */
export async function explainWindow(
  name: string,
  options: WindowOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const atMs = options.at === undefined ? ok(systemClock.wallMs()) : readInstant('--at', options.at);
  if (!atMs.ok) return stopBy(atMs.fault, exitCodes.usage, world).exit;
  const days = readDays(options.days);
  if (!days.ok) return stopBy(days.fault, exitCodes.usage, world).exit;
  const set = await loadFolder(options.path, world);
  if (!set.ok) return stopBy(set.fault, exitCodes.usage, world).exit;
  const window = set.value.windows.get(name);
  if (window === undefined) return tellMissing(name, options.path, set.value, world);
  world.stdout.write(render(window, atMs.value, days.value, options.format, world));
  return exitCodes.done;
}

function render(
  window: Window,
  atMs: number,
  days: number,
  format: WindowOptions['format'],
  world: Surroundings,
): string {
  if (format === 'json') return formatJson(windowJson(window, atMs, days), world);
  if (format === 'ics') return windowIcs(window, atMs, days);
  return windowText(window, { atMs, days }, world.stdout.columns(), colorsFor(world.stdout, world.env));
}

function readDays(text: string): Result<number> {
  const days = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= horizonDays) return ok(days);
  const hint = `a whole number from 1 to ${horizonDays}, as far as a window is looked ahead`;
  return failed(fault('SG7001', 'human', `--days ${JSON.stringify(text)} is no number of days`, hint));
}

async function loadFolder(path: string, { cwd }: Surroundings): Promise<Result<PolicySet>> {
  const read = await readPolicyPath(path, cwd, defaultLimits.fileBytes);
  return read.ok ? ok(loadPolicies(read.value.files, defaultLimits)) : read;
}

/** One that is there and does not load is a finding; one that is not there is a slip of whoever asks. */
function tellMissing(name: string, path: string, set: PolicySet, world: Surroundings): ExitCode {
  const isBroken = set.broken.some((broken) => broken.kind === 'window' && broken.name === name);
  if (isBroken) {
    const colors = colorsFor(world.stderr, world.env);
    const fatal = set.problems.filter(({ severity }) => severity === 'error');
    for (const problem of fatal) world.stderr.write(formatProblem(problem, colors));
    const unloaded = fault('SG7061', 'human', `window ${name} does not load`, 'correct what is told above');
    return stopBy(unloaded, exitCodes.findings, world).exit;
  }
  const names = [...set.windows.keys()];
  const nearest = findNearest(name, names);
  const listed = names.length === 0 ? 'it holds no window' : `its windows: ${names.slice(0, 20).join(', ')}`;
  const hint = nearest === undefined ? listed : `did you mean ${nearest}?`;
  const message = `there is no window ${JSON.stringify(name)} below ${path}`;
  return stopBy(fault('SG7060', 'human', message, hint), exitCodes.usage, world).exit;
}
