/** One fleet's AWS as a test scripts it: it answers well until it is told otherwise, and remembers what it was asked. */
import type {
  CallGate,
  CancelOutcome,
  CreateOutcome,
  DescribedDevice,
  DescribedExecution,
  ListedDevice,
  ListedExecution,
  ListedTask,
  Listing,
  Read,
  ReadFailure,
  ServerTime,
  TaskApi,
  TaskDescription,
} from '../../src/controller/ports.ts';
import { fault } from '../../src/lib/faults.ts';
import type { TaskRequest } from '../../src/manifest/request.ts';
import type { HandClock } from './world.ts';

export type Script = (request: TaskRequest) => CreateOutcome | 'make' | Promise<CreateOutcome>;

const denial = fault('SG5008', 'human', 'AWS denied it (planned by the test)');
const away = fault('SG5001', 'retry', 'nobody is there (planned by the test)');
export const denied: ReadFailure = { kind: 'denied', fault: denial };
export const failing: ReadFailure = { kind: 'failed', fault: away };

const said = { message: 'planned by the test', requestId: 'req-1' } as const;
export const throttled: CreateOutcome = { kind: 'throttled', reason: 'throttled', ...said };
export const lost: CreateOutcome = { kind: 'unknown', error: 'TimeoutError', ...said };
export const deniedCall: CreateOutcome = { kind: 'denied', ...said };
export const refusedCall: CreateOutcome = { kind: 'refused', error: 'ValidationException', ...said };
export const unsent: CreateOutcome = { kind: 'unsent', reason: 'connection', message: 'planned by the test' };

/** `smd-1` and so on, and the two that each name's manifest has where it writes none. */
function someDevices(): string[] {
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  const names = ['a', 'b', 'c', 'd', 'else', 'far', 'fresh', 'last', 'late', 'more', 'next', 'other'];
  const own = [...names, ...numbers.map((index) => `t${index}`)].flatMap((name) => [
    `${name}-1`,
    `${name}-2`,
  ]);
  return [...numbers, ...own].map((device) => `smd-${device}`);
}

interface MadeTask {
  readonly taskId: string;
  readonly targets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
  state: string;
  /** Every execution has succeeded. */
  ended: boolean;
  /** What its devices do, in the order of its targets; all the same where there is only one. */
  executions: readonly string[];
  /** When its devices began, in the order of its targets; when it was made, where a test does not say. */
  starts: readonly (number | null)[];
}

export class ScriptedFleet implements TaskApi {
  readonly name: string;
  readonly #clock: HandClock;
  /** Operations asked for, in order. */
  readonly asked: string[] = [];
  /** Requests that were sent. */
  readonly requests: TaskRequest[] = [];
  readonly tasks: MadeTask[] = [];
  /** What happens to the next calls, in order; a task is made where it is empty. */
  readonly scripts: Script[] = [];
  account = '111122223333';
  /** How far the `Date` of AWS's answers is ahead; null for answers without one. */
  skewMs: number | null = 0;
  proveFault: ReadFailure | null = null;
  probeFault: ReadFailure | null = null;
  listFault: ReadFailure | null = null;
  executionsFault: ReadFailure | null = null;
  devicesFault: ReadFailure | null = null;
  /** What befalls the next cancels, in order; what is queued is cancelled where it is empty. */
  readonly cancels: CancelOutcome[] = [];
  /** Every device that these tests' manifests name, unless a test takes one away. */
  readonly devices = new Set(someDevices());
  deviceFault: ReadFailure | null = null;
  executionFault: ReadFailure | null = null;
  /** What AWS says of a device, where a test says it; it is unlocked and was heard just now where it does not. */
  readonly described = new Map<string, Partial<DescribedDevice>>();
  /** Runs while a call is between its two looks at the gate. */
  duringSigning: () => void = () => undefined;

  constructor(name: string, clock: HandClock) {
    this.name = name;
    this.#clock = clock;
  }

  make(request: Pick<TaskRequest, 'targets' | 'tags'>): MadeTask {
    const { targets, tags } = request;
    const taskId = `st-${this.name}-${this.tasks.length + 1}`;
    const createdMs = this.#clock.wallMs();
    const task = {
      taskId,
      targets,
      tags,
      createdMs,
      state: 'IN_PROGRESS',
      ended: false,
      executions: ['QUEUED'],
      starts: [],
    };
    this.tasks.push(task);
    return task;
  }

  async prove(): Promise<Read<{ readonly account: string }>> {
    return this.#read('prove', this.proveFault, { account: this.account });
  }

  async probe(): Promise<Read<null>> {
    return this.#read('probe', this.probeFault, null);
  }

  async createTask(request: TaskRequest, gate: CallGate): Promise<CreateOutcome> {
    const closed: CreateOutcome = { kind: 'unsent', reason: 'gate', message: 'closed' };
    if (gate() === 'closed') return closed;
    this.duringSigning();
    if (gate() === 'closed') return closed;
    this.asked.push('create');
    this.requests.push(request);
    const answer = await (this.scripts.shift()?.(request) ?? 'make');
    const server = this.#server();
    if (answer !== 'make') return { ...answer, ...server };
    return {
      kind: 'issued',
      taskId: this.make(request).taskId,
      taskArn: null,
      requestId: 'req-1',
      ...server,
    };
  }

  async listTasks(): Promise<Read<Listing>> {
    const tasks = this.tasks.map(({ taskId, state, tags }): ListedTask => ({ taskId, state, tags }));
    return this.#read('list', this.listFault, { tasks, pages: 1 });
  }

  async listActiveTasks(): Promise<Read<Listing>> {
    const active = this.tasks.filter(({ state, ended }) => state === 'IN_PROGRESS' && !ended);
    const tasks = active.map(({ taskId, state, tags }): ListedTask => ({ taskId, state, tags }));
    return this.#read('list active', this.listFault, { tasks, pages: 1 });
  }

  async listDevices(): Promise<Read<readonly ListedDevice[]>> {
    const devices = [...this.devices].map((device) => ({ device, tags: {} }));
    return this.#read('devices', this.devicesFault, devices);
  }

  async cancelTask(taskId: string, gate: CallGate): Promise<CancelOutcome> {
    if (gate() === 'closed') return { kind: 'failed', throttled: false, fault: away };
    this.asked.push(`cancel ${taskId}`);
    const planned = this.cancels.shift();
    if (planned !== undefined) return planned;
    const task = this.tasks.find((one) => one.taskId === taskId);
    if (task !== undefined) {
      task.executions = task.executions.map((state) => (state === 'QUEUED' ? 'CANCELED' : state));
      task.state = 'CANCELED';
    }
    return { kind: 'accepted', requestId: 'req-2', ...this.#server() };
  }

  async describeTask(taskId: string): Promise<Read<TaskDescription>> {
    const task = this.tasks.find((one) => one.taskId === taskId);
    if (task === undefined) return { kind: 'notFound', fault: away };
    const { targets, tags, state, createdMs } = task;
    const described = { taskId, taskArn: null, state, targets, tags, createdMs, completedMs: null };
    return this.#read('describe', null, described);
  }

  async listExecutions(taskId: string): Promise<Read<readonly ListedExecution[]>> {
    const task = this.tasks.find((one) => one.taskId === taskId);
    if (task === undefined) return { kind: 'notFound', fault: away };
    const executions = task.targets.map((device, index) => {
      const state = task.executions[index] ?? task.executions[0] ?? 'QUEUED';
      return { executionId: null, device, state: task.ended ? 'SUCCEEDED' : state };
    });
    return this.#read('executions', this.executionsFault, executions);
  }

  async describeDevice(device: string): Promise<Read<DescribedDevice>> {
    if (!this.devices.has(device)) return { kind: 'notFound', fault: away };
    const known = { device, state: 'UNLOCKED', type: 'EDGE_C', tags: {} };
    const lastReachedOutMs = this.#clock.wallMs();
    return this.#read(`device ${device}`, this.deviceFault, {
      ...known,
      lastReachedOutMs,
      ...this.described.get(device),
    });
  }

  async describeExecution(taskId: string, device: string): Promise<Read<DescribedExecution>> {
    const task = this.tasks.find((one) => one.taskId === taskId);
    if (task?.targets.includes(device) !== true) return { kind: 'notFound', fault: away };
    const index = task.targets.indexOf(device);
    const scripted = task.executions[index] ?? task.executions[0] ?? 'QUEUED';
    const state = task.ended ? 'SUCCEEDED' : scripted;
    const told = task.starts[index];
    const startedMs =
      told !== undefined ? told : state === 'QUEUED' || state === 'CANCELED' ? null : task.createdMs;
    const execution = { device, executionId: null, state, startedMs, updatedMs: task.createdMs };
    return this.#read(`execution ${taskId} ${device}`, this.executionFault, execution);
  }

  #read<T>(operation: string, failure: ReadFailure | null, value: T): Read<T> {
    this.asked.push(operation);
    return failure === null ? { kind: 'ok', value, ...this.#server() } : { ...failure, ...this.#server() };
  }

  /** AWS tells true time, by the clock that nobody sets. */
  #server(): { readonly server?: ServerTime } {
    if (this.skewMs === null) return {};
    const wallMs = this.#clock.wallMs();
    return { server: { serverMs: wallMs + this.skewMs, wallMs } };
  }
}
