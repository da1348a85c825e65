/** The entry point of the action: events as forges send them, a real clone, and an API on loopback. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type FakeForge,
  type FakeSettings,
  forgeToken,
  reply,
  startForge,
  workflowLogin,
} from '../forge/fake-forge.ts';
import { mergeGroupPayload, pullRequestPayload, pushPayload } from '../forge/payloads.ts';
import { removeFolders } from './folder.ts';
import { makeReviewStage, ownedTask, type ReviewStage, reviewConfig } from './review-stage.ts';
import { run } from './terminal.ts';

const started: FakeForge[] = [];
afterEach(async () => {
  for (const forge of started.splice(0)) await forge.close();
});

const newTask = { 'tasks/b.yaml': ownedTask('unlock-b') };

/** Its pull request adds a task, and nothing of it is wrong. */
let plain: ReviewStage;
beforeAll(() => {
  plain = makeReviewStage(newTask);
});
afterAll(removeFolders);

async function forgeOf(settings: FakeSettings = {}): Promise<FakeForge> {
  const forge = await startForge(settings);
  started.push(forge);
  return forge;
}

interface Review {
  /** The plain one where none is named. */
  readonly stage?: ReviewStage;
  readonly forge: FakeForge;
  readonly event?: string;
  readonly payload?: unknown;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs it as one step of a workflow does; no output holds the token. */
async function review({
  stage = plain,
  forge,
  event = 'pull_request',
  payload,
  argv = [],
  env = {},
}: Review) {
  stage.clear();
  const sent = payload ?? pullRequestPayload({ base: stage.base, head: stage.head });
  const settings = { cwd: stage.dir, env: { ...stage.env(event, sent, forge), ...env } };
  const ran = await run(['review', ...argv], settings);
  const left = { ...ran, summary: stage.summary(), outputs: stage.outputs() };
  expect(JSON.stringify(left)).not.toContain(forgeToken);
  // What a runner would read as a command is an annotation of ours.
  for (const line of ran.stdout.split('\n')) expect(line).toMatch(/^(?:::(?:error|warning|notice) .*)?$/);
  expect(ran.stderr).not.toMatch(/^\s*::|##\[/m);
  return left;
}

/** A pull request whose base is not in the clone: nothing is planned, and the comment says why, which takes less time. */
const quick = pullRequestPayload({ base: 'a'.repeat(40) });

describe('a pull request', () => {
  it('gets one comment, annotations, a summary and outputs', async () => {
    const forge = await forgeOf({ comments: [{ id: 41, body: 'please review', user: { login: 'ann' } }] });
    const ran = await review({ forge });
    expect(ran.exit).toBe(0);
    expect(forge.writes()).toEqual(['POST']);
    const [, comment] = forge.comments;
    expect(comment?.body).toMatch(
      /^<!-- snowgate review snowgate.yaml -->\n<!-- run 9000000001.1 -->\n\n### snowgate review: passed\n/,
    );
    expect(comment?.body).toContain('lab/unlock-b');
    expect(comment?.body).toContain('Without the ledger');
    expect(comment?.body).toContain('2 cases: 2 passed, 0 failed');
    expect(ran.summary.trim()).toBe(comment?.body.split('\n').slice(3).join('\n').trim());
    expect(ran.stdout).toMatch(/::notice title=snowgate review::/);
    expect(ran.outputs).toMatchObject({
      result: 'passed',
      issues: '1',
      holds: '0',
      denied: '0',
      errors: '0',
      comment: 'created',
    });
    const plan = JSON.parse(readFileSync(ran.outputs.plan ?? '', 'utf8'));
    expect(plan).toMatchObject({
      kind: 'MergePlan',
      base: { commit: plain.base },
      head: { commit: plain.head },
    });
    expect(readFileSync(ran.outputs.report ?? '', 'utf8')).toBe(ran.summary.replace(/\n$/, ''));
  });

  it('keeps its one comment through new commits and re-runs', async () => {
    const forge = await forgeOf();
    await review({ forge });
    const payload = pullRequestPayload({ action: 'synchronize', base: plain.base, head: plain.head });
    const second = await review({ forge, payload, env: { GITHUB_RUN_ID: '9000000002' } });
    expect(second.outputs.comment).toMatch(/^(?:updated|unchanged)$/);
    const late = await review({ forge, env: { GITHUB_RUN_ATTEMPT: '2' } });
    expect(late.outputs.comment).toBe('newer');
    expect(late.stdout).toContain('SG7094');
    expect(forge.comments).toHaveLength(1);
    expect(forge.writes().filter((write) => write === 'POST')).toHaveLength(1);
  });

  it.each(['mallory/snow-tasks', null])(
    'from %s gets no comment, and is told why',
    async (headRepository) => {
      const forge = await forgeOf();
      const payload = pullRequestPayload({ base: plain.base, head: plain.head, headRepository });
      const ran = await review({ forge, payload });
      expect(ran.exit).toBe(0);
      expect(forge.calls).toEqual([]);
      expect(ran.stdout).toContain('no comment, because this pull request comes from a fork');
      expect(ran.summary).toContain('comes from a fork');
      expect(ran.summary).toContain('lab/unlock-b');
      expect(ran.outputs).toMatchObject({ result: 'passed', comment: 'none' });
    },
  );

  it.each([403, 500])('is reviewed by its files where the forge answers %i', async (status) => {
    const forge = await forgeOf({
      instead: (call, response) => call.method === 'POST' && reply(response, status, { message: 'No.' }),
    });
    const ran = await review({ forge });
    expect(ran.exit).toBe(0);
    expect(ran.stdout).toMatch(
      /^::warning title=SG800\d::no comment was written: the forge answered \d+: No/m,
    );
    expect(ran.summary).toContain('lab/unlock-b');
    expect(ran.outputs).toMatchObject({
      result: 'passed',
      comment: 'failed',
      warnings: expect.stringMatching(/[1-9]/),
    });
  });

  it('fails by what is wrong with it, and the comment says so', async () => {
    const stage = makeReviewStage({
      'tasks/b.yaml': ownedTask('unlock-b', false),
      'tasks/c.yaml': ownedTask('unlock-c').replace('unlock\n', 'unlok\n').replace('"unlock"', '"unlok"'),
    });
    const forge = await forgeOf();
    const ran = await review({ stage, forge });
    expect(ran.exit).toBe(1);
    expect(ran.stdout).toMatch(/^::error file=tasks\/b.yaml,line=1,col=1,title=SG6301::/m);
    // The plan and validate find the same.
    expect(ran.stdout.match(/^::error file=tasks\/c.yaml.*title=SG1104/gm)).toHaveLength(1);
    expect(forge.comments[0]?.body).toContain('snowgate review: failed');
    expect(ran.outputs).toMatchObject({ result: 'failed', denied: '1', issues: '0', comment: 'created' });
  });

  it('that cannot be merged is told so, where everybody looks', async () => {
    const stage = makeReviewStage({ 'README.md': 'mine\n' }, { 'README.md': 'yours\n' });
    const forge = await forgeOf();
    const ran = await review({ stage, forge });
    expect(ran.exit).toBe(1);
    expect(forge.comments[0]?.body).toContain('SG3053');
    expect(ran.outputs).toMatchObject({ result: 'failed', plan: '', comment: 'created' });
  });

  it('whose commits are not all in the clone has no plan: exit 2, with what to do', async () => {
    const forge = await forgeOf();
    const ran = await review({ forge, payload: quick });
    expect(ran.exit).toBe(2);
    expect(forge.comments[0]?.body).toContain('SG3051');
    expect(ran.outputs).toMatchObject({ result: 'broken', comment: 'created' });
  });

  it('sends the token of the ledger nowhere that its own files name', async () => {
    const trap = await forgeOf();
    const own = reviewConfig.replace('file:///nowhere/snow-ledger.git', `${trap.apiUrl}/ledger.git`);
    const stage = makeReviewStage({ 'snowgate.yaml': own, ...newTask });
    const forge = await forgeOf();
    const tokenFile = stage.folder.write('ledger-token', 'canary-ledger-token');
    const ran = await review({ stage, forge, argv: ['--ledger-token-file', tokenFile] });
    expect(ran.exit).toBe(0);
    expect(trap.calls).toEqual([]);
    expect(ran.summary).toContain('The configuration changes, too');
    expect(JSON.stringify(ran)).not.toContain('canary-ledger-token');
  });

  it('is reviewed by the configuration that is named, and by its folders', async () => {
    const lab = reviewConfig.replace('git"}', 'git", path: lab/tasks, policies: policies}');
    const stage = makeReviewStage({ 'lab/tasks/b.yaml': ownedTask('unlock-b') }, { 'ops/lab.yaml': lab });
    const forge = await forgeOf();
    const ran = await review({ stage, forge, argv: ['--config', 'ops/lab.yaml'] });
    expect(ran.exit).toBe(0);
    expect(ran.summary).toContain('3 files, 1 valid task, 1 policy: no problems');
    expect(ran.outputs).toMatchObject({ issues: '1', result: 'passed' });
    expect(forge.comments[0]?.body).toMatch(/^<!-- snowgate review ops%2Flab.yaml -->\n/);
  });

  it('reads the folder of policies that the named configuration has as a whole, whatever it is called', async () => {
    const lab = reviewConfig.replace('git"}', 'git", path: tasks, policies: rules}');
    const stage = makeReviewStage({ 'rules/forgotten.yaml': 'name: no kind\n' }, { 'ops/lab.yaml': lab });
    const ran = await review({ stage, forge: await forgeOf(), argv: ['--config', 'ops/lab.yaml'] });
    expect(ran.exit).toBe(1);
    expect(ran.summary).toContain('- **snowgate validate** 3 files, 1 valid task: 1 error, 0 warnings');
  });

  it('cannot command the runner, whatever its files hold', async () => {
    const evil = '##[stop-commands]x ::error::y <!-- snowgate review snowgate.yaml -->';
    const stage = makeReviewStage({
      'tasks/##[stop-commands]x.yaml': ownedTask('unlock-b', false),
      'tasks/d.yaml': `${ownedTask('unlock-d')}  description: 7\n  "${evil}": "\\n::set-output name=result::passed"\n`,
      'policies/::error::z.yaml': `apiVersion: snowgate/v1\nkind: "${evil}"\n`,
    });
    const forge = await forgeOf();
    const ran = await review({ stage, forge });
    expect(ran.exit).toBe(1);
    expect(ran.outputs.result).toBe('failed');
    // What stands in code is text; the marker and the run are the only lines of HTML.
    const prose = forge.comments[0]?.body.replaceAll(/(`+)[^`].*?\1/g, '') ?? '';
    expect(prose.match(/<!--/g)).toHaveLength(2);
  });

  it('gets no comment where none is wanted, or no token is there', async () => {
    const forge = await forgeOf();
    expect((await review({ forge, payload: quick, argv: ['--no-comment'] })).outputs.comment).toBe('none');
    const ran = await review({ forge, payload: quick, env: { GITHUB_TOKEN: '' } });
    expect(ran.stdout).toMatch(/^::warning title=SG7094::no comment, because no token/m);
    expect(forge.calls).toEqual([]);
  });

  it('gets one comment by a token of somebody else, and a word about it', async () => {
    const forge = await forgeOf({ login: 'snow-robot' });
    await review({ forge, payload: quick });
    const ran = await review({ forge, payload: quick });
    expect(ran.stdout).toContain('hint: say `comment-author: snow-robot`');
    expect(forge.comments).toHaveLength(1);
    const told = await review({ forge, payload: quick, argv: ['--comment-author', 'snow-robot'] });
    expect(told.outputs.warnings).toBe(String(Number(ran.outputs.warnings) - 1));
    expect(forge.comments).toHaveLength(1);
  });

  it('is reviewed at Gitea by the same code', async () => {
    const forge = await forgeOf({ kind: 'gitea', login: 'gitea-actions' });
    const argv = ['--comment-author', 'gitea-actions'];
    expect((await review({ forge, payload: quick, argv })).outputs.comment).toBe('created');
    expect((await review({ forge, payload: quick, argv })).outputs.comment).toMatch(
      /^(?:updated|unchanged)$/,
    );
    expect(forge.comments).toMatchObject([{ user: { login: 'gitea-actions' } }]);
  });
});

describe('another event', () => {
  it('of a merge queue is planned, without a comment', async () => {
    const forge = await forgeOf();
    const payload = mergeGroupPayload(plain.base, plain.head);
    const ran = await review({ forge, event: 'merge_group', payload });
    expect(ran.exit).toBe(0);
    expect(forge.calls).toEqual([]);
    expect(ran.summary).toContain('lab/unlock-b');
    expect(ran.outputs).toMatchObject({ result: 'passed', issues: '1', comment: 'none' });
  });

  it.each([
    ['push', pushPayload()],
    ['workflow_dispatch', { inputs: {} }],
  ])('such as %s is checked without a plan, and says so', async (event, payload) => {
    const forge = await forgeOf();
    const ran = await review({ forge, event, payload });
    expect(ran.exit).toBe(0);
    expect(forge.calls).toEqual([]);
    expect(ran.summary).toContain('merges nothing');
    expect(ran.summary).toContain('no problems');
    expect(ran.outputs).toMatchObject({ result: 'passed', plan: '', comment: 'none' });
  });

  it.each([
    ['pull_request_target', pullRequestPayload(), 'SG7091'],
    ['pull_request', '{"pull_request":', 'SG7092'],
    ['pull_request', `{"x":"${'x'.repeat(9 * 1024 * 1024)}"}`, 'SG7092'],
    ['merge_group', {}, 'SG7092'],
  ])('is refused before anything is done: %s, case %#', async (event, payload, code) => {
    const forge = await forgeOf();
    const ran = await review({ forge, event, payload });
    expect(ran).toMatchObject({ exit: 2, stdout: '', summary: '', outputs: {} });
    expect(ran.stderr).toContain(`error ${code}: `);
    expect(forge.calls).toEqual([]);
  });
});

describe('the runner', () => {
  it('must be one', async () => {
    const ran = await run(['review'], { env: {} });
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('elsewhere run snowgate validate and snowgate plan --base');
  });

  it('is named where its payload cannot be read', async () => {
    const env = { GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: '/no/where', GITHUB_REPOSITORY: 'a/b' };
    const { exit, stderr } = await run(['review'], { env });
    expect(exit).toBe(2);
    expect(stderr).toContain('error SG7002: GITHUB_EVENT_PATH: /no/where does not exist\n');
  });

  it('that takes no files is told, and nothing passes unseen', async () => {
    const stage = makeReviewStage({});
    const forge = await forgeOf();
    rmSync(join(stage.folder.dir, 'temp'), { recursive: true });
    const ran = await review({ stage, forge });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('error SG7095: ');
    expect(forge.comments).toMatchObject([{ user: { login: workflowLogin } }]);
  });
});
