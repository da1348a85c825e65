/** What a URL, a branch, a configuration or a server may do to get a git of ours to run something, or to give something away. */
import { access, appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Auth, SourceConfig } from '../../src/config/config.ts';
import type { Fault } from '../../src/lib/faults.ts';
import { readHead, startMs, taskText, wantedIn } from '../contract/source-world.ts';
import { type GitSourceWorld, openSourceWorld } from '../git/source-world.ts';

let world: GitSourceWorld;
let proof = '';
const environment = { ...process.env };

beforeEach(async () => {
  world = await openSourceWorld({ transport: 'http' });
  proof = join(world.dir, 'pwned');
  await world.commit({ files: { 'tasks/good.yaml': taskText('good') }, timeMs: startMs });
});

afterEach(async () => {
  for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
  Object.assign(process.env, environment);
  await world.end();
});

async function fetchWith(change: Partial<SourceConfig>): Promise<Fault | 'fetched'> {
  const source = await world.reopen(change);
  const answer = await source.fetch();
  await source.close();
  return answer.ok ? 'fetched' : answer.fault;
}

/** Nothing was run, and the source that is not hostile is read as before. */
async function expectUnharmed(): Promise<void> {
  await expect(access(proof)).rejects.toThrow();
  await expect(access('pwned')).rejects.toThrow();
  expect(wantedIn(await readHead(world.source)).size).toBe(1);
}

/** Whoever runs snowgate has a home, with a configuration that would let everything through. */
async function plantHome(config: string): Promise<void> {
  const home = join(world.dir, 'home');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.gitconfig'), config);
  process.env.HOME = home;
  process.env.XDG_CONFIG_HOME = home;
  process.env.GIT_CONFIG_GLOBAL = join(home, '.gitconfig');
  delete process.env.GIT_CONFIG_NOSYSTEM;
}

describe('transports that run commands', () => {
  const permissive = `[protocol "ext"]\n\tallow = always\n[PROTOCOL "EXT"]\n\tALLOW = always\n[protocol]\n\tallow = always\n`;

  it.each(['ext::', 'EXT::', 'Ext::', 'fd::', 'ext+x::'])(
    'are none, in whatever case they are written: %s (CVE-2026-28292)',
    async (helper) => {
      await plantHome(permissive);
      process.env.GIT_ALLOW_PROTOCOL = 'ext:fd:http';
      process.env.GIT_CONFIG_PARAMETERS = "'protocol.ext.allow=always'";
      const url = `${helper}sh -c touch% ${proof}`;
      expect(await fetchWith({ url })).toMatchObject({ code: 'SG3015', class: 'human' });
      await expectUnharmed();
    },
  );

  it.each([
    ['in lower case', (url: string, to: string) => `[url "${to}"]\n\tinsteadOf = ${url}\n`],
    ['in upper case', (url: string, to: string) => `[URL "${to}"]\n\tINSTEADOF = ${url}\n`],
  ])(
    'are none where a configuration puts one in the place of our URL, %s (CVE-2026-28292)',
    async (_case, write) => {
      const config = `${permissive}${write(world.server?.url ?? '', `ext::sh -c touch% ${proof}% `)}`;
      await plantHome(config);
      expect(await fetchWith({})).toBe('fetched');
      // And in the mirror itself, planted while it is in use: snowgate writes it anew at each start.
      await appendFile(join(world.stateDir, 'source.git', 'config'), config);
      expect(await world.source.fetch()).toMatchObject({
        ok: false,
        fault: { message: expect.stringMatching(/transport 'ext' not allowed/) },
      });
      await expect(access(proof)).rejects.toThrow();
      await rm(join(world.stateDir, 'source.git'), { recursive: true });
      await expectUnharmed();
    },
  );
});

describe('what looks like an option of git', () => {
  it.each([
    '--upload-pack=touch pwned',
    '-utouch pwned',
    '--exec=touch pwned',
    '-oProxyCommand=touch pwned:x',
    ' --upload-pack=touch pwned',
  ])('is no URL: %j (CVE-2025-21613)', async (url) => {
    expect(await fetchWith({ url })).toMatchObject({ code: 'SG3015', class: 'human' });
    await expectUnharmed();
  });

  it.each(['--upload-pack=touch pwned', '-u', '--output=pwned'])(
    'is only the name of a branch that is not there: %j (CVE-2025-21613)',
    async (branch) => {
      expect(await fetchWith({ branch })).toMatchObject({ code: expect.stringMatching(/^SG30(05|19)$/) });
      await expectUnharmed();
    },
  );

  it.each(['-oProxyCommand=touch pwned', '--template=pwned'])(
    'is only a folder of the source: %j (CVE-2025-21613)',
    async (path) => {
      const file = { [`${path}/inside.yaml`]: taskText('inside') };
      await world.commit({ files: file, timeMs: startMs });
      const source = await world.reopen({ path });
      const tree = await readHead(source);
      expect(tree.files.map((found) => found.path)).toEqual([`${path}/inside.yaml`]);
      await expectUnharmed();
    },
  );

  it('is no host of ssh (CVE-2025-21613)', async () => {
    const [key, known] = [join(world.dir, 'key'), join(world.dir, 'known')];
    for (const file of [key, known]) await writeFile(file, 'x\n', { mode: 0o600 });
    const auth: Auth = { kind: 'ssh', sshKeyFile: key, knownHostsFile: known };
    const answer = await fetchWith({ url: `ssh://-oProxyCommand=touch%20${proof}/x.git`, auth });
    expect(answer).toMatchObject({ message: expect.stringContaining('strange hostname') });
    await expectUnharmed();
  });
});

describe('credential helpers', () => {
  it('are never asked, so that no URL can have one give away the secret of another host (CVE-2020-5260)', async () => {
    const helper = `!f() { touch ${proof}; echo username=x; echo password=stolen; }; f`;
    const config = `[credential]\n\thelper = "${helper}"\n[core]\n\taskPass = touch ${proof}\n`;
    await plantHome(config);
    process.env.GIT_ASKPASS = `touch ${proof}`;
    process.env.SSH_ASKPASS = `touch ${proof}`;
    if (world.server === null) throw new Error('the world has no server');
    const { authorization } = world.server;
    world.server.authorization = 'Basic other';
    expect(await fetchWith({ auth: { kind: 'none' } })).toMatchObject({ code: 'SG3003', class: 'human' });
    await appendFile(join(world.stateDir, 'source.git', 'config'), config);
    expect(await world.source.fetch()).toMatchObject({ ok: false, fault: { code: 'SG3003' } });
    world.server.authorization = authorization;
    await expectUnharmed();
  });

  it.each(['%0a', '%0A', '%0d', '%00', '\n'])(
    'see no line break that a URL hides: %j is refused before git sees it (CVE-2020-5260)',
    async (hidden) => {
      const url = `${world.server?.url ?? ''}/x${hidden}host=git.example.com${hidden}.git`;
      const seen = world.server?.requests.length;
      expect(await fetchWith({ url })).toMatchObject({
        code: 'SG3015',
        class: 'human',
        message: expect.not.stringContaining('\n'),
      });
      expect(world.server?.requests.length).toBe(seen);
      await expectUnharmed();
    },
  );
});
