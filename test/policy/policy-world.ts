/** Policies as people write them, and a task to judge by them. */
import type { Manifest } from '../../src/manifest/manifest.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { judge } from '../../src/policy/judge.ts';
import type { JudgeInput, JudgeSettings } from '../../src/policy/judge-input.ts';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { ruleFacts } from './rule-facts.ts';

export const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

/** A document as JSON, which is YAML. */
export function write(kind: string, name: string, spec: object): string {
  return JSON.stringify({ apiVersion: 'snowgate/v1', kind, metadata: { name }, spec });
}
export const windowText = (name: string, spec: object): string =>
  write('Window', name, { timeZone: 'UTC', ...spec });
export const policyText = (name: string, rules: readonly object[], match?: object): string =>
  write('Policy', name, { rules, ...(match === undefined ? {} : { match }) });

export function file(path: string, ...documents: readonly string[]): PolicyFile {
  const bytes = new TextEncoder().encode(documents.join('\n---\n'));
  return { path, blob: 'b'.repeat(40), content: { kind: 'bytes', bytes } };
}

export function load(...documents: readonly string[]): PolicySet {
  return loadPolicies([file('policies/all.yaml', ...documents)], limits);
}

/** The same, of documents in which nothing is wrong. */
export function loadSound(...documents: readonly string[]): PolicySet {
  const set = load(...documents);
  const errors = set.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors, null, 1));
  return set;
}

/** `unlock-aurora` of fleet north-sea, on one device. */
export function manifest(spec: object = {}, metadata: object = {}): Manifest {
  const text = JSON.stringify({
    apiVersion: 'snowgate/v1',
    kind: 'Task',
    metadata: { name: 'unlock-aurora', ...metadata },
    spec: { fleet: 'north-sea', command: 'unlock', targets: ['smd-1'], ...spec },
  });
  const parsed = parseManifestFile(new TextEncoder().encode(text), limits);
  const [read] = parsed.manifests;
  if (read === undefined) throw new Error(JSON.stringify(parsed, null, 1));
  return read.manifest;
}

const openJudge: JudgeSettings = {
  uncovered: 'allow',
  requirePolicies: [],
  maxWaitMs: Number.POSITIVE_INFINITY,
  separateCommits: false,
};

export interface Case extends Partial<Omit<JudgeInput, 'settings'>> {
  readonly set: PolicySet;
  readonly at?: string;
  readonly nowMs?: number;
  readonly settings?: Partial<JudgeSettings>;
}

/** The input of a case; `at` is when it is judged. */
export function inputOf({ at, nowMs, settings = {}, ...more }: Case): JudgeInput {
  const timeMs = nowMs ?? Date.parse(at ?? '2026-11-27T21:30:00Z');
  const facts = { ...ruleFacts(), nowMs: timeMs };
  return {
    manifest: manifest(),
    facts,
    fleetLabels: {},
    introducedMs: (more.facts ?? facts).introduced?.timeMs ?? null,
    touchesPolicies: false,
    mergedMs: new Map(),
    ...more,
    settings: { ...openJudge, ...settings },
  };
}

export const judgeCase = (given: Case): Verdict => judge(inputOf(given));

/** `hold SG6303`: what is said, without its words. */
export function say({ action, reasons }: Verdict): string {
  return [action, ...reasons.map(({ code }) => code)].join(' ');
}
export const sayCase = (given: Case): string => say(judgeCase(given));

/** A waiver of some rules of the task that `manifest` makes. */
export function waiver(name: string, rules: readonly string[], more: object = {}): string {
  return write('Waiver', name, {
    fleet: 'north-sea',
    task: 'unlock-aurora',
    run: 1,
    rules,
    reason: 'storm',
    expires: '2026-11-28T12:00:00Z',
    ...more,
  });
}

/** It was merged on that Friday evening. */
export const merged = { mergedMs: new Map([['policies/all.yaml', Date.parse('2026-11-27T20:00:00Z')]]) };
