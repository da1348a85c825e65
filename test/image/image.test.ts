/** The image, built by test/image/build.sh, as a careful operator runs it: read-only, not root, secrets as files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { basicAuthorization, type GitServer, startGitServer } from '../doubles/git-server.ts';
import { type Change, canary, openWorld, quickDevices, taskText, until, type World } from '../e2e/world.ts';
import {
  type Container,
  endContainers,
  type Image,
  listFiles,
  makeVolume,
  openImage,
  type RunOptions,
  signal,
  startContainer,
  untilEntered,
} from './container.ts';

const name = process.env.SNOWGATE_IMAGE;
if (name === undefined)
  process.stderr.write('tests of the image are skipped: `npm run image:test` builds and tries it\n');

let image: Image;

beforeAll(() => {
  if (name !== undefined) image = openImage(name);
});
afterEach(endContainers);
afterAll(() => {
  if (name !== undefined) image.remove();
});

async function finish(argv: readonly string[], options: RunOptions = {}) {
  const container = startContainer(image, argv, options);
  return { ...(await container.ended), ...container.text };
}

/** Runs a script in the place of the program. */
function evaluate(script: string, options: RunOptions = {}) {
  return finish(['-e', script], { entrypoint: ['node'], ...options });
}

interface Stage {
  readonly world: World;
  readonly server: GitServer;
  readonly options: RunOptions;
  readonly argv: readonly string[];
}

/** A source and a ledger behind tokens, a simulated AWS, and what is mounted into the container. */
async function openStage(test: TestContext, source: Change = {}): Promise<Stage> {
  const world = await openWorld(test, ...quickDevices);
  const server = await startGitServer(world.dir);
  const volume = makeVolume(image.config);
  test.onTestFinished(async () => {
    await server.close();
    volume.remove();
  });
  await world.initLedger();
  const token = `glpat-${canary}-in-a-file`;
  server.authorization = basicAuthorization('x-access-token', token);
  const auth = { tokenFile: '/run/secrets/token' };
  const [etc, secrets] = [join(world.dir, 'etc'), join(world.dir, 'secrets')];
  for (const dir of [etc, secrets]) mkdirSync(dir);
  const file = world.configure('one', {
    source: { url: `${server.url}/source.git`, auth, ...source },
    ledger: { url: `${server.url}/ledger.git`, auth },
    stateDir: '/var/lib/snowgate',
  });
  writeFileSync(join(etc, 'snowgate.yaml'), readFileSync(file));
  writeFileSync(join(secrets, 'token'), token);
  const keys = ['[default]', 'aws_access_key_id = TESTKEY', `aws_secret_access_key = ${canary}`];
  writeFileSync(join(secrets, 'aws'), `${keys.join('\n')}\n`);
  const mounts = [
    `${etc}:/etc/snowgate:ro`,
    `${secrets}:/run/secrets:ro`,
    `${volume.dir}:/var/lib/snowgate:rw`,
  ];
  const env = { AWS_SHARED_CREDENTIALS_FILE: '/run/secrets/aws' };
  return { world, server, options: { mounts, env }, argv: image.config.Cmd };
}

function oneTask(world: World, task: string): Record<string, string> {
  return { [`tasks/${task}.yaml`]: taskText(task, { targets: world.devices.slice(0, 1) }) };
}

async function isHealthy(container: Container): Promise<boolean> {
  const [kind, ...argv] = image.config.Healthcheck.Test;
  if (kind !== 'CMD') throw new Error('the health check goes through a shell');
  return (await container.exec(...argv)) === 0;
}

describe.skipIf(name === undefined)('the image', () => {
  it('says what it is, and how it wants to be run', () => {
    expect(image.config).toMatchObject({
      User: '1000:1000',
      StopSignal: 'SIGTERM',
      Volumes: { '/var/lib/snowgate': {} },
      Cmd: ['run', '--config', '/etc/snowgate/snowgate.yaml'],
    });
  });

  it('answers --version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await finish(['--version'])).toMatchObject({
      code: 0,
      stdout: `snowgate ${version}\n`,
      stderr: '',
    });
  });

  it('is not root, and can write nowhere but to its state, /tmp and /run', async () => {
    const volume = makeVolume(image.config);
    const tried = [
      '/',
      '/opt/snowgate',
      '/etc/snowgate',
      '/usr/bin',
      '/usr/local/lib',
      '/var/lib/snowgate',
      '/tmp',
    ];
    const script = `const wrote = ${JSON.stringify(tried)}.filter((dir) => {
      try { require('node:fs').writeFileSync(dir + '/x', ''); return true; } catch { return false; } });
      console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), wrote]))`;
    const { stdout } = await evaluate(script, { mounts: [`${volume.dir}:/var/lib/snowgate:rw`] });
    volume.remove();
    expect(JSON.parse(stdout)).toEqual([1000, 1000, [1000], ['/var/lib/snowgate', '/tmp']]);
  });

  it('has git, ssh and certificates, and neither npm nor what only builds and tests need', async () => {
    const script = `const { execFileSync: run } = require('node:child_process'); const { existsSync } = require('node:fs');
      console.log(JSON.stringify([run('git', ['--version'], { encoding: 'utf8' }), existsSync('/usr/bin/ssh'),
        existsSync('/etc/ssl/certs/ca-certificates.crt'), ['/usr/local/bin/npm', '/opt/snowgate/src', '/opt/snowgate/test',
        '/opt/snowgate/node_modules/typescript', '/opt/snowgate/node_modules/vitest'].filter(existsSync)]))`;
    const { stdout } = await evaluate(script);
    expect(JSON.parse(stdout)).toEqual([expect.stringMatching(/^git version 2\.(39|[4-9])/), true, true, []]);
  });

  it('shows the demo, with nothing but /tmp to write to', { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await finish(['demo', '--once']);
    expect([code, stdout], stderr).toEqual([0, expect.stringMatching(/0 asked for twice\s*$/)]);
  });

  it('issues a merged task by run --once, with secrets as files, and writes to its state alone', async (test) => {
    const { world, options, argv } = await openStage(test);
    world.commit(oneTask(world, 'unlock-a'));
    const before = listFiles(join(image.root, 'opt/snowgate/dist'));
    const first = await finish([...argv, '--once'], options);
    expect(first, first.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^done .*issued as st-/),
    });
    expect(await finish([...argv, '--once'], options)).toMatchObject({ code: 0 });
    expect(await world.tasks()).toHaveLength(1);
    expect(first.stdout + first.stderr).not.toContain(canary);
    expect(listFiles(join(image.root, 'opt/snowgate/dist'))).toEqual(before);
    expect(listFiles(join(image.root, 'var/lib/snowgate'))).toEqual([]);
  });

  it.each([
    ['tini', undefined],
    ['node', ['node', '/opt/snowgate/dist/main.js']],
  ])(
    'is healthy while it runs, and ends in order by SIGTERM with %s as process 1',
    async (first, entrypoint) => {
      await withStage(async ({ world, options, argv }) => {
        const daemon = startContainer(image, argv, {
          ...options,
          ...(entrypoint === undefined ? {} : { entrypoint }),
        });
        await untilEntered(daemon, first);
        world.commit(oneTask(world, 'unlock-a'));
        await until('it is healthy', () => isHealthy(daemon));
        await until('the task is there', async () => (await world.tasks()).length === 1);
        // Beside it, as by `docker exec`; it finds nothing to tell once the outcome has landed.
        const plan = ['sh', '-c', 'cd /etc/snowgate && exec snowgate plan'];
        await until('a plan beside it says so', async () => (await daemon.exec(...plan)) === 0);
        signal(daemon, 'SIGTERM');
        expect(await daemon.ended, daemon.text.stderr).toEqual({ code: 0, signal: null });
        expect(daemon.text.stderr).toContain('"stopping: no further call starts"');
      });
    },
  );

  it('is not healthy where no controller runs, or where its process stands still', async () => {
    await withStage(async ({ options, argv }) => {
      const idle = startContainer(image, ['-e', 'setInterval(() => {}, 1000)'], {
        ...options,
        entrypoint: ['node'],
      });
      await untilEntered(idle, 'node');
      expect(await isHealthy(idle)).toBe(false);
      signal(idle, 'SIGKILL');
      await idle.ended;
      const daemon = startContainer(image, argv, {
        ...options,
        entrypoint: ['node', '/opt/snowgate/dist/main.js'],
      });
      await until('it is healthy', async () => daemon.first() > 0 && (await isHealthy(daemon)));
      signal(daemon, 'SIGSTOP');
      // An engine gives the check five seconds; here it is given less, and ended as an engine ends it.
      const [, ...check] = image.config.Healthcheck.Test;
      expect(await daemon.exec('timeout', '2', ...check)).not.toBe(0);
      signal(daemon, 'SIGCONT');
      signal(daemon, 'SIGTERM');
      expect(await daemon.ended).toEqual({ code: 0, signal: null });
    });
  });

  it('leaves no zombies of a git that was ended', async () => {
    await withStage(
      async ({ server, options, argv }) => {
        server.fault = () => ({ kind: 'hang' });
        const daemon = startContainer(image, argv, options);
        await until('fetches were given up', () => server.requests.length > 2);
        await until('what they left is collected', () => !daemon.states().includes('Z'));
        signal(daemon, 'SIGTERM');
        expect(await daemon.ended).toEqual({ code: 0, signal: null });
      },
      { limits: { fetchTimeout: '1s' } },
    );
  });
});

/** A stage that ends with what is done on it, whatever the test's arguments are. */
async function withStage(act: (stage: Stage) => Promise<void>, source: Change = {}): Promise<void> {
  const closers: (() => Promise<void> | void)[] = [];
  const test = { onTestFinished: (close: () => Promise<void>) => void closers.push(close) };
  try {
    await act(await openStage(test as unknown as TestContext, source));
  } finally {
    await endContainers();
    for (const close of closers.reverse()) await close();
  }
}
