/**
 * May this head be acted on? Three things are never taken for somebody's wish: a history that was rewritten, a tree
 * that suddenly holds nothing, and one that drops many tasks at once. Each halts issuing until `source.accept` names
 * a head; then it covers that head and what descends from it, and removals are counted from it.
 */

import { receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { restlessReceipts } from '../ledger/view.ts';
import type { Desired, WantedTask } from '../manifest/collect.ts';
import { collectDesired } from '../manifest/collect.ts';
import type { TaskKey } from '../manifest/manifest.ts';
import { countRemovals } from '../plan/withdrawal.ts';
import type { Reason } from '../policy/verdict.ts';
import { reasonFrom } from '../policy/verdict.ts';
import type { CommitId, SourceTree } from './ports.ts';
import type { Controller } from './state.ts';

export interface Reading {
  readonly tree: SourceTree;
  readonly desired: Desired;
  /** What was wanted at the heads acted on before. */
  readonly previous: ReadonlyMap<TaskKey, WantedTask>;
  readonly halts: readonly Reason[];
  /** `source.accept` covers the head, and the ledger does not know it yet: it must be told, or it would ask again. */
  readonly accepted: CommitId | null;
}

export type ReadingAnswer = Reading | { readonly failure: Reason };

/**
 * Reads the tree at the newest head, and judges its history. `fetched`: whether this pass has fetched it; an older one
 * that the ledger has gone past is behind, and nothing can be said of its history.
 */
export async function readSource(
  c: Controller,
  view: LedgerView,
  head: CommitId,
  fetched: boolean,
): Promise<ReadingAnswer> {
  const tree = await c.source.read(head);
  if (!tree.ok) return { failure: reasonFrom(tree.fault) };
  const desired = collectDesired(tree.value.files);
  const base = view.source;
  if (base === null || base === head) {
    // A head that the ledger names was judged by whoever acted on it, perhaps step by step.
    const accepted = base !== null && fetched ? await coveringAccept(c, view, head) : null;
    // Judged again all the same: the configuration may look for manifests elsewhere than it did then.
    const isAccepted = base === null || (await isCovered(c, head));
    const halts = isAccepted ? [] : judgeTree(c, view, desired, c.state.lastTasks, true);
    return { tree: tree.value, desired, previous: c.state.lastTasks, halts, accepted };
  }
  const grown = await c.source.descends(head, base);
  if (!grown.ok) return { failure: reasonFrom(grown.fault) };
  const accept = fetched ? await coveringAccept(c, view, head) : null;
  const before = await tasksBefore(c, base);
  if ('failure' in before) return before;
  const counted = accept === null ? before : await tasksAt(c, accept);
  if ('failure' in counted) return counted;
  if (!grown.value && accept === null && !fetched) return { failure: behind(head, base) };
  const halts: Reason[] = grown.value || accept !== null ? [] : [rewritten(head, base)];
  halts.push(...judgeTree(c, view, desired, counted, !(await isCovered(c, head))));
  return { tree: tree.value, desired, previous: before, halts, accepted: accept };
}

/**
 * The configured `source.accept`, where it covers this head. It is good once: the commit that acts on it writes it down,
 * and left in the configuration it lets nobody rewrite history a second time. Only for a head that was fetched now: an
 * older one may lie behind what another replica has acted on, and would be gone back to.
 */
async function coveringAccept(c: Controller, view: LedgerView, head: CommitId): Promise<CommitId | null> {
  const { accept } = c.config.source;
  if (accept === undefined || view.accepted.has(accept)) return null;
  return (await isCovered(c, head)) ? accept : null;
}

/** Whether `source.accept` names this head or an ancestor of it, whether or not that was acted on before. */
async function isCovered(c: Controller, head: CommitId): Promise<boolean> {
  const { accept } = c.config.source;
  if (accept === undefined || accept === head) return accept === head;
  const covers = await c.source.descends(head, accept);
  return covers.ok && covers.value;
}

/** What was wanted before: by this process's own last head, where that is no older than what the ledger names. */
async function tasksBefore(c: Controller, base: CommitId): Promise<Tasks | { readonly failure: Reason }> {
  const { lastHead, lastTasks } = c.state;
  if (lastHead === base) return lastTasks;
  const newer = lastHead === null ? null : await c.source.descends(lastHead, base);
  if (newer?.ok === true && newer.value) return lastTasks;
  const older = await tasksAt(c, base);
  return 'failure' in older ? older : new Map([...older, ...lastTasks]);
}

type Tasks = ReadonlyMap<TaskKey, WantedTask>;

/** What was wanted at a commit. One that is not here any more, after a rewrite, wanted nothing that can be known. */
async function tasksAt(c: Controller, commit: CommitId): Promise<Tasks | { readonly failure: Reason }> {
  const tree = await c.source.read(commit);
  if (tree.ok) return collectDesired(tree.value.files).tasks;
  if (tree.fault.code === 'SG3032') return new Map();
  return { failure: reasonFrom(tree.fault) };
}

function judgeTree(
  c: Controller,
  view: LedgerView,
  desired: Desired,
  counted: Tasks,
  byLedger: boolean,
): Reason[] {
  const isEmpty = desired.tasks.size === 0 && desired.frozen.size === 0 && desired.quarantined.size === 0;
  if (isEmpty && (counted.size > 0 || (byLedger && isAnyOpen(view)))) {
    return [
      {
        code: 'SG6202',
        message: `the source holds no manifest any more (${counted.size > 0 ? `it held ${counted.size}` : 'tasks of it are still open in the ledger'}); restore them, or name this head in source.accept`,
      },
    ];
  }
  const removals = countRemovals(counted, desired, view, byLedger);
  const { maxRemovals } = c.config.source;
  if (removals <= maxRemovals) return [];
  return [
    {
      code: 'SG6203',
      message: `${removals} tasks that were not finished are gone from the source at once (source.maxRemovals is ${maxRemovals}); restore them, or name this head in source.accept`,
    },
  ];
}

/** Whether the ledger holds anything that a manifest may still be wanted for. */
function isAnyOpen(view: LedgerView): boolean {
  return restlessReceipts(view).some((receipt) => {
    const state = receiptState(receipt);
    return (
      (state === 'waiting' && !receipt.notes.has('withdrawn')) ||
      (state === 'issued' && receipt.cancel === null)
    );
  });
}

function behind(head: CommitId, base: CommitId): Reason {
  return {
    code: 'SG6208',
    message: `another replica has acted on source head ${base.slice(0, 12)}, and this one knows only ${head.slice(0, 12)}: the source could not be fetched`,
  };
}

function rewritten(head: CommitId, base: CommitId): Reason {
  return {
    code: 'SG6201',
    message: `the source's history was rewritten: its head ${head.slice(0, 12)} does not descend from ${base.slice(0, 12)}, which was acted on before; restore the branch, or name the new head in source.accept`,
  };
}
