/** Metrics as Prometheus reads them: right values, and never more series than the configuration allows. */
import { describe, expect, it } from 'vitest';
import { type ControllerStatus, PassBook, readStatus } from '../../src/controller/status.ts';
import { countUnknownDevices } from '../../src/http/gauges.ts';
import { counters, gauges, histograms } from '../../src/http/metric-table.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { readMoment } from '../../src/lib/clock.ts';
import { finish } from '../../src/lib/turns.ts';
import { planActions } from '../../src/plan/decision.ts';
import { emptyLedgerMemory } from '../doubles/ledger.ts';
import { yaml } from '../plan/stage.ts';
import { doAtOnce, gaugesOf } from './at-once.ts';
import { Watched } from './watched.ts';

function valuesOf(status: ControllerStatus): Map<string, number> {
  const samples = gaugesOf(status);
  return new Map(
    samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
  );
}

describe('the gauges', () => {
  it('have a value before anything is known', () => {
    const values = valuesOf(new Watched().status());
    expect(values.get('snowgate_ready')).toBe(0);
    expect(values.get('snowgate_sync_age_seconds source')).toBe(0);
    expect(values.get('snowgate_manifests valid')).toBe(0);
    expect(values.get('snowgate_fleet_proved lab')).toBe(0);
  });

  it('age with a source that was never fetched as with one that was', async () => {
    const watched = new Watched();
    watched.world.clock.advance(90_000);
    expect(valuesOf(watched.status()).get('snowgate_sync_age_seconds source')).toBe(90);
    await watched.pass();
    watched.world.clock.advance(7_000);
    expect(valuesOf(watched.status()).get('snowgate_sync_age_seconds source')).toBe(7);
  });

  it('count tasks, receipts, executions and waits', async () => {
    const watched = new Watched();
    const { world } = watched;
    world.commit({
      job: yaml(),
      late: yaml({ name: 'late', spec: ['notBefore: 2026-11-23T12:30:00Z'] }),
      bad: yaml({ name: 'bad', spec: ['nonsense: 1'] }),
      far: yaml({ name: 'far', fleet: 'nowhere' }),
    });
    await watched.pass();
    world.clock.advance(3_600_000);
    await watched.pass();
    await watched.pass();
    const values = valuesOf(watched.status());
    expect(values.get('snowgate_manifests valid')).toBe(3);
    expect(values.get('snowgate_manifests quarantined')).toBe(1);
    expect(values.get('snowgate_problems error')).toBe(1);
    expect(values.get('snowgate_receipts issued')).toBeGreaterThan(0);
    expect(values.get('snowgate_executions lab other')).toBe(0);
    expect([...values.keys()].filter((key) => key.includes('nowhere'))).toEqual([]);
    const unknown = planActions.reduce(
      (sum, action) => sum + (values.get(`snowgate_tasks (unknown) ${action}`) ?? 0),
      0,
    );
    expect(unknown).toBe(1);
  });

  it('tell of the longest wait, from notBefore where that is later', async () => {
    const watched = new Watched();
    const { world } = watched;
    const blocked = ['after: [first]'];
    world.commit({
      first: yaml({ name: 'first', spec: ['notBefore: 2027-01-01T00:00:00Z'] }),
      second: yaml({ name: 'second', spec: blocked }),
    });
    await watched.pass();
    world.clock.advance(600_000);
    await watched.pass();
    expect(valuesOf(watched.status()).get('snowgate_oldest_wait_seconds lab')).toBe(600);
    expect(valuesOf(watched.status()).get('snowgate_oldest_wait_seconds sea')).toBe(0);
  });

  it('count the devices that manifests name and AWS does not list, once its list is known', async () => {
    const watched = new Watched();
    const { world } = watched;
    world.commit({
      one: yaml({ name: 'one', targets: ['smd-1', 'smd-gone', 'smd-lost'] }),
      two: yaml({ name: 'two', targets: ['smd-gone', 'smd-2'] }),
      far: yaml({ name: 'far', fleet: 'sea', targets: ['smd-lost'] }),
      none: yaml({ name: 'none', fleet: 'nowhere', targets: ['smd-lost'] }),
    });
    await watched.pass();
    const status = watched.status();
    const known = (devices: ReadonlySet<string> | null): ControllerStatus => ({
      ...status,
      fleets: status.fleets.map((fleet) => ({ ...fleet, devices: fleet.name === 'lab' ? devices : null })),
    });
    const told = (of: ControllerStatus) =>
      [...valuesOf(of)].filter(([name]) => name.includes('unknown_devices'));
    expect(told(known(null))).toEqual([]);
    expect(told(known(new Set(['smd-1', 'smd-2', 'smd-3'])))).toEqual([['snowgate_unknown_devices lab', 2]]);
    expect(told(known(new Set(['smd-1', 'smd-2', 'smd-gone', 'smd-lost'])))).toEqual([
      ['snowgate_unknown_devices lab', 0],
    ]);
    expect(told({ ...known(new Set()), desired: null })).toEqual([]);
  });

  it('count those devices once for the same manifests and listings, and in slices', async () => {
    const watched = new Watched();
    watched.world.commit({ one: yaml({ name: 'one', targets: ['smd-gone'] }) });
    await watched.pass();
    const status = watched.status();
    const first = finish(countUnknownDevices(status, null));
    expect(finish(countUnknownDevices(watched.status(), first))).toBe(first);
    const relisted = status.fleets.map((fleet) => ({ ...fleet, devices: new Set(['smd-gone']) }));
    expect(finish(countUnknownDevices({ ...status, fleets: relisted }, first)).counts.get('lab')).toBe(0);
    const [task] = status.desired?.tasks.values() ?? [];
    if (status.desired === null || task === undefined) throw new Error('nothing was read');
    const tasks = new Map(Array.from({ length: 5_000 }, (_, n) => [`lab/${n}`, task] as const));
    const many = { ...status, fleets: relisted, desired: { ...status.desired, tasks } };
    expect(doAtOnce(countUnknownDevices(many, first)).stops).toBeGreaterThanOrEqual(4);
  });

  it('name what halts, each code once, and stop naming it', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    await watched.pass();
    watched.world.commit({ job: null });
    await watched.pass();
    expect(valuesOf(watched.status()).get('snowgate_halts SG6202')).toBe(1);
    const metrics = new Metrics('1.2.3');
    expect(await metrics.write(watched.status())).toContain('snowgate_halts{code="SG6202"} 1');
    watched.world.commit({ job: yaml() });
    await watched.pass();
    expect(await metrics.write(watched.status())).not.toContain('SG6202');
  });

  it('count the decisions of each pass anew', async () => {
    const watched = new Watched();
    const metrics = new Metrics('1.2.3');
    const held = 'snowgate_tasks{fleet="lab",action="hold"}';
    await watched.pass();
    expect(await metrics.write(watched.status())).toContain(`${held} 0`);
    watched.world.commit({ job: yaml({ spec: ['notBefore: 2027-06-01T00:00:00Z'] }) });
    await watched.pass();
    expect(await metrics.write(watched.status())).toContain(`${held} 1`);
  });

  it('know a task of ours after a restart', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml() });
    await watched.pass();
    await watched.pass();
    const second = watched.world.start({ memory: emptyLedgerMemory() });
    await second.settle();
    const book = new PassBook(readMoment(second.c.clock), second.c.journal);
    const values = valuesOf(readStatus(second.c, book));
    expect(second.c.state.fleets.get('lab')?.strangers).toHaveLength(1);
    expect(values.get('snowgate_unknown_tasks lab')).toBe(0);
  });

  it('are as many with a thousand hostile names as with none', async () => {
    const plain = new Watched();
    await plain.pass();
    const hostile = new Watched();
    const files = Array.from({ length: 300 }, (_, index) => [
      `t${index}`,
      yaml({
        name: `t${index}`,
        fleet: index % 2 === 0 ? `fleet-${index}` : 'lab',
        spec: ['notBefore: 2027-01-01T00:00:00Z'],
      }),
    ]);
    hostile.world.commit(Object.fromEntries(files));
    await hostile.pass();
    expect(valuesOf(hostile.status()).size).toBe(valuesOf(plain.status()).size);
  });
});

describe('the text', () => {
  const line =
    /^(?:#.*|[a-z_0-9]+(?:\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? (?:-?[0-9.e+-]+|\+Inf|Nan))$/;

  it('has zeros where nothing was counted yet, for what the configuration names', async () => {
    const text = await new Metrics('1.2.3', { fleets: ['lab'], providers: ['github'] }).write(
      new Watched().status(),
    );
    for (const line of [
      'snowgate_passes_total{result="bug"} 0',
      'snowgate_create_task_total{fleet="lab",outcome="unknown"} 0',
      'snowgate_ledger_pushes_total{answer="lost"} 0',
      'snowgate_webhook_deliveries_total{provider="github",result="unauthorized"} 0',
    ])
      expect(text).toContain(line);
  });

  it('is of the format, and names every metric of the table', async () => {
    const watched = new Watched();
    await watched.pass();
    const metrics = new Metrics('1.2.3');
    metrics.count('snowgate_create_task_total', { fleet: 'lab', outcome: 'issued' });
    metrics.time('snowgate_step_duration_seconds', { step: 'push' }, 1_500);
    const text = await metrics.write(watched.status());
    for (const one of text.trimEnd().split('\n')) if (one !== '') expect(one).toMatch(line);
    for (const name of [...Object.keys(counters), ...Object.keys(histograms), ...Object.keys(gauges)])
      expect(text).toContain(`# HELP ${name} `);
    expect(text).toContain('snowgate_create_task_total{fleet="lab",outcome="issued"} 1');
    expect(text).toContain('snowgate_step_duration_seconds_sum{step="push"} 1.5');
    expect(text).toContain('snowgate_build_info{version="1.2.3",replica="one"} 1');
  });
});
