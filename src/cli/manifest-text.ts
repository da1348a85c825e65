/** Manifests as `new task` writes them. */
import { type Written, writeYaml } from './yaml-text.ts';

/** What one manifest, or a row of them, says; what is absent is left out. */
export interface TaskDraft {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly fleet: string;
  readonly command: string;
  readonly targets: readonly string[];
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly run?: number;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly after: readonly string[];
}

export interface Splitting {
  /** Devices of one task, at most. */
  readonly perTask: number;
  /** Whether each task of a row waits for the one before it. */
  readonly isChained: boolean;
}

/**
 * A task of its own where the devices fit into one, else a row of them, `NAME-1` to `NAME-n`, the devices in their order. What
 * the draft comes after, the first of a chain comes after, and without a chain all of them.
 */
export function splitDraft(draft: TaskDraft, { perTask, isChained }: Splitting): TaskDraft[] {
  const { name, targets, after } = draft;
  if (targets.length <= perTask) return [draft];
  const count = Math.ceil(targets.length / perTask);
  return Array.from({ length: count }, (_, index) => ({
    ...draft,
    name: `${name}-${index + 1}`,
    targets: targets.slice(index * perTask, (index + 1) * perTask),
    after: isChained && index > 0 ? [`${name}-${index}`] : after,
  }));
}

/** One file of manifests; `schemaPath` leads from it to the schema that editors are to check it by. */
export function manifestText(drafts: readonly TaskDraft[], schemaPath: string | null): string {
  const modeline = schemaPath === null ? '' : `# yaml-language-server: $schema=${schemaPath}\n`;
  return `${modeline}${drafts.map((draft) => writeYaml(document(draft))).join('---\n')}`;
}

function document(draft: TaskDraft): Written {
  const { name, labels, annotations, fleet, command, targets, tags, after } = draft;
  const { description, run, notBefore, notAfter } = draft;
  return {
    apiVersion: 'snowgate/v1',
    kind: 'Task',
    metadata: { name, ...filled('labels', labels), ...filled('annotations', annotations) },
    spec: {
      fleet,
      command,
      targets,
      ...(description === undefined ? {} : { description }),
      ...filled('tags', tags),
      ...(run === undefined ? {} : { run }),
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
      ...(after.length === 0 ? {} : { after }),
    },
  };
}

function filled(key: string, map: Readonly<Record<string, string>>): { readonly [key: string]: Written } {
  return Object.keys(map).length === 0 ? {} : { [key]: map };
}
