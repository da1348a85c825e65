/** The first page: whether it works, what stands in the way, and what asks for somebody, the most urgent first. */
import type { RemoteConfig } from '../config/config.ts';
import { accountProof, type SyncStatus } from '../controller/status.ts';
import { count } from '../lib/count.ts';
import { groupWords, type StatusGroup, statusGroups } from '../report/task-groups.ts';
import { judgeHealth } from './health.ts';
import { haltsOf } from './page-book.ts';
import type { Forge } from './page-forge.ts';
import { stepFor } from './page-halts.ts';
import { type Bounded, bound, commitLink, fleetHref, type Link, placeLink } from './page-parts.ts';
import { type TaskRow, taskRow } from './page-rows.ts';
import { listingNote, standingNotes } from './page-standing.ts';
import { type Badge, standBadge, type Tone } from './page-words.ts';
import { numberIn, type PageWorld, tasksIn } from './page-world.ts';

interface Sync {
  readonly name: string;
  /** The branch and where it is. */
  readonly where: string;
  readonly head: Link | null;
  readonly fetchedMs: number | null;
  readonly isFresh: boolean;
}

interface Group {
  readonly group: StatusGroup;
  readonly word: string;
  readonly tone: Tone;
  readonly number: number;
  /** So many of them are in the list of all tasks. */
  readonly listed: number;
  readonly tasks: Bounded<TaskRow>;
}

interface ShownProblem {
  readonly id: string;
  readonly place: Link;
  readonly code: string;
  readonly isError: boolean;
  readonly message: string;
  readonly hint: string | null;
}

interface ShownFleet {
  readonly fleet: Link;
  readonly badge: Badge;
  readonly reason: string | null;
  readonly region: string;
  readonly account: string | null;
  /** Null where it names no account. */
  readonly isProved: boolean | null;
  /** That its tasks are not listed yet; null where that is not so. */
  readonly listing: string | null;
  readonly devices: number | null;
  readonly inFlight: number;
}

export interface Overview {
  readonly atMs: number;
  readonly isReady: boolean;
  /** Before the first pass of this life. */
  readonly isNew: boolean;
  /** How far what is shown is to be believed. */
  readonly notes: readonly string[];
  readonly checks: readonly { readonly name: string; readonly isGood: boolean; readonly word: string }[];
  readonly halts: Bounded<{ readonly code: string; readonly message: string; readonly step: string }>;
  readonly groups: readonly Group[];
  readonly problems: Bounded<ShownProblem>;
  readonly sync: readonly Sync[];
  readonly fleets: Bounded<ShownFleet>;
}

const tones: Readonly<Record<StatusGroup, Tone>> = {
  needsPerson: 'bad',
  inDoubt: 'warn',
  inFlight: 'run',
  waiting: 'wait',
  ended: 'good',
  quiet: 'quiet',
};

/** Of what is over a person reads the newest; the list of all tasks has the rest. */
const endedMax = 10;
const haltsMax = 20;
const rowsMax = 100;

/** What the first page shows. */
export function overviewModel(world: PageWorld): Overview {
  const { status } = world;
  const { isReady, checks } = judgeHealth(status);
  const halts = haltsOf(status).map(({ code, message }) => ({ code, message, step: stepFor(code) }));
  const groups = statusGroups
    .filter((group) => group !== 'quiet')
    .map((group): Group => {
      const number = numberIn(group, world);
      const listed = tasksIn(group, world);
      const { rows } = bound(listed, group === 'ended' ? endedMax : rowsMax);
      const shown = { rows: rows.map((task) => taskRow(task, world)), more: number - rows.length };
      const word = groupWords[group];
      return { group, word, tone: tones[group], number, listed: listed.length, tasks: shown };
    });
  return {
    atMs: status.atMs,
    isReady,
    isNew: status.passes.tookMs === null,
    notes: standingNotes(status),
    checks,
    halts: bound(halts, haltsMax),
    groups,
    problems: problemsOf(world),
    sync: syncOf(world),
    fleets: bound(fleetsOf(world)),
  };
}

/** Files with errors, in the order of their paths; of policies from elsewhere the commit is that of theirs. */
function problemsOf({ status, forges }: PageWorld): Bounded<ShownProblem> {
  const { source, policies, sourceProblems, policySet } = status;
  const ofPolicies = new Set(policySet.problems);
  const { rows, more } = bound(sourceProblems ?? [], rowsMax);
  const shown = rows.map((problem) => {
    const { code, severity, place, message, hint } = problem;
    const { path, line, column } = place;
    const isElsewhere = policies !== null && ofPolicies.has(problem);
    return {
      id: `problem-${path}-${line}-${column}-${code}`.replaceAll(/\s/g, '-'),
      place: isElsewhere
        ? placeLink(forges.policies, policies.head, place)
        : placeLink(forges.source, source.head, place),
      code,
      isError: severity === 'error',
      message,
      hint: hint ?? null,
    };
  });
  return { rows: shown, more };
}

function syncOf({ status, config, forges }: PageWorld): Sync[] {
  const { source, policies, ledger, atMs, maxAgeMs } = status;
  const show = (name: string, remote: RemoteConfig, forge: Forge, { head, ageMs }: SyncStatus): Sync => ({
    name,
    where: `${remote.branch} of ${remote.url}`,
    head: commitLink(forge, head),
    fetchedMs: ageMs === null ? null : atMs - ageMs,
    isFresh: ageMs !== null && ageMs <= maxAgeMs,
  });
  return [
    show('Source', config.source, forges.source, source),
    ...(policies === null || config.policySource === undefined
      ? []
      : [show('Policies', config.policySource, forges.policies, policies)]),
    show('Ledger', config.ledger, forges.ledger, ledger),
  ];
}

function fleetsOf(world: PageWorld): ShownFleet[] {
  return world.status.fleets.map((fleet) => {
    const { name, stand, reason, region, account, devices } = fleet;
    return {
      fleet: { text: name, href: fleetHref(name) },
      badge: standBadge(stand),
      reason: reason === null ? null : `${reason.code} ${reason.message}`,
      region,
      account,
      isProved: accountProof(fleet),
      listing: listingNote(fleet),
      devices: devices?.size ?? null,
      inFlight: world.tasks.byFleet.get(name)?.inFlight ?? 0,
    };
  });
}

/** In a few words: what is told when a page has changed, and what a tab is called by. */
export function summaryOf(world: PageWorld): string {
  const halts = haltsOf(world.status).length;
  const parts = statusGroups
    .filter((group) => group !== 'quiet' && group !== 'ended')
    .flatMap((group) => {
      const number = numberIn(group, world);
      if (number === 0) return [];
      const word = group === 'needsPerson' && number > 1 ? 'need a person' : groupWords[group];
      return [`${number} ${word}`];
    });
  const halted = halts === 0 ? [] : [`issuing is stopped by ${count(halts, 'thing')}`];
  const told = [...halted, ...parts];
  return told.length === 0 ? 'nothing waits' : told.join(', ');
}
