/** Drift as a person and as a machine reads it. */

import { count } from '../lib/count.ts';
import { shortInstant } from '../policy/verdict.ts';
import { whoseWords } from './aws-fleets.ts';
import type { Drift, DriftTask, FleetDrift } from './drift-types.ts';
import { formatHead, headJson, type Planning } from './planning.ts';
import { colorsFor, formatJson, plain } from './print.ts';
import { formatWrapped } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

/** Tasks of a fleet that are shown to a person; JSON has all. */
const rowsMax = 100;

/** Each fleet that has drift, or could not be asked, and one line of counts. */
export function formatDrift(planning: Planning, found: Drift, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const columns = world.stdout.columns();
  const parts = [...found].map(([fleet, answer]) => {
    if (!answer.ok) {
      const text = `could not be asked: ${answer.fault.code} ${answer.fault.message}`;
      return `\n${colors.red(`fleet ${plain(fleet)}`)}\n${formatWrapped(text, '  ', columns)}`;
    }
    const lines = fleetLines(fleet, answer.value);
    if (lines.length === 0) return '';
    const shown = lines.map(([text, depth]) => formatWrapped(text, ' '.repeat(depth), columns));
    return `\n${colors.bold(`fleet ${plain(fleet)}`)}\n${shown.join('')}`;
  });
  const counts = formatWrapped(countLine(found), '', columns);
  return `${formatHead(planning, colors, columns)}${parts.join('')}\n${counts}`;
}

/** Lines, and how far each stands in. */
function fleetLines(fleet: string, { tasks, devices, undescribed }: FleetDrift): [string, number][] {
  const lines: [string, number][] = tasks.slice(0, rowsMax).flatMap((task) => taskLines(fleet, task));
  const hidden = tasks.length - rowsMax;
  if (hidden > 0) lines.push([`and ${count(hidden, 'more task')}: --format json names them`, 2]);
  if (undescribed > 0) {
    lines.push([
      `devices and times of ${count(undescribed, 'task')} were not asked for: too many at once`,
      2,
    ]);
  }
  for (const { device, tasks: names } of devices) {
    const named = names.map((name) => `${fleet}/${name}`).join(', ');
    lines.push([`AWS knows no device ${device}, which is named by ${named}`, 2]);
  }
  return lines;
}

function taskLines(fleet: string, task: DriftTask): [string, number][] {
  const { taskId, state, described, whose, ledger, revision } = task;
  const at = (ms: number | null | undefined): string => (ms == null ? 'unknown' : shortInstant(ms));
  const devices = described === null ? 'not asked for' : described.targets.join(' ');
  const ended = described?.completedMs == null ? '' : `, completed ${at(described.completedMs)}`;
  const times = described === null ? '' : `; created ${at(described.createdMs)}${ended}`;
  const who = whose === 'around' && ledger !== null ? `made by another ledger, ${ledger}` : whoseWords[whose];
  const lines: [string, number][] = [
    [`${taskId} ${state}  ${who}`, 2],
    [`devices ${devices}${times}`, 4],
  ];
  if (whose === 'unknown') {
    const way = `snowgate ledger resolve ${revision} --created ${taskId} --reason ...`;
    lines.push([`it halts fleet ${fleet}: restore the ledger, or ${way}`, 4]);
  }
  if (whose === 'second') lines.push(['look at both devices, cancel what still can be', 4]);
  return lines;
}

function countLine(found: Drift): string {
  const answers = [...found.values()].flatMap((answer) => (answer.ok ? [answer.value] : []));
  const tasks = answers.flatMap((answer) => answer.tasks);
  const unknown = tasks.filter(({ whose }) => whose !== 'around').length;
  const devices = answers.reduce((sum, answer) => sum + answer.devices.length, 0);
  const asked = `${answers.length} of ${count(found.size, 'fleet')} asked`;
  return `${asked}: ${count(tasks.length - unknown, 'task')} made around Git, ${count(unknown, 'task')} that the ledger lacks, ${count(devices, 'unknown device')}`;
}

/** The same, whole. */
export function driftJson(planning: Planning, found: Drift, world: Surroundings): string {
  const { heads, findings } = headJson(planning);
  const fleets = [...found].map(([fleet, answer]) => {
    if (!answer.ok) return { fleet, asked: false, code: answer.fault.code, message: answer.fault.message };
    const { tasks, devices, undescribed } = answer.value;
    return { fleet, asked: true, tasks: tasks.map(taskJson), devices, undescribed };
  });
  return formatJson({ ...heads, fleets, ...findings }, world);
}

function taskJson({ taskId, state, whose, ledger, revision, described }: DriftTask): object {
  const instant = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString());
  return {
    taskId,
    state,
    whose,
    ledger,
    revision,
    targets: described?.targets ?? null,
    created: instant(described?.createdMs),
    completed: instant(described?.completedMs),
  };
}
