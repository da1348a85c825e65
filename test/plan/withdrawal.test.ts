/** How many names are gone at once whose going would take something away: what `source.maxRemovals` bounds. */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { countRemovals, findWithdrawals } from '../../src/plan/withdrawal.ts';
import {
  absent,
  ambiguous,
  baseline,
  cancelRequested,
  doubled,
  issued,
  noted,
  progress,
  refused,
  released,
  settled,
  unknown,
} from '../ledger/events.ts';
import { manifestOf, readFiles, Stage, yaml } from './stage.ts';

const path = 'tasks/job.yaml';
const { token } = manifestOf(yaml());

function written(...events: readonly LedgerEvent[]): Stage {
  const stage = new Stage();
  stage.files = { [path]: yaml() };
  stage.previous = stage.desired.tasks;
  const claims = events[0] !== undefined && events[0].kind !== 'noted' && events[0].kind !== 'baseline';
  if (claims) stage.claim(token);
  stage.ledger.write(...events.map((event) => ({ ...event, token })));
  return stage;
}

const bothRunning = ['smd-1', 'smd-2'].map((device) => ({ device, state: 'IN_PROGRESS', executionId: null }));

const states: [string, LedgerEvent[], boolean][] = [
  ['never heard of', [], true],
  ['only noted', [noted()], true],
  ['waiting', [released()], true],
  ['waiting after a look', [unknown(), absent()], true],
  ['in doubt', [unknown()], true],
  ['issued', [issued()], true],
  ['issued, and running on one of two devices', [issued(), progress()], true],
  ['issued, and running', [issued(), progress({ executions: bothRunning })], false],
  ['issued, and asked to be cancelled', [issued(), cancelRequested()], false],
  ['ambiguous', [unknown(), ambiguous()], false],
  ['settled', [issued(), settled()], false],
  ['refused', [refused()], false],
  ['doubled', [unknown(), doubled()], false],
  ['baseline', [baseline()], false],
];

describe('a removal', () => {
  it.each(states)('of what is %s counts: $2', (_state, events, counts) => {
    const stage = written(...events);
    expect(countRemovals(stage.previous, readFiles({}), stage.ledger.view, false)).toBe(counts ? 1 : 0);
  });

  it('of what is claimed counts', () => {
    const stage = written();
    stage.claim(token);
    expect(countRemovals(stage.previous, readFiles({}), stage.ledger.view, false)).toBe(1);
  });

  it.each([
    ['an edit', { [path]: yaml({ description: 'other' }) }],
    ['a move', { 'tasks/moved.yaml': yaml() }],
    ['a broken file in its place', { [path]: '{' }],
    ['a broken document of its name', { 'tasks/b.yaml': yaml({ command: 'explode' }) }],
    ['a twin', { [path]: yaml(), 'tasks/twin.yaml': yaml() }],
    ['nothing at all', { [path]: yaml() }],
  ])('is not %s', (_what, files) => {
    const stage = written();
    expect(countRemovals(stage.previous, readFiles(files), stage.ledger.view, false)).toBe(0);
  });
});

describe('a withdrawal', () => {
  const never = new Set(['never heard of', 'only noted', 'waiting', 'waiting after a look']);
  it.each(states)('of what is %s is told only if it was never asked for', (state, events) => {
    const stage = written(...events);
    const found = findWithdrawals(stage.previous, readFiles({}), stage.ledger.view);
    expect(found).toHaveLength(never.has(state) ? 1 : 0);
  });

  it('is told once', () => {
    const stage = written(noted({ reason: 'withdrawn' }));
    expect(findWithdrawals(stage.previous, readFiles({}), stage.ledger.view)).toEqual([]);
  });

  it('of what waits in the ledger is found by a process that remembers nothing', () => {
    const stage = written(released());
    expect(findWithdrawals(new Map(), readFiles({}), stage.ledger.view)).toHaveLength(1);
    expect(findWithdrawals(new Map(), readFiles({ [path]: '{' }), stage.ledger.view)).toEqual([]);
  });
});
