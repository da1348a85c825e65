/** The policies of the package, with the zone, the window, the year and the fleet of those who asked. */
import { type Document, isMap, isScalar, parseAllDocuments, type Scalar, visit, YAMLMap } from 'yaml';
import { instantOf, offsetAt } from '../policy/local-time.ts';
import { type InitAnswers, rebootWindow, type WindowName, windowOffers } from './init-answers.ts';
import type { NewFile } from './new-files.ts';
import { yamlNode, yamlStyle } from './yaml-text.ts';

/** Texts of `policies/`, by file name. */
export type Library = ReadonlyMap<string, string>;

export const windowsFile = 'windows.yaml';

/** Times in the library are of this winter. */
const libraryYear = 2026;

/** The chosen policies and their tests, as files of a repository. */
export function adaptPolicies(library: Library, answers: InitAnswers): NewFile[] {
  return answers.policies.flatMap((name) => [
    { path: `policies/${name}.yaml`, text: adaptPolicy(name, library, answers) },
    { path: `policies/${name}.test.yaml`, text: adaptTest(name, library, answers) },
  ]);
}

function open(file: string, library: Library): Document[] {
  const documents = parseAllDocuments(library.get(file) ?? '');
  return Array.isArray(documents) ? documents : [];
}

function close(documents: readonly Document[]): string {
  for (const { directives } of documents) if (directives !== undefined) directives.docStart = null;
  return documents.map((document) => document.toString(yamlStyle)).join('---\n');
}

function isWindow(document: Document): boolean {
  return document.get('kind') === 'Window';
}

/** It bears the comment above the document. */
function firstKey(document: Document | undefined): Scalar | null {
  const contents = document?.contents;
  const key = isMap(contents) ? contents.items[0]?.key : null;
  return isScalar(key) ? key : null;
}

/** The window of the answers to which a policy is bound; null where it is about none of them. */
function windowOf(name: string, { window }: InitAnswers): WindowName | null {
  if (name === 'unlock-inside-window') return window;
  return name === 'reboot-at-night' ? rebootWindow(window) : null;
}

function rebootHead(window: WindowName): string {
  return ` For fleets whose work must not be stopped by day: reboots wait for the window ${window}.`;
}

/** Windows that stand in the file of windows already are left out here; there is one of each name. */
function adaptPolicy(name: string, library: Library, answers: InitAnswers): string {
  const documents = open(`${name}.yaml`, library);
  const bound = windowOf(name, answers);
  const written = firstKey(documents[0])?.commentBefore;
  const head = name === 'reboot-at-night' ? rebootHead(rebootWindow(answers.window)) : written;
  const kept = documents.filter((document) => {
    const window = document.getIn(['metadata', 'name']);
    return !isWindow(document) || bound === null || (window === bound && window !== answers.window);
  });
  // What the file says of itself stands above its first document, whichever that is now.
  const first = firstKey(kept[0]);
  if (first !== null && head != null) first.commentBefore = head;
  for (const document of kept) {
    if (isWindow(document)) document.setIn(['spec', 'timeZone'], answers.timeZone);
    else if (bound !== null) document.setIn(['spec', 'rules', 0, 'window'], yamlNode(bound));
    if (name === 'reboot-at-night' && !isWindow(document))
      document.setIn(['spec', 'description'], `Devices are rebooted while the window ${bound} is open.`);
    if (name === 'freeze') mapTexts(document, (text) => shiftYear(text, answers.year));
  }
  return close(kept);
}

function adaptTest(name: string, library: Library, answers: InitAnswers): string {
  const documents = open(`${name}.test.yaml`, library);
  for (const document of documents) {
    const bound = windowOf(name, answers);
    if (bound !== null) {
      const now = instantText(`${windowOffers[bound].opens}:00`, answers.timeZone);
      document.setIn(['spec', 'cases'], windowCases(bound, `${name}/window`, answers.timeZone));
      document.setIn(['spec', 'given', 'now'], now);
      document.setIn(['spec', 'policies'], yamlNode([windowsFile, `${name}.yaml`]));
    }
    document.setIn(['spec', 'given', 'task', 'fleet'], yamlNode(answers.fleets[0]?.name ?? ''));
    mapTexts(document, (text) => {
      const shifted = name === 'freeze' ? shiftYear(text, answers.year) : text;
      return shiftZone(shifted, answers.timeZone);
    });
  }
  return close(documents);
}

function mapTexts(document: Document, change: (text: string) => string): void {
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string') node.value = change(node.value);
    },
  });
}

function shiftYear(text: string, year: number): string {
  return text.replace(/^(\d{4})(?=-\d{2}-\d{2}T)/, (written) => `${Number(written) - libraryYear + year}`);
}

/** The instant at which clocks of the zone show what clocks in Oslo show in the library. */
function shiftZone(text: string, timeZone: string): string {
  const wall = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})[+-]\d{2}:\d{2}$/.exec(text)?.[1];
  return wall === undefined ? text : instantText(wall, timeZone);
}

function instantText(wall: string, timeZone: string): string {
  const instantMs = instantOf(Date.parse(`${wall}Z`), timeZone);
  const minutes = Math.round(offsetAt(instantMs, timeZone) / 60_000);
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = [hour, minute].map((part) => String(part).padStart(2, '0')).join(':');
  return `${wall}${minutes < 0 ? '-' : '+'}${offset}`;
}

/** What proves that the window binds: each of its edges, from both sides. */
function windowCases(window: WindowName, rule: string, timeZone: string) {
  const { opens, closes, opensNext, cutoffMinutes } = windowOffers[window];
  const at = (wall: string, secondsLater = 0): string => {
    const wallMs = Date.parse(`${wall}:00Z`) + secondsLater * 1000;
    return instantText(new Date(wallMs).toISOString().slice(0, 19), timeZone);
  };
  const lastAt = at(closes, -cutoffMinutes * 60);
  const cases = [
    { name: 'when it opens', now: at(opens), expect: { verdict: 'allow', until: lastAt } },
    { name: 'in the middle of it', now: at(opens, 3600), expect: { verdict: 'allow' } },
    {
      name: 'the second before',
      now: at(opens, -1),
      expect: { verdict: 'hold', rule, until: at(opens) },
    },
    {
      name: `in its last ${cutoffMinutes} minutes`,
      now: lastAt,
      expect: { verdict: 'hold', rule, until: at(opensNext) },
    },
  ];
  const node = yamlNode(cases);
  visit(node, {
    Pair: (_key, { key, value }) => {
      if (isScalar(key) && key.value === 'expect' && value instanceof YAMLMap) value.flow = true;
    },
  });
  return node;
}
