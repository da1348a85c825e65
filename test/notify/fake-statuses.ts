/** The API of a forge on a loopback port, as far as statuses of commits go; GitLab with its state machine. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StatusForge } from '../../src/config/config.ts';
import { reply } from '../forge/fake-forge.ts';
import { tokenSecret } from './desk.ts';

export interface PostedStatus {
  readonly commit: string;
  readonly name: string;
  readonly state: string;
  readonly description: string;
}

export interface FakeStatuses {
  readonly apiUrl: string;
  /** Those that were taken, in order. */
  readonly posted: PostedStatus[];
  /** Answers that were no 201. */
  readonly refusals: string[];
  /** A status of HTTP in place of taking it: 404 where there is no such commit, or the token may not write. */
  fate: (commit: string) => number | null;
  close(): Promise<void>;
}

const known: Readonly<Record<StatusForge, RegExp>> = {
  github: /^\/repos\/marine\/snow-tasks\/statuses\/([0-9a-f]{40})$/,
  gitea: /^\/api\/v1\/repos\/marine\/snow-tasks\/statuses\/([0-9a-f]{40})$/,
  gitlab: /^\/api\/v4\/projects\/marine%2Fsnow-tasks\/statuses\/([0-9a-f]{40})$/,
};
const states: Readonly<Record<StatusForge, readonly string[]>> = {
  github: ['error', 'failure', 'pending', 'success'],
  gitea: ['error', 'failure', 'pending', 'success', 'warning'],
  gitlab: ['pending', 'running', 'success', 'failed', 'canceled'],
};

/** Starts it; it takes no token but {@link tokenSecret}, and knows one repository: marine/snow-tasks. */
export async function startStatuses(forge: StatusForge): Promise<FakeStatuses> {
  const posted: PostedStatus[] = [];
  const refusals: string[] = [];
  const told: Pick<FakeStatuses, 'fate'> = { fate: () => null };
  const server = createServer((request, response) => {
    void serve(request, response);
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const refuse = (status: number, message: string): void => {
      refusals.push(`${status} ${message}`);
      reply(response, status, { message });
    };
    const { headers, method, url = '' } = request;
    const isKnown =
      forge === 'gitlab'
        ? headers['private-token'] === tokenSecret
        : headers.authorization === `token ${tokenSecret}`;
    if (!isKnown) return refuse(401, 'Bad credentials');
    if (forge === 'github' && headers['user-agent'] === undefined) return refuse(403, 'no user agent');
    const commit = known[forge].exec(url)?.[1];
    if (method !== 'POST' || commit === undefined) return refuse(404, 'Not Found');
    const fate = told.fate(commit);
    if (fate !== null) return refuse(fate, 'Not Found');
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, string>;
    const { state = '', description = '' } = body;
    const name = (forge === 'gitlab' ? body['name'] : body['context']) ?? 'default';
    if (!states[forge].includes(state)) return refuse(422, 'Validation Failed');
    if (description.length > (forge === 'gitlab' ? 255 : 140)) return refuse(422, 'description is too long');
    const last = posted.findLast((one) => one.commit === commit && one.name === name)?.state;
    if (forge === 'gitlab' && state === 'pending' && (last === 'pending' || last === 'running')) {
      return refuse(
        400,
        `Cannot transition status via :enqueue from :${last} (Reason(s): Status cannot transition via "enqueue")`,
      );
    }
    posted.push({ commit, name, state, description });
    reply(response, 201, { id: posted.length, ...body });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const paths = { github: '', gitea: '/api/v1', gitlab: '/api/v4' };
  return Object.assign(told, {
    apiUrl: `http://127.0.0.1:${port}${paths[forge]}`,
    posted,
    refusals,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
