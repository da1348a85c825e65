/** Word that a daemon sends out: what it tells of is the controller's status, and nothing waits for it. */
import { join } from 'node:path';
import type { NotifyTarget } from './config/config.ts';
import type { Journal } from './controller/ports.ts';
import { systemClock } from './lib/clock.ts';
import type { Redactor } from './lib/redact.ts';
import { readSecretFile } from './lib/secret-file.ts';
import { cursorBytesMax } from './notify/cursor.ts';
import { fileStore } from './notify/files.ts';
import { type Notifier, openNotifier } from './notify/notifier.ts';
import { createPost } from './notify/post.ts';
import type { SendResult } from './notify/target.ts';

export interface NotifyOptions {
  readonly targets: ReadonlyMap<string, NotifyTarget>;
  readonly stateDir: string;
  readonly journal: Journal;
  readonly redactor: Redactor;
  readonly version: string;
  readonly count: (target: string, result: SendResult) => void;
}

/** A receiver answers at once, or is not well; what it was sent is sent again. */
const timeoutMs = 10_000;

/** Opens what `notify` names. */
export function openNotify({ stateDir, ...options }: NotifyOptions): Promise<Notifier> {
  const store = fileStore(join(stateDir, 'notify.json'), cursorBytesMax);
  const post = createPost(timeoutMs);
  const world = { store, post, readSecret: readSecretFile, clock: systemClock, random: Math.random };
  return openNotifier({ ...options, ...world });
}
