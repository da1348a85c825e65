/**
 * Every metric: its name after the Prometheus conventions, what it means and its labels. No label holds what others write: no
 * task, device, commit or message, so that their number is bounded by the configuration.
 */

export interface MetricText {
  readonly help: string;
  readonly labels: readonly string[];
}

/** What is counted and timed as it happens. */
export const counters = {
  snowgate_passes_total: { help: 'Passes, by how they ended: done, or by a bug.', labels: ['result'] },
  snowgate_create_task_total: {
    help: 'CreateTask calls by outcome: issued, refused, throttled, denied, unsent, unknown.',
    labels: ['fleet', 'outcome'],
  },
  snowgate_aws_calls_total: {
    help: 'Calls to AWS, page by page, by operation and what their answer means: done, an error of the service, or none.',
    labels: ['operation', 'result'],
  },
  snowgate_ledger_pushes_total: {
    help: 'Pushes to the ledger by answer: landed, lost to another writer, refused, unknown and sent again.',
    labels: ['answer'],
  },
  snowgate_fetches_total: {
    help: 'Fetches of source, policies and ledger by result.',
    labels: ['repository', 'result'],
  },
  snowgate_webhook_deliveries_total: {
    help: 'Deliveries of webhooks by what became of them.',
    labels: ['provider', 'result'],
  },
  snowgate_notifications_total: {
    help: 'Messages to targets of `notify` by what became of each try: sent, retried, refused, or dropped unsent.',
    labels: ['target', 'result'],
  },
  snowgate_http_requests_total: {
    help: 'Requests by listener and status class.',
    labels: ['listener', 'status'],
  },
} as const satisfies Record<string, MetricText>;

export const histograms = {
  snowgate_pass_duration_seconds: { help: 'How long a pass took.', labels: [] },
  snowgate_step_duration_seconds: {
    help: 'How long the steps of passes took: fetches, reading, history, commits and pushes.',
    labels: ['step'],
  },
  snowgate_aws_call_duration_seconds: { help: 'How long calls to AWS took.', labels: ['operation'] },
} as const satisfies Record<string, MetricText>;

/** What is read off the status at each scrape. */
export const gauges = {
  snowgate_build_info: { help: 'Always 1.', labels: ['version', 'replica'] },
  snowgate_ready: { help: 'Whether /readyz says ready.', labels: [] },
  snowgate_loop_turned_seconds: { help: 'Since the loop last began or ended a pass.', labels: [] },
  snowgate_sync_age_seconds: {
    help: 'Since the last good fetch began; before the first, since the controller began.',
    labels: ['repository'],
  },
  snowgate_manifests: { help: 'Manifests of the source: valid or quarantined.', labels: ['state'] },
  snowgate_problems: { help: 'Problems of the files of the source, by severity.', labels: ['severity'] },
  snowgate_tasks: {
    help: 'Tasks by what the plan says of them; those of fleets that are not configured are under (unknown).',
    labels: ['fleet', 'action'],
  },
  snowgate_receipts: { help: 'Revisions in the ledger by state.', labels: ['state'] },
  snowgate_outcomes: { help: 'Tasks that have ended, by how, in the whole ledger.', labels: ['outcome'] },
  snowgate_executions: {
    help: 'Executions of tasks in flight, by the state that AWS told last.',
    labels: ['fleet', 'state'],
  },
  snowgate_oldest_wait_seconds: {
    help: 'Of the task that waits longest: since it was introduced, or since its notBefore; 0 where none waits.',
    labels: ['fleet'],
  },
  snowgate_runs_outside_window: {
    help: 'Devices that began after their permission to run had ended, in the whole ledger.',
    labels: ['fleet'],
  },
  snowgate_halts: { help: '1 for each thing that halts issuing now, by its code.', labels: ['code'] },
  snowgate_fleet_stand: {
    help: '1 for what a fleet is now: open, paused, halted or observed.',
    labels: ['fleet', 'stand'],
  },
  snowgate_fleet_proved: {
    help: 'Whether STS has proved the account of the fleet, and has not denied to after that; none of a fleet that names no account.',
    labels: ['fleet'],
  },
  snowgate_foreign_tasks: { help: 'Tasks in flight that were made around Git.', labels: ['fleet'] },
  snowgate_unknown_tasks: {
    help: 'Tasks with our marks that this ledger does not know.',
    labels: ['fleet'],
  },
  snowgate_unknown_devices: {
    help: 'Devices that manifests name and AWS did not list the last time; none before the devices of the fleet were listed.',
    labels: ['fleet'],
  },
  snowgate_ledger_unwritten: { help: 'Outcomes that wait to be written down.', labels: [] },
} as const satisfies Record<string, MetricText>;

export type CounterName = keyof typeof counters;
export type HistogramName = keyof typeof histograms;
export type GaugeName = keyof typeof gauges;
