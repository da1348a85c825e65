/** Comments of a pull request through the API of GitHub. Gitea and Forgejo have the same paths, fields and kind of token. */
import { parseEndpoint } from '../config/url.ts';
import { failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Comment, CommentApi } from './comments.ts';
import { isRepositoryName } from './event.ts';
import { type Answer, type ExchangeSettings, exchange, type Question } from './exchange.ts';

export interface ForgeAddress {
  /** GITHUB_API_URL. */
  readonly apiUrl: string;
  /** owner/name. */
  readonly repository: string;
  readonly number: number;
}

/** What GitHub gives at most; Gitea gives all comments in one answer. */
const perPage = 100;
/** GitHub itself takes no more than 2,500 comments below a pull request. */
export const pagesMax = 26;

/** Fault: SG7093, an address that a token must not be sent to. */
export function openComments(
  { apiUrl, repository, number }: ForgeAddress,
  settings: Omit<ExchangeSettings, 'apiUrl'>,
): Result<CommentApi> {
  const parsed = parseEndpoint('GITHUB_API_URL', apiUrl);
  if (!parsed.ok) return failed(unusable(parsed.word.message));
  if (!isRepositoryName(repository)) return failed(unusable('GITHUB_REPOSITORY is not owner/name'));
  if (!/^[\x21-\x7e]+$/.test(settings.token)) {
    return failed(unusable('the token is empty, or holds a character that no token has'));
  }
  const full = { ...settings, apiUrl: parsed.endpoint };
  const ask = (question: Question) => exchange(question, full);
  const issues = `/repos/${repository}/issues`;
  return ok({
    list: () => listAll(`${issues}/${number}/comments`, ask),
    create: async (body) =>
      oneOf(await ask({ method: 'POST', path: `${issues}/${number}/comments`, body: { body } })),
    update: async (id, body) =>
      oneOf(await ask({ method: 'PATCH', path: `${issues}/comments/${id}`, body: { body } })),
    remove: async (id) => {
      const answer = await ask({ method: 'DELETE', path: `${issues}/comments/${id}` });
      return answer.ok || answer.fault.code === 'SG8002' ? ok(null) : answer;
    },
  });
}

async function listAll(
  path: string,
  ask: (question: Question) => Promise<Result<Answer>>,
): Promise<Result<readonly Comment[]>> {
  const comments: Comment[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const answer = await ask({ method: 'GET', path: `${path}?per_page=${perPage}&page=${page}` });
    if (!answer.ok) return answer;
    const { value, hasNext } = answer.value;
    const read = Array.isArray(value) ? value.map(readComment) : [undefined];
    for (const comment of read) {
      if (comment === undefined) return failed(strange());
      comments.push(comment);
    }
    if (!hasNext) return ok(comments);
  }
  return failed(
    fault(
      'SG8005',
      'human',
      `the forge lists more than ${pagesMax} pages of comments`,
      'the plan is in the summary of the job; a new pull request has room for comments',
    ),
  );
}

function oneOf(answer: Result<Answer>): Result<Comment> {
  if (!answer.ok) return answer;
  const comment = readComment(answer.value.value);
  return comment === undefined ? failed(strange()) : ok(comment);
}

function readComment(value: unknown): Comment | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, body, user } = value as { id?: unknown; body?: unknown; user?: unknown };
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return undefined;
  const login = typeof user === 'object' && user !== null && 'login' in user ? user.login : null;
  return {
    id,
    author: typeof login === 'string' ? login : null,
    body: typeof body === 'string' ? body : '',
  };
}

function strange() {
  return fault(
    'SG8005',
    'human',
    'the forge answered with something else than comments',
    'GITHUB_API_URL must be the address of the API of GitHub, Gitea or Forgejo',
  );
}

function unusable(reason: string) {
  return fault('SG7093', 'human', reason, 'the runner sets both; docs/CI.md tells which token is needed');
}
