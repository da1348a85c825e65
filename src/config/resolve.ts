/** The written configuration becomes the resolved one, or all of its problems at once. */
import { readDocuments } from '../lib/document.ts';
import { createCheck } from '../lib/document-check.ts';
import type { DocumentProblem } from '../lib/document-problem.ts';
import { compareSpots } from '../lib/document-problem.ts';
import { configFileLimits } from './bounds.ts';
import type { ControllerConfig, LedgerConfig, PolicySourceConfig, SourceConfig } from './config.ts';
import { Draft } from './draft.ts';
import { buildFleets } from './fleets.ts';
import { buildHttp } from './http.ts';
import { buildNotify } from './notify.ts';
import { buildRemote, isSameRepository, resolvePath } from './remote.ts';
import { judgeConfig, toLabel } from './rules.ts';
import { controllerSchema } from './schema.ts';

export interface ConfigContext {
  /** The name of this machine; made a DNS-1123 label, it is the replica's name where none is written. */
  readonly hostName: string;
  /** The folder of the configuration, absolute: relative paths start there. */
  readonly baseDir: string;
}

export type ResolvedConfig =
  | { readonly ok: true; readonly config: ControllerConfig; readonly warnings: readonly DocumentProblem[] }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

const checkController = createCheck(controllerSchema, { showsValues: false });

/**
 * Reads a configuration file. Every default is filled in, every duration is in milliseconds, every relation has been
 * checked; otherwise every problem is told, in the order of the file. Messages never repeat a value that could be
 * a secret. Nothing is looked up: files that are named need not exist yet.
 */
export function resolveConfig(bytes: Uint8Array, context: ConfigContext): ResolvedConfig {
  const file = readDocuments(bytes, configFileLimits);
  if (!file.ok) return file;
  const [document] = file.documents;
  if (document === undefined) {
    const message = 'the file holds no configuration';
    const hint = 'write one document of kind: Controller';
    return {
      ok: false,
      problems: [{ code: 'SG2001', severity: 'error', line: 1, column: 1, message, hint }],
    };
  }
  if (!document.ok) return document;
  const draft = new Draft(document.value, document.locate);
  draft.problems.push(...checkController(document));
  judgeConfig(draft, context.hostName);
  draft.problems.sort(compareSpots);
  const warnings = draft.problems.filter(({ severity }) => severity === 'warning');
  if (warnings.length < draft.problems.length) return { ok: false, problems: draft.problems };
  return { ok: true, config: build(draft, context), warnings };
}

function build(draft: Draft, { hostName, baseDir }: ConfigContext): ControllerConfig {
  const isSeparate = draft.value(['policySource']) !== undefined;
  const http = buildHttp(draft, baseDir);
  const notify = buildNotify(draft, baseDir);
  return {
    source: buildSource(draft, baseDir, isSeparate),
    ...(isSeparate ? { policySource: buildPolicySource(draft, baseDir) } : {}),
    policy: {
      uncovered: draft.text(['policy', 'uncovered']) === 'allow' ? 'allow' : 'hold',
      separateCommits: draft.isTrue(['policy', 'separateCommits']),
    },
    ledger: buildLedger(draft, baseDir),
    stateDir: resolvePath(baseDir, draft.textOr('stateDir')),
    replica: draft.text(['replica']) ?? toLabel(hostName),
    repeatGuard: draft.text(['repeatGuard']) !== 'off',
    fleets: buildFleets(draft),
    issue: {
      batch: draft.number('issue.batch'),
      concurrency: draft.number('issue.concurrency'),
      deadlineMs: draft.durationMs('issue.deadline'),
      requestTimeoutMs: draft.durationMs('issue.requestTimeout'),
      rate: draft.number('issue.rate'),
      maxWaitMs: draft.durationMs('issue.maxWait'),
      maxPerPass: draft.number('issue.maxPerPass'),
    },
    recovery: {
      takeoverMs: draft.durationMs('recovery.takeover'),
      settlingMs: draft.durationMs('recovery.settling'),
      listTrustMs: draft.durationMs('recovery.listTrust'),
    },
    cancel: { leadMs: draft.durationMs('cancel.lead') },
    observe: { rate: draft.number('observe.rate') },
    clock: { toleranceMs: draft.durationMs('clock.tolerance') },
    shutdown: { timeoutMs: draft.durationMs('shutdown.timeout') },
    ...(http === undefined ? {} : { http }),
    ...(notify === undefined ? {} : { notify }),
  };
}

function buildSource(draft: Draft, baseDir: string, isSeparate: boolean): SourceConfig {
  const accept = draft.text(['source', 'accept']);
  return {
    ...buildRemote(draft, 'source', baseDir),
    path: draft.textOr('source.path'),
    policies: isSeparate ? null : draft.textOr('source.policies'),
    namesPolicies: draft.text(['source', 'policies']) !== undefined,
    schedule: draft.textOr('source.schedule'),
    maxAgeMs: draft.durationMs('source.maxAge'),
    maxRemovals: draft.number('source.maxRemovals'),
    ...(accept === undefined ? {} : { accept }),
    limits: {
      fileBytes: draft.number('source.limits.fileBytes'),
      files: draft.number('source.limits.files'),
      documentsPerFile: draft.number('source.limits.documentsPerFile'),
      depth: draft.number('source.limits.depth'),
      fetchTimeoutMs: draft.durationMs('source.limits.fetchTimeout'),
      historyCommits: draft.number('source.limits.historyCommits'),
    },
  };
}

function buildPolicySource(draft: Draft, baseDir: string): PolicySourceConfig {
  const accept = draft.text(['policySource', 'accept']);
  return {
    ...buildRemote(draft, 'policySource', baseDir),
    path: draft.textOr('policySource.path'),
    ...(accept === undefined ? {} : { accept }),
  };
}

function buildLedger(draft: Draft, baseDir: string): LedgerConfig {
  const id = draft.text(['ledger', 'id']);
  const acceptCommit = draft.text(['ledger', 'acceptCommit']);
  return {
    ...buildRemote(draft, 'ledger', baseDir),
    ...(id === undefined ? {} : { id }),
    ...(acceptCommit === undefined ? {} : { acceptCommit }),
    pushesPerMinute: draft.number('ledger.pushesPerMinute'),
    replicas: draft.number('ledger.replicas'),
    sharesSource: isSameRepository(draft, 'source', 'ledger'),
  };
}
