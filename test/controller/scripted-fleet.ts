/** One fleet's AWS as a test scripts it: it answers well until it is told otherwise, and remembers what it was asked. */
import type {
  CallGate,
  CreateOutcome,
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

interface MadeTask {
  readonly taskId: string;
  readonly targets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  state: string;
  ended: boolean;
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
  /** Runs while a call is between its two looks at the gate. */
  duringSigning: () => void = () => undefined;

  constructor(name: string, clock: HandClock) {
    this.name = name;
    this.#clock = clock;
  }

  make(request: Pick<TaskRequest, 'targets' | 'tags'>): MadeTask {
    const { targets, tags } = request;
    const taskId = `st-${this.name}-${this.tasks.length + 1}`;
    const task = { taskId, targets, tags, state: 'IN_PROGRESS', ended: false };
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

  async describeTask(taskId: string): Promise<Read<TaskDescription>> {
    const task = this.tasks.find((one) => one.taskId === taskId);
    if (task === undefined) return { kind: 'notFound', fault: away };
    const { targets, tags, state } = task;
    return this.#read('describe', null, { taskId, taskArn: null, state, targets, tags });
  }

  async listExecutions(taskId: string): Promise<Read<readonly ListedExecution[]>> {
    const task = this.tasks.find((one) => one.taskId === taskId);
    const state = task?.ended === true ? 'SUCCEEDED' : 'IN_PROGRESS';
    const executions = (task?.targets ?? []).map((device) => ({ executionId: null, device, state }));
    return this.#read('executions', null, executions);
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
