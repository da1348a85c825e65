/** What the fold keeps up of all receipts is what going through them all would find. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { foldBatch } from '../../src/ledger/fold.ts';
import { receiptState } from '../../src/ledger/receipt.ts';
import { countedState, endedMax, successKey } from '../../src/ledger/summary.ts';
import type { LedgerView } from '../../src/ledger/view.ts';
import {
  baseline,
  cancelRequested,
  claimed,
  commitId,
  header,
  issued,
  Ledger,
  laterClaim,
  noted,
  progress,
  refused,
  released,
  settled,
  unknown,
} from './events.ts';

const tokenOf = (index: number): string => String(index).padStart(64, '0');

/** Six revisions of three names on two fleets. */
const owner = fc.integer({ min: 0, max: 5 }).map((index) => ({
  token: tokenOf(index),
  fleet: index < 4 ? 'lab' : 'sea',
  name: `name-${Math.floor(index / 2)}`,
}));
const device = fc.constantFrom('smd-1', 'smd-2', 'smd-3');
const executions = fc.array(
  fc.record({ device, state: fc.constantFrom('SUCCEEDED', 'FAILED'), executionId: fc.constant('ex-1') }),
  { maxLength: 2 },
);
const outcomes = fc.constantFrom('succeeded', 'failed', 'partial' as const);

/** An event, or what leads to one: by chance alone hardly any task would come to its end. */
const events: fc.Arbitrary<LedgerEvent[]> = fc
  .record({ base: owner, device, executions, outcome: outcomes, attempt: fc.constantFrom(1, 1, 1, 2) })
  .chain(({ base, device: target, executions: told, outcome, attempt }) => {
    const request = { ...claimed(base).request, targets: [target] };
    const runs = [{ device: target, startedAt: claimed().at, cause: 'left' as const }];
    const claim = claimed({ ...base, request } as Parameters<typeof claimed>[0]);
    const end = settled({ ...base, executions: told, outcome });
    const outside: LedgerEvent = {
      ...cancelRequested(base),
      kind: 'ranOutsideWindow',
      closedAt: claim.at,
      runs,
    };
    const single = fc.constantFrom<LedgerEvent>(
      claim,
      laterClaim(base),
      issued({ ...base, attempt }),
      issued({ ...base, attempt, taskId: 'st-2' }),
      released({ ...base, attempt }),
      refused({ ...base, attempt }),
      unknown({ ...base, attempt }),
      progress({ ...base, executions: told }),
      end,
      cancelRequested(base),
      outside,
      baseline({ ...base, targets: [target] }),
      noted(base),
    );
    const begun = [claim, issued(base)];
    return fc.oneof(
      single.map((one) => [one]),
      fc.constantFrom<LedgerEvent[]>([...begun, end], [...begun, outside], [...begun, end, outside]),
    );
  });

/** Folds what the table allows; after what it forbids a view is of no use. */
function foldAllowed(ledger: Ledger, events: readonly LedgerEvent[]): LedgerEvent[] {
  return events.filter((one) => {
    const { view } = ledger;
    const batch = { header: header({ seq: view.seq + 1 }), events: [one] };
    if (foldBatch(structuredClone(view), batch, commitId(1)) !== null) return false;
    ledger.write(one);
    return true;
  });
}

function countAll({ receipts }: LedgerView) {
  const states = new Map<string, number>();
  const ends = new Map<string, number>();
  const outside = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string, by = 1): void => {
    if (by > 0) counts.set(key, (counts.get(key) ?? 0) + by);
  };
  for (const receipt of receipts.values()) {
    add(states, receiptState(receipt));
    if (receipt.settled !== null) add(ends, receipt.settled.outcome);
    add(outside, receipt.fleet, receipt.outside.length);
  }
  return { states, outcomes: ends, outside };
}

/** Told again from the beginning: what ended badly, until the name is tried again. */
function findBadEnds(events: readonly LedgerEvent[]): Map<string, string> {
  const ends = new Map<string, string>();
  for (const [index, event] of events.entries()) {
    const { fleet, name, token } = event;
    const isFirst = !events.slice(0, index).some((one) => one.token === token);
    if (isFirst || event.kind === 'claimed') ends.delete(`${fleet}/${name}`);
    const isBad = event.kind === 'settled' && ['partial', 'failed'].includes(event.outcome);
    if (isBad) ends.set(`${fleet}/${name}`, token);
  }
  return ends;
}

const positive = <Key>(counts: ReadonlyMap<Key, number>): Map<Key, number> =>
  new Map([...counts].filter(([, number]) => number !== 0));

describe('the summary', () => {
  it('counts what is there, whatever happened', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 30 }), (drawn) => {
        const ledger = new Ledger();
        const allowed = foldAllowed(ledger, drawn.flat());
        const { view } = ledger;
        const { badEnds, devices, ended, successes, states, outside } = view.summary;
        expect({ states: positive(states), outcomes: view.summary.outcomes, outside }).toEqual(
          countAll(view),
        );
        const receipts = [...view.receipts.values()];
        expect(badEnds).toEqual(findBadEnds(allowed));
        const atRest = receipts.filter((receipt) => countedState(receipt).isAtRest);
        for (const { fleet, token } of atRest) expect(ended.get(fleet)).toContain(token);
        expect(receipts.filter(({ token }) => !view.restless.has(token))).toEqual(atRest);
        const named = receipts.flatMap(({ revision }) => revision?.targets ?? []);
        const told = allowed.flatMap((one) => ('executions' in one ? one.executions : []));
        expect(devices).toEqual(new Set([...named, ...told.map((one) => one.device)]));
        const succeeded = receipts.flatMap(({ fleet, revision, executions: all }) =>
          all.flatMap((one) =>
            one.state === 'SUCCEEDED' ? [successKey(fleet, revision?.command, one.device)] : [],
          ),
        );
        expect(succeeded.filter((place) => !successes.has(place))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps of those at their end the newest, and no more than it promises', () => {
    const ledger = new Ledger();
    const number = endedMax + 1_500;
    const baselines = Array.from({ length: number }, (_, index) =>
      baseline({ token: tokenOf(index), name: `name-${index}` }),
    );
    ledger.write(...baselines, baseline({ token: tokenOf(number), fleet: 'sea' }));
    const ended = ledger.view.summary.ended.get('lab') ?? [];
    expect(ended.length).toBeGreaterThanOrEqual(endedMax);
    expect(ended.length).toBeLessThan(endedMax + 1_000);
    expect(ended.at(-1)).toBe(tokenOf(number - 1));
    expect(ended[0]).toBe(tokenOf(number - ended.length));
    expect(ledger.view.summary.ended.get('sea')).toEqual([tokenOf(number)]);
  });

  it('forgets a bad end once a newer revision of its name has come', () => {
    const failed = settled({ outcome: 'failed', executions: [] });
    const ledger = new Ledger().write(claimed(), issued(), failed);
    expect([...ledger.view.summary.badEnds.values()]).toEqual([claimed().token]);
    ledger.write(noted({ token: tokenOf(1) }));
    expect(ledger.view.summary.badEnds.size).toBe(0);
  });

  it('forgets a bad end once a revision of before is asked for after all', () => {
    const failed = settled({ outcome: 'failed', executions: [] });
    const ledger = new Ledger().write(noted({ token: tokenOf(1) }), claimed(), issued(), failed);
    expect([...ledger.view.summary.badEnds.values()]).toEqual([claimed().token]);
    ledger.write(claimed({ token: tokenOf(1) }));
    expect(ledger.view.summary.badEnds.size).toBe(0);
  });
});
