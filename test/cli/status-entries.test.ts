/** What needs a person, in flight and over, on ledgers of which every line is written here. */
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { describeEnd, paintState, receiptDetail } from '../../src/cli/receipt-view.ts';
import { countOutside, makeEntries } from '../../src/cli/status-entries.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import type { Decision } from '../../src/plan/decision.ts';
import {
  absent,
  ambiguous,
  cancelAnswered,
  cancelRequested,
  claimed,
  commitId,
  emptyLook,
  issued,
  Ledger,
  laterClaim,
  noted,
  progress,
  refused,
  released,
  settled,
  tokenA,
  tokenB,
  unknown,
} from '../ledger/events.ts';
import { type Files, readFiles, yaml } from '../plan/stage.ts';

/** Entries of a ledger that holds these events, one a commit, and a source that holds these files. */
function entriesOf(events: readonly LedgerEvent[], files: Files = {}, halted = false) {
  const ledger = new Ledger();
  const told = new Map<string, { event: LedgerEvent; header: never; commit: string }[]>();
  for (const event of events) {
    ledger.write(event);
    const line = { event, header: null as never, commit: commitId(1) };
    told.set(event.token, [...(told.get(event.token) ?? []), line]);
  }
  const reading = { view: ledger.view, commits: events.length, events: told };
  const entries = makeEntries({ reading, decisions: [], desired: readFiles(files), halted });
  return entries.map(({ group, state, token }) => [group, state, token]);
}

const one = (state: string) => [{ device: 'smd-1', state, executionId: null }];
const failed = [claimed(), issued(), settled({ outcome: 'failed', executions: one('FAILED') })];
const isOpen = ['needsPerson', 'failed', tokenA];
const isOver = ['ended', 'failed', tokenA];

describe('a bad end', () => {
  const later = { token: tokenB, name: 'again' };
  const again = [claimed(later), issued({ ...later, taskId: 'st-2' })];
  const rival = { token: tokenB, taskId: 'st-9' };
  const other = [claimed(rival), issued(rival), settled({ ...rival, outcome: 'failed', executions: [] })];
  const isOther = ['ended', 'failed', tokenB];
  const rows: [string, readonly LedgerEvent[], Files, boolean, readonly unknown[]][] = [
    ['needs a person while its name is frozen', failed, { 'a.yaml': yaml({ run: 0 }) }, false, isOpen],
    ['needs a person while another file cannot be read', failed, { 'b.yaml': 'job: [' }, false, isOpen],
    ['needs a person while the source is halted', failed, {}, true, isOpen],
    ['is followed up once its manifest is gone', failed, {}, false, isOver],
    [
      'is followed up by another revision in the source',
      failed,
      { 'a.yaml': yaml({ run: 2 }) },
      false,
      isOver,
    ],
    [
      'is followed up by another task that succeeded on its device',
      [...failed, ...again, settled({ ...later, outcome: 'succeeded', executions: one('SUCCEEDED') })],
      {},
      true,
      isOver,
    ],
    [
      'is not followed up by one that failed as well',
      [...failed, ...again, settled({ ...later, outcome: 'failed', executions: one('FAILED') })],
      {},
      true,
      isOpen,
    ],
    ['is not followed up by one that is under way', [...failed, ...again], {}, true, isOpen],
    [
      'is not followed up by a revision that was known later, and asked for before it',
      [noted(), ...other, ...failed],
      {},
      true,
      isOpen,
    ],
    [
      'is followed up by one of before that was asked for again',
      [noted(), ...other, ...failed],
      {},
      true,
      isOther,
    ],
  ];
  it.each(rows)('%s', (_name, events, files, halted, expected) => {
    expect(entriesOf(events, files, halted)).toContainEqual(expected);
  });
});

/** Entries of plans alone. */
function judged(action: Decision['action'], ...reasons: Decision['reasons']) {
  const decision: Decision = {
    key: 'lab/a',
    fleet: 'lab',
    name: 'a',
    token: tokenA,
    action,
    untilMs: null,
    reasons,
  };
  const reading = { view: new Ledger().view, commits: 0, events: new Map() };
  const entries = makeEntries({ reading, decisions: [decision], desired: readFiles({}), halted: false });
  return entries.map(({ group }) => group);
}

describe('a hold', () => {
  it.each([
    ['SG6303', 'time', 'waiting'],
    ['SG6301', 'fact', 'waiting'],
    ['SG6301', 'commit', 'needsPerson'],
    ['SG6307', 'commit', 'needsPerson'],
    ['SG6320', 'commit', 'waiting'],
    ['SG6105', undefined, 'needsPerson'],
  ] as const)('by %s that is ended by %s is %s', (code, endedBy, group) => {
    expect(judged('hold', { code, message: '', ...(endedBy === undefined ? {} : { endedBy }) })).toEqual([
      group,
    ]);
  });
});

describe('a device that ran outside its window', () => {
  it('is counted, and named with what became of its task', () => {
    const run = { device: 'smd-1', startedAt: '2026-11-23T13:00:01.000Z', cause: 'lostRace' } as const;
    const ledger = new Ledger();
    const ran = { ...noted(), kind: 'ranOutsideWindow', closedAt: run.startedAt, runs: [run] } as const;
    for (const event of [claimed(), issued(), ran]) ledger.write(event);
    const reading = { view: ledger.view, commits: 3, events: new Map() };
    const entries = makeEntries({ reading, decisions: [], desired: readFiles({}), halted: false });
    expect(countOutside(entries)).toBe(1);
    expect(entries[0]?.outside).toEqual([run]);
    expect(entries[0]?.next).toMatch(/^look at smd-1: docs\/OPERATIONS\.md tells/);
    const [receipt] = ledger.view.receipts.values();
    if (receipt === undefined) throw new Error('the ledger has a receipt');
    expect(receiptDetail(receipt)).toBe('st-1, ran outside its window on smd-1');
    ledger.write(settled({ outcome: 'succeeded', executions: one('SUCCEEDED') }));
    expect(receiptDetail(receipt)).toBe('st-1 succeeded, ran outside its window on smd-1');
  });
});

describe('a task', () => {
  it('is in flight until the ledger tells its end, cancelled or not', () => {
    const flying = ['inFlight', 'issued', tokenA];
    const begun = [claimed(), issued(), progress({ executions: one('IN_PROGRESS') })];
    expect(entriesOf(begun)).toEqual([flying]);
    const cancelled = [claimed(), issued(), cancelRequested(), cancelAnswered({ answer: 'accepted' })];
    expect(entriesOf(cancelled)).toEqual([flying]);
    const over = settled({ outcome: 'canceled', executions: one('CANCELED') });
    expect(entriesOf([...cancelled, over])).toEqual([['ended', 'canceled', tokenA]]);
  });

  it('needs a person while nobody can say whether it was made', () => {
    expect(entriesOf([claimed(), ambiguous()])).toEqual([['needsPerson', 'ambiguous', tokenA]]);
  });

  it('has ended where nobody wants what was refused or withdrawn, and may come back before that is noted', () => {
    expect(entriesOf([claimed(), refused()])).toEqual([['ended', 'refused', tokenA]]);
    expect(entriesOf([noted({ reason: 'withdrawn' })])).toEqual([['ended', 'withdrawn', tokenA]]);
    expect(entriesOf([claimed(), released()])).toEqual([['waiting', 'waiting', tokenA]]);
  });

  it('is in doubt while nobody knows how its claim ended', () => {
    expect(entriesOf([claimed()])).toEqual([['inDoubt', 'claimed', tokenA]]);
  });
});

describe('what became of a revision', () => {
  it.each<[string, readonly LedgerEvent[]]>([
    ['not known yet: attempt 1 was claimed, and nothing is written of its call', [claimed()]],
    ['not known yet: attempt 1 may have made a task, which a look at AWS tells', [claimed(), unknown()]],
    [
      'not known yet: attempt 2 may have made a task, which a look at AWS tells',
      [claimed(), unknown(), absent(), laterClaim({ look: emptyLook }), unknown({ attempt: 2 })],
    ],
    ['st-1', [claimed(), issued()]],
  ])('is %s', (words, events) => {
    const ledger = new Ledger();
    for (const event of events) ledger.write(event);
    expect(describeEnd(ledger.receipt())).toBe(words);
  });
});

describe('the colour of a state', () => {
  const colors = pc.createColors(true);
  it.each([
    ['succeeded', colors.green],
    ['issued', colors.green],
    ['hold', colors.yellow],
    ['deny', colors.red],
    ['baseline', colors.dim],
  ])('of %s says what a person has to do', (state, paint) => {
    expect(paintState(state, state, colors)).toBe(paint(state));
  });
});
