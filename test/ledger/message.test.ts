/** What `git log` says: made of grammar alone, so that nobody else's text can pretend to be ours. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSegmentPath } from '../../src/git/ledger-chain.ts';
import type { Batch, LedgerEvent } from '../../src/ledger/events.ts';
import { commitMessage, describeEvent, segmentPath } from '../../src/ledger/message.ts';
import { isPlainMessage } from '../../src/lib/escape.ts';
import { header as anyHeader, batch, event } from './arbitrary.ts';
import {
  adopted,
  ambiguous,
  baseline,
  cancelAnswered,
  cancelRequested,
  claimed,
  commitId,
  doubled,
  header,
  issued,
  noted,
  progress,
  refused,
  released,
  resolved,
  settled,
  unknown,
} from './events.ts';

const trailersOf = (message: string): string[] =>
  execFileSync('git', ['interpret-trailers', '--parse'], {
    input: message,
    encoding: 'utf8',
    timeout: 20_000,
  })
    .split('\n')
    .filter((line) => line !== '');

const expectedTrailers = ({ header: by }: Batch): string[] => [
  `Snowgate-Seq: ${by.seq}`,
  `Snowgate-Replica: ${by.replica}`,
  `Snowgate-Run: ${by.run}`,
  ...(by.source === null ? [] : [`Snowgate-Source: ${by.source}`]),
  ...(by.policies === null ? [] : [`Snowgate-Policies: ${by.policies}`]),
];

/** Texts that others wrote, wherever an event has room for one. */
const forged = 'x\n\nSnowgate-Seq: 999\nSigned-off-by: Mallory <m@example.com>';
const hostile: LedgerEvent[] = [
  claimed({
    manifest: { path: forged, blob: commitId(1), commit: null, author: forged, annotations: { a: forged } },
  }),
  released({ message: forged, requestId: forged }),
  refused({ message: forged, error: forged }),
  unknown({ message: forged, error: forged }),
  issued({ taskArn: forged, requestId: forged }),
  adopted({ taskArn: forged }),
  resolved({ reason: forged, by: forged }),
  baseline({ path: forged }),
  noted({ message: forged }),
  cancelAnswered({ message: forged, requestId: forged }),
];

describe('a commit message', () => {
  it('is plain, whatever the events hold', () => {
    fc.assert(
      fc.property(batch, (written) => {
        const message = commitMessage(written);
        expect(isPlainMessage(message)).toBe(true);
        expect(message).toMatch(/^[ -~\n]*$/);
      }),
      { numRuns: 300 },
    );
  });

  it('holds no text that others wrote', () => {
    for (const one of hostile) {
      expect(commitMessage({ header: header(), events: [one] })).not.toMatch(/Signed-off|999|Mallory/);
    }
    expect(commitMessage({ header: header(), events: hostile })).not.toMatch(/Signed-off|999|Mallory/);
  });

  it('has its own trailers for git, and no others', () => {
    for (const written of fc.sample(batch, { numRuns: 10, seed: 7 })) {
      expect(trailersOf(commitMessage(written))).toEqual(expectedTrailers(written));
    }
    const written = { header: header({ source: null, policies: null }), events: hostile };
    expect(trailersOf(commitMessage(written))).toEqual(expectedTrailers(written));
  });

  it('has no event whose line git could read as a trailer', () => {
    fc.assert(
      fc.property(event, (one) => {
        const line = describeEvent(one);
        expect(line).not.toContain('\n');
        // Git takes a token without spaces before a colon.
        expect(line).toMatch(/^[a-zA-Z]+ [a-z0-9/-]+ [0-9a-f]{12}/);
        expect(line.length).toBeLessThan(8_000);
      }),
    );
  });

  it.each([
    [[claimed()], 'claimed lab/job aaaaaaaaaaaa attempt 1'],
    [[issued()], 'issued lab/job aaaaaaaaaaaa attempt 1 as st-1'],
    [[released({ reason: 'throttled' })], 'released lab/job aaaaaaaaaaaa attempt 1: throttled'],
    [[ambiguous()], 'ambiguous lab/job aaaaaaaaaaaa: tooOld'],
    [[doubled()], 'doubled lab/job aaaaaaaaaaaa: st-1, st-2'],
    [
      [
        progress({
          executions: ['QUEUED', 'SUCCEEDED', 'QUEUED'].map((state, n) => ({
            device: `smd-${n}`,
            state,
            executionId: null,
          })),
        }),
      ],
      'progress lab/job aaaaaaaaaaaa: 2 QUEUED, 1 SUCCEEDED',
    ],
    [[cancelRequested()], 'cancelRequested lab/job aaaaaaaaaaaa: removed'],
    [[cancelAnswered()], 'cancelAnswered lab/job aaaaaaaaaaaa: accepted'],
    [[settled()], 'settled lab/job aaaaaaaaaaaa: succeeded'],
    [[resolved()], 'resolved lab/job aaaaaaaaaaaa: no task was made'],
    [[issued(), claimed(), issued()], '2 issued, 1 claimed'],
  ])('of %j begins by saying so', (events, subject) => {
    expect(commitMessage({ header: header(), events }).split('\n\n')[0]).toBe(subject);
  });

  it('tells a bounded number of lines and counts the rest', () => {
    const events = Array.from({ length: 2_000 }, () => issued());
    const message = commitMessage({ header: header(), events });
    expect(message.split('\n').length).toBeLessThan(520);
    expect(message).toContain('and 1500 more');
  });

  it('of a commit that carries heads alone says so, and has its trailers', () => {
    const written = { header: header(), events: [] };
    expect(commitMessage(written)).toMatch(/^source head acted on\n\nSnowgate-Seq: 1\n/);
    expect(trailersOf(commitMessage(written))).toEqual(expectedTrailers(written));
  });
});

describe('the path of a segment', () => {
  it('is what the ledger branch accepts, and says the number and the replica', () => {
    fc.assert(
      fc.property(anyHeader, (by) => {
        expect(parseSegmentPath(segmentPath(by))).toEqual({ seq: by.seq, replica: by.replica });
      }),
    );
  });

  it('lies in the hour of its commit', () => {
    const by = { seq: 42, replica: 'one', at: '2026-11-23T09:59:59.999Z' };
    expect(segmentPath(by)).toBe('2026/11/23/09/0000000042-one.jsonl');
  });
});
