import { count } from '../lib/count.ts';
import type { Fault, FaultClass, FaultCode } from '../lib/faults.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { tally } from './ledger-list.ts';
import type { Format } from './options.ts';
import { type Colors, colorsFor, formatJson, plain } from './print.ts';
import { wrapWords } from './receipt-view.ts';
import type { Surroundings } from './surroundings.ts';

export type CheckResult = 'ok' | 'warn' | 'fail' | 'skipped';

/** One thing that was looked at, and what to do where it is not as it must be. */
export interface Check {
  readonly name: CheckName;
  /** The file, setting, repository or fleet that it is about. */
  readonly subject: string;
  readonly result: CheckResult;
  readonly code: FaultCode | null;
  readonly message: string;
  readonly hint: string | null;
  /** Says whether a person has to mend it, or whether it was only out of reach. */
  readonly class: FaultClass | null;
}

/** In the order in which a person would repair them. */
const names = [
  'configuration',
  'state directory',
  'secret',
  'git',
  'host key',
  'source',
  'branch',
  'manifests',
  'policies',
  'ledger',
  'append-only',
  'format',
  'id',
  'push',
  'credentials',
  'role',
  'account',
  'ListDevices',
  'DescribeDevice',
  'ListTasks',
  'clock',
] as const;
export type CheckName = (typeof names)[number];

/** It is as it must be. */
export function passed(name: CheckName, subject: string, message: string): Check {
  return { name, subject, result: 'ok', code: null, message, hint: null, class: null };
}

/** It works, and is not as it should be. */
export function warned(name: CheckName, subject: string, { code, message, hint }: Fault): Check {
  return { name, subject, result: 'warn', code, message, hint: hint ?? null, class: null };
}

/** It does not work. */
export function broken(name: CheckName, subject: string, fault: Fault): Check {
  const { code, message, hint } = fault;
  return { name, subject, result: 'fail', code, message, hint: hint ?? null, class: fault.class };
}

/** It could not be looked at, because something before it does not work or there is nothing to look at. */
export function skipped(name: CheckName, subject: string, why: string): Check {
  return { name, subject, result: 'skipped', code: null, message: why, hint: null, class: null };
}

/** Why nothing more is looked at once the process was asked to end. */
export const interrupted = 'interrupted';

/** Takes checks as they are made: for people each is told at once, for machines all at the end. */
export class DoctorReport {
  readonly #checks: Check[] = [];
  readonly #format: Format;
  readonly #world: Surroundings;

  constructor(format: Format, world: Surroundings) {
    this.#format = format;
    this.#world = world;
  }

  add(checks: readonly Check[]): void {
    this.#checks.push(...checks);
    if (this.#format === 'json') return;
    const { stdout, env, redactor } = this.#world;
    const colors = colorsFor(stdout, env);
    const safe = (text: string): string => plain(redactor.redact(text));
    for (const check of checks) stdout.write(formatCheck(check, stdout.columns(), colors, safe));
  }

  /** Tells the rest, and how the command ends. */
  finish(): ExitCode {
    const told = this.#checks.map(({ class: _class, ...check }) => check);
    const counted = tally(told.map(({ result }) => result));
    this.#world.stdout.write(
      this.#format === 'json'
        ? formatJson({ checks: told }, this.#world)
        : `${count(told.length, 'check')}${counted}\n`,
    );
    const exit = exitOf(this.#checks);
    // What was not looked at is not well.
    return exit === exitCodes.done && this.#world.stop.aborted ? exitCodes.unreachable : exit;
  }
}

/** What a person has to mend comes first: what was only out of reach may be gone the next time. */
function exitOf(checks: readonly Check[]): ExitCode {
  const broken = checks.filter(({ result }) => result === 'fail');
  if (broken.some(({ name }) => name === 'configuration')) return exitCodes.usage;
  if (broken.some((check) => check.class === 'human')) return exitCodes.findings;
  return broken.length > 0 ? exitCodes.unreachable : exitCodes.done;
}

const resultWidth = 'skipped'.length;
const nameWidth = Math.max(...names.map((name) => name.length));

/** One line; what does not fit into a terminal's goes on below the name. A file or a pipe has lines of any length. */
function formatCheck(check: Check, columns: number, colors: Colors, safe: (text: string) => string): string {
  const { result, name, subject, code, message, hint } = check;
  const detail = safe(`${code === null ? '' : `${code} `}${subject}: ${message}`);
  const word = paint(result, colors)(result.padEnd(resultWidth));
  const indent = ' '.repeat(resultWidth + 2);
  const width = Math.max(20, columns - indent.length);
  const told = hint === null ? [] : [`hint: ${safe(hint)}`];
  const below = columns === 0 ? told : told.flatMap((text) => wrapWords(text, width));
  const fits = columns === 0 || indent.length + nameWidth + 2 + detail.length <= columns;
  const lines = fits
    ? [`${word}  ${name.padEnd(nameWidth)}  ${detail}`]
    : [`${word}  ${name}`, ...wrapWords(detail, width).map((line) => `${indent}${line}`)];
  const all = [...lines, ...below.map((line) => `${indent}${colors.dim(line)}`)];
  return all.map((line) => `${line}\n`).join('');
}

function paint(result: CheckResult, colors: Colors): (text: string) => string {
  if (result === 'ok') return colors.green;
  if (result === 'warn') return colors.yellow;
  return result === 'fail' ? colors.red : colors.dim;
}
