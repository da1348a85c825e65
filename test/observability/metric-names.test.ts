/** Metrics are named as Prometheus advises, and no label of theirs can hold more than the reference page says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Controller } from '../../src/controller/state.ts';
import { counters, gauges, histograms, type MetricText } from '../../src/http/metric-table.ts';
import type { Meter } from '../../src/http/metrics.ts';
import { countCalls, measureFleet, measureLedger, measureSource } from '../../src/wire-measure.ts';
import { gaugesOf } from '../http/at-once.ts';
import { Watched } from '../http/watched.ts';
import { yaml } from '../plan/stage.ts';
import { type LabelValues, labelValues, type MetricName } from '../publish/metrics-page.ts';

type Named = readonly (readonly [name: string, text: MetricText])[];
const named: Named = [counters, histograms, gauges].flatMap((table) => Object.entries<MetricText>(table));

/** What is wrong with the names of a metric and of its labels. */
function judgeNames(name: string, { help, labels }: MetricText, isCounter: boolean): string[] {
  const mistakes: string[] = [];
  if (!/^snowgate(_[a-z]+)+$/.test(name)) mistakes.push('prefix and snake case');
  if (name.endsWith('_total') !== isCounter) mistakes.push('_total is for counters');
  if (/_(bucket|sum|count|created)$/.test(name)) mistakes.push('an ending that Prometheus adds');
  if (/_(ms|millis|milliseconds|minutes|hours|days|kilobytes|percent)(_|$)/.test(name)) {
    mistakes.push('no base unit');
  }
  const isTime = /\b(how long|since|waits longest)\b/i.test(help);
  if (isTime !== name.endsWith('_seconds')) mistakes.push('the unit in the name');
  if (!/^[A-Z1].*\.$/.test(help)) mistakes.push('a sentence of help');
  const reserved = new Set(['le', 'quantile', 'job', 'instance', 'alertname', '__name__']);
  for (const label of labels) {
    if (!/^[a-z]+(_[a-z]+)*$/.test(label) || reserved.has(label)) mistakes.push(`the label ${label}`);
  }
  return mistakes;
}

describe('the names of the metrics', () => {
  it.each(named)('are as Prometheus advises: %s', (name, text) => {
    expect(judgeNames(name, text, name in counters)).toEqual([]);
  });

  it('are of one metric each', () => {
    const names = named.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each<[string, MetricText, boolean, string[]]>([
    ['snowgate_passes', { help: 'Passes.', labels: [] }, true, ['_total is for counters']],
    ['snowgate_age', { help: 'Since it began.', labels: [] }, false, ['the unit in the name']],
    ['snowgate_age_ms', { help: 'Its age.', labels: [] }, false, ['no base unit']],
    ['snowgateReady', { help: 'Ready.', labels: [] }, false, ['prefix and snake case']],
    [
      'snowgate_a',
      { help: 'of it', labels: ['taskId', 'le'] },
      false,
      ['a sentence of help', 'the label taskId', 'the label le'],
    ],
  ])('are seen where they are wrong: %s', (name, text, isCounter, mistakes) => {
    expect(judgeNames(name, text, isCounter)).toEqual(mistakes);
  });
});

/** Whether the reference page lets a label say this. */
function isTold(values: LabelValues | undefined, word: string): boolean {
  if (values === undefined) return false;
  if ('bound' in values) return /^(lab|sea|one|1\.2\.3|SG\d{4}|\(unknown\))$/.test(word);
  return values.includes(word);
}

/** Labels that were told and are not on the reference page, as `name label=word`. */
function findUntold(name: string, labels: Readonly<Record<string, string>>): string[] {
  const told: Readonly<Record<string, LabelValues>> = labelValues[name as MetricName];
  const lacking = Object.keys(told).filter((label) => labels[label] === undefined);
  return [
    ...lacking.map((label) => `${name} without ${label}`),
    ...Object.entries(labels).flatMap(([label, word]) =>
      isTold(told[label], word) ? [] : [`${name} ${label}=${word}`],
    ),
  ];
}

describe('the labels of the metrics', () => {
  it('are those of the reference page, and bounded', () => {
    for (const [name, { labels }] of named) {
      expect([name, ...Object.keys(labelValues[name as MetricName])]).toEqual([name, ...labels]);
      for (const values of Object.values<LabelValues>(labelValues[name as MetricName])) {
        const words = 'bound' in values ? (values.also ?? []) : values;
        expect(new Set(words).size).toBe(words.length);
        expect(words.length).toBeLessThanOrEqual(12);
      }
    }
  });

  it('say in gauges what the page says, and every word that it lists', async () => {
    const watched = new Watched();
    watched.world.commit({ job: yaml(), bad: yaml({ name: 'bad', spec: ['nonsense: 1'] }) });
    await watched.pass();
    const status = watched.status();
    const policies = { head: null, ageMs: null };
    const halts = [{ code: 'SG6232' as const, message: 'halted' }];
    const all = { ...status, policies, halts };
    const samples = gaugesOf(all);
    expect(samples.flatMap(({ name, labels }) => findUntold(name, labels))).toEqual([]);
    for (const name of Object.keys(gauges)) {
      const own = samples.filter((sample) => sample.name === name);
      for (const [label, values] of Object.entries<LabelValues>(labelValues[name as MetricName])) {
        const said = new Set(own.map(({ labels }) => labels[label]));
        const listed = 'bound' in values ? (values.also ?? []) : values;
        expect([name, listed.filter((word) => !said.has(word))]).toEqual([name, []]);
      }
    }
  });

  it('say in counters and histograms what the page says', async () => {
    const told: [string, Readonly<Record<string, string>>][] = [];
    const meter: Meter = {
      count: (name, labels) => told.push([name, labels]),
      time: (name, labels) => told.push([name, labels]),
    };
    const watched = new Watched();
    const { c } = watched.life;
    const measuring = { meter, clock: c.clock };
    const ports: Pick<Controller, 'source' | 'ledger' | 'apis'> = {
      source: measureSource(c.source, measuring),
      ledger: measureLedger(c.ledger, measuring),
      apis: new Map([...c.apis].map(([name, api]) => [name, measureFleet(name, api, measuring)])),
    };
    Object.assign(c, ports);
    watched.world.commit({ job: yaml() });
    await watched.pass();
    watched.world.sourceDown = true;
    watched.world.ledgerDown = true;
    await watched.pass();
    countCalls(measuring)({ operation: 'CreateTask', result: 'done', tookMs: 1 });
    expect(told.flatMap(([name, labels]) => findUntold(name, labels))).toEqual([]);
    expect([...new Set(told.map(([name]) => name))].sort()).toEqual([
      'snowgate_aws_call_duration_seconds',
      'snowgate_aws_calls_total',
      'snowgate_create_task_total',
      'snowgate_fetches_total',
      'snowgate_ledger_pushes_total',
      'snowgate_step_duration_seconds',
    ]);
    const steps = new Set(told.map(([, labels]) => labels.step));
    const { step } = labelValues.snowgate_step_duration_seconds;
    expect((step as readonly string[]).filter((one) => !steps.has(one))).toEqual([
      'fetch_policies',
      'read_policies',
    ]);
  });

  it('know every operation of AWS that is called', () => {
    const source = readFileSync(new URL('../../src/snow/task-api.ts', import.meta.url), 'utf8');
    const called = [...source.matchAll(/new sdk\.(\w+)Command\(/g)].map(([, operation = '']) => operation);
    const { operation } = labelValues.snowgate_aws_calls_total;
    expect([...new Set(called)].sort()).toEqual([...(operation as readonly string[])].sort());
  });
});
