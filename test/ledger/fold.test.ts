/** What the fold asserts beyond the table of states: whose attempt, which attempt, in which order. */
import { describe, expect, it } from 'vitest';
import { receiptState } from '../../src/ledger/receipt.ts';
import {
  absent,
  adopted,
  ambiguous,
  cancelAnswered,
  cancelRequested,
  claimed,
  commitId,
  doubled,
  emptyLook,
  identity,
  issued,
  Ledger,
  laterClaim,
  lookWith,
  noted,
  progress,
  refused,
  released,
  resolved,
  settled,
  tokenA,
  tokenB,
  unknown,
} from './events.ts';

const state = (ledger: Ledger, token = tokenA): string => receiptState(ledger.receipt(token));

describe('attempts', () => {
  it.each([0, 2, 3, 99])('a first claim may not be attempt %i', (attempt) => {
    expect(new Ledger().fold(claimed({ attempt }))?.message).toContain(
      `attempt ${attempt} follows attempt 0`,
    );
  });

  it.each([1, 3, 99])('a second claim may not be attempt %i', (attempt) => {
    const ledger = new Ledger().write(claimed(), released());
    expect(ledger.fold(laterClaim({ attempt }))?.message).toContain(`attempt ${attempt} follows attempt 1`);
  });

  it.each([0, 2, -1])('an outcome of attempt %i, which is not there, is forbidden', (attempt) => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.fold(issued({ attempt }))?.message).toContain(`there is no attempt ${attempt}`);
  });

  it('an outcome about attempt k changes attempt k only', () => {
    const ledger = new Ledger().write(claimed(), unknown(), laterClaim({ look: emptyLook }));
    expect(ledger.fold(released({ attempt: 1 }))?.message).toContain('settled by a look');
    expect(state(new Ledger().write(claimed(), unknown(), laterClaim({ look: emptyLook })))).toBe('claimed');
  });

  it('a late release of an older attempt does not reopen a newer one', () => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.foldAs({ replica: 'two', run: 'x' }, laterClaim({ look: emptyLook }))).toBeNull();
    expect(ledger.fold(released({ attempt: 1 }))).toMatchObject({ code: 'SG4202' });
  });

  it.each([released(), refused(), unknown()])(
    'an attempt that has ended does not end again as $kind',
    (event) => {
      for (const first of [released(), refused(), unknown()]) {
        const ledger = new Ledger().write(claimed(), first);
        expect(ledger.fold(event)?.message).toContain(`already ended as ${first.kind}`);
      }
    },
  );

  it('a task id is believed after every end, once a look has settled it too', () => {
    for (const past of [
      [released()],
      [refused()],
      [unknown()],
      [unknown(), absent()],
      [unknown(), ambiguous()],
    ]) {
      expect(state(new Ledger().write(claimed(), ...past, issued()))).toBe('issued');
    }
  });

  it('a late task id of an older attempt, and another of a newer one, are the alarm of alarms', () => {
    const ledger = new Ledger().write(
      claimed(),
      unknown(),
      laterClaim({ look: emptyLook }),
      issued({ attempt: 2 }),
    );
    expect(state(ledger)).toBe('issued');
    ledger.write(issued({ attempt: 1, taskId: 'st-9' }));
    expect(state(ledger)).toBe('doubled');
    expect(ledger.receipt().taskIds).toEqual(['st-1', 'st-9']);
    // Final: nothing brings it back.
    expect(ledger.fold(settled())).not.toBeNull();
    expect(ledger.fold(resolved({ taskId: 'st-1' }))).not.toBeNull();
  });

  it('a task that was found running twice under one id stays one', () => {
    const ledger = new Ledger().write(claimed(), unknown(), adopted(), issued());
    expect(state(ledger)).toBe('issued');
    expect(ledger.receipt().taskIds).toEqual(['st-1']);
  });
});

describe('looks', () => {
  it.each([0, 2])('a look about %i attempts of 1 is forbidden', (through) => {
    for (const event of [absent({ through }), adopted({ through }), ambiguous({ through })]) {
      const ledger = new Ledger().write(claimed(), unknown());
      expect(ledger.fold(event)?.message).toContain(`its look is about ${through} attempts of 1`);
    }
  });

  it('settle every attempt up to the one they name, and leave ended ones as they are', () => {
    const ledger = new Ledger().write(
      claimed(),
      released(),
      laterClaim(),
      unknown({ attempt: 2 }),
      absent({ through: 2 }),
    );
    expect(ledger.receipt().attempts.map(({ end, settled: done }) => [end, done])).toEqual([
      ['released', false],
      ['unknown', true],
    ]);
  });

  it('settle an open attempt whose claimant was given up: it takes only a task id afterwards', () => {
    const ledger = new Ledger().write(claimed(), absent());
    expect(state(ledger)).toBe('waiting');
    for (const event of [released(), refused(), unknown()]) {
      expect(ledger.fold(event)?.message).toContain('takes only issued');
      ledger.view.seq = 2;
    }
    expect(state(ledger.write(issued()))).toBe('issued');
  });

  it('with a hit neither say absent nor allow a claim', () => {
    const doubtful = (): Ledger => new Ledger().write(claimed(), unknown());
    expect(doubtful().fold(absent({ look: lookWith('st-5') }))?.message).toContain('its look has hits');
    expect(doubtful().fold(laterClaim({ look: lookWith('st-5') }))?.message).toContain('its look has hits');
  });

  it('adopt only the one task that they saw', () => {
    const doubtful = (): Ledger => new Ledger().write(claimed(), unknown());
    expect(doubtful().fold(adopted({ look: emptyLook }))).toMatchObject({ code: 'SG4202' });
    expect(doubtful().fold(adopted({ look: lookWith('st-5') }))).toMatchObject({ code: 'SG4202' });
    expect(doubtful().fold(adopted({ look: lookWith('st-1', 'st-5') }))).toMatchObject({ code: 'SG4202' });
  });

  it.each([[[]], [['st-1']], [['st-1', 'st-1']]])('a double of %j is none, and is forbidden', (taskIds) => {
    const ledger = new Ledger().write(claimed(), unknown());
    expect(ledger.fold(doubled({ taskIds }))?.message).toContain('fewer than two tasks');
  });

  it('without one, a doubt is never claimed over', () => {
    const ledger = new Ledger().write(claimed(), unknown());
    expect(ledger.fold(laterClaim())?.message).toContain('not allowed while it is inDoubt without a look');
  });
});

describe('the request', () => {
  it('is frozen in the first claim: a later claim that brings one is forbidden', () => {
    const ledger = new Ledger().write(claimed(), released());
    expect(ledger.fold(claimed({ attempt: 2 }))?.message).toContain('a later claim brings a request');
  });

  it('must be there in the first claim', () => {
    const { request: _, ...bare } = claimed();
    expect(new Ledger().fold(bare)?.message).toContain('the first claim has no request');
  });

  it('must be there in the first claim after a note, which brings none', () => {
    const { request: _, ...bare } = claimed();
    expect(new Ledger().write(noted()).fold(bare)?.message).toContain('the first claim has no request');
  });

  it('stays as it was claimed through every later attempt', () => {
    const ledger = new Ledger().write(claimed(), released(), laterClaim(), unknown({ attempt: 2 }));
    expect(ledger.receipt().request).toEqual(claimed().request);
    expect(ledger.receipt().revision).toEqual({ command: 'reboot', targets: ['smd-1'], run: 1 });
  });
});

describe('what a pass looks through', () => {
  const isLooked = (ledger: Ledger): boolean => ledger.view.restless.has(tokenA);

  it('lacks what was withdrawn, until it is asked for after all', () => {
    const ledger = new Ledger().write(noted({ reason: 'denied' }));
    expect(isLooked(ledger)).toBe(true);
    ledger.write(noted({ reason: 'withdrawn' }));
    expect(isLooked(ledger)).toBe(false);
    expect(ledger.view.summary.ended.get('lab')).toEqual([tokenA]);
    ledger.write(claimed());
    expect(isLooked(ledger)).toBe(true);
    ledger.write(released());
    expect(isLooked(ledger)).toBe(false);
  });

  it('has what was withdrawn where a task of it comes to light late', () => {
    const ledger = new Ledger().write(claimed(), released(), noted({ reason: 'withdrawn' }));
    expect(isLooked(ledger)).toBe(false);
    ledger.write(issued());
    expect(isLooked(ledger)).toBe(true);
  });
});

describe('a task in AWS', () => {
  const news = (state: string) => [{ device: 'smd-1', state, executionId: 'ex-1' }];

  it('is known as it was told last, until its end', () => {
    const ledger = new Ledger().write(claimed(), issued());
    expect(ledger.receipt()).toMatchObject({ executions: [], progressAt: null });
    for (const state of ['QUEUED', 'IN_PROGRESS']) {
      ledger.write(progress({ executions: news(state) }));
      expect(ledger.receipt().executions).toEqual(news(state));
    }
    expect(ledger.view.restless.has(tokenA)).toBe(true);
    ledger.write(settled({ outcome: 'failed', executions: news('FAILED') }));
    expect(ledger.receipt()).toMatchObject({ executions: news('FAILED'), settled: { outcome: 'failed' } });
    expect(ledger.view.restless.has(tokenA)).toBe(false);
  });

  it('is asked to be cancelled once, and answered once', () => {
    const ledger = new Ledger().write(claimed(), issued(), cancelRequested());
    expect(ledger.receipt().cancel).toMatchObject({ reason: 'removed', taskId: 'st-1', answer: null });
    expect(ledger.fold(cancelRequested())?.message).toContain('its cancel was requested before');
    const answered = new Ledger().write(claimed(), issued(), cancelRequested(), cancelAnswered());
    expect(answered.receipt().cancel?.answer).toMatchObject({ kind: 'accepted' });
    expect(answered.fold(cancelAnswered())?.message).toContain('no cancel of it waits for an answer');
  });

  it('is the one that is cancelled, and no other', () => {
    const ledger = new Ledger().write(claimed(), issued());
    expect(ledger.fold(cancelRequested({ taskId: 'st-2' }))?.message).toContain('its task is not st-2');
  });
});

describe('a name', () => {
  const rival = claimed({ token: tokenB });
  it.each([
    ['claimed', [claimed()]],
    ['in doubt', [claimed(), unknown()]],
    ['ambiguous', [claimed(), unknown(), ambiguous()]],
    ['issued', [claimed(), issued()]],
  ])('has no second revision claimed while one is %s', (_state, past) => {
    expect(new Ledger().write(...past).fold(rival)?.message).toContain('of that name is still open');
  });

  it.each([
    ['waiting', [claimed(), released()]],
    ['refused', [claimed(), refused()]],
    ['settled', [claimed(), issued(), settled()]],
    ['only noted', [noted()]],
  ])('has a second revision claimed once the first is %s', (_state, past) => {
    expect(new Ledger().write(...past).fold(rival)).toBeNull();
  });

  it('has its first revision not claimed again while a second is open', () => {
    const ledger = new Ledger().write(claimed(), released(), rival);
    expect(ledger.fold(laterClaim())?.message).toContain('of that name is still open');
  });

  it('of another fleet, or another name, is another', () => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.fold(claimed({ token: tokenB, fleet: 'sea' }))).toBeNull();
    expect(ledger.fold(claimed({ token: 'd'.repeat(64), name: 'job-2' }))).toBeNull();
  });

  it.each([{ fleet: 'sea' }, { name: 'job-2' }])('is part of the token: %j has it not', (over) => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.fold(issued(over))?.message).toContain('the token belongs to lab/job');
  });
});

describe('commits', () => {
  it.each([0, 2, 3])('number %i after the root is forbidden', (seq) => {
    const ledger = new Ledger();
    expect(ledger.foldAs({ seq }, claimed())).toMatchObject({ code: 'SG4201', class: 'human' });
    expect(ledger.view.receipts.size).toBe(0);
  });

  it('repeated are forbidden', () => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.foldAs({ seq: 1 }, released())?.message).toContain('number 1, but follows number 1');
  });

  it('without heads leave the newest ones standing', () => {
    const ledger = new Ledger();
    expect(ledger.foldAs({ source: commitId(7), policies: commitId(8) })).toBeNull();
    expect(ledger.foldAs({ source: null, policies: null })).toBeNull();
    expect(ledger.view).toMatchObject({ source: commitId(7), policies: commitId(8), seq: 2 });
  });

  it('fold their events in order: an outcome and the next claim may share one', () => {
    const ledger = new Ledger().write(claimed());
    expect(ledger.fold(released(), laterClaim())).toBeNull();
    expect(ledger.receipt().attempts.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(new Ledger().fold(released(), claimed())).not.toBeNull();
  });

  it('remember the identity of the newest claim, and when AWS asked for fewer calls', () => {
    const other = { ...identity, region: 'us-west-2' };
    const ledger = new Ledger().write(claimed(), released({ reason: 'quota' }), laterClaim());
    expect(ledger.view.newestIdentity.get('lab')).toEqual(identity);
    expect(ledger.view.throttles.get('lab')?.at).toBe(released().at);
    ledger.write(released({ attempt: 2 }), laterClaim({ attempt: 3, identity: other }));
    expect(ledger.view.newestIdentity.get('lab')).toEqual(other);
    expect(ledger.receipt().identity).toEqual(other);
  });
});

describe('notes and words of people', () => {
  it('a reason is kept as it was told first', () => {
    const ledger = new Ledger().write(
      noted(),
      noted({ message: 'again' }),
      noted({ reason: 'denied', message: 'no' }),
    );
    expect([...ledger.receipt().notes]).toEqual([
      ['expired', 'notAfter has passed'],
      ['denied', 'no'],
    ]);
  });

  it('a word about a token that nothing is known of must bring the revision', () => {
    expect(new Ledger().fold(resolved({ taskId: 'st-1' }))?.message).toContain(
      'nothing is known of the revision',
    );
  });

  it('a word that none was made is not taken where nothing was called', () => {
    expect(new Ledger().fold(resolved())).not.toBeNull();
    expect(new Ledger().write(claimed(), released()).fold(resolved())).not.toBeNull();
  });

  it('a word ends the ambiguity, and the attempts it was about take only a task id', () => {
    const ledger = new Ledger().write(claimed(), unknown(), ambiguous(), resolved());
    expect(state(ledger)).toBe('waiting');
    expect(ledger.receipt().resolution).toEqual({ by: 'Ann', reason: 'asked the ship', taskId: null });
    expect(state(ledger.write(laterClaim()))).toBe('claimed');
    expect(state(ledger.write(issued({ taskId: 'st-late' })))).toBe('issued');
  });
});
