/** Which metrics there are, and what is wrong with an expression that asks for others, or asks for them in the wrong way. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { counters, gauges, histograms } from '../../src/http/metric-table.ts';
import { type LabelValues, labelValues } from '../publish/metrics-page.ts';
import { type Matcher, readExpression, type Selector } from './promql.ts';

type Kind = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface Known {
  readonly kind: Kind;
  readonly labels: Readonly<Record<string, LabelValues>>;
}

/** Prometheus puts these on whatever it reads. */
const targetLabels = ['job', 'instance'];

/** Labels of prom-client's default metrics that are asked for here. */
const defaultLabels: Readonly<Record<string, Readonly<Record<string, LabelValues>>>> = {
  nodejs_gc_duration_seconds: { kind: ['major', 'minor', 'incremental', 'weakcb'] },
  nodejs_active_resources: { type: { bound: "Node's kinds of resources" } },
};

/** What prom-client tells on Linux only. */
const onLinux = ['process_virtual_memory_bytes', 'process_heap_bytes', 'process_open_fds', 'process_max_fds'];

/** Every metric that a target of the job `snowgate` has. */
export async function listKnown(): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>([['up', { kind: 'gauge', labels: {} }]]);
  for (const name of onLinux) known.set(name, { kind: 'gauge', labels: {} });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    known.set(name, { kind: String(type) as Kind, labels: defaultLabels[name] ?? {} });
  }
  const tables = [
    ['counter', counters],
    ['histogram', histograms],
    ['gauge', gauges],
  ] as const;
  for (const [kind, table] of tables) {
    for (const name of Object.keys(table)) {
      known.set(name, { kind, labels: labelValues[name as keyof typeof labelValues] });
    }
  }
  return known;
}

/** The metric that a name of a series is of: those of a histogram have endings. */
export function findMetric(series: string, known: ReadonlyMap<string, Known>): Known | null {
  const metric = known.get(series);
  if (metric !== undefined) return metric.kind === 'histogram' ? null : metric;
  const [, base = '', ending] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = known.get(base);
  if (histogram?.kind !== 'histogram') return null;
  const labels =
    ending === 'bucket' ? { ...histogram.labels, le: { bound: 'the buckets' } } : histogram.labels;
  return { kind: 'counter', labels };
}

/** What is wrong with an expression, in a line for each. */
export function findMistakes(text: string, known: ReadonlyMap<string, Known>): string[] {
  const { selectors, grouped } = readExpression(text);
  const labels = new Set(targetLabels);
  const mistakes = selectors.flatMap((selector) => {
    const metric = findMetric(selector.name, known);
    if (metric === null) return [`${selector.name} is not there`];
    for (const label of Object.keys(metric.labels)) labels.add(label);
    return [
      ...selector.matchers.flatMap((matcher) => judgeMatcher(selector.name, matcher, metric)),
      ...judgeUse(selector, metric, grouped, text),
    ];
  });
  if (selectors.length === 0) mistakes.push('it asks for nothing');
  return [...mistakes, ...grouped.filter((label) => !labels.has(label)).map((label) => `no label ${label}`)];
}

function judgeMatcher(name: string, { label, operator, value }: Matcher, { labels }: Known): string[] {
  if (targetLabels.includes(label)) return [];
  const values = labels[label];
  if (values === undefined) return [`${name} has no label ${label}`];
  if (value.includes('$') || 'bound' in values) return [];
  const words = operator.endsWith('~') ? value.split('|') : [value];
  return words.filter((word) => !values.includes(word)).map((word) => `${name} has no ${label} ${word}`);
}

/** Counters are read by how they grow, gauges as they are, buckets by a quantile that keeps their bounds. */
function judgeUse(selector: Selector, { kind }: Known, grouped: readonly string[], text: string): string[] {
  const { name, inside, isRange } = selector;
  const innermost = inside.at(-1) ?? '';
  const grows = innermost === 'rate' || innermost === 'increase';
  const mistakes: string[] = [];
  if (kind === 'gauge' && grows) mistakes.push(`${name} is a gauge, and ${innermost} is for counters`);
  // Beside the growth an alert may ask whether the counter was there before.
  if (kind === 'counter' && !grows && !/ unless \S+ offset /.test(text)) {
    mistakes.push(`${name} is a counter without rate or increase`);
  }
  if (grows !== isRange && !(isRange && innermost.match(/_over_time$|^changes$/))) {
    mistakes.push(`${name} is ${isRange ? 'a range' : 'no range'} where it must not be`);
  }
  if (name.endsWith('_bucket') !== inside.includes('histogram_quantile')) {
    mistakes.push(`${name} and histogram_quantile do not fit`);
  }
  if (name.endsWith('_bucket') && !grouped.includes('le')) mistakes.push(`${name} loses le`);
  return mistakes;
}
