/** Word sent out: every target with what it was told, and where that is kept. */
import type { NotifyTarget } from '../config/config.ts';
import type { Journal } from '../controller/ports.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Clock } from '../lib/clock.ts';
import type { Redactor } from '../lib/redact.ts';
import { emptyBook } from './book.ts';
import { type Cursor, emptyCursor, readCursor } from './cursor.ts';
import type { CursorStore } from './files.ts';
import { Keeper } from './keeper.ts';
import type { Post } from './post.ts';
import { NoticeSource, type Offer, type Source } from './source.ts';
import { emptyStatusBook, StatusSource } from './status-source.ts';
import { type SendResult, Target } from './target.ts';
import type { ReadSecret } from './via-files.ts';

export interface NotifierOptions {
  readonly targets: ReadonlyMap<string, NotifyTarget>;
  readonly store: CursorStore;
  readonly post: Post;
  readonly readSecret: ReadSecret;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly journal: Journal;
  readonly redactor: Redactor;
  /** Of snowgate. */
  readonly version: string;
  readonly count: (target: string, result: SendResult) => void;
}

export interface Notifier {
  /** How things stand after a pass. Returns at once, never throws, and nothing of issuing waits for what it sets off. */
  offer(status: ControllerStatus): void;
  /** What is in hand gets a second; the rest waits in the ledger for the next life. */
  close(): Promise<void>;
}

/** Less than anybody grants a process that was asked to end. */
const graceMs = 1_000;

/** Reads what was sent by an earlier life, and begins. Never fails: without that, the last 24 hours are sent again. */
export async function openNotifier(options: NotifierOptions): Promise<Notifier> {
  const { targets, clock, random, post, readSecret, journal, redactor, count } = options;
  const cursor = await readKept(options);
  const sources = new Map<string, Source>();
  const keeper = new Keeper(options, sources);
  const all: Target[] = [];
  for (const [name, target] of targets) {
    const source = sourceOf(target, cursor, redactor, () => count(name, 'dropped'));
    sources.set(name, source);
    const onResult = (result: SendResult): void => count(name, result);
    const onProgress = (): void => keeper.touch();
    const userAgent = `snowgate/${options.version}`;
    const own = { target, source, userAgent, onResult, onProgress };
    all.push(new Target({ ...own, post, readSecret, clock, random, journal, redactor }));
  }
  return {
    offer: (status) => {
      const offer: Offer = { status, memo: new Map() };
      for (const target of all) target.offer(offer);
    },
    close: async () => {
      await Promise.all(all.map((target) => target.close(graceMs)));
      await keeper.close();
    },
  };
}

function sourceOf(
  target: NotifyTarget,
  { notices, statuses }: Cursor,
  redactor: Redactor,
  onDropped: () => void,
): Source {
  const { name, via } = target;
  if (via.kind === 'commitStatus') return new StatusSource(target, statuses.get(name) ?? emptyStatusBook);
  return new NoticeSource(target, notices.get(name) ?? emptyBook, redactor, onDropped);
}

async function readKept({ store, journal }: NotifierOptions): Promise<Cursor> {
  const read = await store.read();
  if (read.ok && read.value === null) return emptyCursor;
  const cursor = read.ok && read.value !== null ? readCursor(read.value) : null;
  if (cursor !== null) return cursor;
  const reason = read.ok ? 'it is none that this version knows' : read.fault;
  journal.write('warn', 'what was sent is not known, the last 24 hours are sent again', {
    code: 'SG7105',
    reason,
  });
  return emptyCursor;
}
