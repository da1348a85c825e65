/** Ports that count and time what goes through them. The controller is not told: what is measured is the world. */
import type { LedgerStore, PolicyRepository, SourceRepository, TaskApi } from './controller/ports.ts';
import type { Meter } from './http/metrics.ts';
import type { Clock } from './lib/clock.ts';
import type { CallRecord } from './snow/task-api.ts';

export interface Measuring {
  readonly meter: Meter;
  readonly clock: Clock;
}

async function timed<T>(step: string, { meter, clock }: Measuring, act: () => Promise<T>): Promise<T> {
  const begunMs = clock.monotonicMs();
  try {
    return await act();
  } finally {
    meter.time('snowgate_step_duration_seconds', { step }, clock.monotonicMs() - begunMs);
  }
}

async function fetched<T extends { readonly ok: boolean }>(
  repository: 'source' | 'policies',
  measuring: Measuring,
  fetch: () => Promise<T>,
): Promise<T> {
  const answer = await timed(`fetch_${repository}`, measuring, fetch);
  measuring.meter.count('snowgate_fetches_total', { repository, result: answer.ok ? 'ok' : 'failed' });
  return answer;
}

/** The source, measured. */
export function measureSource(source: SourceRepository, measuring: Measuring): SourceRepository {
  return {
    fetch: () => fetched('source', measuring, () => source.fetch()),
    descends: (head, ancestor) => source.descends(head, ancestor),
    read: (head) => timed('read_source', measuring, () => source.read(head)),
    trace: (head, wanted) => timed('trace_history', measuring, () => source.trace(head, wanted)),
    traceFiles: (head, paths) => source.traceFiles(head, paths),
  };
}

/** The repository of policies, measured. */
export function measurePolicies(policies: PolicyRepository, measuring: Measuring): PolicyRepository {
  return {
    fetch: () => fetched('policies', measuring, () => policies.fetch()),
    descends: (head, ancestor) => policies.descends(head, ancestor),
    read: (head) => timed('read_policies', measuring, () => policies.read(head)),
    traceFiles: (head, paths) => policies.traceFiles(head, paths),
  };
}

/** The ledger, measured. */
export function measureLedger(ledger: LedgerStore, measuring: Measuring): LedgerStore {
  const { meter } = measuring;
  return {
    remembered: () => ledger.remembered(),
    fetch: async () => {
      const answer = await timed('fetch_ledger', measuring, () => ledger.fetch());
      const result = answer.kind === 'fetched' ? 'ok' : answer.kind === 'halted' ? 'halted' : 'failed';
      meter.count('snowgate_fetches_total', { repository: 'ledger', result });
      return answer;
    },
    commit: (segment) => timed('commit', measuring, () => ledger.commit(segment)),
    push: async (commit) => {
      const answer = await timed('push', measuring, () => ledger.push(commit));
      meter.count('snowgate_ledger_pushes_total', { answer: answer.kind });
      return answer;
    },
  };
}

/** A fleet's tasks, with each CreateTask counted by its outcome. */
export function measureFleet(fleet: string, api: TaskApi, { meter }: Measuring): TaskApi {
  return {
    prove: () => api.prove(),
    createTask: async (request, gate) => {
      const outcome = await api.createTask(request, gate);
      meter.count('snowgate_create_task_total', { fleet, outcome: outcome.kind });
      return outcome;
    },
    cancelTask: (taskId, gate) => api.cancelTask(taskId, gate),
    listTasks: () => api.listTasks(),
    listActiveTasks: () => api.listActiveTasks(),
    listDevices: () => api.listDevices(),
    describeTask: (taskId) => api.describeTask(taskId),
    listExecutions: (taskId) => api.listExecutions(taskId),
    describeDevice: (device) => api.describeDevice(device),
    describeExecution: (taskId, device) => api.describeExecution(taskId, device),
    probe: () => api.probe(),
  };
}

/** Counts each call to AWS, with how long it took. */
export function countCalls({ meter }: Measuring): (call: CallRecord) => void {
  return ({ operation, result, tookMs }) => {
    meter.count('snowgate_aws_calls_total', { operation, result });
    meter.time('snowgate_aws_call_duration_seconds', { operation }, tookMs);
  };
}
