/** What policies make of a task's way through the controller: held, denied, stopped, waived, and let go by itself. */
import { describe, expect, it } from 'vitest';
import { Bell, runLoop, runOnce } from '../../src/controller/loop.ts';
import { loadPolicies } from '../../src/policy/policy-set.ts';
import { yaml } from '../plan/stage.ts';
import { insideText, policyText, requireText, suspensionText, waiverText, windowText } from './documents.ts';
import { begun } from './ruled.ts';
import { fleetConfig, makeConfig, say, startMs, World } from './world.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const covered = makeConfig({ policy: { uncovered: 'hold', separateCommits: false } });

describe('a task outside its window', () => {
  it('is held until it opens, and the loop wakes for that moment', async () => {
    const { world, life } = begun({ p: insideText(10, 30) });
    const report = await life.settle();
    expect(say(report)).toBe('hold SG6303');
    const opensMs = startMs + 10 * minuteMs;
    expect(report.decisions[0]?.untilMs).toBe(opensMs);
    const wakeMs = (report.wakeAtMs ?? 0) - world.clock.monotonic + world.clock.wall;
    expect(wakeMs).toBe(opensMs);
    expect(world.kinds()).toEqual([]);
  });

  it('is issued by itself when it opens, without another commit and without a schedule', async () => {
    const { world, life } = begun({ p: insideText(10, 30) });
    const seen: number[] = [];
    world.lab.scripts.push(() => {
      seen.push(world.clock.wall);
      return 'make';
    });
    const onReport = (): void => {
      if (world.clock.wall > startMs + 20 * minuteMs) life.stop();
    };
    await runLoop(life.c, new Bell(), { onReport });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThanOrEqual(startMs + 10 * minuteMs);
    expect(seen[0]).toBeLessThan(startMs + 10 * minuteMs + 5_000);
  });

  it('is issued in time though the window opens while a pass is still about something else', async () => {
    const { world, life } = begun({ p: insideText(10, 30) });
    await life.settle();
    world.clock.advance(startMs + 10 * minuteMs - 1_000 - world.clock.wall);
    // The rest of the pass takes longer than what is left until it opens.
    world.commit({ other: yaml({ name: 'other', fleet: 'sea' }) });
    world.rule({ p: insideText(10, 30, {}, {}, { fleets: ['lab'] }) });
    world.fleet('sea').duringSigning = () => world.clock.advance(2_000);
    const report = await life.pass(false);
    expect(say(report)).toBe('hold SG6303');
    expect(say(report, 'sea/other')).toBe('issue');
    expect(report.wakeAtMs).not.toBeNull();
    expect((report.wakeAtMs ?? 0) - world.clock.monotonic).toBeLessThan(1_000);
  });

  it('waits for the time at which all its windows are open, and its fleet can be asked', async () => {
    const both = policyText('p', [
      { name: 'first', window: 'a' },
      { name: 'second', window: { anyOf: ['b', 'c'] } },
    ]);
    const { life } = begun({
      a: windowText('a', [[10, 30]]),
      b: windowText('b', [[5, 15]], { cutoff: '6m' }),
      c: windowText('c', [[20, 60]]),
      p: both,
    });
    const report = await life.settle();
    expect(report.decisions[0]?.untilMs).toBe(startMs + 20 * minuteMs);
  });

  it('does nothing else than wait: run --once ends', async () => {
    const { life } = begun({ p: insideText(10, 30) });
    expect(say(await runOnce(life.c, { wait: true }))).toBe('hold SG6303');
  });
});

describe('a task that a rule denies', () => {
  it('is noted once, in words, and never asked for', async () => {
    const { world, life } = begun({
      p: requireText('"change" in task.annotations', { message: 'name the change' }),
    });
    for (let pass = 0; pass < 3; pass += 1) expect(say(await life.settle())).toBe('deny SG6301');
    await world.start().settle();
    expect(world.events()).toMatchObject([
      { kind: 'noted', reason: 'denied', message: 'p/rule: name the change (policies/p.yaml:1)' },
    ]);
    expect(world.creates).toBe(0);
  });

  it('is issued when the manifest is mended without becoming another revision', async () => {
    const { world, life } = begun({ p: requireText('"change" in task.annotations') });
    await life.settle();
    world.commit({ job: yaml({ metadata: ['annotations: {change: CHG1}'] }) });
    expect(say(await life.settle())).toBe('done SG6110');
    expect(world.kinds()).toEqual(['noted', 'claimed', 'issued']);
  });

  it("of a history that was rewritten is not noted: that head is nobody's wish", async () => {
    const world = new World();
    const first = world.commit({ other: yaml({ name: 'other' }) });
    const life = world.start();
    await life.settle();
    const kinds = world.kinds();
    world.origin.move(null);
    world.rule({ p: requireText('false') });
    world.commit({ job: yaml() });
    expect(world.origin.ancestry(world.origin.head ?? '')).not.toContain(first);
    const report = await life.settle();
    expect(report.problems).not.toEqual([]);
    expect(world.kinds()).toEqual(kinds);
  });
});

describe('a suspension', () => {
  it('stops one fleet or all, and lets go when it is removed or has ended', async () => {
    const { world, life } = begun({ stop: suspensionText({ fleet: 'sea' }) });
    expect(say(await life.settle())).toBe('done SG6110');
    world.rule({ stop: suspensionText() });
    world.commit({ next: yaml({ name: 'next' }), far: yaml({ name: 'far', fleet: 'sea' }) });
    const stopped = await life.settle();
    expect([say(stopped, 'lab/next'), say(stopped, 'sea/far')]).toEqual(['hold SG6320', 'hold SG6320']);
    world.rule({ stop: suspensionText({ until: '2026-11-23T13:00:00Z' }) });
    const ending = await life.settle();
    expect(ending.decisions.find(({ key }) => key === 'lab/next')?.untilMs).toBe(startMs + hourMs);
    world.rule({ stop: null });
    const free = await life.settle();
    expect([say(free, 'lab/next'), say(free, 'sea/far')]).toEqual(['done SG6110', 'done SG6110']);
    expect(world.creates).toBe(3);
  });
});

describe('a waiver', () => {
  const window = { p: insideText(600, 630) };
  const glass = (hours: number): string => waiverText(startMs + hours * hourMs, ['p/window']);

  it('lets its task through, and the claim tells by which', async () => {
    const { world, life } = begun(window);
    expect(say(await life.settle())).toBe('hold SG6303');
    world.rule({ glass: glass(24) });
    expect(say(await life.settle())).toBe('done SG6110');
    const claim = world.events().find(({ kind }) => kind === 'claimed');
    expect(claim).toMatchObject({
      verdict: {
        notAfter: null,
        closes: new Date(startMs + 24 * hourMs).toISOString(),
        waiver: {
          name: 'glass',
          path: 'policies/glass.yaml',
          rules: ['p/window'],
          reason: 'storm',
          expires: new Date(startMs + 24 * hourMs).toISOString(),
        },
        reasons: [{ code: 'SG6324' }],
      },
    });
  });

  it.each([
    ['more than 72 hours ahead of its commit', 73, 0, 'hold SG6303 SG6326'],
    ['72 hours ahead', 72, 0, 'done SG6110'],
    ['expired', 1, 0, 'hold SG6303 SG6326'],
    ['dated ahead by its committer', 100, 200, 'hold SG6303 SG6326'],
  ])('%s', async (what, hours, datedHours, said) => {
    const { world, life } = begun(window);
    world.origin.commit({
      files: { 'policies/glass.yaml': glass(hours) },
      timeMs: startMs + datedHours * hourMs,
    });
    if (what === 'expired') world.clock.advance(hourMs);
    expect(say(await life.settle())).toBe(said);
  });

  it('that was changed counts from its last change, and that was not read holds nothing else', async () => {
    const { world, life } = begun(window);
    world.rule({ glass: glass(80) });
    expect(say(await life.settle())).toBe('hold SG6303 SG6326');
    world.clock.advance(8 * hourMs);
    expect(say(await life.settle())).toBe('hold SG6303 SG6326');
    world.rule({ glass: `# a storm\n${glass(80)}` });
    expect(say(await life.settle())).toBe('done SG6110');
  });
});

describe('a suspension of a fleet that is not configured', () => {
  it('stops nothing, and is told', async () => {
    const { life } = begun({ p: requireText('true'), s: suspensionText({ fleet: 'labb' }) });
    const report = await life.settle();
    expect(say(report)).toBe('done SG6110');
    expect(report.sourceProblems).toMatchObject([
      { code: 'SG1414', severity: 'warning', place: { path: 'policies/s.yaml' }, hint: 'did you mean lab?' },
    ]);
  });
});

describe('a policy that does not load', () => {
  it('holds what it could match, is told with its place, and others go on', async () => {
    const broken = policyText('p', [{ name: 'rule', require: 'task.nosuch == 1' }], { fleets: ['lab'] });
    const { world, life } = begun({ p: broken });
    world.commit({ far: yaml({ name: 'far', fleet: 'sea' }) });
    const report = await life.settle();
    expect([say(report), say(report, 'sea/far')]).toEqual(['hold SG6309', 'done SG6110']);
    expect(report.sourceProblems?.map(({ place }) => place.path)).toEqual(['policies/p.yaml']);
    world.rule({ p: requireText('true') });
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('a window that is gone holds the tasks of the rules that name it', async () => {
    const { world, life } = begun({ p: insideText(0, 30) });
    world.rule({ p: policyText('p', [{ name: 'window', window: 'w' }]) });
    expect(say(await life.settle())).toBe('hold SG6307');
  });
});

describe('the floor of the configuration', () => {
  it('what no policy covers is held, and a rule that only warns covers nothing', async () => {
    const { world, life } = begun({ p: requireText('false', { otherwise: 'warn' }) }, covered);
    expect(say(await life.settle())).toMatch(/^hold .*SG6308/);
    world.rule({ p: requireText('true') });
    expect(say(await life.settle())).toBe('done SG6110');
  });

  it('required policies hold their fleet until they are there and match', async () => {
    const fleets = [fleetConfig('lab', { requirePolicies: ['p'] }), fleetConfig('sea')];
    const config = makeConfig({ fleets: new Map(fleets.map((fleet) => [fleet.name, fleet])) });
    const { world, life } = begun({}, config);
    world.commit({ far: yaml({ name: 'far', fleet: 'sea' }) });
    const report = await life.settle();
    expect([say(report), say(report, 'sea/far')]).toEqual(['hold SG6311', 'done SG6110']);
    world.rule({ p: policyText('p', [{ name: 'rule', require: 'true' }], { commands: ['unlock'] }) });
    expect(say(await life.settle())).toBe('hold SG6311');
    world.rule({ p: requireText('true') });
    expect(say(await life.settle())).toBe('done SG6110');
  });
});

describe('a claim', () => {
  it('tells the policies that were asked by their blobs, the set, and the facts that their rules read', async () => {
    const { world, life } = begun({
      p: requireText('fleet.inFlight.tasks < 3 && now > introduced.time - duration("1s")'),
      other: policyText('q', [{ name: 'rule', require: 'false' }], { fleets: ['sea'] }),
    });
    await life.settle();
    const files = world.origin.read(world.origin.head ?? '');
    if (!files.ok) throw new Error(files.fault.message);
    const { policies } = files.value;
    const set = loadPolicies(policies, { fileBytes: 65_536, documentsPerFile: 100, depth: 32 });
    const blob = policies.find(({ path }) => path === 'policies/p.yaml')?.blob;
    const claim = world.events().find(({ kind }) => kind === 'claimed');
    expect(claim).toMatchObject({
      policySet: set.digest,
      tzdata: '2026a',
      verdict: {
        action: 'allow',
        policies: [{ name: 'p', blob }],
        facts: { counts: { inFlight: { tasks: 0, devices: 0 } }, introduced: { id: expect.any(String) } },
      },
    });
    expect(JSON.stringify(claim)).not.toContain('lastReachedOut');
  });
});

describe('a commit that brings a task and changes policies', () => {
  it('is held where the configuration wants commits apart, until the task comes by itself', async () => {
    const world = new World();
    const life = world.start({
      config: makeConfig({ policy: { uncovered: 'allow', separateCommits: true } }),
    });
    world.commit({ other: yaml({ name: 'other' }) });
    const files = { 'tasks/job.yaml': yaml(), 'policies/p.yaml': requireText('true') };
    world.origin.commit({ files, timeMs: world.clock.wall });
    const report = await life.settle();
    expect([say(report), say(report, 'lab/other')]).toEqual(['hold SG6312', 'done SG6110']);
    world.commit({ job: null });
    world.commit({ job: yaml() });
    expect(say(await life.settle())).toBe('done SG6110');
  });
});

describe('more than the ledger takes', () => {
  const many = (count: number, otherwise: string): string =>
    Array.from({ length: count }, (_, part) =>
      policyText(
        `p${part}`,
        Array.from({ length: 50 }, (_, index) => ({
          name: `r${index}`,
          require: 'task.run == 2',
          message: 'x'.repeat(250),
          otherwise,
        })),
      ),
    ).join('---\n');

  it('of reasons to deny is noted in part, and what was wanted is remembered', async () => {
    const { world, life } = begun({ p: many(2, 'deny') });
    expect(say(await life.settle())).toMatch(/^deny SG6301 /);
    expect(world.kinds()).toEqual(['noted']);
    world.commit({ other: yaml({ name: 'other' }), job: null });
    await life.settle();
    expect(world.events().map(({ kind, name }) => `${kind} ${name}`)).toContain('noted other');
    expect(world.log.filter(({ event }) => event.startsWith('event not written'))).toEqual([]);
  });

  it('of warnings is claimed all the same', async () => {
    const { world, life } = begun({ p: many(3, 'warn') });
    expect(say(await life.settle())).toBe('done SG6110');
    const [claim] = world.events();
    expect(claim).toMatchObject({ kind: 'claimed' });
    expect(claim?.kind === 'claimed' ? claim.verdict.reasons.length : 0).toBe(100);
  });

  it('of policies is claimed all the same', async () => {
    const files = Array.from({ length: 11 }, (_, part) =>
      Array.from({ length: 100 }, (__, index) =>
        policyText(`p${part * 100 + index}`, [{ name: 'r', require: 'true' }]),
      ).join('---\n'),
    );
    const { life } = begun(Object.fromEntries(files.map((text, index) => [`f${index}`, text])));
    expect(say(await life.settle())).toBe('done SG6110');
  });
});
