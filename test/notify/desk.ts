/** A notifier in a world of doubles: what it is offered, what its receivers answer, and what they were sent. */
import { type NotifyTarget, type NotifyVia, noticeKinds } from '../../src/config/config.ts';
import { type RecentEvent, RecentEvents } from '../../src/controller/recent-events.ts';
import type { ControllerStatus } from '../../src/controller/status.ts';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import { failed, fault, ok } from '../../src/lib/faults.ts';
import { createRedactor, type Redactor } from '../../src/lib/redact.ts';
import { finish } from '../../src/lib/turns.ts';
import type { PlacedProblem } from '../../src/manifest/collect.ts';
import { writeCursor, writeTarget } from '../../src/notify/cursor.ts';
import { type Facts, type Standing, surveyFacts } from '../../src/notify/facts.ts';
import type { CursorStore } from '../../src/notify/files.ts';
import { type Notifier, openNotifier } from '../../src/notify/notifier.ts';
import type { Post, PostAnswer, PostRequest } from '../../src/notify/post.ts';
import type { LogLine } from '../controller/world.ts';
import { StepClock, startMs } from '../http/hook-world.ts';
import { Watched } from '../http/watched.ts';
import { commitId, Ledger, settled } from '../ledger/events.ts';

export const hmacSecret = 'canary-hmac-4f1d9c2e8a';
export const slackUrl = 'https://hooks.example/services/canary-slack-77aa01';
export const tokenSecret = 'canary-token-b3c4d5e6f7';

const secrets = new Map([
  ['/secrets/hmac', hmacSecret],
  ['/secrets/slack', slackUrl],
  ['/secrets/token', tokenSecret],
]);

/** Everything, to a webhook, unless a test says otherwise. */
export function targetOf(name: string, via: NotifyVia, over: Partial<NotifyTarget> = {}): NotifyTarget {
  return { name, fleets: ['*'], events: noticeKinds, severity: 'info', redactDevices: false, via, ...over };
}

/** The forge of most tests. */
export const forge = targetOf('forge', {
  kind: 'commitStatus',
  forge: 'github',
  apiUrl: 'https://api.github.com',
  repository: 'marine/snow-tasks',
  tokenFile: '/secrets/token',
});

export const webhookTo = (url = 'https://siem.example/in'): NotifyVia => ({
  kind: 'webhook',
  url,
  secretFile: '/secrets/hmac',
});
export const slack: NotifyVia = { kind: 'slack', urlFile: '/secrets/slack' };

export class MemoryStore implements CursorStore {
  text: string | null = null;
  /** Each text that was written, in order: what a crash may find. */
  readonly history: string[] = [];
  isBroken = false;

  read = async () => (this.isBroken ? failed('EIO') : ok(this.text));
  write = async (text: string) => {
    if (this.isBroken) return failed('ENOSPC');
    this.text = text;
    this.history.push(text);
    return ok(null);
  };
}

export function answered(status: number, text = '', headers: Record<string, string> = {}): PostAnswer {
  return { kind: 'answered', status, text, header: (name) => headers[name] ?? null };
}

export interface DeskOptions {
  readonly targets: readonly NotifyTarget[];
  readonly post: Post;
  readonly store?: MemoryStore;
  readonly clock?: StepClock;
  readonly redactor?: Redactor;
}

/** One life of a notifier. */
export class Desk {
  readonly clock: StepClock;
  readonly store: MemoryStore;
  readonly log: LogLine[] = [];
  readonly counts = new Map<string, number>();
  readonly notifier: Notifier;

  private constructor(notifier: Notifier, clock: StepClock, store: MemoryStore) {
    this.notifier = notifier;
    this.clock = clock;
    this.store = store;
  }

  static async open({ targets, post, store, clock, redactor }: DeskOptions): Promise<Desk> {
    const [ownClock, ownStore] = [clock ?? new StepClock(), store ?? new MemoryStore()];
    const log: LogLine[] = [];
    const counts = new Map<string, number>();
    const notifier = await openNotifier({
      targets: new Map(targets.map((target) => [target.name, target])),
      store: ownStore,
      post,
      readSecret: async (file, what) => {
        const secret = secrets.get(file);
        return secret === undefined ? failed(fault('SG3013', 'human', `no ${what}`)) : ok(secret);
      },
      clock: ownClock,
      random: () => 0.5,
      journal: { write: (level, event, fields = {}) => log.push({ level, event, fields }) },
      redactor: redactor ?? createRedactor(),
      version: '1.2.3',
      count: (target, result) => {
        const key = `${target} ${result}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      },
    });
    const desk = new Desk(notifier, ownClock, ownStore);
    Object.assign(desk, { log, counts });
    return desk;
  }

  /** Lets time pass in steps, until something is so. */
  async until(isSo: () => boolean, stepMs = 1_000): Promise<void> {
    for (let turn = 0; turn < 3_000; turn += 1) {
      await breathe();
      if (isSo()) return;
      if (turn % 3 === 2) await this.clock.pass(stepMs);
    }
    throw new Error('it never came to that');
  }

  /** So long, in so many steps. */
  async pass(durationMs: number, steps = 10): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      await breathe();
      await this.clock.pass(durationMs / steps);
    }
    await breathe();
  }
}

/** Room for everything that waits for nothing but its turn. */
export async function breathe(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A status of a life that does nothing, with events as a test writes them. */
export class Story {
  readonly ledger = new Ledger();
  readonly recent = new RecentEvents();
  readonly #watched = new Watched();

  /** A commit of these events, in the receipts and among the recent ones. */
  write(...events: readonly LedgerEvent[]): this {
    this.ledger.write(...events);
    return this.tell(...events);
  }

  /** A commit among the recent events alone: what the ledger would not take in this order, or not so often. */
  tell(...events: readonly LedgerEvent[]): this {
    const seq = Math.max(this.ledger.view.seq, (this.recent.all.at(-1)?.seq ?? 0) + 1);
    const header = {
      v: 1,
      kind: 'batch',
      seq,
      replica: 'one',
      run: 'r',
      source: null,
      policies: null,
      at: '',
    };
    this.recent.add({ header: { ...header, kind: 'batch' }, events }, commitId(1000 + seq));
    this.ledger.view.seq = Math.max(this.ledger.view.seq, seq);
    return this;
  }

  get last(): RecentEvent {
    const last = this.recent.all.at(-1);
    if (last === undefined) throw new Error('nothing was written');
    return last;
  }

  status(over: Partial<ControllerStatus> = {}): ControllerStatus {
    const desired = { tasks: new Map(), problems: [], frozen: new Set<string>(), quarantined: new Map() };
    const base = { ...this.#watched.status(), recent: this.recent, view: this.ledger.view, desired };
    const fresh = { head: commitId(3), ageMs: 0 };
    const ledger = { ...base.ledger, ...fresh, id: this.ledger.view.ledgerId };
    const source = { ...fresh, historyFault: null };
    const passes = { ...base.passes, ended: 1 };
    const isJudged = (over.problems ?? []).length === 0;
    return { ...base, source, ledger, passes, isJudged, problems: [], ...over };
  }
}

interface EventJson {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly kind: string; readonly events?: readonly EventJson[] };
}

/** The events of a webhook's message, those of a digest one by one. */
export function eventsIn({ body }: Pick<PostRequest, 'body'>): readonly EventJson[] {
  const event = JSON.parse(body) as EventJson;
  return event.data.events ?? [event];
}

export const idsIn = (request: Pick<PostRequest, 'body'>): string[] => eventsIn(request).map(({ id }) => id);

/** Everything, to a webhook. */
export const siem = targetOf('siem', webhookTo());
/** ISO 8601, so long after the start. */
export const at = (ms: number): string => new Date(startMs + ms).toISOString();

/** So many events, one in each commit, a second apart. */
export function storyOf(count: number, story = new Story()): Story {
  for (let n = 0; n < count; n += 1) story.tell(settled({ at: at(n * 1_000) }));
  return story;
}

/** The ids of its events, in their order. */
export const idsOf = (story: Story): string[] =>
  story.recent.all.map(({ seq, index }) => `${story.ledger.view.ledgerId}_${seq}_${index}`);

/** What a status says of facts, to whoever wants to hear everything. */
export function factsOf(
  status: ControllerStatus,
  told: ReadonlyMap<string, Standing> = new Map(),
  target: NotifyTarget = siem,
): Facts {
  return finish(surveyFacts(status, target, told, new Map()));
}

/** The file of a cursor with one target. */
export function fileOf(target: string, saved: object): string {
  return writeCursor(new Map([[target, finish(writeTarget(saved))]]));
}

/** A receiver that keeps what it has taken. */
export function receiver(answer: (request: PostRequest) => number = () => 204) {
  const requests: PostRequest[] = [];
  const taken: string[] = [];
  const post: Post = async (request) => {
    requests.push(request);
    const status = answer(request);
    if (status >= 200 && status < 300) taken.push(...idsIn(request));
    return status === 0 ? { kind: 'unanswered', why: 'ECONNRESET' } : answered(status);
  };
  return { post, requests, taken };
}

/** An error of a file. */
export const problem = (n: number): PlacedProblem => ({
  code: 'SG1101',
  severity: 'error',
  message: 'an error',
  place: { path: `tasks/${n}.yaml`, line: 1, column: 1 },
});
