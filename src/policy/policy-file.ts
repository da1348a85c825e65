import type { Problem } from '../manifest/manifest.ts';

/** One file below the policies' folder, as it was read, or why it could not be. */
export interface PolicyFile {
  /** Within the repository, as it is shown to people. */
  readonly path: string;
  /** Object id of the blob; empty where there is none (a gitlink). */
  readonly blob: string;
  /** What is unreadable may be any policy: its reader holds every task, and says so. */
  readonly content:
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'unreadable'; readonly problem: Problem };
}
