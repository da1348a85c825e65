/** What the runner of a forge tells its steps by the environment. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { type ForgeEvent, isRepositoryName, payloadBytesMax, readEvent } from '../forge/event.ts';
import type { RunNumber } from '../forge/one-comment.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Surroundings } from './surroundings.ts';
import { readBounded } from './work-tree.ts';

export interface ReviewEnvironment {
  readonly event: ForgeEvent;
  /** owner/name. */
  readonly repository: string;
  readonly apiUrl: string;
  /** Null where no token was handed over. */
  readonly token: string | null;
  readonly run: RunNumber | null;
  /** Where the page is appended to; null where nobody reads it. */
  readonly summaryFile: string | null;
  readonly outputFile: string | null;
  /** Where files for later steps go. */
  readonly tempDir: string;
}

/** Reads it. Faults: SG7091, SG7092, SG7002 (the payload cannot be read). */
export async function readReviewEnvironment(world: Surroundings): Promise<Result<ReviewEnvironment>> {
  const { env, redactor } = world;
  const token = textOf(env.GITHUB_TOKEN);
  if (token !== null) redactor.register(token, 'GITHUB_TOKEN');
  const name = textOf(env.GITHUB_EVENT_NAME);
  const path = textOf(env.GITHUB_EVENT_PATH);
  const repository = textOf(env.GITHUB_REPOSITORY);
  if (name === null || path === null || repository === null || !isRepositoryName(repository)) {
    return failed(noForge());
  }
  const payload = await readBounded(resolve(world.cwd, path), path, payloadBytesMax);
  if (!payload.ok) return failed(unreadPayload(payload.fault));
  const event = readEvent(name, payload.value, repository);
  if (!event.ok) return event;
  return ok({
    event: event.value,
    repository,
    apiUrl: textOf(env.GITHUB_API_URL) ?? 'https://api.github.com',
    token,
    run: runOf(env),
    summaryFile: textOf(env.GITHUB_STEP_SUMMARY),
    outputFile: textOf(env.GITHUB_OUTPUT),
    tempDir: textOf(env.RUNNER_TEMP) ?? tmpdir(),
  });
}

/** What is set to nothing is not set. */
function textOf(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

function runOf({
  GITHUB_RUN_ID: id = '',
  GITHUB_RUN_ATTEMPT: attempt = '',
}: Surroundings['env']): RunNumber | null {
  if (!/^[0-9]{1,15}$/.test(id)) return null;
  return { id: Number(id), attempt: /^[0-9]{1,9}$/.test(attempt) ? Number(attempt) : 1 };
}

/** The file was named by the runner, not by whoever reads this. */
function unreadPayload({ code, class: faultClass, message }: Fault): Fault {
  const hint = 'the runner writes it: run review as a step of the workflow, with its environment';
  return fault(code, faultClass, `GITHUB_EVENT_PATH: ${message}`, hint);
}

function noForge() {
  return fault(
    'SG7092',
    'human',
    'GITHUB_EVENT_NAME, GITHUB_EVENT_PATH and GITHUB_REPOSITORY do not say what this run is about',
    'review is run by a workflow of GitHub, Gitea or Forgejo; elsewhere run snowgate validate and snowgate plan --base',
  );
}
