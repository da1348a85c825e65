/** What needs a person, in flight and over, on ledgers of which every line is written here. */
import { describe, expect, it } from 'vitest';
import { makeEntries } from '../../src/cli/status-entries.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import {
  ambiguous,
  cancelAnswered,
  cancelRequested,
  claimed,
  commitId,
  issued,
  Ledger,
  noted,
  progress,
  refused,
  released,
  settled,
  tokenA,
  tokenB,
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
  ];
  it.each(rows)('%s', (_name, events, files, halted, expected) => {
    expect(entriesOf(events, files, halted)).toContainEqual(expected);
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
