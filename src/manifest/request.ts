import type { Command, Manifest, Token } from './manifest.ts';
import { taskKey } from './manifest.ts';

/** What is sent to CreateTask, whole. Frozen in the token's first claim; later attempts send these bytes. */
export interface TaskRequest {
  readonly clientToken: Token;
  readonly command: Command;
  readonly targets: readonly string[];
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Tag keys by which a task found in AWS is traced back; a manifest may not use this prefix. */
export const tagKeys = {
  revision: 'snowgate:revision',
  task: 'snowgate:task',
  commit: 'snowgate:commit',
  ledger: 'snowgate:ledger',
} as const;

/** The request for a manifest's revision: a function of the revision, the claiming source head and the ledger. */
export function buildRequest(
  manifest: Manifest,
  origin: { readonly commit: string; readonly ledgerId: string },
): TaskRequest {
  return {
    clientToken: manifest.token,
    command: manifest.command,
    targets: manifest.targets,
    ...(manifest.description === undefined ? {} : { description: manifest.description }),
    tags: {
      ...manifest.tags,
      [tagKeys.revision]: manifest.token,
      [tagKeys.task]: taskKey(manifest),
      [tagKeys.commit]: origin.commit,
      [tagKeys.ledger]: origin.ledgerId,
    },
  };
}
