/** A life as a timeline: every kind of event, at any width. */
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { formatTimeline } from '../../src/cli/timeline.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { formatGap } from '../../src/report/task-life.ts';
import * as events from '../ledger/events.ts';

const { claimed, issued, progress, settled, cancelRequested, cancelAnswered, header, commitId } = events;
const colors = pc.createColors(false);
const on = (device: string, state: string) => ({ device, state, executionId: null });

function lines(told: readonly LedgerEvent[], columns = 0): string[] {
  const withHeads = told.map((event, index) => ({
    event,
    header: header({ seq: index + 1 }),
    commit: commitId(index + 1),
  }));
  return formatTimeline(withHeads, columns, colors).trimEnd().split('\n');
}

const day = '2026-11-23T';
const life: readonly LedgerEvent[] = [
  claimed({ at: `${day}12:00:00.000Z` }),
  issued({ at: `${day}12:00:00.850Z` }),
  progress({ at: `${day}12:05:03.000Z`, executions: [on('smd-1', 'IN_PROGRESS'), on('smd-2', 'QUEUED')] }),
  progress({ at: `${day}12:06:03.000Z`, executions: [on('smd-1', 'IN_PROGRESS'), on('smd-2', 'FAILED')] }),
  cancelRequested({ at: `${day}12:06:04.000Z`, reason: 'reverted' }),
  cancelAnswered({ at: `${day}12:06:05.000Z`, answer: 'refused', message: 'too\u001b[2J late' }),
  settled({ at: `${day}14:06:05.000Z`, outcome: 'partial', executions: [on('smd-1', 'SUCCEEDED')] }),
];

describe('a timeline', () => {
  it('tells what was wanted, each change and how long it took', () => {
    const told = lines(life).map((line) => line.replace(/\[[^[]*\]$/, '[]').replace(/^ *(\d\S+Z)? */, ''));
    expect(told).toEqual([
      expect.stringMatching(/^wanted {4}tasks\/job.yaml in 0{12} by Ann$/),
      'claimed   attempt 1  []',
      '+850ms  issued    st-1 by attempt 1  []',
      '+5m 2s  progress  smd-1 IN_PROGRESS, smd-2 QUEUED  []',
      '+1m  progress  smd-2 FAILED  []',
      '+1s  cancel    asked for st-1: its commit was reverted  []',
      '+1s  cancel    refused by AWS (too\\u{1b}[2J late)  []',
      '+2h  ended     partial: smd-1 SUCCEEDED  []',
      '+2h 6m  in all    from the first claim to the end',
    ]);
  });

  it('tells by what a claim was allowed, that its window closed, and what ran all the same', () => {
    const { verdict } = claimed();
    const end = `${day}13:00:00.000Z`;
    const waiver = {
      name: 'storm',
      path: 'policies/w.yaml',
      blob: '1'.repeat(40),
      rules: ['nights/window'],
      reason: 'a gale\u202e',
      expires: end,
    };
    const policies = [{ name: 'nights', blob: '2'.repeat(40) }];
    const told = lines([
      claimed({
        verdict: { ...verdict, until: `${day}12:30:00.000Z`, closes: end, cancels: end, policies, waiver },
      }),
      issued(),
      cancelRequested({ reason: 'closed', end }),
      {
        ...events.noted(),
        kind: 'ranOutsideWindow',
        closedAt: end,
        runs: [{ device: 'smd-1', startedAt: `${day}13:00:01.000Z`, cause: 'lostRace' }],
      },
    ]);
    const words = told.map((line) =>
      line.replace(/ +\[[^[]*\]$/, '').replace(/^.*? {2}(claimed|cancel|outside)/, '$1'),
    );
    expect(words[1]).toBe(
      `claimed  attempt 1, allowed by nights until ${day}12:30:00.000Z, may begin until ${end}; by waiver storm (policies/w.yaml) of nights/window, which expires ${end}: a gale\\u{202e}`,
    );
    expect(words[3]).toBe(`cancel   asked for st-1: its window ends at ${end}`);
    expect(words[4]).toBe(
      `outside  its window had closed at ${end}; smd-1 began at ${day}13:00:01.000Z: the device was quicker than the cancel`,
    );
  });

  it('fits a narrow terminal', () => {
    expect(lines(life, 60).filter((line) => line.length > 60)).toEqual([]);
  });

  it('has words for every kind of event, and nothing undefined', () => {
    const kinds: LedgerEvent[] = [
      events.released(),
      events.refused(),
      events.unknown(),
      events.adopted(),
      events.absent(),
      events.ambiguous(),
      events.doubled(),
      events.resolved(),
      events.baseline(),
      events.noted(),
    ];
    for (const kind of kinds) {
      const [line] = lines([kind]);
      expect(line).toMatch(/Z {4}\S/);
      expect(line).not.toMatch(/undefined|null|\[object/);
    }
  });

  it.each([
    ['2026-11-23T12:00:00.000Z', '+0ms'],
    ['2026-11-23T12:00:59.999Z', '+59s'],
    ['2026-11-23T13:00:30.000Z', '+1h'],
    ['2026-11-26T16:20:00.000Z', '+3d 4h'],
    ['2026-11-23T11:59:59.000Z', ''],
  ])('measures to %s', (to, expected) => {
    expect(formatGap('2026-11-23T12:00:00.000Z', to)).toBe(expected);
  });
});
