/** docs/reference/metrics.md: every metric of src/http/metric-table.ts, and what each label of it may say. */
import { hookProviders } from '../../src/config/config.ts';
import type { CreateOutcome, PushAnswer } from '../../src/controller/ports.ts';
import type { FleetStand } from '../../src/controller/status.ts';
import type { DeliveryResult } from '../../src/http/hook-handler.ts';
import { counters, gauges, histograms, type MetricText } from '../../src/http/metric-table.ts';
import type { Listener } from '../../src/http/route.ts';
import { settledOutcomes } from '../../src/ledger/events.ts';
import { receiptStates } from '../../src/ledger/receipt.ts';
import type { SendResult } from '../../src/notify/target.ts';
import { planActions } from '../../src/plan/decision.ts';
import type { Verdict } from '../../src/snow/outcome.ts';
import { cell } from './schema-page.ts';

type Table = typeof counters & typeof histograms & typeof gauges;
export type MetricName = keyof Table;

/** The words that a label may hold, or, where a table cannot name them, what bounds their number. */
export type LabelValues = readonly string[] | { readonly bound: string; readonly also?: readonly string[] };

/** Every word of a union; the compiler misses none, and takes no other. */
function every<Word extends string>(words: Record<Word, true>): readonly Word[] {
  return Object.keys(words) as Word[];
}

const fleets: LabelValues = { bound: 'each fleet of the configuration' };
const operations = [
  'CreateTask',
  'CancelTask',
  'ListTasks',
  'DescribeTask',
  'ListExecutions',
  'DescribeExecution',
  'ListDevices',
  'DescribeDevice',
];
const repositories = ['source', 'policies', 'ledger'];

/** What each label may say. */
export const labelValues: {
  readonly [Name in MetricName]: { readonly [Label in Table[Name]['labels'][number]]: LabelValues };
} = {
  snowgate_passes_total: { result: ['done', 'bug'] },
  snowgate_create_task_total: {
    fleet: fleets,
    outcome: every<CreateOutcome['kind']>({
      issued: true,
      refused: true,
      throttled: true,
      denied: true,
      unsent: true,
      unknown: true,
    }),
  },
  snowgate_aws_calls_total: {
    operation: operations,
    result: every<Verdict['kind']>({
      done: true,
      invalid: true,
      notFound: true,
      throttled: true,
      quota: true,
      denied: true,
      badCredentials: true,
      internal: true,
      strange: true,
      silent: true,
      unsent: true,
    }),
  },
  snowgate_ledger_pushes_total: {
    answer: every<PushAnswer['kind']>({ landed: true, lost: true, refused: true, unknown: true }),
  },
  snowgate_fetches_total: { repository: repositories, result: ['ok', 'failed', 'halted'] },
  snowgate_webhook_deliveries_total: {
    provider: hookProviders,
    result: every<DeliveryResult>({
      accepted: true,
      ignored: true,
      duplicate: true,
      unauthorized: true,
      badMethod: true,
      tooLarge: true,
      busy: true,
      late: true,
      broken: true,
    }),
  },
  snowgate_notifications_total: {
    target: { bound: 'each target of `notify`' },
    result: every<SendResult>({ sent: true, retried: true, refused: true, dropped: true }),
  },
  snowgate_http_requests_total: {
    listener: every<Listener>({ web: true, hooks: true, probes: true }),
    status: ['2xx', '3xx', '4xx', '5xx'],
  },
  snowgate_pass_duration_seconds: {},
  snowgate_step_duration_seconds: {
    step: [
      'fetch_source',
      'read_source',
      'trace_history',
      'fetch_policies',
      'read_policies',
      'fetch_ledger',
      'commit',
      'push',
    ],
  },
  snowgate_aws_call_duration_seconds: { operation: operations },
  snowgate_build_info: {
    version: { bound: 'one, that of the program' },
    replica: { bound: 'one, `replica` of the configuration' },
  },
  snowgate_ready: {},
  snowgate_loop_turned_seconds: {},
  snowgate_sync_age_seconds: { repository: repositories },
  snowgate_manifests: { state: ['valid', 'quarantined'] },
  snowgate_problems: { severity: ['error', 'warning'] },
  snowgate_tasks: {
    fleet: { bound: 'each fleet of the configuration', also: ['(unknown)'] },
    action: planActions,
  },
  snowgate_receipts: { state: receiptStates },
  snowgate_outcomes: { outcome: settledOutcomes },
  snowgate_executions: {
    fleet: fleets,
    state: ['QUEUED', 'IN_PROGRESS', 'CANCELED', 'FAILED', 'SUCCEEDED', 'REJECTED', 'TIMED_OUT', 'other'],
  },
  snowgate_oldest_wait_seconds: { fleet: fleets },
  snowgate_runs_outside_window: { fleet: fleets },
  snowgate_halts: { code: { bound: 'a code of [the list of codes](../ERRORS.md)' } },
  snowgate_fleet_stand: {
    fleet: fleets,
    stand: every<FleetStand>({ open: true, paused: true, halted: true, observed: true }),
  },
  snowgate_fleet_proved: { fleet: fleets },
  snowgate_foreign_tasks: { fleet: fleets },
  snowgate_unknown_tasks: { fleet: fleets },
  snowgate_unknown_devices: { fleet: fleets },
  snowgate_ledger_unwritten: {},
};

const generatedNote =
  '<!-- generated from src/http/metric-table.ts by `npm run docs`; what is written here is written there, and not here -->';

const about = [
  'What `GET /metrics` of the listener `web` answers, in the text format of Prometheus. It listens where [`http`](../CONFIGURATION.md#http-health-metrics-api-webhooks) is configured. Rules for [the alerts](../OPERATIONS.md#alerts), a scrape configuration and a dashboard for Grafana lie in `examples/observability/`.',
  "No label holds what others write: no task, device, commit or message. So the number of series is bounded by the configuration. A counter is there once it has counted; gauges are read off the controller's status at each scrape. What is said of the ledger is the same from each replica that shares it.",
  'The default metrics of prom-client come with them: `process_*` (processor time, memory, open files, start) and `nodejs_*` (lag of the event loop, garbage collection, heap, active resources, version).',
];

/** The page as Markdown. */
export function renderMetricsPage(): string {
  const parts = [
    '# Metrics',
    generatedNote,
    ...about,
    '## Counters',
    'Counted since the process began.',
    renderTable(counters),
    '## Histograms',
    'In seconds, each with `_bucket`, `_sum` and `_count`.',
    renderTable(histograms),
    '## Gauges',
    renderTable(gauges),
  ];
  return `${parts.join('\n\n')}\n`;
}

function renderTable(table: Readonly<Record<string, MetricText>>): string {
  const rows = Object.entries(table).map(([name, { help, labels }]) => {
    const values: Readonly<Record<string, LabelValues>> = labelValues[name as MetricName];
    const said = labels.map((label) => `\`${label}\`: ${sayValues(values[label] ?? [])}`);
    return `| \`${name}\` | ${said.join('<br>')} | ${cell(help)} |`;
  });
  return ['| metric | labels | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function sayValues(values: LabelValues): string {
  if (!('bound' in values)) return values.map((value) => `\`${value}\``).join(', ');
  const also = (values.also ?? []).map((value) => `, and \`${value}\``).join('');
  return `${values.bound}${also}`;
}
