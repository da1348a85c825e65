/**
 * What forges send after a push, in the shapes of their documentation, cut to what tells forge, repository and branch, and
 * with some of what stands around it. All are of one repository, `marine/snow-tasks`.
 */

const owner = {
  login: 'marine',
  id: 38302899,
  url: 'https://api.github.com/users/marine',
  type: 'Organization',
};
const commit = {
  id: '1481a2de7b2a7d02428ad93446ab166be7793fbb',
  message: 'Reboot Aurora',
  timestamp: '2026-11-23T13:00:00+01:00',
  author: { name: 'Ann', email: 'ann@example.com', username: 'ann' },
  added: ['tasks/north-sea/reboot-aurora.yaml'],
  removed: [],
  modified: [],
};

/** docs.github.com, "Webhook events and payloads", push. */
export function githubPush(host: string, ref = 'refs/heads/main') {
  return {
    ref,
    before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
    after: commit.id,
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: `https://${host}/marine/snow-tasks/compare/6113728f27ae...1481a2de7b2a`,
    commits: [commit],
    head_commit: commit,
    repository: {
      id: 186853002,
      name: 'snow-tasks',
      full_name: 'marine/snow-tasks',
      private: true,
      owner,
      html_url: `https://${host}/marine/snow-tasks`,
      url: `https://${host}/marine/snow-tasks`,
      git_url: `git://${host}/marine/snow-tasks.git`,
      ssh_url: `git@${host}:marine/snow-tasks.git`,
      clone_url: `https://${host}/marine/snow-tasks.git`,
      svn_url: `https://${host}/marine/snow-tasks`,
      default_branch: 'main',
      pushed_at: 1_795_435_200,
    },
    pusher: { name: 'ann', email: 'ann@example.com' },
    sender: owner,
  };
}

/** The first delivery of a new hook of GitHub. */
export function githubPing(host: string) {
  const hook = { type: 'Repository', id: 109948940, name: 'web', active: true, events: ['push'] };
  return { zen: 'Design for failure.', hook_id: 109948940, hook, repository: githubPush(host).repository };
}

/** docs.gitlab.com, "Webhook events", push events. */
export function gitlabPush(host: string, ref = 'refs/heads/main') {
  return {
    object_kind: 'push',
    event_name: 'push',
    before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
    after: commit.id,
    ref,
    checkout_sha: commit.id,
    user_username: 'ann',
    project_id: 15,
    project: {
      id: 15,
      name: 'snow-tasks',
      web_url: `https://${host}/marine/snow-tasks`,
      avatar_url: null,
      git_ssh_url: `ssh://git@${host}:2222/marine/snow-tasks.git`,
      git_http_url: `https://${host}/marine/snow-tasks.git`,
      namespace: 'marine',
      path_with_namespace: 'marine/snow-tasks',
      default_branch: 'main',
    },
    repository: {
      name: 'snow-tasks',
      url: `git@${host}:marine/snow-tasks.git`,
      homepage: `https://${host}/marine/snow-tasks`,
      git_http_url: `https://${host}/marine/snow-tasks.git`,
      git_ssh_url: `ssh://git@${host}:2222/marine/snow-tasks.git`,
    },
    commits: [commit],
    total_commits_count: 1,
  };
}

/** docs.gitlab.com, "System hooks", repository update events: several branches at once. */
export function gitlabUpdate(host: string) {
  const { project } = gitlabPush(host);
  const changes = [{ before: '8205ea8d', after: '4045ea7a', ref: 'refs/heads/other' }];
  return {
    event_name: 'repository_update',
    user_id: 1,
    project_id: 15,
    project,
    changes,
    refs: ['refs/heads/other'],
  };
}

/** docs.gitea.com, "Webhooks"; Forgejo's is the same. */
export function giteaPush(host: string, ref = 'refs/heads/main') {
  return {
    ref,
    before: '28e1879d029cb852e4844d9c718537df08844e03',
    after: commit.id,
    compare_url: `https://${host}/marine/snow-tasks/compare/28e1879d...1481a2de`,
    commits: [commit],
    head_commit: commit,
    repository: {
      id: 140,
      owner: { id: 1, login: 'marine', username: 'marine' },
      name: 'snow-tasks',
      full_name: 'marine/snow-tasks',
      html_url: `https://${host}/marine/snow-tasks`,
      url: `https://${host}/api/v1/repos/marine/snow-tasks`,
      ssh_url: `ssh://git@${host}:2222/marine/snow-tasks.git`,
      clone_url: `https://${host}/marine/snow-tasks.git`,
      default_branch: 'main',
    },
    pusher: { id: 1, login: 'ann' },
    sender: { id: 1, login: 'ann' },
  };
}

/** support.atlassian.com, "Event payloads", repo:push. `null` stands for a branch that is removed. */
export function bitbucketCloudPush(branches: readonly (string | null)[] = ['main'], type = 'branch') {
  const sideOf = (name: string) => ({ type, name, target: { type: 'commit', hash: commit.id } });
  return {
    actor: { type: 'user', nickname: 'ann' },
    repository: {
      type: 'repository',
      name: 'snow-tasks',
      full_name: 'marine/snow-tasks',
      uuid: '{673a6070-3421-46c9-9d48-90745f7bfe8e}',
      links: {
        self: { href: 'https://api.bitbucket.org/2.0/repositories/marine/snow-tasks' },
        html: { href: 'https://bitbucket.org/marine/snow-tasks' },
        avatar: { href: 'https://bytebucket.org/ravatar/1' },
      },
    },
    push: {
      changes: branches.map((name) => ({
        new: name === null ? null : sideOf(name),
        old: sideOf(name ?? 'main'),
        created: false,
        closed: name === null,
        forced: false,
      })),
    },
  };
}

/** confluence.atlassian.com, "Event payload" of Data Center, repo:refs_changed. */
export function bitbucketServerPush(host: string, refs: readonly string[] = ['refs/heads/main']) {
  return {
    eventKey: 'repo:refs_changed',
    date: '2026-11-23T13:00:00+0100',
    actor: { name: 'ann', id: 500, slug: 'ann', type: 'NORMAL' },
    repository: {
      slug: 'snow-tasks',
      id: 656,
      name: 'snow-tasks',
      project: { key: 'MARINE', links: { self: [{ href: `https://${host}/projects/MARINE` }] } },
      links: {
        clone: [
          { href: `ssh://git@${host}:7999/marine/snow-tasks.git`, name: 'ssh' },
          { href: `https://${host}/scm/marine/snow-tasks.git`, name: 'http' },
        ],
        self: [{ href: `https://${host}/projects/MARINE/repos/snow-tasks/browse` }],
      },
    },
    changes: refs.map((id) => ({
      ref: { id, displayId: id.replace(/^refs\/[a-z]+\//, ''), type: 'BRANCH' },
      refId: id,
      type: 'UPDATE',
    })),
  };
}
