/** From the bytes of a file to manifests. The only place where a Manifest is made. */
import { canonicalJson, sha256Hex } from '../lib/digest.ts';
import type { DocumentLimits, OpenedDocument } from '../lib/document.ts';
import { readDocuments } from '../lib/document.ts';
import { createCheck } from '../lib/document-check.ts';
import { isName } from '../lib/document-names.ts';
import type { Locate } from '../lib/document-place.ts';
import { compareSpots, quoteText } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import { isMap } from '../lib/document-yaml.ts';
import { findNearest } from '../lib/nearest.ts';
import { clientToken } from './canonical.ts';
import type {
  Command,
  HiddenNames,
  Manifest,
  ManifestFields,
  ParsedFile,
  Problem,
  TaskKey,
} from './manifest.ts';
import { taskKey } from './manifest.ts';
import { taskSchema } from './schema.ts';
import { parseTime } from './time.ts';

/** What a task document holds once the schema has accepted it. */
interface WrittenTask {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly fleet: string;
    readonly command: Command;
    readonly targets: readonly string[];
    readonly description?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly run?: number;
    readonly notBefore?: string;
    readonly notAfter?: string;
    readonly after?: readonly string[];
  };
}

type GoodDocument = Extract<OpenedDocument, { readonly ok: true }>;

const policyKinds = ['Window', 'Policy', 'Suspension', 'Waiver'];
const timeHint = 'write 2026-11-27T22:00:00+01:00 or 2026-11-27T21:00:00Z';
const knownKinds = ['Task', ...policyKinds, 'Controller'];

const checkTask = createCheck(taskSchema, { showsValues: true });

/**
 * Reads one file of the source. Every document stands for itself: what is wrong with one is in `problems`, and the
 * others are read all the same. Whatever the bytes hold, this returns; its work is bounded by the limits.
 */
export function parseManifestFile(bytes: Uint8Array, limits: DocumentLimits): ParsedFile {
  const file = readDocuments(bytes, limits);
  if (!file.ok) return { manifests: [], problems: file.problems, badNames: [], hidden: hiddenNames(bytes) };
  const manifests: { manifest: Manifest; line: number }[] = [];
  const problems: Problem[] = [];
  const badNames = new Set<TaskKey>();
  let isHiding = false;
  for (const document of file.documents) {
    if (!document.ok) {
      problems.push(...document.problems);
      isHiding = true;
      continue;
    }
    const found = judgeTask(document);
    if (found.length === 0) {
      manifests.push({ manifest: makeManifest(document.value), line: document.line });
      continue;
    }
    problems.push(...found);
    const key = readKey(document.value);
    if (key === undefined) isHiding = true;
    else badNames.add(key);
  }
  return { manifests, problems, badNames: [...badNames], hidden: isHiding ? hiddenNames(bytes) : null };
}

/** One document that was read elsewhere, or made: its manifest, or everything that is wrong with it. */
export function parseTask(
  document: Pick<GoodDocument, 'value' | 'locate'>,
):
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const problems = judgeTask(document);
  return problems.length === 0
    ? { ok: true, manifest: makeManifest(document.value) }
    : { ok: false, problems };
}

/** Everything wrong with a document that is readable as YAML; nothing when it is a manifest. */
function judgeTask(document: Pick<GoodDocument, 'value' | 'locate'>): Problem[] {
  const { value, locate } = document;
  if (!isMap(value)) {
    const { line, column } = locate([]);
    const message = 'the document is not a map of apiVersion, kind, metadata and spec';
    return [
      { code: 'SG1209', severity: 'error', line, column, message, hint: 'write one task per document' },
    ];
  }
  const foreign = judgeKind(value.kind, locate);
  if (foreign !== undefined) return [foreign];
  const times = judgeTimes(value, locate);
  // Where both speak of one time, ours gives the reason and the schema only the shape.
  const checked = checkTask(document).filter(
    (problem) => problem.code !== 'SG1207' || !times.some((time) => compareSpots(time, problem) === 0),
  );
  return [...checked, ...judgeTags(value, locate), ...times].sort(compareSpots);
}

/** A document of another kind: none of the task's rules would say anything useful about it. */
function judgeKind(kind: JsonValue | undefined, locate: Locate): Problem | undefined {
  if (typeof kind !== 'string' || kind === 'Task') return undefined;
  const { line, column } = locate(['kind']);
  const place = { severity: 'error', line, column } as const;
  if (policyKinds.includes(kind)) {
    const message = `a ${kind} does not belong among the tasks`;
    return { code: 'SG1203', ...place, message, hint: 'move it below source.policies' };
  }
  if (kind === 'Controller') {
    const message = 'the configuration of a controller does not belong among the tasks';
    return {
      code: 'SG1204',
      ...place,
      message,
      hint: 'move it out of source.path; it is given with --config',
    };
  }
  const nearest = findNearest(kind, knownKinds);
  // A slip of "Task" is judged as one, so that all else that is wrong is told in the same breath.
  if (nearest === 'Task') return undefined;
  const hint = nearest === undefined ? 'only kind: Task is read here' : `did you mean ${nearest}?`;
  return { code: 'SG1202', ...place, message: `kind ${quoteText(kind)} is not known`, hint };
}

function judgeTags(value: JsonValue, locate: Locate): Problem[] {
  const tags = isMap(value) && isMap(value.spec) ? value.spec.tags : undefined;
  if (!isMap(tags)) return [];
  const reserved = Object.keys(tags).filter((key) => /^(?:aws|snowgate):/i.test(key));
  return reserved.slice(0, 50).map((key) => {
    const message = `the tag key ${quoteText(key)} is reserved`;
    const hint = 'keys beginning aws: belong to AWS, those beginning snowgate: to snowgate';
    return { code: 'SG1208', severity: 'error', ...locate(['spec', 'tags', key], 'key'), message, hint };
  });
}

function judgeTimes(value: JsonValue, locate: Locate): Problem[] {
  const spec = isMap(value) && isMap(value.spec) ? value.spec : {};
  const problems: Problem[] = [];
  const instants = new Map<string, number>();
  for (const key of ['notBefore', 'notAfter']) {
    const text = spec[key];
    if (typeof text !== 'string') continue;
    const time = parseTime(text);
    if (time.ok) instants.set(key, time.epochMs);
    else {
      const message = `spec.${key} ${quoteText(text)} ${time.reason}`;
      problems.push({ code: 'SG1207', severity: 'error', ...locate(['spec', key]), message, hint: timeHint });
    }
  }
  const [notBefore, notAfter] = [instants.get('notBefore'), instants.get('notAfter')];
  if (notBefore !== undefined && notAfter !== undefined && notAfter <= notBefore) {
    const message = 'spec.notAfter is not after spec.notBefore: the task could never be issued';
    problems.push({ code: 'SG1206', severity: 'error', ...locate(['spec', 'notAfter']), message });
  }
  return problems;
}

/**
 * Every word of the bytes that could be a name. An escape can spell a name without showing it, and another encoding shows
 * none at all: then it may be any. By bytes, because they need not be text.
 */
function hiddenNames(bytes: Uint8Array): HiddenNames {
  const backslash = 0x5c;
  if (bytes.includes(backslash) || bytes.includes(0)) return 'any';
  const words = new Set<string>();
  let word = '';
  for (const byte of [...bytes, 0]) {
    const isLabel = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d;
    if (isLabel) word += String.fromCharCode(byte);
    else if (word !== '') {
      words.add(word);
      word = '';
    }
  }
  return words;
}

/** The name that a bad document bears, where both of its parts can be read for certain. */
function readKey(value: JsonValue): TaskKey | undefined {
  if (!isMap(value) || !isMap(value.metadata) || !isMap(value.spec)) return undefined;
  const { name } = value.metadata;
  const { fleet } = value.spec;
  return isName(name) && isName(fleet) ? taskKey({ fleet, name }) : undefined;
}

/** Takes only what the schema and the rules above have accepted. */
function makeManifest(value: JsonValue): Manifest {
  const { metadata, spec } = value as unknown as WrittenTask;
  const revision = {
    fleet: spec.fleet,
    name: metadata.name,
    command: spec.command,
    targets: [...spec.targets].sort(),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    tags: spec.tags ?? {},
    run: spec.run ?? 1,
  };
  const fields: ManifestFields = {
    ...revision,
    token: clientToken(revision),
    digest: sha256Hex(canonicalJson(value)),
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    after: [...(spec.after ?? [])].sort(),
    ...readInstant('notBeforeMs', spec.notBefore),
    ...readInstant('notAfterMs', spec.notAfter),
  };
  return fields as Manifest;
}

function readInstant<K extends 'notBeforeMs' | 'notAfterMs'>(
  key: K,
  text: string | undefined,
): { readonly [key in K]?: number } {
  const time = text === undefined ? undefined : parseTime(text);
  return time?.ok === true ? ({ [key]: time.epochMs } as { [key in K]: number }) : {};
}
