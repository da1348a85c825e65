/** What `snowgate plan --explain` tells of one task, as a person reads it. */
import { boundText } from '../lib/escape.ts';
import type { Check } from '../plan/checks.ts';
import type { Decision } from '../plan/decision.ts';
import type { FactValue } from '../policy/fact-view.ts';
import { shortInstant } from '../policy/verdict.ts';
import { describeNewestClaim } from '../report/verdict-words.ts';
import type { Explained, ExplainedPolicy, ExplainedRule } from './explain.ts';
import type { Planning } from './planning.ts';
import { type Colors, plain } from './print.ts';
import { formatWrapped, paintState } from './receipt-view.ts';

/** What a person reads of a value on one screen; JSON has more. */
const valueChars = 200;

/** A line that begins with a word in colour. */
interface Line {
  readonly word: string;
  readonly text: string;
}

/** Everything that led to what is decided of one task: each decision of its name, and why. */
export function formatExplanation(
  decisions: readonly Decision[],
  explained: Explained | null,
  planning: Planning,
  columns: number,
  colors: Colors,
): string {
  const heads = decisions.map((decision) => formatDecision(decision, planning, columns, colors));
  if (explained === null) return heads.join('\n');
  const others = explained.policies.filter(({ mismatch }) => mismatch !== null);
  const asked = explained.policies.filter(({ mismatch }) => mismatch === null);
  const sections: [string, string[]][] = [
    ['policies that are about it', asked.map((policy) => formatPolicy(policy, columns, colors))],
    ['policies about others', others.map((policy) => formatOther(policy, columns))],
    ['waivers', explained.waivers.map((waiver) => formatWaiver(waiver, columns))],
    ['whatever the policies say', formatChecks(explained.checks, columns, colors)],
  ];
  const told = sections.map(([title, lines]) => {
    const none = title === 'policies that are about it' ? '  none\n' : '';
    const body = lines.length === 0 ? none : lines.join('');
    return body === '' ? '' : `\n${colors.bold(title)}\n${body}`;
  });
  return `${heads.join('\n')}${told.join('')}`;
}

function formatDecision(decision: Decision, planning: Planning, columns: number, colors: Colors): string {
  const { key, token, action, untilMs, reasons } = decision;
  const { desired, ledger } = planning.input;
  const wanted = desired.tasks.get(key);
  const task = wanted?.manifest.token === token ? wanted : undefined;
  const granted = describeNewestClaim(planning.reading.events.get(token ?? ''));
  const asks = task?.manifest ?? ledger.receipts.get(token ?? '')?.revision;
  const fields: [string, string][] = [
    ['revision', token ?? ''],
    ['asks', asks == null ? '' : `${asks.command} ${asks.targets.join(' ')}, run ${asks.run}`],
    ['manifest', task === undefined ? '' : `${task.path}:${task.line}`],
    ['until', untilMs === null ? '' : shortInstant(untilMs)],
    ...reasons.map(({ code, message }): [string, string] => ['why', `${code} ${message}`]),
    ['allowed', granted],
  ];
  const lines = fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => formatWrapped(`${name.padEnd(8)}  ${value}`, '  ', columns, 10));
  return `\n${colors.bold(plain(key))}  ${paintState(action, action, colors)}\n${lines.join('')}`;
}

function formatPolicy(policy: ExplainedPolicy, columns: number, colors: Colors): string {
  const { name, path, line, description, rules } = policy;
  const about = description === '' ? '' : `: ${description}`;
  const head = formatWrapped(`${name} (${path}:${line})${about}`, '  ', columns);
  return `${head}${rules.map((rule) => formatRule(rule, columns, colors)).join('')}`;
}

const outcomeWidth = 'unchecked'.length;

function formatRule(rule: ExplainedRule, columns: number, colors: Colors): string {
  const { name, path, line, outcome, otherwise, code, message, windows, onClose, require, facts } = rule;
  const head = formatLine(
    { word: outcome, text: `${name} (${path}:${line}), otherwise ${otherwise}` },
    '    ',
    outcomeWidth,
    columns,
    colors,
  );
  const isNews = (text: string): boolean => message?.includes(text) !== true;
  const rows = [
    ...(message === null ? [] : [`${code} ${message}`]),
    ...windows.map(({ name: window, reason }) => `${window} is ${reason}`).filter(isNews),
    ...(onClose === null ? [] : [`onClose: ${onClose}`]),
    ...(require === null || !isNews(require) ? [] : [`require: ${require}`]),
    ...facts.map(formatFact),
  ];
  const indent = ' '.repeat(4 + outcomeWidth + 2);
  return `${head}${rows.map((row) => formatWrapped(row, indent, columns)).join('')}`;
}

function formatFact({ path, value }: FactValue): string {
  if (value === undefined) return `${path} is not known here, or not there`;
  // In several lines and back, so that there are blanks to break a long one at.
  const text = JSON.stringify(value, null, 1).replaceAll(/\n */g, ' ');
  return `${path} = ${boundText(text, valueChars)}`;
}

function formatOther({ name, path, line, mismatch }: ExplainedPolicy, columns: number): string {
  const key = mismatch === 'exclude' ? 'match.exclude' : `match.${mismatch}`;
  return formatWrapped(`${name} (${path}:${line}): by ${key}`, '  ', columns);
}

const uses: Readonly<Record<string, string>> = {
  used: 'allows it',
  unused: 'counts, and is not used',
  insufficient: 'counts, and does not suffice by itself',
};

function formatWaiver(waiver: Explained['waivers'][number], columns: number): string {
  const { name, path, line, use, why, rules, reason, expires } = waiver;
  const head = why ?? `${name} (${path}:${line}) ${uses[use] ?? use}`;
  const what = `rules ${rules.join(', ')}; until ${expires}; ${reason}`;
  return `${formatWrapped(head, '  ', columns)}${formatWrapped(what, '    ', columns)}`;
}

function formatChecks(checks: readonly Check[], columns: number, colors: Colors): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.map(({ name, outcome, text, reasons }) => {
    const told = reasons.map(({ code, message }) => `${code} ${message}`).join('; ');
    const line = { word: outcome, text: `${name.padEnd(width)}  ${told === '' ? text : told}` };
    return formatLine(line, '  ', 'passed'.length, columns, colors);
  });
}

const colored: Readonly<Record<string, 'green' | 'red' | 'yellow' | 'dim'>> = {
  passed: 'green',
  deny: 'red',
  off: 'dim',
};

function formatLine(
  { word, text }: Line,
  indent: string,
  width: number,
  columns: number,
  colors: Colors,
): string {
  const line = formatWrapped(`${word.padEnd(width)}  ${text}`, indent, columns, width + 2);
  const paint = colors[colored[word] ?? 'yellow'];
  return `${indent}${paint(word)}${line.slice(indent.length + word.length)}`;
}
