/** The status of a commit as each forge wants it: what is asked, and under which path. */
import type { StatusForge } from '../config/config.ts';
import type { CommitState } from './commit-groups.ts';
import type { CommitStatus } from './commit-status.ts';

export interface StatusPlace {
  readonly forge: StatusForge;
  readonly apiUrl: string;
  readonly repository: string;
}

export interface StatusRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a token needs, as each forge calls it: whoever lacks it is told that there is nothing (404). */
export const permissions: Readonly<Record<StatusForge, string>> = {
  github: 'permission "Commit statuses", read and write, or the scope repo:status',
  gitlab: 'scope api, of somebody who is at least Developer',
  gitea: 'scope write:repository, of somebody who may write to the repository',
};

/** GitLab alone knows that something runs, and calls a failure by its own name. */
const gitlabStates: Readonly<Record<CommitState, string>> = {
  failure: 'failed',
  pending: 'pending',
  running: 'running',
  success: 'success',
};

/**
 * docs.github.com, "REST API endpoints for commit statuses"; docs.gitlab.com, "Commits API: set the pipeline status of a
 * commit"; Gitea and Forgejo have the path, the fields and the states of GitHub.
 */
export function statusRequest(place: StatusPlace, status: CommitStatus, token: string): StatusRequest {
  const { forge, apiUrl, repository } = place;
  const { commit, fleet, description } = status;
  const name = fleet === null ? 'snowgate' : `snowgate/${fleet}`;
  if (forge === 'gitlab') {
    const state = gitlabStates[status.state];
    return {
      url: `${apiUrl}/projects/${encodeURIComponent(repository)}/statuses/${commit}`,
      headers: { 'private-token': token },
      body: JSON.stringify({ state, name, description }),
    };
  }
  const state = status.state === 'running' ? 'pending' : status.state;
  return {
    url: `${apiUrl}/repos/${repository}/statuses/${commit}`,
    headers: {
      authorization: `token ${token}`,
      ...(forge === 'github' ? { 'x-github-api-version': '2022-11-28' } : {}),
    },
    body: JSON.stringify({ state, context: name, description }),
  };
}

/**
 * What is new about a status to this forge. GitLab refuses a state that the status has already, its description with it: the
 * words of the first one stay until the state changes.
 */
export function statusValue(forge: StatusForge, { state, description }: CommitStatus): string {
  if (forge === 'gitlab' && (state === 'pending' || state === 'running')) return state;
  return forge !== 'gitlab' && state === 'running' ? `pending ${description}` : `${state} ${description}`;
}
