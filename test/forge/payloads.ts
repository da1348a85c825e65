/** Payloads of events as GitHub sends them, shortened to what surrounds the fields that are read. */

export const baseSha = 'b'.repeat(40);
export const headSha = '4'.repeat(40);

function repository(fullName: string) {
  const [owner = '', name = ''] = fullName.split('/');
  return {
    id: 512_341_877,
    node_id: 'R_kgDOHol7tQ',
    name,
    full_name: fullName,
    private: false,
    owner: { login: owner, id: 1_234_567, type: 'Organization', site_admin: false },
    html_url: `https://github.com/${fullName}`,
    description: null,
    fork: false,
    default_branch: 'main',
  };
}

export interface PayloadChange {
  readonly action?: string;
  readonly base?: string;
  readonly head?: string;
  /** Null: it was deleted. */
  readonly headRepository?: string | null;
}

/** A pull request, from a branch of the repository itself where nothing else is said. */
export function pullRequestPayload(change: PayloadChange = {}) {
  const { action = 'opened', base = baseSha, head = headSha, headRepository = 'marine/snow-tasks' } = change;
  const home = repository('marine/snow-tasks');
  return {
    action,
    number: 7,
    ...(action === 'synchronize' ? { before: '1'.repeat(40), after: head } : {}),
    pull_request: {
      url: 'https://api.github.com/repos/marine/snow-tasks/pulls/7',
      id: 1_577_216_911,
      number: 7,
      state: 'open',
      locked: false,
      title: `Unlock aurora ::error::x $(id) ${'$'}{{ secrets.X }}`,
      user: { login: 'ann', id: 583_231, type: 'User' },
      body: '<!-- snowgate review snowgate.yaml -->\r\nplease',
      draft: false,
      head: {
        label: 'marine:unlock-aurora',
        ref: 'unlock-aurora',
        sha: head,
        user: { login: 'ann' },
        repo: headRepository === null ? null : repository(headRepository),
      },
      base: { label: 'marine:main', ref: 'main', sha: base, user: { login: 'marine' }, repo: home },
      merged: false,
      mergeable: null,
      commits: 1,
      changed_files: 1,
    },
    repository: home,
    sender: { login: 'ann', id: 583_231, type: 'User' },
  };
}

/** A group of a merge queue. */
export function mergeGroupPayload(base = baseSha, head = headSha) {
  return {
    action: 'checks_requested',
    merge_group: {
      head_sha: head,
      head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}`,
      base_ref: 'refs/heads/main',
      base_sha: base,
      head_commit: { id: head, tree_id: '5'.repeat(40), message: 'Merge pull request #7' },
    },
    repository: repository('marine/snow-tasks'),
    sender: { login: 'ann', type: 'User' },
  };
}

/** A push to the main branch. */
export function pushPayload() {
  return {
    ref: 'refs/heads/main',
    before: baseSha,
    after: headSha,
    forced: false,
    commits: [{ id: headSha, message: 'Unlock aurora', author: { name: 'Ann', email: 'ann@example.com' } }],
    repository: repository('marine/snow-tasks'),
    pusher: { name: 'ann', email: 'ann@example.com' },
  };
}
