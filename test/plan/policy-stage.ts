/** Tasks that are judged by policies, and were issued at a time of the test's choice. */
import type { ClaimVerdict } from '../../src/ledger/events.ts';
import type { Desired, WantedTask } from '../../src/manifest/collect.ts';
import type { Token } from '../../src/manifest/manifest.ts';
import { buildRequest } from '../../src/manifest/request.ts';
import type { Origin } from '../../src/plan/facts.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { claimed, commitId, issued } from '../ledger/events.ts';
import { originAt } from './input.ts';
import { noonMs, Stage, yaml } from './stage.ts';

export const hourMs = 3_600_000;
export const minuteMs = 60_000;
export const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** Tasks that came one after the other, in the order of their names unless `places` says otherwise. */
export function comesInOrder(
  desired: Desired,
  places: (name: string, index: number) => number = (_n, i) => i,
) {
  const tokens = [...desired.tasks.values()].sort((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
  return new Map<Token, Origin>(
    tokens.map(({ manifest }, index) => [manifest.token, originAt(noonMs, places(manifest.name, index))]),
  );
}

export function stageOf(...names: string[]): Stage {
  const stage = new Stage();
  stage.files = Object.fromEntries(names.map((name) => [`tasks/${name}.yaml`, yaml({ name })]));
  return stage;
}

export const granted = (plan: Plan): string[] => plan.issuable.map(({ task }) => task.manifest.name);

/** Claims and issues a task of the stage, at a time and with a verdict. */
export function issueAt(
  stage: Stage,
  name: string,
  atMs: number,
  verdict: Partial<ClaimVerdict> = {},
): WantedTask {
  const task = stage.desired.tasks.get(`lab/${name}`);
  if (task === undefined) throw new Error(`no ${name}`);
  const { token, fleet, run } = task.manifest;
  const request = buildRequest(task.manifest, { commit: commitId(5), ledgerId: 'ledger' });
  const base = { token, fleet, name, at: iso(atMs) };
  const whole = { action: 'allow', until: null, reasons: [], policies: [], ...verdict } as const;
  const origin = { path: task.path, blob: task.blob, commit: commitId(5), author: 'Ann', annotations: {} };
  stage.ledger.write(claimed({ ...base, taskRun: run, request, manifest: origin, verdict: whole }));
  stage.ledger.write(issued({ ...base, taskId: `st-${name}` }));
  return task;
}
