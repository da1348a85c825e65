/**
 * `npm run bench`, the part about polling (`--passes N`, 500 unless said; a day at the usual schedule has 2,880): a controller on real
 * repositories in which nothing happens. What an idle pass costs in processes and time of the processor, as ratios to a bare
 * `git ls-remote` of both repositories; and that nothing grows: descriptors, memory, the mirrors on the disk. Then the same with
 * all that watches a controller: word sent out, and after each pass a scrape, readiness, two pages and the tasks of the API.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ControllerConfig } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { Bell } from '../../src/controller/loop.ts';
import { runPass } from '../../src/controller/pass.ts';
import { type Controller, makeController } from '../../src/controller/state.ts';
import { type ControllerStatus, PassBook, readStatus } from '../../src/controller/status.ts';
import { openLedger } from '../../src/git/ledger-branch.ts';
import { initLedger } from '../../src/git/ledger-init.ts';
import { openSource } from '../../src/git/source.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { encodeFormat } from '../../src/ledger/codec.ts';
import { readMoment, systemClock } from '../../src/lib/clock.ts';
import type { Result } from '../../src/lib/faults.ts';
import { createRedactor, type Redactor } from '../../src/lib/redact.ts';
import { openHttp } from '../../src/wire-http.ts';
import { openNotify } from '../../src/wire-notify.ts';

const { values } = parseArgs({
  options: { passes: { type: 'string', default: '500' }, manifests: { type: 'string', default: '1000' } },
});
const passes = Number(values.passes);
const waits = { fetchTimeoutMs: 60_000, pushTimeoutMs: 60_000 };
const dir = mkdtempSync(join(tmpdir(), 'snowgate-polling-'));

function git(cwd: string, ...args: string[]): void {
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  const done = spawnSync('git', [...who, ...args], { cwd, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`git ${args.join(' ')}: ${done.stderr}`);
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** Time of the processor that the children of this process have taken, in ms; those that have ended and were waited for. */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  // cutime and cstime, in ticks of a hundredth of a second (proc(5)).
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function sizeOf(path: string): number {
  const { size } = statSync(path);
  if (!statSync(path).isDirectory()) return size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** A git on PATH before the real one, that leaves a mark each time it is run. */
function countGit(): { readonly restore: () => void; readonly read: () => string[] } {
  const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
  const bin = join(dir, 'bin');
  const marks = join(dir, 'marks');
  mkdirSync(bin);
  writeFileSync(marks, '');
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\nfor word in "$@"; do case $word in -*|*=*) ;; *) echo "$word" >> ${marks}; break ;; esac; done\nexec ${real} "$@"\n`,
  );
  chmodSync(join(bin, 'git'), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${bin}${delimiter}${before}`;
  return {
    restore: () => {
      process.env.PATH = before;
    },
    read: () => readFileSync(marks, 'utf8').split('\n').slice(0, -1),
  };
}

function makeRepositories(): void {
  for (const name of ['source.git', 'ledger.git']) git(dir, 'init', '--quiet', '--bare', '-b', 'main', name);
  git(dir, 'init', '--quiet', '-b', 'main', 'work');
  mkdirSync(join(dir, 'work/tasks'));
  for (let index = 0; index < Number(values.manifests); index += 1) {
    const text = `apiVersion: snowgate/v1\nkind: Task\nmetadata: {name: t${index}}\nspec: {fleet: lab, command: unlock, targets: [smd-${index}], notBefore: 2099-01-01T00:00:00Z}\n`;
    writeFileSync(join(dir, `work/tasks/t${index}.yaml`), text);
  }
  git(join(dir, 'work'), 'add', '--all');
  git(join(dir, 'work'), 'commit', '--quiet', '--message=tasks');
  git(join(dir, 'work'), 'push', '--quiet', '../source.git', 'main');
}

const configurationOf = (receiverPort: number): string => `apiVersion: snowgate/v1
kind: Controller
source: {url: "file://${dir}/source.git"}
ledger: {url: "file://${dir}/ledger.git"}
stateDir: ${dir}/state
policy: {uncovered: allow}
http: {web: {listen: "127.0.0.1:0"}, probes: {listen: "127.0.0.1:0"}}
notify: {ops: {webhook: {url: "http://127.0.0.1:${receiverPort}/", secretFile: "${dir}/secret"}}}
fleets: {lab: {region: us-west-2, mode: observe, endpoint: "http://127.0.0.1:9"}}
`;

/** After several rounds: the first leaves what finalizers and compiled code still hold. */
async function heapUsed(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** A controller on the repositories, with git's own mirrors and everything that a daemon has but its timer. */
async function openController(config: ControllerConfig, redactor: Redactor) {
  const { stateDir } = config;
  const source = must(await openSource(config.source, { stateDir, redactor }));
  const ledger = must(await openLedger(config.ledger, { stateDir, redactor, ...waits }));
  const controller = makeController({
    config,
    clock: systemClock,
    journal: { write: () => undefined },
    source,
    policySource: null,
    ledger,
    apis: new Map(),
    run: 'bench',
    tzdata: '2026a',
    signal: new AbortController().signal,
  });
  return {
    controller,
    pass: () => runPass(controller, { drain: false }),
    close: async () => {
      await source.close();
      await ledger.close();
    },
  };
}

/** Somebody who takes every word. */
async function openReceiver(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** The controller as `run` has it, watched by everything that there is to watch it with. */
async function openWatched(config: ControllerConfig, redactor: Redactor, controller: Controller) {
  const { http, notify, stateDir } = config;
  if (http === undefined || notify === undefined) throw new Error('the configuration has both');
  const { journal } = controller;
  const book = new PassBook(readMoment(systemClock), journal);
  const metrics = new Metrics('bench', { fleets: [...config.fleets.keys()], providers: [] });
  const readNow = (): ControllerStatus => readStatus(controller, book);
  const subscribe = (listener: () => void) => book.subscribe(listener);
  const world = { bell: new Bell(), journal, redactor, clock: systemClock };
  const server = must(await openHttp({ config, http, readStatus: readNow, subscribe, metrics, ...world }));
  const notifier = await openNotify({
    targets: notify,
    stateDir,
    journal,
    redactor,
    version: 'bench',
    count: () => undefined,
  });
  book.subscribe(() => notifier.offer(readNow()));
  const [web, probes] = (['web', 'probes'] as const).map((name) => server.addresses.get(name)?.port);
  const looks = ['metrics', '', 'tasks', 'windows', 'api/v1/status', 'api/v1/tasks'];
  const urls = [
    `http://127.0.0.1:${probes}/readyz`,
    ...looks.map((path) => `http://127.0.0.1:${web}/${path}`),
  ];
  return {
    looks: urls.length,
    pass: async () => {
      book.noteBegin(readMoment(systemClock));
      book.noteReport(await runPass(controller, { drain: false }), readMoment(systemClock));
    },
    look: async () => {
      for (const url of urls) {
        const answer = await fetch(url);
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${text}`);
      }
    },
    close: async () => {
      await notifier.close();
      await server.close();
    },
  };
}

async function measure(): Promise<void> {
  makeRepositories();
  writeFileSync(join(dir, 'secret'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const receiver = await openReceiver();
  const text = configurationOf(receiver.port);
  const resolved = resolveConfig(Buffer.from(text), { hostName: 'bench', baseDir: dir });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  const { config } = resolved;
  const redactor = createRedactor();
  const { stateDir } = config;
  const format = encodeFormat({ v: 1, ledger: '6f1c0000-0000-4000-8000-000000000001' });
  const beginning = { format, message: 'begin', replica: 'bench', atMs: Date.now(), segments: [] };
  must(await initLedger(config.ledger, beginning, { redactor, ...waits }));
  const counting = countGit();
  const counted = await openController(config, redactor);
  for (let warm = 0; warm < 3; warm += 1) await counted.pass();
  const before = counting.read();
  await counted.pass();
  const commands = counting.read().slice(before.length);
  await counted.close();
  counting.restore();
  const { controller, pass, close } = await openController(config, redactor);
  for (let warm = 0; warm < 20; warm += 1) await pass();
  const begun = { children: childrenMs(), own: ownMs(), fds: readdirSync('/proc/self/fd').length };
  const heapBytes = await heapUsed();
  const diskBytes = sizeOf(stateDir);
  for (let done = 0; done < passes; done += 1) await pass();
  const spent = { children: childrenMs() - begun.children, own: ownMs() - begun.own };
  const grownBytes = (await heapUsed()) - heapBytes;
  const baseline = childrenMs();
  const rounds = Math.max(20, Math.floor(passes / 10));
  for (let round = 0; round < rounds; round += 1)
    for (const name of ['source.git', 'ledger.git']) spawnSync('git', ['ls-remote', `file://${dir}/${name}`]);
  const bareMs = (childrenMs() - baseline) / rounds;
  const tell = (what: string, value: string): void =>
    void process.stdout.write(`${what.padEnd(64)} ${value}\n`);
  tell(`${passes} idle passes over ${values.manifests} manifests; git ls-remote of both is 1`, '');
  tell('time of the processor in git, of a pass', (spent.children / passes / bareMs).toFixed(2));
  tell('time of the processor in the controller, of a pass', (spent.own / passes / bareMs).toFixed(2));
  tell('git processes that a pass starts itself', `${commands.length}: ${commands.join(', ')}`);
  tell('descriptors more than before', String(readdirSync('/proc/self/fd').length - begun.fds));
  tell('bytes of heap more than before', String(grownBytes));
  tell('bytes of state on the disk more than before', String(sizeOf(stateDir) - diskBytes));
  const watched = await openWatched(config, redactor, controller);
  const turn = async (): Promise<void> => {
    await watched.pass();
    await watched.look();
  };
  for (let warm = 0; warm < 20; warm += 1) await turn();
  const then = { own: ownMs(), fds: readdirSync('/proc/self/fd').length, heap: await heapUsed() };
  for (let done = 0; done < passes; done += 1) await turn();
  const turnMs = (ownMs() - then.own) / passes;
  tell(`the same, with word sent out and ${watched.looks} looks a pass`, '');
  tell('time of the processor in the controller and who looks, of a pass', (turnMs / bareMs).toFixed(2));
  tell('descriptors more than before', String(readdirSync('/proc/self/fd').length - then.fds));
  tell('bytes of heap more than before', String((await heapUsed()) - then.heap));
  await watched.close();
  await close();
  receiver.close();
}

try {
  await measure();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
