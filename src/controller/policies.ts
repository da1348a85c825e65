/**
 * The windows, policies, suspensions and waivers of a pass: those beside the manifests, or those of a repository of their
 * own, whose history is judged as the source's is.
 */

import type { LedgerView } from '../ledger/view.ts';
import type { Result } from '../lib/faults.ts';
import { ok } from '../lib/faults.ts';
import { findStrangers } from '../policy/fleet-check.ts';
import type { PolicyFile } from '../policy/policy-file.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { loadPolicies, policySetDigest } from '../policy/policy-set.ts';
import type { Reason } from '../policy/verdict.ts';
import { reasonFrom } from '../policy/verdict.ts';
import type { Reading } from './history.ts';
import type { CommitId, PolicyRepository } from './ports.ts';
import type { Controller } from './state.ts';
import { syncPolicies } from './sync.ts';

export interface PolicyReading {
  readonly head: CommitId;
  readonly set: PolicySet;
  /** When the file of each waiver was merged, by its path; one whose history could not be read is not here. */
  readonly mergedMs: ReadonlyMap<string, number>;
  readonly halts: readonly Reason[];
  /** `policySource.accept` covers the head, and the ledger does not know it yet. */
  readonly accepted: CommitId | null;
}

/**
 * Fetches the policies where they have a repository of their own, and reads those that go with what was read of the source.
 * What keeps them from being acted on is added to the problems of the pass.
 */
export async function syncAndReadPolicies(
  c: Controller,
  view: LedgerView,
  reading: Reading | null,
  problems: Reason[],
): Promise<PolicyReading | null> {
  const fetched = await syncPolicies(c);
  if (reading === null) return null;
  const answer = await readPolicies(c, view, reading, fetched);
  if ('failure' in answer) {
    problems.push(answer.failure);
    return null;
  }
  problems.push(...answer.halts);
  return answer;
}

type ReadAt = (commit: CommitId) => Promise<Result<readonly PolicyFile[]>>;

/** The code of a commit that is not in this clone. */
const notHere = 'SG3032';

/** Reads the policies that go with a reading of the source. `fetched`: whether this pass has fetched their own repository. */
async function readPolicies(
  c: Controller,
  view: LedgerView,
  reading: Reading,
  fetched: boolean,
): Promise<PolicyReading | { readonly failure: Reason }> {
  const { policySource } = c;
  if (policySource === null) {
    const { head, policies } = reading.tree;
    const loaded = await load(c, c.source, head, policies);
    const readAt = async (commit: CommitId) => {
      const tree = await c.source.read(commit);
      return tree.ok ? ok(tree.value.policies) : tree;
    };
    const loss = await judgeLoss(c, view, loaded, reading.accepted, readAt);
    return 'failure' in loss ? loss : { ...loaded, halts: loss.halts, accepted: null };
  }
  const head = c.state.policyHead;
  if (head === null) {
    const { policyFault } = c.state;
    const why = policyFault === null ? '' : `: ${policyFault.message} (${policyFault.code})`;
    return { failure: { code: 'SG6240', message: `the policies have not been read yet${why}` } };
  }
  const judged = await judgeHead(c, view, policySource, head, fetched);
  if ('failure' in judged) return judged;
  const tree = await policySource.read(head);
  if (!tree.ok) return { failure: reasonFrom(tree.fault) };
  const loaded = await load(c, policySource, head, tree.value.files);
  const slip = letsAllGo(c, loaded.set) ? [lossOf(head, emptySource)] : [];
  return { ...loaded, halts: [...judged.halts, ...slip], accepted: judged.accepted };
}

/**
 * Where what no policy matches is allowed, policies that are gone would let everything go: by a commit, and by a configuration that
 * looks for them elsewhere. Nothing is ever taken for "delete everything": it halts, until a head without them is accepted. A
 * place that the configuration names, and that is empty, is a slip from the first.
 */
async function judgeLoss(
  c: Controller,
  view: LedgerView,
  { head, set }: Pick<PolicyReading, 'head' | 'set'>,
  accepted: CommitId | null,
  readAt: ReadAt,
): Promise<Loss> {
  if (!letsAllGo(c, set)) return { halts: [] };
  const { namesPolicies, policies: folder } = c.config.source;
  if (namesPolicies && isEmpty(set)) {
    const wayOut = 'correct source.policies, or leave it out where there are no policies';
    const nothing = `there is nothing below ${folder ?? ''}, which source.policies names; ${wayOut}`;
    return { halts: [lossOf(head, nothing)] };
  }
  const gone = await isGone(c, view, set, accepted, readAt);
  if (typeof gone !== 'boolean') return { failure: gone };
  if (!gone) return { halts: [] };
  return { halts: [lossOf(head, lostPolicies)] };
}

const lostPolicies =
  'there is no policy, and what was acted on last held some, or lay where nobody looks now; restore them, correct where they are read from, or name this head in source.accept';
const emptySource = 'policySource holds no policy; restore them, correct its path, or write one there';

/** Whether the set, binding nothing, would let everything go. */
function letsAllGo({ config }: Controller, set: PolicySet): boolean {
  return config.policy.uncovered === 'allow' && !bindsAnything(set);
}

type Loss = { readonly halts: readonly Reason[] } | { readonly failure: Reason };

/**
 * Whether the set that was acted on last, by any replica, may have bound something. Where its commit is not here, or holds other
 * files at the place that is looked at now, it was read from elsewhere, and nobody knows. An accepted head has no policies
 * on purpose where it has none itself: what came after it was not looked at.
 */
async function isGone(
  c: Controller,
  { policySet: acted }: LedgerView,
  set: PolicySet,
  accepted: CommitId | null,
  readAt: ReadAt,
): Promise<boolean | Reason> {
  if (acted?.head == null || acted.digest === set.digest) return false;
  const found = `${acted.digest} ${set.digest}`;
  if (c.state.harmless === found) return false;
  const before = await readAt(accepted ?? acted.head);
  if (!before.ok) return before.fault.code === notHere || reasonFrom(before.fault);
  if (bindsAnything(parse(c, before.value))) return true;
  if (accepted !== null) return false;
  if (policySetDigest(before.value) !== acted.digest) return true;
  c.state.harmless = found;
  return false;
}

function isEmpty({ windows, suspensions, waivers }: PolicySet): boolean {
  return windows.size + suspensions.length + waivers.length === 0;
}

function bindsAnything({ policies, broken }: PolicySet): boolean {
  return policies.length > 0 || broken.length > 0;
}

function lossOf(head: CommitId, why: string): Reason {
  const message = `at ${head.slice(0, 12)} ${why}: as policy.uncovered is allow, everything would be issued`;
  return { code: 'SG6247', message };
}

async function load(
  c: Controller,
  repository: Pick<PolicyRepository, 'traceFiles'>,
  head: CommitId,
  files: readonly PolicyFile[],
): Promise<Pick<PolicyReading, 'head' | 'set' | 'mergedMs'>> {
  const set = loadOnce(c, files);
  return { head, set, mergedMs: await traceWaivers(c, repository, head, set) };
}

/** Loaded again only where a file has changed. */
function loadOnce(c: Controller, files: readonly PolicyFile[]): PolicySet {
  const digest = policySetDigest(files);
  if (c.state.policies.digest === digest) return c.state.policies;
  const set = parse(c, files);
  const strangers = findStrangers(set, [...c.config.fleets.keys()]);
  c.state.policies = { ...set, problems: [...set.problems, ...strangers] };
  return c.state.policies;
}

function parse({ config }: Controller, files: readonly PolicyFile[]): PolicySet {
  const { fileBytes, documentsPerFile, depth } = config.source.limits;
  return loadPolicies(files, { fileBytes, documentsPerFile, depth });
}

/**
 * Without the time at which it was merged a waiver does not count: nothing else is held for it. Never later than now: a date
 * that is ahead, which anybody can write, would make its 72 hours longer.
 */
async function traceWaivers(
  c: Controller,
  repository: Pick<PolicyRepository, 'traceFiles'>,
  head: CommitId,
  { waivers }: PolicySet,
): Promise<ReadonlyMap<string, number>> {
  if (waivers.length === 0) return new Map();
  const traced = await repository.traceFiles(head, [...new Set(waivers.map(({ place }) => place.path))]);
  if (traced.ok) {
    c.announcer.clear('waivers', 'history of the waivers read again');
    const nowMs = c.clock.wallMs();
    return new Map([...traced.value].map(([path, { timeMs }]) => [path, Math.min(timeMs, nowMs)]));
  }
  const { code, message } = traced.fault;
  c.announcer.say('waivers', 'warn', 'history of the waivers not read, they do not count', {
    code,
    reason: message,
  });
  return new Map();
}

/**
 * The newest head of a `policySource` that was acted on; null before the first. Where the ledger names the source's own head, the
 * policies lay beside the manifests, and their history says nothing of another repository's.
 */
export function actedPolicies({ source, policies }: LedgerView): CommitId | null {
  return policies === source ? null : policies;
}

/** May this head be acted on? As for the source, a rewritten history is nobody's wish. */
async function judgeHead(
  c: Controller,
  view: LedgerView,
  repository: PolicyRepository,
  head: CommitId,
  fetched: boolean,
): Promise<Pick<PolicyReading, 'halts' | 'accepted'> | { readonly failure: Reason }> {
  const base = actedPolicies(view);
  const accept = c.config.policySource?.accept;
  const isNews = accept !== undefined && fetched && !view.accepted.has(accept);
  const covers = isNews ? await repository.descends(head, accept) : null;
  const accepted = covers?.ok === true && covers.value ? (accept ?? null) : null;
  if (base === null || base === head) return { halts: [], accepted: base === null ? null : accepted };
  const grown = await repository.descends(head, base);
  if (!grown.ok) return { failure: reasonFrom(grown.fault) };
  if (grown.value || accepted !== null) return { halts: [], accepted };
  const [here, there] = [head.slice(0, 12), base.slice(0, 12)];
  if (!fetched) {
    const message = `another replica has acted on policies at ${there}, and this one knows only ${here}: policySource could not be fetched`;
    return { failure: { code: 'SG6241', message } };
  }
  const message = `the head of the policies ${here} does not descend from ${there}, which was acted on before: their history was rewritten, or they have moved here from elsewhere; restore the branch, or name the new head in policySource.accept`;
  return { halts: [{ code: 'SG6242', message }], accepted: null };
}
