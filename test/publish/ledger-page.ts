/** docs/reference/ledger.md: the lines of the ledger, as src/ledger/events.ts declares and explains them. */
import { readFileSync } from 'node:fs';
import * as events from '../../src/ledger/events.ts';
import { anchorOf } from './anchors.ts';
import { type Declaration, type Field, readInterfaces } from './declarations.ts';
import { cell } from './schema-page.ts';

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const eventsSource = read('src/ledger/events.ts');
const declared = new Map(
  [eventsSource, read('src/manifest/request.ts'), read('src/config/config.ts')]
    .flatMap(readInterfaces)
    .map((declaration) => [declaration.name, declaration]),
);

/** The values of the types that are named after a list of them, with the name of the list. */
const lists: Readonly<Record<string, readonly [list: string, values: readonly string[]]>> = {
  ReleaseReason: ['releaseReasons', events.releaseReasons],
  NoteReason: ['noteReasons', events.noteReasons],
  SettledOutcome: ['settledOutcomes', events.settledOutcomes],
  CancelReason: ['cancelReasons', events.cancelReasons],
  CancelAnswer: ['cancelAnswers', events.cancelAnswers],
  OutsideCause: ['outsideCauses', events.outsideCauses],
  Command: ['commands', ['unlock', 'reboot']],
};

/** What the comment above a list says of its values, in lines of `- value: meaning`. */
function meaningsOf(list: string): ReadonlyMap<string, string> {
  const [above = ''] = eventsSource.split(`export const ${list} = `);
  const comment = above.slice(above.lastIndexOf('/**'));
  if (above === eventsSource || !comment.endsWith('*/\n')) return new Map();
  return new Map(
    [...comment.matchAll(/^ \* - ([\w, ]+): (.*)$/gm)].flatMap(([, names = '', meaning = '']) =>
      names.split(', ').map((name) => [name, meaning] as const),
    ),
  );
}

/** What means the same wherever it stands, and has no comment of its own there. */
const usualMeanings: Readonly<Record<string, string>> = {
  v: 'The version of events.',
  kind: 'Says what the line is.',
  at: 'When it was written.',
  taskRun: "The task's `spec.run`.",
  command: 'What the devices are told to do.',
  targets: 'Managed device ids.',
  clientToken: 'The token of the revision.',
  description: 'Shown in AWS beside the task.',
  tags: 'Those of the manifest, and the four of snowgate.',
  region: 'The AWS region.',
  path: 'The path of its file.',
  blob: 'The object id of the content of its file.',
  annotations: 'Those of the manifest.',
  action: 'A claim has no other.',
  name: 'Its `metadata.name`.',
  expires: 'When it ends.',
  tasksSeen: 'Tasks that the listing held.',
  pages: 'Pages that it had.',
  fleet: 'The name of the fleet.',
  taskId: "AWS's id of the task.",
  taskIds: "AWS's ids of the tasks.",
  taskArn: "AWS's ARN of the task.",
  requestId: "AWS's id of the call.",
  message: 'In words for people, or in those of AWS.',
  request: 'What AWS is asked.',
  manifest: 'Where the revision stands in the source.',
  verdict: 'Why it was allowed.',
  look: 'What was seen.',
  executions: 'One for each device that AWS has told of.',
  runs: 'One for each such device.',
  device: 'Its managed device id.',
  executionId: "AWS's id of the execution.",
};

const plainTypes: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'whole number',
  Token: 'token: 64 hexadecimal digits',
  JsonRecord: 'map',
  'Readonly<Record<string, string>>': 'map of texts',
};

/** The maps within events, with what a reader calls them. */
const parts: Readonly<Record<string, string>> = {
  TaskRequest: 'Request',
  FleetIdentity: 'Identity',
  ManifestOrigin: 'Manifest',
  ClaimVerdict: 'Verdict',
  ClaimWaiver: 'Waiver',
  LookEvidence: 'Look',
  DeviceExecution: 'Execution',
  OutsideRun: 'Run outside',
};

function declaration(name: string): Declaration {
  const found = declared.get(name);
  if (found === undefined) throw new Error(`${name} is declared nowhere`);
  return found;
}

/** Each kind of event with its own fields, in the order of the source. */
export function listKinds(): { readonly kind: string; readonly event: Declaration }[] {
  return [...declared.values()].flatMap((event) => {
    const kind = /^'(\w+)'$/.exec(event.fields.find(({ name }) => name === 'kind')?.type ?? '')?.[1];
    return kind === undefined || kind === 'batch' ? [] : [{ kind, event }];
  });
}

/** Every field that an event has, those of its base with them. */
export function listFields(event: Declaration): Field[] {
  const inherited = event.base === null ? [] : listFields(declaration(event.base));
  return [...inherited, ...event.fields];
}

/** The page as Markdown. */
export function renderLedgerPage(intro: string): string {
  const kinds = listKinds().map(({ kind, event }) =>
    [
      `### \`${kind}\``,
      event.about,
      table(
        event.fields.filter(({ name }) => name !== 'kind'),
        event.base === 'OfAttempt',
      ),
    ].join('\n\n'),
  );
  const maps = Object.entries(parts).map(([name, title]) =>
    [`### ${title}`, declaration(name).about, table(declaration(name).fields, false)].join('\n\n'),
  );
  return `${[
    '# Ledger format',
    '<!-- generated from src/ledger/events.ts by `npm run docs`; what is written here is written in its comments, and not here -->',
    intro,
    '## The first line of a file',
    declaration('BatchHeader').about,
    table(declaration('BatchHeader').fields, false),
    '## Fields of every event',
    table(declaration('Base').fields, false),
    '## Events',
    ...kinds,
    '## Maps within events',
    ...maps,
  ].join('\n\n')}\n`;
}

function table(fields: readonly Field[], isOfAttempt: boolean): string {
  const all = isOfAttempt ? [...declaration('OfAttempt').fields, ...fields] : fields;
  const rows = all.map((field) => {
    const absent = field.isOptional ? 'may be absent' : '';
    return `| \`${field.name}\` | ${sayType(field.type)} | ${absent} | ${sayMeaning(field)} |`;
  });
  return ['| field | type | | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function sayType(type: string): string {
  const [, whole] = /^(.*) \| null$/.exec(type) ?? [];
  if (whole !== undefined) return `${sayType(whole)}, or null`;
  const [, item] = /^readonly (.*)\[\]$/.exec(type) ?? [];
  if (item !== undefined) return `list of ${sayType(item).replace(/^map/, 'maps')}`;
  if (/^\{/.test(type)) {
    const inner = [...type.matchAll(/readonly (\w+): ([^;}]+)/g)];
    return `map of ${inner.map(([, name, value = '']) => `\`${name}\` (${sayType(value.trim())})`).join(', ')}`;
  }
  if (/^'/.test(type))
    return type
      .split(' | ')
      .map((value) => `\`${value.replaceAll("'", '')}\``)
      .join(', ');
  const part = parts[type];
  if (part !== undefined) return `[${part.toLowerCase()}](#${anchorOf(part)})`;
  const values = lists[type]?.[1];
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  const word = plainTypes[type];
  if (word === undefined) throw new Error(`no words for the type ${type}`);
  return word;
}

/** What the field means, and each of its values. */
function sayMeaning({ name, type, about }: Field): string {
  const [list = '', values = []] = lists[type] ?? [];
  const meanings = meaningsOf(list);
  const each = values.flatMap((value) =>
    meanings.has(value) ? `\`${value}\`: ${cell(meanings.get(value) ?? '')}.` : [],
  );
  return [cell(about === '' ? (usualMeanings[name] ?? '') : about), ...each]
    .filter((part) => part !== '')
    .join(' ');
}
