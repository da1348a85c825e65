/** A container of the image on trial, without a container engine: its files, its configuration, and namespaces of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ended } from '../e2e/processes.ts';
import { until } from '../e2e/world.ts';

/** The part of an image's configuration that an engine goes by. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Image {
  readonly config: ImageConfig;
  readonly root: string;
  remove(): void;
}

const enter = fileURLToPath(new URL('enter.sh', import.meta.url));

function buildah(...args: string[]): string {
  return execFileSync('buildah', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** The files and the configuration of an image that buildah has. */
export function openImage(name: string): Image {
  const { config } = JSON.parse(buildah('inspect', '--type', 'image', name)).Docker as {
    config: ImageConfig;
  };
  const container = buildah('from', '--pull-never', name);
  return { config, root: buildah('mount', container), remove: () => void buildah('rm', container) };
}

export interface RunOptions {
  /** `SOURCE:TARGET:ro` or `SOURCE:TARGET:rw`. */
  readonly mounts?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** In the place of the image's own. */
  readonly entrypoint?: readonly string[];
}

export interface Container {
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
  /** The id of the container's process 1 out here, once there is one. */
  first(): number;
  /** The states of all processes in it, such as S for sleeping and Z for ended and never collected. */
  states(): string[];
  /** Runs something in it, as `docker exec` and the health check do; its exit code. */
  exec(...argv: string[]): Promise<number>;
}

/** Starts a container: read-only files, fresh /tmp and /run, the image's user, entry point and environment. */
export function startContainer(image: Image, argv: readonly string[], options: RunOptions = {}): Container {
  const { config, root } = image;
  const env = [
    ...config.Env,
    ...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
  ];
  const program = [...(options.entrypoint ?? config.Entrypoint), ...argv];
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', enter, root, config.User, ...(options.mounts ?? [])],
      ...['--', ...env, ...program],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const container = { text, ended, ...looks(child, config) };
  running.add(container);
  const forget = (): void => void running.delete(container);
  ended.then(forget, forget);
  return container;
}

const running = new Set<Container>();

/** Ends what a test has left running, before its volumes go. */
export async function endContainers(): Promise<void> {
  await Promise.all(
    [...running].map(async (container) => {
      signal(container, 'SIGKILL');
      await container.ended;
    }),
  );
}

function looks(child: ChildProcess, { User }: ImageConfig): Pick<Container, 'first' | 'states' | 'exec'> {
  const first = (): number => Number(childrenOf(child.pid ?? 0)[0] ?? 0);
  const [uid = '', gid = ''] = User.split(':');
  return {
    first,
    states: () => below(first()).map((id) => readState(id)),
    exec: (...argv) => {
      const inside = ['--target', String(first()), '--mount', '--pid', '--root', '--wd'];
      const user = ['--setuid', uid, '--setgid', gid, '--', ...argv];
      const entered = spawn('nsenter', [...inside, ...user], { stdio: 'ignore' });
      return new Promise((resolve, reject) => {
        entered.on('error', reject);
        entered.on('close', (code) => resolve(code ?? -1));
      });
    },
  };
}

function childrenOf(id: number): string[] {
  try {
    return readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

function below(id: number): number[] {
  return childrenOf(id).flatMap((child) => [Number(child), ...below(Number(child))]);
}

function readState(id: number): string {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return 'gone';
  }
}

/** Sends a signal to the container's process 1, as an engine does. */
export function signal(container: Container, name: NodeJS.Signals): void {
  process.kill(container.first(), name);
}

/** Waits until the container's program has taken over from the script that prepares its mounts. */
export async function untilEntered(container: Container, program: string): Promise<void> {
  await until(`${program} is process 1`, () => {
    try {
      return readFileSync(`/proc/${container.first()}/comm`, 'utf8').trim() === program;
    } catch {
      return false;
    }
  });
}

/** A folder that belongs to the image's user, as a volume. */
export function makeVolume({ User }: ImageConfig): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-image-'));
  const [uid, gid] = User.split(':').map(Number);
  mkdirSync(dir, { recursive: true });
  chownSync(dir, uid ?? 0, gid ?? 0);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Every path below a folder of the image, to see that nothing was written there. */
export function listFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
}
