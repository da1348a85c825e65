/** The timeline of a scenario: each step says when, and one thing that happens. */
import type { ValuePath } from '../lib/document-place.ts';
import { findNearest } from '../lib/nearest.ts';
import type { CommandName } from './device.ts';
import { changeKeys, readDeviceChange } from './device-change.ts';
import type { Findings } from './document-file.ts';
import { readNewTask } from './request.ts';
import type { RuleOptions } from './rules.ts';
import type { Settings } from './settings.ts';
import type { Happening, Step } from './steps.ts';
import type { Written } from './written.ts';
import { durationMsMax, readDuration, readRule, readSettings, settingKeys } from './written.ts';

/** A year of something every hour. */
const stepsMax = 10_000;

/** A step as it is written, once the schema has accepted it. */
export interface WrittenStep extends Written {
  readonly at: string;
  readonly every?: string;
  readonly times?: number;
  readonly devices?: readonly string[];
  readonly task?: WrittenTask;
  readonly cancel?: string;
  readonly rule?: Written;
  readonly clearRules?: true;
  readonly settings?: Written;
}

interface WrittenTask {
  readonly name?: string;
  readonly command: CommandName;
  readonly targets: readonly string[];
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clientToken?: string;
}

/** What names mean. */
export interface Names {
  /** The devices that each name means: itself, or a group's members. */
  readonly devices: ReadonlyMap<string, readonly string[]>;
  /** The place of a device's fleet among the fleets. */
  readonly fleetOf: ReadonlyMap<string, number>;
}

/** The steps in the order of the file, those with `every` as often as they happen. */
export function readSteps(
  written: readonly WrittenStep[],
  names: Names,
  findings: Findings,
): readonly Step[] {
  const steps: Step[] = [];
  const tasks = new Set(written.flatMap(({ task }) => task?.name ?? []));
  for (const [index, step] of written.entries()) {
    const path = ['timeline', index];
    const happening = readHappening(step, { path, names, tasks, findings });
    const times = readTimes(step, path, findings);
    if (steps.length + times.length > stepsMax) {
      findings.add('SG6009', path, `a timeline has at most ${stepsMax} steps, repetitions counted`);
      return [];
    }
    if (happening !== null) steps.push(...times.map((atMs) => ({ atMs, happening })));
  }
  return steps;
}

function readTimes(step: WrittenStep, path: ValuePath, findings: Findings): readonly number[] {
  const read = (key: 'at' | 'every', text: string): number => {
    const reading = readDuration(key, text);
    if (!reading.ok) findings.add('SG6009', [...path, key], reading.problem);
    return reading.ok ? reading.value : 0;
  };
  const atMs = read('at', step.at);
  const { every, times } = step;
  if (every === undefined && times === undefined) return [atMs];
  if (every === undefined || times === undefined) {
    const [has, lacks] = every === undefined ? ['times', 'every'] : ['every', 'times'];
    findings.add('SG6009', [...path, has], `${has} says nothing without ${lacks}`, 'write both, or neither');
    return [atMs];
  }
  const everyMs = read('every', every);
  if (atMs + everyMs * (times - 1) > durationMsMax) {
    findings.add('SG6009', [...path, 'times'], 'the last time is more than 366d after the start');
  }
  return Array.from({ length: times }, (_, count) => atMs + count * everyMs);
}

interface Context {
  readonly path: ValuePath;
  readonly names: Names;
  /** Every name that a task of the timeline bears. */
  readonly tasks: ReadonlySet<string>;
  readonly findings: Findings;
}

const actions = ['task', 'cancel', 'rule', 'clearRules', 'settings'] as const;

/** Null where it is none, or not one; the findings say so. */
function readHappening(step: WrittenStep, context: Context): Happening | null {
  const { path, findings } = context;
  const changed = changeKeys.filter((key) => step[key] !== undefined);
  const done = actions.filter((key) => step[key] !== undefined);
  const kinds = [...(changed.length > 0 ? [changed.join(', ')] : []), ...done];
  if (kinds.length !== 1) {
    const message =
      kinds.length === 0 ? 'nothing happens at this step' : `a step is one thing, not ${kinds.join(' and ')}`;
    const hint =
      kinds.length === 0
        ? `write one of ${[...changeKeys, ...actions].join(', ')}`
        : 'write a step for each; those of one time happen in the order of the file';
    findings.add('SG6009', path, message, hint);
    return null;
  }
  const [action] = done;
  if (action !== undefined && step.devices !== undefined) {
    findings.add('SG6009', [...path, 'devices'], `devices says nothing beside ${action}`, 'leave it out');
  }
  return action === undefined ? readChangeStep(step, context) : readAction(step, action, context);
}

function readChangeStep(step: WrittenStep, context: Context): Happening | null {
  const { path, findings } = context;
  const change = readDeviceChange(step);
  if (!change.ok) for (const problem of change.problems) findings.add('SG6009', path, problem);
  const names = step.devices === undefined ? null : findDevices(step.devices, [...path, 'devices'], context);
  return change.ok ? { kind: 'devices', names, change: change.value } : null;
}

function readAction(step: WrittenStep, action: (typeof actions)[number], context: Context): Happening | null {
  const { path, findings, tasks } = context;
  switch (action) {
    case 'task':
      return step.task === undefined ? null : readTask(step.task, context);
    case 'cancel': {
      const { cancel = '' } = step;
      if (!tasks.has(cancel) && !findings.isFull) {
        const message = `no task of the timeline is called ${cancel}`;
        findings.add('SG6008', [...path, 'cancel'], message, nearMiss(cancel, [...tasks]));
      }
      return { kind: 'cancel', task: cancel };
    }
    case 'rule': {
      const [rule] = readRuleAt(step.rule ?? {}, [...path, 'rule'], findings);
      return rule === undefined ? null : { kind: 'rule', rule };
    }
    case 'clearRules':
      return { kind: 'clearRules' };
    case 'settings':
      return {
        kind: 'settings',
        change: readSettingsAt(step.settings ?? {}, [...path, 'settings'], findings),
      };
  }
}

function readTask(written: WrittenTask, context: Context): Happening | null {
  const { findings, names } = context;
  const path = [...context.path, 'task'];
  const { name, command, description, tags, clientToken } = written;
  const targets = findDevices(written.targets, [...path, 'targets'], context);
  if (new Set(targets.map((target) => names.fleetOf.get(target))).size > 1) {
    findings.add('SG6009', [...path, 'targets'], 'the targets of a task are of one fleet');
  }
  // Judged by the API's own grammar; names stand for ids, and are as short.
  const body = { command: { [command]: {} }, targets, description, tags, clientToken };
  const request = readNewTask(JSON.stringify(body));
  if (!request.ok) {
    if (targets.length > 0) findings.add('SG6009', path, request.fault.message);
    return null;
  }
  return { kind: 'task', name: name ?? null, request: request.value };
}

/** The devices that names mean; a name that means none is a finding. */
function findDevices(written: readonly string[], path: ValuePath, { names, findings }: Context): string[] {
  return written.flatMap((name, index) => {
    const found = names.devices.get(name);
    if (found !== undefined) return found;
    if (findings.isFull) return [];
    const message = `no device is called ${name}`;
    findings.add('SG6008', [...path, index], message, nearMiss(name, [...names.devices.keys()]));
    return [];
  });
}

/** Each comparison costs; a scenario with more names than this has them by number. */
const comparedMax = 1_000;

function nearMiss(word: string, known: readonly string[]): string | undefined {
  const nearest = findNearest(word, known.slice(0, comparedMax));
  return nearest === undefined ? undefined : `did you mean ${nearest}?`;
}

/** One rule, or none where it is wrong. */
export function readRuleAt(written: Written, path: ValuePath, findings: Findings): readonly RuleOptions[] {
  const rule = readRule(written);
  if (rule.ok) return [rule.value];
  for (const problem of rule.problems) findings.add('SG6009', path, problem);
  return [];
}

/** Settings under the names of their flags. */
export function readSettingsAt(written: Written, path: ValuePath, findings: Findings): Partial<Settings> {
  let settings: Partial<Settings> = {};
  for (const key of settingKeys) {
    const name = key.replace(/Ms$/, '');
    if (written[name] === undefined) continue;
    const read = readSettings({ [key]: written[name] }, [], () => name);
    if (read.ok) settings = { ...settings, ...read.value };
    else for (const problem of read.problems) findings.add('SG6009', [...path, name], problem);
  }
  return settings;
}
