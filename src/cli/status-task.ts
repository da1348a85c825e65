/** Everything about one task: each revision that is wanted or was asked, why it stands where it does, what comes next. */

import { count } from '../lib/count.ts';
import { shortInstant } from '../policy/verdict.ts';
import { groupWords } from '../report/task-groups.ts';
import { outsideCauses } from '../report/task-life.ts';
import { formatHead } from './planning.ts';
import { colorsFor, plain } from './print.ts';
import { formatWrapped, paintState } from './receipt-view.ts';
import type { Status, StatusEntry } from './status-entries.ts';
import { wantedPlace } from './status-json.ts';
import { deviceLines, formatLive, unaskedNote, unlessHeld } from './status-view.ts';
import type { Surroundings } from './surroundings.ts';

/** Older revisions that are told in full; `snowgate ledger show` tells all. */
const revisionsMax = 10;

/** The wanted revision, or the most urgent one, first. */
export function formatTask(shown: Status, key: string, world: Surroundings): string {
  const colors = colorsFor(world.stdout, world.env);
  const columns = world.stdout.columns();
  const entries = shown.entries.filter((entry) => entry.key === key);
  const told = entries.slice(0, revisionsMax).map((entry) => {
    const group = groupWords[entry.group];
    const state = paintState(entry.state, entry.state, colors);
    const head = `\n${colors.bold(plain(key))}  ${state}${group === entry.state ? '' : ` (${group})`}\n`;
    const fields = fieldsOf(entry, shown).map(([name, value]) =>
      formatWrapped(`${plain(name).padEnd(8)}  ${value}`, '  ', columns, 10),
    );
    return `${head}${fields.join('')}`;
  });
  const hidden = entries.length - told.length;
  const more = hidden > 0 ? `\n${count(hidden, 'older revision')}: snowgate ledger show ${key}\n` : '';
  const [fleet = ''] = key.split('/');
  const live = shown.live === null ? null : new Map([...shown.live].filter(([name]) => name === fleet));
  const asked = live === null ? unaskedNote : formatLive({ live }, columns, colors);
  return `${formatHead(shown.planning, colors, columns)}${told.join('')}${more}${asked}`;
}

function fieldsOf(entry: StatusEntry, shown: Status): [string, string][] {
  const { receipt, token, decision, taskId, since, untilMs, reasons, cancel, next, allowed, outside } = entry;
  const wanted = shown.planning.input.desired.tasks.get(entry.key);
  const isWanted = wanted !== undefined && wanted.manifest.token === token;
  const revision = receipt?.revision ?? (isWanted ? wanted.manifest : null);
  const place = wantedPlace(shown.planning, entry);
  const origin = receipt?.manifest ?? null;
  const asked = origin === null ? '' : [origin.path, origin.commit, origin.author].filter(Boolean).join(' ');
  const fields: [string, string | null][] = [
    ['revision', token],
    ['asks', revision && `${revision.command} ${revision.targets.join(' ')}, run ${revision.run}`],
    ['manifest', place === null ? notWanted(entry, shown) : `${place.path}:${place.line}`],
    ['claimed', asked],
    ['allowed', allowed],
    ['task', taskId],
    ['plan', decision?.action ?? null],
    ['until', untilMs === null ? null : shortInstant(untilMs)],
    ...reasons.map(({ code, message }): [string, string] => ['why', `${code} ${message}`]),
    ['refused', receipt?.refusal ? `${receipt.refusal.error}: ${receipt.refusal.message}` : null],
    ...deviceLines(entry, shown).map((line): [string, string] => ['device', line]),
    ['cancel', cancel],
    ...outside.map(({ device, startedAt, cause }): [string, string] => [
      'outside',
      `${device} began at ${startedAt}: ${outsideCauses[cause]}`,
    ]),
    ['ended', receipt?.settled ? `${receipt.settled.outcome} at ${receipt.settled.at}` : null],
    ...[...(receipt?.notes ?? [])].map(([reason, message]): [string, string] => [reason, message]),
    ['since', since === null ? null : shortInstant(Date.parse(since))],
    ['next', next ?? nextOf(entry, shown)],
  ];
  return fields.filter((field): field is [string, string] => field[1] !== null && field[1] !== '');
}

function notWanted({ key, token }: StatusEntry, { planning }: Status): string {
  const { desired } = planning.input;
  if (desired.frozen.has(key)) return 'has errors, or shares its name with another: see below';
  const wanted = desired.tasks.get(key);
  if (wanted !== undefined) return `asks for another revision by now: ${wanted.manifest.token.slice(0, 12)}`;
  return token === null ? 'is not readable' : 'is not in the source any more';
}

/** What happens by itself, or that nothing does. */
function nextOf(entry: StatusEntry, shown: Status): string {
  const { group, decision, untilMs, receipt } = entry;
  switch (group) {
    case 'needsPerson':
      return 'a person does what the reasons say; docs/ERRORS.md lists their codes';
    case 'inDoubt':
      return 'the controller lists AWS and settles it, nothing is asked again before';
    case 'inFlight':
      return 'the controller follows it to the end of every device';
    case 'waiting':
      if (decision?.action === 'issue')
        return `the next pass of the controller asks AWS for it${unlessHeld(entry, shown)}`;
      if (decision?.action === 'withdraw')
        return 'the next pass of the controller notes that it was withdrawn';
      return untilMs === null ? 'it goes on when what it waits for has ended' : 'it goes on by itself then';
    case 'ended':
    case 'quiet':
      return receipt?.settled?.outcome === 'succeeded' ? 'nothing' : 'nothing; raise run to ask again';
  }
}
