import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { GitLimits } from './appetite.ts';
import { appetiteLookMs, findExcess } from './appetite.ts';
import { beforeExit } from './last-acts.ts';

/**
 * Running git: an argument array, never a shell, in a process group of its own that is ended whole. What git does,
 * however it ends, is an answer and never a rejection.
 */
export interface GitOptions {
  /** The repository; given to git as `--git-dir`, so that nothing is searched for. Absent where none is needed. */
  readonly gitDir?: string;
  /** Where it runs; a directory that only we write to. */
  readonly cwd: string;
  /** All of the environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; absent means no input at all. */
  readonly input?: string | Uint8Array;
  /** More output than this ends the process. It bounds what is kept, or with `onStdout` what passes through. */
  readonly stdoutLimitBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Watched while it runs; for what a remote decides over. */
  readonly limits?: GitLimits;
  /** Given each piece of output as it comes; then `stdout` of the answer is empty. Throwing ends the process. */
  readonly onStdout?: (chunk: Buffer) => void;
}

/** Why we ended it, if we did: `reader` where `onStdout` threw, `memory` and `disk` where it took more than its limits. */
export type GitStop = 'timeout' | 'aborted' | 'outputLimit' | 'reader' | 'memory' | 'disk';

export interface GitResult {
  /** Null when a signal ended it, or when it never ran. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  /** Its last {@link stderrLimitBytes}, decoded as UTF-8: hostile text, see `explainFailure`. */
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly stopped: GitStop | null;
  /** The system's code where git could not even be started, such as ENOENT. */
  readonly spawnError: string | null;
  /** What `onStdout` threw. */
  readonly readerError: unknown;
}

/** The end of what git complains is what matters; a hostile server may send any amount before it. */
const stderrLimitBytes = 16 * 1024;
/** After SIGTERM git removes its lock files; one that ignores the signal is killed. */
const termGraceMs = 2_000;
/** After the exit, pipes still open are held by a grandchild; what git itself wrote is read long before this. */
const drainMs = 1_000;
/** A killed process that does not end even so is stuck in the kernel; waiting longer helps nobody. */
const killGraceMs = 5_000;

/** Runs git to its end, at most about `timeoutMs` + 8 s. Resolves always, never rejects. */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  if (options.signal?.aborted === true) return Promise.resolve(notRun('aborted', null));
  const full = options.gitDir === undefined ? [...args] : [`--git-dir=${options.gitDir}`, ...args];
  let child: ChildProcess;
  try {
    child = spawn('git', full, {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      shell: false,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // A NUL byte in an argument, or no memory to fork: told like any other failure to start.
    return Promise.resolve(notRun(null, errorCode(error)));
  }
  return watch(child, options);
}

/** Whether git ran to its own end and said yes. Anything else is explained by its caller. */
export function succeeded(result: GitResult): boolean {
  return result.code === 0 && result.stopped === null;
}

function notRun(stopped: GitStop | null, spawnError: string | null): GitResult {
  return {
    code: null,
    signal: null,
    stdout: Buffer.alloc(0),
    stderr: '',
    timedOut: false,
    stopped,
    spawnError,
    readerError: undefined,
  };
}

function watch(child: ChildProcess, options: GitOptions): Promise<GitResult> {
  const output = collectOutput(options, (reason, error) => stop(reason, error));
  const timers = new Set<NodeJS.Timeout>();
  let stopped: GitStop | null = null;
  let readerError: unknown;

  const after = (durationMs: number, act: () => void): void => {
    timers.add(setTimeout(act, durationMs));
  };
  const stop = (reason: GitStop, error?: unknown): void => {
    if (stopped !== null) return;
    stopped = reason;
    readerError = error;
    // Asked to end, git would go on taking for a while.
    killGroup(child, reason === 'memory' || reason === 'disk' ? 'SIGKILL' : 'SIGTERM');
    after(termGraceMs, () => killGroup(child, 'SIGKILL'));
    after(termGraceMs + killGraceMs, () => finish(null, null, null));
  };
  const onAbort = (): void => stop('aborted');
  const forget = beforeExit(() => killGroup(child, 'SIGKILL'));
  const endWatch = watchAppetite(child, options.limits, stop);
  let resolveResult: (result: GitResult) => void = () => undefined;
  let finished = false;

  const finish = (code: number | null, signal: NodeJS.Signals | null, spawnError: string | null): void => {
    if (finished) return;
    finished = true;
    for (const timer of timers) clearTimeout(timer);
    endWatch();
    forget();
    options.signal?.removeEventListener('abort', onAbort);
    if (stopped !== null) killGroup(child, 'SIGKILL');
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    child.unref();
    resolveResult({
      ...output.taken(),
      code,
      signal,
      timedOut: stopped === 'timeout',
      stopped,
      spawnError,
      readerError,
    });
  };

  return new Promise((resolve) => {
    resolveResult = resolve;
    after(options.timeoutMs, () => stop('timeout'));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout?.on('data', output.onStdout);
    child.stderr?.on('data', output.onStderr);
    // Errors of the pipes say nothing that the exit does not: EPIPE when git ends before it has read its input.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => undefined);
    child.on('error', (error) => {
      if (child.pid === undefined) finish(null, null, errorCode(error));
    });
    child.on('close', (code, signal) => finish(code, signal, null));
    child.on('exit', (code, signal) => {
      // Twice, because a busy event loop runs this timer before it has read what git wrote; the second is set only
      // when the first has run, so that the pipes have been read in between.
      after(stopped === null ? drainMs : 0, () => {
        killGroup(child, 'SIGKILL');
        after(drainMs, () => finish(code, signal, null));
      });
    });
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

/** Looks again and again at what a child takes, until the answer is called. */
function watchAppetite(
  child: ChildProcess,
  limits: GitLimits | undefined,
  stop: (reason: GitStop) => void,
): () => void {
  const { pid } = child;
  if (pid === undefined || limits === undefined) return () => undefined;
  let ended = false;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    const excess = await findExcess(pid, limits);
    if (ended) return;
    if (excess === null) again();
    else stop(excess);
  };
  const again = (): void => {
    timer = setTimeout(() => void look(), appetiteLookMs);
  };
  again();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

interface Output {
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  readonly taken: () => { readonly stdout: Buffer; readonly stderr: string };
}

function collectOutput(options: GitOptions, stop: (reason: GitStop, error?: unknown) => void): Output {
  const kept: Buffer[] = [];
  let passedBytes = 0;
  let stderr: Buffer = Buffer.alloc(0);
  let closed = false;
  return {
    onStdout: (chunk) => {
      if (closed) return;
      passedBytes += chunk.length;
      if (passedBytes > options.stdoutLimitBytes) {
        closed = true;
        stop('outputLimit');
        return;
      }
      if (options.onStdout === undefined) {
        kept.push(chunk);
        return;
      }
      try {
        options.onStdout(chunk);
      } catch (error) {
        closed = true;
        stop('reader', error);
      }
    },
    onStderr: (chunk) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-stderrLimitBytes);
    },
    taken: () => ({ stdout: Buffer.concat(kept), stderr: stderr.toString('utf8') }),
  };
}

/** The whole group: git's helpers (git-remote-https, ssh, index-pack) outlive a git that is killed alone. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: all of it has ended already, which is what was wanted.
  }
}

function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown';
}
