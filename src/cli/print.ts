import pc from 'picocolors';
import { escapeTerminal } from '../lib/escape.ts';
import type { Fault } from '../lib/faults.ts';
import { writeJson } from '../lib/json-text.ts';
import { type Redactor, redactShapes } from '../lib/redact.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import type { Outlet, Surroundings } from './surroundings.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colour is for terminals, and for those who ask for it (NO_COLOR of no-color.org wins over FORCE_COLOR). */
export function colorsFor(outlet: Outlet, env: Surroundings['env']): Colors {
  const refused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const forced = (env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0';
  return pc.createColors(!refused && (forced || outlet.isTerminal));
}

/** Text of others, or holding some: no secret, no control over the terminal. */
export function plain(text: string): string {
  return escapeTerminal(redactShapes(text));
}

/**
 * A page of ours with texts of others in it, each of them on one line: no secret. Line by line, because a redactor cuts what
 * is too long for it, which a page may be, and a line is not.
 */
export function redactPage(page: string, redactor: Pick<Redactor, 'redact'>): string {
  return page
    .split('\n')
    .map((line) => redactor.redact(line))
    .join('\n');
}

/** One fault for people, on stderr: code and message, and on a line of its own what to do. */
export function printFault(fault: Fault, world: Surroundings): void {
  const colors = colorsFor(world.stderr, world.env);
  const safe = (text: string): string => plain(world.redactor.redact(text));
  world.stderr.write(`${colors.red('error')} ${fault.code}: ${safe(fault.message)}\n`);
  if (fault.hint !== undefined) world.stderr.write(`  ${colors.dim('hint:')} ${safe(fault.hint)}\n`);
}

/** One thing that is said beside the result, on stderr. */
export function printNote(text: string, world: Surroundings): void {
  world.stderr.write(`${plain(text)}\n`);
}

/** A finding as compilers print theirs, so that editors and CI systems find the place: `path:line:col: error SG1203: ...`. */
export function formatProblem(problem: PlacedProblem, colors: Colors): string {
  const { place, severity, code, message, hint } = problem;
  const where = colors.bold(`${plain(place.path)}:${place.line}:${place.column}:`);
  const word = severity === 'error' ? colors.red('error') : colors.yellow('warning');
  const after = hint === undefined ? '' : `    ${colors.dim('hint:')} ${plain(hint)}\n`;
  return `${where} ${word} ${code}: ${plain(message)}\n${after}`;
}

/** A value as JSON for machines, with its final newline; no secret in its texts, no power over a terminal that shows it. */
export function formatJson(value: unknown, { redactor }: Pick<Surroundings, 'redactor'>): string {
  return writeJson(value, redactor);
}
