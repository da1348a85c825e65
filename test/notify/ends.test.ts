/**
 * What has ended: said only by a status in which what it is about was looked at and found otherwise. Told once, and after a
 * restart or a pass that could not read nothing anew.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ControllerStatus, FleetStatus } from '../../src/controller/status.ts';
import type { FaultCode } from '../../src/lib/faults.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { emptyBook } from '../../src/notify/book.ts';
import { readCursor } from '../../src/notify/cursor.ts';
import type { Standing } from '../../src/notify/facts.ts';
import { NoticeSource } from '../../src/notify/source.ts';
import type { Decision } from '../../src/plan/decision.ts';
import { issued } from '../ledger/events.ts';
import { eventsIn, factsOf, fileOf, hmacSecret, problem, Story, siem } from './desk.ts';

const story = new Story();
type Over = Partial<ControllerStatus>;

const held = (n: number, code: FaultCode = 'SG6303'): Decision => ({
  key: `lab/job-${n}`,
  fleet: 'lab',
  name: `job-${n}`,
  token: `${n}`.padStart(64, '0'),
  action: 'hold',
  untilMs: null,
  reasons: [{ code, message: 'its window is closed' }],
});
const blocked = (n: number, code: FaultCode = 'SG6211'): Decision => ({
  ...held(n),
  action: 'blocked',
  reasons: [{ code, message: 'halted' }],
});
const reason = (code: FaultCode) => ({ code, message: `${code} stands in the way` });
const fleetStatus = (over: Partial<FleetStatus>): FleetStatus => ({
  name: 'lab',
  account: '1',
  region: 'eu-west-1',
  isProved: true,
  isListed: true,
  stand: 'open',
  reason: null,
  devices: null,
  unknownTasks: 0,
  foreignTasks: 0,
  ...over,
});
const fleet = (over: Partial<FleetStatus>): Over => ({ fleets: [fleetStatus(over)] });
const { ledger, source, passes } = story.status();
const unread: Over = { isJudged: false, problems: [reason('SG6208')] };
const unfetched: Over = { isJudged: false, problems: [reason('SG6206')] };
const newborn: Over = {
  isJudged: false,
  decisions: [],
  desired: null,
  sourceProblems: null,
  passes: { ...passes, ended: 0 },
  source: { ...source, ageMs: null },
  ledger: { ...ledger, ageMs: null },
  fleets: [fleetStatus({ stand: 'paused', isProved: false, isListed: false, reason: reason('SG6238') })],
};

/** What a target was told of a status, as it is kept. */
function toldOf(over: Over): Map<string, Standing> {
  const { wanted } = factsOf(story.status(over));
  return new Map(wanted.map(({ id, about }) => [id, { about, seq: 0 }]));
}

const clockHalt: Over = { halts: [reason('SG6211')], decisions: [blocked(1)] };
/** Such a pass ends with the code of the halt, and has looked at no clock. */
const ledgerHalt: Over = {
  isJudged: false,
  problems: [reason('SG4011')],
  ledger: { ...ledger, halt: reason('SG4011') },
};
const refusal: Over = { ledger: { ...ledger, refusal: reason('SG4004') } };
const fleetHalt: Over = fleet({ stand: 'halted', reason: reason('SG6233') });
const stale: Over = { source: { ...source, ageMs: 10_000_000 } };
const pushed = new Story().tell(issued());

describe('a fact', () => {
  it.each<[string, Over, Over, boolean]>([
    ['a halted pass', { problems: [reason('SG6201')] }, {}, true],
    ['a halted pass', { problems: [reason('SG6201')] }, unread, false],
    ['a halted pass', { problems: [reason('SG6201')] }, { problems: [reason('SG6203')] }, false],
    ['a halted pass', { problems: [reason('SG6201')] }, newborn, false],
    ['a halted ledger', ledgerHalt, unread, true],
    ['a halted ledger', ledgerHalt, unfetched, false],
    ['a halted ledger', ledgerHalt, newborn, false],
    ['a ledger that takes no commit', refusal, {}, false],
    ['a ledger that takes no commit', refusal, { recent: pushed.recent, replica: 'one' }, true],
    ['a ledger that takes no commit', refusal, { recent: pushed.recent, replica: 'two' }, false],
    ['a halted fleet', fleetHalt, fleet({}), true],
    ['a halted fleet', fleetHalt, fleet({ stand: 'observed' }), true],
    ['a halted fleet', fleetHalt, { fleets: [] }, true],
    ['a halted fleet', fleetHalt, newborn, false],
    ['a halted fleet', fleetHalt, fleet({ stand: 'halted', reason: reason('SG6232') }), false],
    ['clocks that disagree', clockHalt, fleet({}), true],
    ['clocks that disagree', clockHalt, fleet({ isProved: false }), false],
    ['clocks that disagree', clockHalt, { ...fleet({}), halts: [reason('SG6212')] }, false],
    ['clocks that disagree', clockHalt, { ...fleet({}), ...unfetched }, false],
    ['clocks that disagree', clockHalt, { ...fleet({}), ...ledgerHalt }, false],
    ['a source that is not fetched', stale, {}, true],
    ['a source that is not fetched', stale, { source: { ...source, ageMs: null } }, false],
    ['policies that are not fetched', { policies: { head: null, ageMs: 10_000_000 } }, {}, true],
    ['a hold', { decisions: [held(1)] }, {}, true],
    ['a hold', { decisions: [held(1)] }, { decisions: [held(1, 'SG6320')] }, true],
    ['a hold', { decisions: [held(1)] }, { decisions: [blocked(1)] }, false],
    ['a hold', { decisions: [held(1)] }, { decisions: [blocked(1, 'SG6115')] }, true],
    ['a hold', { decisions: [held(1)] }, { decisions: [], ...unread }, false],
    ['a hold', { decisions: [held(1)] }, newborn, false],
    ['a file with errors', { sourceProblems: [problem(1)] }, { sourceProblems: [problem(2)] }, true],
    ['a file with errors', { sourceProblems: [problem(1)] }, newborn, false],
    ['a file with errors', { sourceProblems: [problem(1)] }, { sourceProblems: [], ...unread }, false],
  ])('%s: %# is over by what is found, and not by what is missing', (_what, before, after, isOver) => {
    const told = toldOf(before);
    expect(told.size).toBeGreaterThan(0);
    const { ended } = factsOf(story.status(after), told);
    expect(ended.size).toBe(isOver ? told.size : 0);
  });

  it('that was cut is neither told nor over', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => held(n));
    const last = toldOf({ decisions: [held(2_999)] });
    const { wanted, ended } = factsOf(story.status({ decisions: many }), last);
    expect(wanted).toHaveLength(2_000);
    expect(ended.size).toBe(0);
    const files = Array.from({ length: 3_000 }, (_, n) => problem(n));
    const lastFile = toldOf({ sourceProblems: [problem(2_999)] });
    expect(factsOf(story.status({ sourceProblems: files }), lastFile).ended.size).toBe(0);
  });

  it('that nobody asks for is not looked for', () => {
    const status = story.status();
    const unread = new Proxy(status, {
      get: (found, name) => {
        if (name === 'decisions') throw new Error(`${name} was read`);
        return Reflect.get(found, name);
      },
    });
    const target = { ...siem, events: ['halted', 'doubled'] as const };
    expect(factsOf(unread, new Map(), target).wanted).toEqual([]);
  });

  it('that nobody asks for takes no place from one that is asked for', () => {
    const other = Array.from({ length: 3_000 }, (_, n) => ({
      ...held(n),
      fleet: 'aaa',
      key: `aaa/job-${n}`,
    }));
    const target = { ...siem, fleets: ['lab'] };
    const status = story.status({ decisions: [...other, held(1)] });
    expect(factsOf(status, new Map(), target).wanted).toHaveLength(1);
  });
});

/** What is so in the world. */
interface Truth {
  readonly isHalted: boolean;
  readonly isFleetHalted: boolean;
  readonly isClockOff: boolean;
  readonly holds: readonly boolean[];
}

type View = 'whole' | 'unread' | 'unfetched' | 'ledgerHalted' | 'newborn';

/** What a controller shows of it: `shown` is what it decided last. */
function statusOf(truth: Truth, view: View, shown: readonly Decision[]): ControllerStatus {
  const { isHalted, isFleetHalted, isClockOff } = truth;
  const own = fleet(isFleetHalted ? { stand: 'halted', reason: reason('SG6233') } : {});
  const halts = isClockOff ? [reason('SG6211')] : [];
  if (view === 'newborn') return story.status(newborn);
  if (view === 'unfetched') return story.status({ ...own, ...unfetched, decisions: shown });
  if (view === 'ledgerHalted') return story.status({ ...own, ...ledgerHalt, decisions: shown });
  if (view === 'unread') return story.status({ ...own, ...unread, halts, decisions: shown });
  const problems = isHalted ? [reason('SG6201')] : [];
  return story.status({ ...own, problems, halts, decisions: shown });
}

function decide({ isHalted, isFleetHalted, isClockOff, holds }: Truth): Decision[] {
  const halt = isHalted ? 'SG6201' : isClockOff ? 'SG6211' : isFleetHalted ? 'SG6233' : null;
  return holds.map((isHeld, n) =>
    halt !== null ? blocked(n, halt) : isHeld ? held(n) : { ...held(n), action: 'done', reasons: [] },
  );
}

const truths = fc.record({
  isHalted: fc.boolean(),
  isFleetHalted: fc.boolean(),
  isClockOff: fc.boolean(),
  holds: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
});
const steps = fc.record({
  /** What changes in the world; mostly nothing. */
  truth: fc.option(truths, { freq: 2 }),
  view: fc.constantFrom<View>('whole', 'whole', 'unread', 'unfetched', 'ledgerHalted', 'newborn'),
  isRestart: fc.boolean(),
});

describe('whatever is seen, and however often the process starts anew', () => {
  it('an end is told only where it was seen, and what never ended is told once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), async (course) => {
        let truth: Truth = {
          isHalted: false,
          isFleetHalted: false,
          isClockOff: false,
          holds: [true, true, true],
        };
        let shown: readonly Decision[] = [];
        let sender = new NoticeSource(siem, emptyBook, createRedactor(), () => undefined);
        /** By its id: whether it was told and could not be seen to be over since. */
        const open = new Map<string, boolean>();
        for (const step of course) {
          truth = step.truth ?? truth;
          if (step.isRestart || step.view === 'newborn') {
            const kept = readCursor(fileOf('siem', sender.save()));
            const book = kept?.notices.get('siem') ?? emptyBook;
            sender = new NoticeSource(siem, book, createRedactor(), () => undefined);
          }
          if (step.view === 'newborn') shown = [];
          if (step.view === 'whole') shown = decide(truth);
          const status = statusOf(truth, step.view, shown);
          const offer = { status, memo: new Map() };
          const isSeen = (code: string | null, key: string): boolean => {
            if (code === 'SG6201') return step.view === 'whole' && !truth.isHalted;
            if (code === 'SG6233') return step.view !== 'newborn' && !truth.isFleetHalted;
            if (code === 'SG4011') return step.view === 'whole' || step.view === 'unread';
            if (code === 'SG6211')
              return (step.view === 'whole' || step.view === 'unread') && !truth.isClockOff;
            const isStopped = truth.isHalted || truth.isFleetHalted || truth.isClockOff;
            const n = Number(key.slice('lab/job-'.length));
            return step.view === 'whole' && !isStopped && truth.holds[n] === false;
          };
          for (const about of open.keys()) {
            const [code = null, key = ''] = about.split(' ');
            if (isSeen(code, key)) open.set(about, true);
          }
          for (let sent = 0; sent < 30; sent += 1) {
            const job = await sender.next(offer, { wallMs: 0, monotonicMs: 0 });
            if (job === null) break;
            const request = job.request(hmacSecret, 0);
            for (const { data } of request === null ? [] : eventsIn(request)) {
              const { kind, code, fleet: name, task } = data as unknown as Record<string, string | null>;
              const about = `${code} ${name ?? ''}/${task ?? ''}`;
              if (kind === 'haltEnded') {
                expect(open.get(about)).toBe(true);
                expect(isSeen(code ?? null, '')).toBe(true);
                open.delete(about);
              } else {
                expect(open.get(about) ?? true).toBe(true);
                open.set(about, false);
              }
            }
            sender.note('taken');
          }
          // Whoever takes everything has heard of each end that was seen.
          expect([...open].filter(([about, isOver]) => isOver && about.startsWith('SG62'))).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
