/** The metrics of one process: what is counted as it happens, and what is read off the status at each scrape. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CreateOutcome } from '../controller/ports.ts';
import type { ControllerStatus } from '../controller/status.ts';
import { Turns } from '../lib/turns.ts';
import {
  countDecisions,
  countExecutions,
  countUnknownDevices,
  type DecisionCounts,
  readGauges,
  type UnknownDevices,
} from './gauges.ts';
import { type CounterName, counters, gauges, type HistogramName, histograms } from './metric-table.ts';

/** From a fetch that finds nothing new to one that runs into its time-out. */
const buckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

type Labels = Readonly<Record<string, string>>;

/** What those who do the work are given to count with. */
export interface Meter {
  count(name: CounterName, labels: Labels): void;
  time(name: HistogramName, labels: Labels, durationMs: number): void;
}

/** What the configuration names, and labels may say. */
export interface KnownLabels {
  readonly fleets: readonly string[];
  readonly providers: readonly string[];
}

const createOutcomes: readonly CreateOutcome['kind'][] = [
  'issued',
  'refused',
  'throttled',
  'denied',
  'unsent',
  'unknown',
];

export class Metrics implements Meter {
  readonly #registry = new Registry();
  readonly #counters = new Map<CounterName, Counter>();
  readonly #histograms = new Map<HistogramName, Histogram>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #version: string;
  readonly #turns = new Turns();
  #decisions: DecisionCounts | null = null;
  #unknownDevices: UnknownDevices | null = null;

  constructor(version: string, known: KnownLabels = { fleets: [], providers: [] }) {
    this.#version = version;
    const registers = [this.#registry];
    for (const [name, { help, labels }] of entriesOf(counters))
      this.#counters.set(name, new Counter({ name, help, labelNames: labels, registers }));
    for (const [name, { help, labels }] of entriesOf(histograms))
      this.#histograms.set(name, new Histogram({ name, help, labelNames: labels, buckets, registers }));
    for (const [name, { help, labels }] of entriesOf(gauges))
      this.#gauges.set(name, new Gauge({ name, help, labelNames: labels, registers }));
    collectDefaultMetrics({ register: this.#registry });
    this.#startAtZero(known);
  }

  /** A counter that first appears with its first event hides that event from whoever asks how much it grew. */
  #startAtZero({ fleets, providers }: KnownLabels): void {
    const zero = (name: CounterName, labels: Labels): void => this.#counters.get(name)?.inc(labels, 0);
    for (const result of ['done', 'bug']) zero('snowgate_passes_total', { result });
    for (const answer of ['landed', 'lost', 'refused', 'unknown'])
      zero('snowgate_ledger_pushes_total', { answer });
    for (const fleet of fleets)
      for (const outcome of createOutcomes) zero('snowgate_create_task_total', { fleet, outcome });
    for (const provider of providers)
      for (const result of ['accepted', 'unauthorized'])
        zero('snowgate_webhook_deliveries_total', { provider, result });
  }

  count(name: CounterName, labels: Labels): void {
    this.#counters.get(name)?.inc(labels);
  }

  time(name: HistogramName, labels: Labels, durationMs: number): void {
    this.#histograms.get(name)?.observe(labels, durationMs / 1_000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of them in the text format of Prometheus. */
  async write(status: ControllerStatus): Promise<string> {
    const decisions = await this.#turns.run(countDecisions(status, this.#decisions));
    this.#decisions = decisions;
    const executions = await this.#turns.run(countExecutions(status));
    const unknownDevices = await this.#turns.run(countUnknownDevices(status, this.#unknownDevices));
    this.#unknownDevices = unknownDevices;
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { name, labels, value } of readGauges(
      status,
      { decisions, executions, unknownDevices },
      this.#version,
    ))
      this.#gauges.get(name)?.set(labels, value);
    return this.#registry.metrics();
  }
}

function entriesOf<Name extends string, Value>(table: Readonly<Record<Name, Value>>): [Name, Value][] {
  return Object.entries(table) as [Name, Value][];
}
