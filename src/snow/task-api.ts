import type {
  SnowDeviceManagementClient as Client,
  CreateTaskCommandInput,
} from '@aws-sdk/client-snow-device-management';
import type { FleetConfig } from '../config/config.ts';
import type {
  CallGate,
  CancelOutcome,
  CreateOutcome,
  Read,
  ReadFailure,
  TaskApi,
} from '../controller/ports.ts';
import type { Clock } from '../lib/clock.ts';
import type { Fault } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import type { TaskRequest } from '../manifest/request.ts';
import { type CallEnd, hideSecrets } from './answer.ts';
import { Call } from './call.ts';
import { resolveEndpoints } from './endpoint.ts';
import { readDevices, readExecutions, readListing } from './listing.ts';
import { createOutcome, judge, serverOf } from './outcome.ts';
import { cancelOutcome, readFailure, unusable } from './read-failure.ts';
import { Session } from './session.ts';
import {
  type Parsed,
  pageEntriesMax,
  parseDevice,
  parseDevicePage,
  parseExecution,
  parseTask,
} from './shape.ts';
import { type SendOptions, Transport } from './transport.ts';

export interface TaskApiOptions {
  /** Of one call from its beginning to the end of its answer: credentials, connecting and reading included. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** Is told the secrets of the credentials, so that no text ever holds one. */
  readonly redactor: Redactor;
  /** Told of each call when it is over. */
  readonly onCall?: (call: CallRecord) => void;
}

/** One call, for whoever counts. The result is what its answer means: `done`, an error of the service's model, or no answer. */
export interface CallRecord {
  readonly operation: string;
  readonly result: string;
  readonly tookMs: number;
}

type Sdk = typeof import('@aws-sdk/client-snow-device-management');
type Ask = (sdk: Sdk, client: Client, options: SendOptions) => Promise<unknown>;

/** Connecting is given a part of a call's time, so that "no connection" is told apart from "no answer". */
const connectTimeoutMaxMs = 3000;
/** Credentials are fetched in a hurry by nobody: before a claim, and again long before their end. */
const credentialsTimeoutMs = 10_000;

/**
 * One fleet's tasks in AWS through the SDK's client. The SDK is told everything that it would otherwise decide by
 * itself or ask the environment for: region, endpoint, one attempt, time-outs, credentials, the client token. It is
 * loaded at the first call, because most commands need none of it.
 */
export function createTaskApi(fleet: FleetConfig, options: TaskApiOptions): SnowFleet {
  return new SnowTaskApi(fleet, options);
}

export interface SnowFleet extends TaskApi {
  /** As {@link TaskApi.probe}, with what it found: a device of the fleet, null where there is none. */
  probeDevice(): Promise<Read<string | null>>;
  /** As {@link TaskApi.probe}, for ListTasks: one entry, which nobody reads. */
  probeTasks(): Promise<Read<null>>;
  close(): void;
}

class SnowTaskApi implements SnowFleet {
  readonly #fleet: FleetConfig;
  readonly #timeoutMs: number;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #redactor: Redactor;
  readonly #clock: Clock;
  readonly #onCall: NonNullable<TaskApiOptions['onCall']>;
  readonly #service: string;
  readonly #unusable: Fault | null;
  readonly #calls = new Set<Call>();
  #loaded: Promise<{ sdk: Sdk; client: Client }> | null = null;
  #closed = false;

  constructor(fleet: FleetConfig, options: TaskApiOptions) {
    this.#fleet = fleet;
    this.#timeoutMs = options.requestTimeoutMs;
    this.#redactor = options.redactor;
    this.#clock = options.clock;
    this.#onCall = options.onCall ?? (() => undefined);
    this.#transport = new Transport({
      clock: options.clock,
      connectTimeoutMs: Math.min(connectTimeoutMaxMs, options.requestTimeoutMs),
      requestTimeoutMs: credentialsTimeoutMs,
    });
    const endpoints = resolveEndpoints(fleet);
    this.#unusable = endpoints.ok ? null : endpoints.fault;
    this.#service = endpoints.ok ? endpoints.value.service : '';
    this.#session = new Session({
      fleet,
      endpoint: endpoints.ok ? endpoints.value.sts : '',
      transport: this.#transport,
      timeoutMs: credentialsTimeoutMs,
      clock: options.clock,
      redactor: options.redactor,
    });
  }

  async prove(): Promise<Read<{ readonly account: string }>> {
    return this.#unusable === null ? this.#session.prove() : { kind: 'failed', fault: this.#unusable };
  }

  async createTask(request: TaskRequest, gate: CallGate): Promise<CreateOutcome> {
    const input: CreateTaskCommandInput = {
      clientToken: request.clientToken,
      command: request.command === 'unlock' ? { unlock: {} } : { reboot: {} },
      targets: [...request.targets],
      tags: { ...request.tags },
      ...(request.description === undefined ? {} : { description: request.description }),
    };
    const ask: Ask = (sdk, client, options) => client.send(new sdk.CreateTaskCommand(input), options);
    const { end } = await this.#perform('CreateTask', ask, gate, true);
    const outcome = createOutcome(end);
    this.#learn(end);
    return outcome;
  }

  async cancelTask(taskId: string, gate: CallGate): Promise<CancelOutcome> {
    const ask: Ask = (sdk, client, options) => client.send(new sdk.CancelTaskCommand({ taskId }), options);
    const { end, failure } = await this.#perform('CancelTask', ask, gate, false);
    this.#learn(end);
    return cancelOutcome(end, failure, `CancelTask ${taskId} of fleet ${this.#fleet.name}`);
  }

  listTasks() {
    return this.#listTasks({});
  }

  listActiveTasks() {
    return this.#listTasks({ state: 'IN_PROGRESS' });
  }

  listDevices() {
    return readDevices(
      (nextToken) =>
        this.#read('ListDevices', (sdk, client, options) =>
          client.send(
            new sdk.ListDevicesCommand({ maxResults: pageEntriesMax, ...token(nextToken) }),
            options,
          ),
        ),
      `ListDevices of fleet ${this.#fleet.name}`,
    );
  }

  #listTasks(filter: { readonly state?: 'IN_PROGRESS' }) {
    return readListing(
      (nextToken) =>
        this.#read('ListTasks', (sdk, client, options) => {
          const input = { ...filter, maxResults: pageEntriesMax, ...token(nextToken) };
          return client.send(new sdk.ListTasksCommand(input), options);
        }),
      (taskId) => this.describeTask(taskId),
      `ListTasks of fleet ${this.#fleet.name}`,
    );
  }

  describeTask(taskId: string) {
    return this.#describe(
      `DescribeTask ${taskId}`,
      (sdk, client, options) => client.send(new sdk.DescribeTaskCommand({ taskId }), options),
      (answer) => parseTask(answer, taskId),
    );
  }

  describeDevice(device: string) {
    return this.#describe(
      `DescribeDevice ${device}`,
      (sdk, client, options) =>
        client.send(new sdk.DescribeDeviceCommand({ managedDeviceId: device }), options),
      (answer) => parseDevice(answer, device),
    );
  }

  describeExecution(taskId: string, device: string) {
    return this.#describe(
      `DescribeExecution ${taskId} on ${device}`,
      (sdk, client, options) =>
        client.send(new sdk.DescribeExecutionCommand({ taskId, managedDeviceId: device }), options),
      (answer) => parseExecution(answer, taskId, device),
    );
  }

  async #describe<T>(
    what: string,
    ask: Ask,
    parse: (answer: Readonly<Record<string, unknown>>) => Parsed<T>,
  ): Promise<Read<T>> {
    const answer = await this.#read(what, ask);
    if (answer.kind !== 'ok') return answer;
    const parsed = parse(answer.value);
    if (parsed.ok) return { ...answer, value: parsed.value };
    return failWith(answer, unusable(`${what} of fleet ${this.#fleet.name}`, parsed.why));
  }

  listExecutions(taskId: string) {
    return readExecutions(
      (nextToken) =>
        this.#read('ListExecutions', (sdk, client, options) =>
          client.send(
            new sdk.ListExecutionsCommand({ taskId, maxResults: pageEntriesMax, ...token(nextToken) }),
            options,
          ),
        ),
      taskId,
      `ListExecutions of ${taskId} of fleet ${this.#fleet.name}`,
    );
  }

  async probe(): Promise<Read<null>> {
    const answer = await this.#listOneDevice();
    return answer.kind === 'ok' ? { ...answer, value: null } : answer;
  }

  async probeDevice(): Promise<Read<string | null>> {
    const answer = await this.#listOneDevice();
    if (answer.kind !== 'ok') return answer;
    const page = parseDevicePage(answer.value);
    if (page.ok) return { ...answer, value: page.value.entries[0]?.device ?? null };
    return failWith(answer, unusable(`ListDevices of fleet ${this.#fleet.name}`, page.why));
  }

  #listOneDevice() {
    return this.#read('ListDevices', (sdk, client, options) =>
      client.send(new sdk.ListDevicesCommand({ maxResults: 1 }), options),
    );
  }

  async probeTasks(): Promise<Read<null>> {
    const answer = await this.#read('ListTasks', (sdk, client, options) =>
      client.send(new sdk.ListTasksCommand({ maxResults: 1 }), options),
    );
    return answer.kind === 'ok' ? { ...answer, value: null } : answer;
  }

  /** Ends kept connections and every call in hand; later calls send nothing. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.stop('connection', 'Closed', 'the client was closed');
    this.#transport.destroy();
  }

  async #read(operation: string, ask: Ask): Promise<Read<Readonly<Record<string, unknown>>>> {
    // `DescribeTask ID` is of the operation DescribeTask.
    const [name = ''] = operation.split(' ');
    const { end, failure } = await this.#perform(name, ask, () => 'open', false);
    if (failure !== null) return failure;
    this.#learn(end);
    const verdict = judge(end);
    if (verdict.kind === 'done') return { kind: 'ok', value: verdict.value, ...serverOf(verdict.answer) };
    return readFailure(verdict, `${operation} of fleet ${this.#fleet.name}`);
  }

  /** One call from credentials to answer, bounded as a whole. Never rejects: the facts are in its end. */
  async #perform(operation: string, ask: Ask, gate: CallGate, ownConnection: boolean) {
    const begunMs = this.#clock.monotonicMs();
    const call = new Call({ timeoutMs: this.#timeoutMs, gate, ownConnection, clientDecodes: false });
    this.#calls.add(call);
    if (this.#closed) call.stop('connection', 'Closed', 'the client was closed');
    let failure: ReadFailure | null = null;
    const work = async (): Promise<void> => {
      call.check();
      if (this.#unusable !== null) {
        failure = { kind: 'failed', fault: this.#unusable };
        call.stop('connection', 'NoEndpoint', this.#unusable.message);
        return;
      }
      const ready = await this.#session.ready();
      if (!ready.ok) {
        failure = ready.fault;
        call.stop('credentials', 'NoCredentials', `${ready.fault.fault.code}: ${ready.fault.fault.message}`);
        return;
      }
      const { sdk, client } = await this.#load();
      await ask(sdk, client, { call });
    };
    const done = work().catch((error: unknown) => {
      // Whatever the client threw before anything was sent; after that, the call knows better than the error.
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      if (!call.answered) call.stop('connection', name, `the request was not sent: ${message}`);
    });
    await Promise.race([done, call.over]);
    this.#calls.delete(call);
    const end = hideSecrets(call.finish(), (text) => this.#redactor.redact(text));
    this.#onCall({ operation, result: judge(end).kind, tookMs: this.#clock.monotonicMs() - begunMs });
    return { end, failure: failure as ReadFailure | null };
  }

  /** Credentials that AWS does not accept are thrown away, so that a renewal is noticed at the next call. */
  #learn(end: CallEnd): void {
    if (judge(end).kind === 'badCredentials') this.#session.distrust();
  }

  #load(): Promise<{ sdk: Sdk; client: Client }> {
    this.#loaded ??= import('@aws-sdk/client-snow-device-management').then((sdk) => ({
      sdk,
      client: new sdk.SnowDeviceManagementClient({
        region: this.#fleet.region,
        endpoint: this.#service,
        credentials: this.#session.signing,
        requestHandler: this.#transport,
        maxAttempts: 1,
        retryMode: 'standard',
        defaultsMode: 'standard',
        useFipsEndpoint: false,
        useDualstackEndpoint: false,
        customUserAgent: 'snowgate',
      }),
    }));
    return this.#loaded;
  }
}

function token(nextToken: string | null): { nextToken?: string } {
  return nextToken === null ? {} : { nextToken };
}

function failWith(answer: { readonly server?: ReadFailure['server'] }, cause: Fault): ReadFailure {
  return { kind: 'failed', fault: cause, ...(answer.server === undefined ? {} : { server: answer.server }) };
}
