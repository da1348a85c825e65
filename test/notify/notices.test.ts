/** What is word: events of the ledger, and how things stand. */
import { describe, expect, it } from 'vitest';
import type { ControllerStatus } from '../../src/controller/status.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { releaseReasons, settledOutcomes } from '../../src/ledger/events.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { writeCloudEvent } from '../../src/notify/cloud-event.ts';
import { noticeOfEvent } from '../../src/notify/events.ts';
import type { Notice } from '../../src/notify/notice.ts';
import { writeSlack } from '../../src/notify/slack.ts';
import { insideText, requireText } from '../controller/documents.ts';
import { throttled } from '../controller/scripted-fleet.ts';
import { fleetConfig, makeConfig } from '../controller/world.ts';
import { Watched } from '../http/watched.ts';
import * as samples from '../ledger/events.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import { factsOf, problem, Story, tokenSecret } from './desk.ts';

function noticeOf(event: LedgerEvent) {
  const story = new Story().write(samples.claimed()).tell(event);
  return noticeOfEvent(story.last, { view: story.ledger.view, origins: new Map() });
}

describe('an event of the ledger', () => {
  const outside: LedgerEvent = {
    ...samples.settled(),
    kind: 'ranOutsideWindow',
    closedAt: '2026-11-23T11:00:00.000Z',
    runs: [{ device: 'smd-1', startedAt: '2026-11-23T11:30:00.000Z', cause: 'lostRace' }],
  };
  it.each<[LedgerEvent, string | null]>([
    [samples.claimed(), null],
    [samples.baseline(), null],
    [samples.progress(), null],
    [samples.issued(), 'info issued'],
    [samples.refused(), 'error refused'],
    [samples.unknown(), 'warning inDoubt'],
    [samples.adopted(), 'info doubtEnded'],
    [samples.absent(), 'info doubtEnded'],
    [samples.ambiguous(), 'error ambiguous'],
    [samples.doubled(), 'error doubled'],
    [samples.resolved(), 'info resolved'],
    [samples.noted({ reason: 'denied' }), 'warning denied'],
    [samples.noted({ reason: 'expired' }), 'warning expired'],
    [samples.noted({ reason: 'withdrawn' }), 'info withdrawn'],
    [samples.cancelRequested(), 'info cancelRequested'],
    [samples.cancelAnswered({ answer: 'refused' }), 'warning cancelRefused'],
    [samples.cancelAnswered({ answer: 'accepted' }), null],
    [samples.cancelAnswered({ answer: 'begun' }), null],
    [outside, 'error ranOutsideWindow'],
  ])('%o', (event, word) => {
    const notice = noticeOf(event);
    expect(notice === null ? null : `${notice.severity} ${notice.kind}`).toBe(word);
  });

  it.each(settledOutcomes)('that a task has %s is told by its outcome', (outcome) => {
    const isGood = outcome === 'succeeded' || outcome === 'canceled';
    expect(noticeOf(samples.settled({ outcome }))).toMatchObject({
      kind: outcome,
      severity: isGood ? 'info' : 'error',
    });
  });

  it('that nothing was made is word where a person may have to act', () => {
    const told = releaseReasons.filter((reason) => noticeOf(samples.released({ reason })) !== null);
    expect(told).toEqual(['quota', 'denied', 'credentials', 'clock'].sort((a, b) => order(a) - order(b)));
    function order(reason: string): number {
      return (releaseReasons as readonly string[]).indexOf(reason);
    }
  });

  it('tells what it is about, under an id that every reader of the ledger has for it', () => {
    expect(noticeOf(samples.issued({ taskId: 'st-9' }))).toEqual({
      id: '00000000-0000-4000-8000-000000000000_2_0',
      kind: 'issued',
      severity: 'info',
      fleet: 'lab',
      task: 'job',
      token: samples.tokenA,
      devices: ['smd-1'],
      text: 'lab/job was issued: AWS has made st-9',
      at: '2026-11-23T12:00:00.000Z',
      commit: samples.commitId(2),
      taskId: 'st-9',
      code: null,
      until: null,
      path: null,
      ledger: { seq: 2, index: 0, commit: samples.commitId(1002), replica: 'one' },
    });
  });
});

const kinds = (watched: Watched) => factsOf(watched.status()).wanted.map(({ kind }) => kind);

async function watch(files: Record<string, string>, policies: Record<string, string> = {}) {
  const watched = new Watched();
  watched.world.commit(files);
  if (Object.keys(policies).length > 0) watched.world.rule(policies);
  await watched.pass();
  await watched.pass();
  return watched;
}

describe('how things stand', () => {
  it('a task that waits for its window is held until then, in the time of its zone', async () => {
    const zone = { timeZone: 'Europe/Oslo' };
    const watched = await watch({ job: yaml() }, { p: insideText(600, 660, {}, zone) });
    const [fact] = factsOf(watched.status()).wanted;
    expect(fact).toMatchObject({
      kind: 'held',
      severity: 'info',
      fleet: 'lab',
      task: 'job',
      token: manifestOf(yaml()).token,
      code: 'SG6303',
      until: '2026-11-23T21:00:00.000Z',
    });
    expect(fact?.devices.length).toBeGreaterThan(0);
    expect(fact?.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(fact?.text).toContain('lab/job is held until 22:00 CET: SG6303 ');
  });

  it('a hold keeps its id when its end moves, and has another when its reason changes', async () => {
    const watched = await watch({ job: yaml() }, { p: insideText(600, 660) });
    const idNow = () => factsOf(watched.status()).wanted[0]?.id;
    const first = idNow();
    watched.world.rule({ p: insideText(700, 760) });
    await watched.pass();
    expect(factsOf(watched.status()).wanted[0]?.until).toBe('2026-11-23T23:40:00.000Z');
    expect(idNow()).toBe(first);
    watched.world.rule({ p: requireText('size(task.targets) > 5', { otherwise: 'hold' }) });
    await watched.pass();
    expect(factsOf(watched.status()).wanted[0]).toMatchObject({ kind: 'held', severity: 'warning' });
    expect(idNow()).not.toBe(first);
  });

  it('a denial is told by the ledger once it is written there', async () => {
    const watched = await watch({ job: yaml() }, { p: requireText('false', { otherwise: 'deny' }) });
    expect(watched.world.kinds()).toEqual(['noted']);
    expect(kinds(watched)).toEqual([]);
  });

  it('a denial in a fleet that only observes, of which the ledger says nothing, is told', async () => {
    const watched = new Watched({
      config: makeConfig({ fleets: new Map([['lab', fleetConfig('lab', { mode: 'observe' })]]) }),
    });
    watched.world.commit({ job: yaml() });
    watched.world.rule({ p: requireText('false', { otherwise: 'deny' }) });
    await watched.pass();
    expect(kinds(watched)).toEqual(['denied']);
  });

  it('each error of a file is told once, wherever its line moves', async () => {
    const bad = yaml().replace('reboot', 'rebot');
    const watched = await watch({ bad });
    const [first] = factsOf(watched.status()).wanted;
    expect(first).toMatchObject({
      kind: 'quarantined',
      severity: 'error',
      fleet: null,
      path: 'tasks/bad.yaml',
    });
    watched.world.commit({ bad: `# a line more\n${bad}` });
    await watched.pass();
    const [second] = factsOf(watched.status()).wanted;
    expect(second?.text).not.toBe(first?.text);
    expect(second?.id).toBe(first?.id);
  });

  it('a halt of everything is one fact, however often it stands in the way', async () => {
    const watched = await watch({ job: yaml() }, { p: insideText(600, 660) });
    const reason = { code: 'SG6201', message: 'the history was rewritten' } as const;
    const halted = factsOf({ ...watched.status(), problems: [reason, reason] }).wanted;
    expect(halted[0]).toMatchObject({ kind: 'halted', severity: 'error', code: 'SG6201', fleet: null });
    expect(halted.filter(({ kind }) => kind === 'halted')).toHaveLength(1);
    watched.world.ledgerDown = true;
    await watched.pass();
    expect(kinds(watched)).not.toContain('halted');
    watched.world.clock.advance(400_000);
    expect(kinds(watched)).toContain('notSynced');
  });

  it.each([
    ['SG3030', ['halted']],
    ['SG3022', []],
    ['SG6208', []],
  ] as const)(
    'a source that was fetched and cannot be read (%s) is a halt where a commit has to mend it',
    (code, told) => {
      const status = new Story().status({ problems: [{ code, message: 'not read' }] });
      expect(factsOf(status).wanted.map(({ kind }) => kind)).toEqual(told);
    },
  );

  it('a fleet that is halted', async () => {
    const watched = await watch({ job: yaml() });
    const reason = { code: 'SG6232', message: 'it was moved' } as const;
    const fleets = watched.status().fleets.map((fleet) => ({ ...fleet, stand: 'halted', reason }) as const);
    const [fact] = factsOf({ ...watched.status(), fleets }).wanted;
    expect(fact).toMatchObject({ kind: 'fleetHalted', fleet: 'lab', code: 'SG6232', severity: 'error' });
  });

  it('what comes and goes by itself is no word', async () => {
    const watched = new Watched();
    watched.world.lab.scripts.push(() => throttled);
    watched.world.commit({ job: yaml() });
    for (let passes = 0; passes < 3; passes += 1) {
      await watched.pass();
      watched.world.clock.advance(5_000);
      expect(kinds(watched)).toEqual([]);
    }
    expect(watched.world.kinds()).toEqual(['claimed', 'released']);
    expect(watched.status().decisions[0]?.action).toBe('hold');
  });
});

describe('a secret across the end of what is sent', () => {
  const { ledger } = new Story().status();
  const [fleet] = new Watched().status().fleets;
  const told = (over: Partial<ControllerStatus>): Notice[] =>
    factsOf(new Story().status(over)).wanted.map((fact) => ({ ...fact, at: '' }));
  const decision = {
    key: 'lab/job',
    fleet: 'lab',
    name: 'job',
    token: samples.tokenA,
    untilMs: null,
  } as const;
  it.each<[string, (message: string) => (Notice | null)[]]>([
    ['an event', (message) => [noticeOf(samples.refused({ message }))]],
    ['a halt', (message) => told({ ledger: { ...ledger, halt: { code: 'SG4011', message } } })],
    [
      'a fleet',
      (message) =>
        told({ fleets: fleet ? [{ ...fleet, stand: 'halted', reason: { code: 'SG6232', message } }] : [] }),
    ],
    ['a file', (message) => told({ sourceProblems: [{ ...problem(1), message }] })],
    [
      'a denial',
      (message) =>
        told({ decisions: [{ ...decision, action: 'deny', reasons: [{ code: 'SG6301', message }] }] }),
    ],
  ])('shows up in no part: %s', (_what, noticesWith) => {
    const redactor = createRedactor();
    redactor.register(tokenSecret, 'a file');
    for (let before = 900; before < 1_000; before += 1) {
      const notices = noticesWith(`${'x'.repeat(before)} ${tokenSecret} and more`);
      expect(notices).toHaveLength(1);
      for (const notice of notices) {
        if (notice === null) throw new Error('nothing is told');
        const message = { kind: 'one', notice } as const;
        const { body } = writeCloudEvent(message, 'x', 0, redactor);
        expect(body + writeSlack(message, redactor)).not.toContain('canary');
        expect(JSON.parse(body).data.text.length).toBeLessThanOrEqual(1_000);
      }
    }
  });
});
