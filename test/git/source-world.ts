/** A source on real git in a directory of its own: a bare repository, reached by file:// or smart http. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SourceConfig } from '../../src/config/config.ts';
import type { CommitId } from '../../src/controller/ports.ts';
import type { PolicySource } from '../../src/git/policy-source.ts';
import { openPolicySource } from '../../src/git/policy-source.ts';
import type { Source } from '../../src/git/source.ts';
import { openSource } from '../../src/git/source.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import type { PolicyWorld } from '../contract/policy-world.ts';
import type { SourceWorld } from '../contract/source-world.ts';
import type { GitServer } from '../doubles/git-server.ts';
import { basicAuthorization, startGitServer } from '../doubles/git-server.ts';
import type { FileContent, NewCommit, SourceSettings } from '../doubles/source.ts';
import { defaultSourceSettings } from '../doubles/source.ts';

const run = promisify(execFile);

export interface GitSourceWorld extends SourceWorld {
  readonly dir: string;
  readonly stateDir: string;
  /** The bare repository of the server. */
  readonly repository: string;
  readonly config: SourceConfig;
  readonly server: GitServer | null;
  readonly source: Source;
  /** Runs git in the server's repository; answers with what it says, trimmed. */
  git(args: readonly string[], input?: string | Uint8Array): Promise<string>;
  /** Another reader of the same repository: another life of this state directory, or another configuration. */
  reopen(change?: Partial<SourceConfig>): Promise<Source>;
  /** Points the branch at a tree made elsewhere. */
  commitTree(tree: string): Promise<CommitId>;
}

export interface WorldOptions {
  readonly transport?: 'file' | 'http';
  readonly settings?: Partial<SourceSettings>;
  readonly fetchTimeoutMs?: number;
}

export async function openSourceWorld(options: WorldOptions = {}): Promise<GitSourceWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'snowgate-test-source-'));
  const repository = join(dir, 'srv', 'source.git');
  await run('git', ['init', '-q', '--bare', '--initial-branch=main', repository]);
  const git = async (args: readonly string[], input: string | Uint8Array = ''): Promise<string> => {
    const child = run('git', ['--git-dir', repository, ...args], { maxBuffer: 1 << 26 });
    child.child.stdin?.on('error', () => undefined);
    child.child.stdin?.end(input);
    return (await child).stdout.trim();
  };
  const server = options.transport === 'http' ? await startGitServer(join(dir, 'srv')) : null;
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, 'right-token\n');
  if (server !== null) server.authorization = basicAuthorization('x-access-token', 'right-token');
  const config = configFor(repository, server, tokenFile, options);
  const stateDir = join(dir, 'state');
  const sources: Source[] = [];
  const reopen = async (change: Partial<SourceConfig> = {}): Promise<Source> => {
    const opened = await openSource({ ...config, ...change }, { stateDir, redactor: createRedactor() });
    if (!opened.ok) throw new Error(opened.fault.message);
    sources.push(opened.value);
    return opened.value;
  };
  const build = (parent: CommitId | null, change: NewCommit): Promise<CommitId> =>
    git(['fast-import', '--quiet', '--force', '--date-format=raw'], importStream(parent, change));
  const move = async (commit: CommitId | null): Promise<void> => {
    if (commit === null) await git(['update-ref', '-d', 'refs/heads/main']);
    else await git(['update-ref', 'refs/heads/main', commit]);
  };
  const head = async (): Promise<CommitId | null> =>
    (await git(['for-each-ref', '--format=%(objectname)', 'refs/heads/main'])) || null;
  return {
    dir,
    stateDir,
    repository,
    config,
    server,
    source: await reopen(),
    git,
    reopen,
    build,
    move,
    commit: async (change) => {
      const commit = await build(await head(), change);
      await move(commit);
      return commit;
    },
    commitTree: async (tree) => {
      const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
      const commit = await git([...person, 'commit-tree', '-m', 'made by hand', tree]);
      await move(commit);
      return commit;
    },
    end: async () => {
      for (const source of sources) await source.close();
      await server?.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export interface GitPolicyWorld extends PolicyWorld {
  readonly policies: PolicySource;
  /** The server's repository, and what is done in it. */
  readonly world: GitSourceWorld;
}

/** A policy source on real git, in a state directory of its own. */
export async function openPolicyWorld(settings: Partial<SourceSettings> = {}): Promise<GitPolicyWorld> {
  const world = await openSourceWorld({ settings });
  const { url, branch, auth, insecureTransport, limits } = world.config;
  const opened = await openPolicySource(
    { url, branch, auth, insecureTransport, path: settings.policies ?? 'policies' },
    { stateDir: join(world.dir, 'policy-state'), redactor: createRedactor(), limits },
  );
  if (!opened.ok) throw new Error(opened.fault.message);
  const { commit, build, move } = world;
  const end = async (): Promise<void> => {
    await opened.value.close();
    await world.end();
  };
  return { policies: opened.value, world, commit, build, move, end };
}

function configFor(
  repository: string,
  server: GitServer | null,
  tokenFile: string,
  { settings, fetchTimeoutMs }: WorldOptions,
): SourceConfig {
  const { path, policies, ...limits } = { ...defaultSourceSettings, ...settings };
  return {
    namesPolicies: false,
    url: server === null ? `file://${repository}` : `${server.url}/source.git`,
    branch: 'main',
    auth: server === null ? { kind: 'none' } : { kind: 'token', tokenFile },
    insecureTransport: false,
    path,
    policies,
    schedule: '*/30 * * * * *',
    maxAgeMs: 300_000,
    maxRemovals: 10,
    limits: { ...limits, fetchTimeoutMs: fetchTimeoutMs ?? 30_000 },
  };
}

/** One commit as `git fast-import` reads it; it answers with the commit's id. */
function importStream(parent: CommitId | null, change: NewCommit): string {
  const when = `${Math.floor(change.timeMs / 1000)} +0000`;
  const author = change.author ?? 'Ann Author <ann@example.com>';
  const lines = ['reset refs/tmp/import', 'commit refs/tmp/import', 'mark :1', `author ${author} ${when}`];
  const message = change.message ?? 'commit';
  lines.push(`committer ${change.committer ?? author} ${when}`);
  lines.push(`data ${Buffer.byteLength(message)}`, message);
  if (parent !== null) lines.push(`from ${parent}`);
  if (change.merges !== undefined) lines.push(`merge ${change.merges}`);
  for (const [path, content] of Object.entries(change.files)) lines.push(...fileLines(path, content));
  return `${lines.join('\n')}\nget-mark :1\ndone\n`;
}

function fileLines(path: string, content: FileContent | null): readonly string[] {
  if (content === null) return [`D ${path}`];
  if (typeof content === 'string') return fileData('100644', path, content);
  if ('link' in content) return fileData('120000', path, content.link);
  return [`M 160000 ${content.submodule} ${path}`];
}

function fileData(mode: string, path: string, text: string): readonly string[] {
  return [`M ${mode} inline ${path}`, `data ${Buffer.byteLength(text)}`, text];
}
