import type {
  CallGate,
  CancelOutcome,
  CreateOutcome,
  DescribedDevice,
  DescribedExecution,
  ListedDevice,
  ListedExecution,
  Listing,
  Read,
  TaskApi,
  TaskDescription,
} from '../../src/controller/ports.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import { beginExchange } from '../../src/simulator/exchange.ts';
import type { Service } from '../../src/simulator/service.ts';
import { type CallEnd, readAnswer, type UnsentReason } from '../../src/snow/answer.ts';
import { readDevices, readExecutions, readListing } from '../../src/snow/listing.ts';
import { createOutcome, judge, serverOf } from '../../src/snow/outcome.ts';
import { cancelOutcome, readFailure, unusable } from '../../src/snow/read-failure.ts';
import { type Parsed, parseDevice, parseExecution, parseTask } from '../../src/snow/shape.ts';

/** Where a call of the real thing takes time: before it is sent, on its way there, on its way back. */
type PausePoint = 'prepare' | 'request' | 'answer';

export interface TaskDoubleOptions {
  /** Shared by every controller that works on these fleets. */
  readonly service: Service;
  readonly fleet: string;
  readonly account: string;
  readonly region: string;
  /** An access key that the service knows; any will do for a service without keys. */
  readonly accessKeyId?: string;
  /** The service's time: when effects happen. */
  readonly serviceMs: () => number;
  /** The caller's clocks. */
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  /** Of one call; an answer later than this is not seen, and a request later than this is not sent. */
  readonly timeoutMs: number;
  /** Waits, by whatever time the test has. May never resolve: the caller was killed there. */
  readonly pause?: (point: PausePoint, operation: string) => Promise<void>;
  /** Why nothing of this call is sent; null lets it go on. */
  readonly unsent?: (operation: string) => Exclude<UnsentReason, 'gate'> | null;
}

/**
 * The task API without a network: the simulator's pure model behind the adapter's own table of outcomes. No timers and
 * no randomness of its own, so that a run is repeated by its seed. Faults are ordered by the model's rules.
 */
export function createTaskDouble(options: TaskDoubleOptions): TaskApi {
  return new TaskDouble(options);
}

class TaskDouble implements TaskApi {
  readonly #options: TaskDoubleOptions;

  constructor(options: TaskDoubleOptions) {
    this.#options = options;
  }

  async prove(): Promise<Read<{ readonly account: string }>> {
    await this.#options.pause?.('prepare', 'GetCallerIdentity');
    const unsent = this.#options.unsent?.('GetCallerIdentity') ?? null;
    if (unsent === null) return { kind: 'ok', value: { account: this.#options.account } };
    const end = { kind: 'unsent', reason: unsent, error: 'Ordered', message: 'ordered by the test' } as const;
    return readFailure(end, `credentials of fleet ${this.#options.fleet}`);
  }

  async createTask(request: TaskRequest, gate: CallGate): Promise<CreateOutcome> {
    const body = {
      clientToken: request.clientToken,
      command: { [request.command]: {} },
      targets: request.targets,
      ...(request.description === undefined ? {} : { description: request.description }),
      tags: request.tags,
    };
    return createOutcome(
      await this.#call('CreateTask', 'POST', '/task', { gate, body: JSON.stringify(body) }),
    );
  }

  async cancelTask(taskId: string, gate: CallGate): Promise<CancelOutcome> {
    const path = `/task/${encodeURIComponent(taskId)}/cancel`;
    return cancelOutcome(
      await this.#call('CancelTask', 'POST', path, { gate }),
      null,
      `CancelTask ${taskId}`,
    );
  }

  listTasks(): Promise<Read<Listing>> {
    return this.#listTasks({});
  }

  listActiveTasks(): Promise<Read<Listing>> {
    return this.#listTasks({ state: 'IN_PROGRESS' });
  }

  listDevices(): Promise<Read<readonly ListedDevice[]>> {
    return readDevices(
      (nextToken) =>
        this.#read('ListDevices', 'GET', '/managed-devices', query({ maxResults: '100', nextToken })),
      `ListDevices of fleet ${this.#options.fleet}`,
    );
  }

  #listTasks(filter: Readonly<Record<string, string>>): Promise<Read<Listing>> {
    return readListing(
      (nextToken) =>
        this.#read('ListTasks', 'GET', '/tasks', query({ ...filter, maxResults: '100', nextToken })),
      (taskId) => this.describeTask(taskId),
      `ListTasks of fleet ${this.#options.fleet}`,
    );
  }

  describeTask(taskId: string): Promise<Read<TaskDescription>> {
    return this.#describe('DescribeTask', `/task/${encodeURIComponent(taskId)}`, (answer) =>
      parseTask(answer, taskId),
    );
  }

  describeDevice(device: string): Promise<Read<DescribedDevice>> {
    const path = `/managed-device/${encodeURIComponent(device)}/describe`;
    return this.#describe('DescribeDevice', path, (answer) => parseDevice(answer, device));
  }

  describeExecution(taskId: string, device: string): Promise<Read<DescribedExecution>> {
    const path = `/task/${encodeURIComponent(taskId)}/execution/${encodeURIComponent(device)}`;
    return this.#describe('DescribeExecution', path, (answer) => parseExecution(answer, taskId, device));
  }

  async #describe<T>(
    operation: string,
    path: string,
    parse: (answer: Readonly<Record<string, unknown>>) => Parsed<T>,
  ): Promise<Read<T>> {
    const answer = await this.#read(operation, 'POST', path);
    if (answer.kind !== 'ok') return answer;
    const parsed = parse(answer.value);
    if (parsed.ok) return { ...answer, value: parsed.value };
    return { kind: 'failed', fault: unusable(`${operation} ${path}`, parsed.why) };
  }

  listExecutions(taskId: string): Promise<Read<readonly ListedExecution[]>> {
    return readExecutions(
      (nextToken) =>
        this.#read('ListExecutions', 'GET', '/executions', query({ taskId, maxResults: '100', nextToken })),
      taskId,
      `ListExecutions of ${taskId}`,
    );
  }

  async probe(): Promise<Read<null>> {
    const answer = await this.#read('ListDevices', 'GET', '/managed-devices', query({ maxResults: '1' }));
    return answer.kind === 'ok' ? { ...answer, value: null } : answer;
  }

  async #read(
    operation: string,
    method: string,
    path: string,
    search?: URLSearchParams,
  ): Promise<Read<Readonly<Record<string, unknown>>>> {
    const verdict = judge(await this.#call(operation, method, path, search === undefined ? {} : { search }));
    if (verdict.kind === 'done') return { kind: 'ok', value: verdict.value, ...serverOf(verdict.answer) };
    return readFailure(verdict, `${operation} of fleet ${this.#options.fleet}`);
  }

  async #call(
    operation: string,
    method: string,
    path: string,
    more: { readonly gate?: CallGate; readonly body?: string; readonly search?: URLSearchParams },
  ): Promise<CallEnd> {
    const { service, pause, timeoutMs } = this.#options;
    const begunMs = this.#options.monotonicMs();
    const late = (): boolean => this.#options.monotonicMs() - begunMs > timeoutMs;
    if (more.gate?.() === 'closed') return unsent('gate');
    await pause?.('prepare', operation);
    const reason = this.#options.unsent?.(operation) ?? null;
    if (reason !== null) return unsent(reason);
    if (late()) return unsent('connection');
    if (more.gate?.() === 'closed') return unsent('gate');
    await pause?.('request', operation);
    const exchange = beginExchange(
      service,
      {
        method,
        path,
        query: more.search ?? new URLSearchParams(),
        signature: this.#sign(),
        contentType: 'application/json',
        bodyText: more.body ?? '',
      },
      this.#options.serviceMs() + service.skewMs,
    );
    const { outgoing } = exchange.finish(this.#options.serviceMs() + service.advancedMs);
    const serverMs = this.#options.serviceMs() + service.skewMs;
    await pause?.('answer', operation);
    if (outgoing.kind === 'hang' || late()) return silent('TimeoutError', `no answer within ${timeoutMs} ms`);
    if (outgoing.kind === 'reset') return silent('ECONNRESET', 'the connection broke');
    const body = outgoing.cut
      ? ({ kind: 'cut', why: 'the answer was cut short' } as const)
      : ({ kind: 'whole', bytes: Buffer.from(outgoing.body) } as const);
    return {
      kind: 'answered',
      answer: readAnswer({
        status: outgoing.status,
        headers: { ...outgoing.headers, date: new Date(serverMs).toUTCString() },
        wallMs: this.#options.wallMs(),
        body,
      }),
    };
  }

  /** Headers as a signature's, dated by the caller's clock; the model reads what they claim and verifies nothing. */
  #sign() {
    const amzDate = new Date(this.#options.wallMs()).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const scope = `${amzDate.slice(0, 8)}/${this.#options.region}/snow-device-management/aws4_request`;
    const key = this.#options.accessKeyId ?? 'AKIATESTTESTTESTTEST';
    const authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
    return { authorization, amzDate };
  }
}

function unsent(reason: UnsentReason): CallEnd {
  return { kind: 'unsent', reason, error: 'Ordered', message: `nothing was sent: ${reason}` };
}

function silent(error: string, message: string): CallEnd {
  return { kind: 'silent', error, message };
}

function query(parts: Readonly<Record<string, string | null>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== null) search.set(name, value);
  return search;
}
