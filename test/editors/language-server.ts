/**
 * The language server that editors run for YAML, as a child process, and as much of the protocol as the tests ask for.
 * It reads schemas from files alone: its schema store is off, and a test that needed the network would fail.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

export interface Completion {
  readonly label: string;
  readonly insertText?: string;
  readonly documentation?: string | { readonly value: string };
}

/** What an editor's settings say below `yaml`. */
export type Settings = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly uri?: string; readonly items?: readonly { readonly section?: string }[] };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A server that is silent for so long hangs; a busy machine answers within a second. */
const answerTimeoutMs = 20_000;
const endTimeoutMs = 5_000;

const require = createRequire(import.meta.url);
const serverFile = join(
  dirname(require.resolve('yaml-language-server/package.json')),
  'bin/yaml-language-server',
);

/** One server process. `end` is always called: it leaves no process behind, even where the server does not listen. */
export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #root: string;
  readonly #waiters = new Map<string, Waiter>();
  readonly #versions = new Map<string, number>();
  #settings: Settings;
  #received: Buffer = Buffer.alloc(0);
  #lastId = 0;
  #stderr = '';

  private constructor(root: string, settings: Settings) {
    this.#root = root;
    this.#settings = settings;
    this.#child = spawn(process.execPath, [serverFile, '--stdio'], { cwd: root, env: {}, stdio: 'pipe' });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk}`.slice(-4096);
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('close', () => this.#failAll(`the language server has ended: ${this.#stderr}`));
  }

  /** Starts a server for the folder `root`, whose schemas are those that the settings name. */
  static async start(root: string, settings: Settings): Promise<LanguageServer> {
    const server = new LanguageServer(root, settings);
    try {
      const rootUri = pathToFileURL(root).href;
      await server.#ask('initialize', {
        processId: process.pid,
        rootUri,
        workspaceFolders: [{ uri: rootUri, name: 'root' }],
        capabilities: {
          workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
          textDocument: {
            completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
            hover: { contentFormat: ['markdown'] },
          },
        },
      });
      const asked = server.#wait('configuration');
      server.#tell('initialized', {});
      await asked;
      return server;
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  uriOf(path: string): string {
    return pathToFileURL(join(this.#root, path)).href;
  }

  /** What an editor would underline in a file of this path and text; the file need not exist. */
  async diagnose(path: string, text: string): Promise<readonly Diagnostic[]> {
    const uri = this.uriOf(path);
    const told = this.#wait(`diagnostics ${uri}`);
    this.#show(uri, text);
    return (await told) as readonly Diagnostic[];
  }

  /** What an editor would offer where the text has a `|`, which is taken out. */
  async complete(path: string, marked: string): Promise<readonly Completion[]> {
    const answer = await this.#askAt('textDocument/completion', path, marked);
    return (answer as { readonly items: readonly Completion[] }).items;
  }

  /** The markdown that an editor would show over the place where the text has a `|`. */
  async hover(path: string, marked: string): Promise<string> {
    const answer = await this.#askAt('textDocument/hover', path, marked);
    return (answer as { readonly contents?: { readonly value: string } } | null)?.contents?.value ?? '';
  }

  /** Takes other settings, as after an edit of them. */
  async configure(settings: Settings): Promise<void> {
    this.#settings = settings;
    const asked = this.#wait('configuration');
    this.#tell('workspace/didChangeConfiguration', { settings: {} });
    await asked;
  }

  async end(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      else this.#child.once('close', () => resolve());
    });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endTimeoutMs);
    await this.#ask('shutdown', null).catch(() => undefined);
    this.#tell('exit', null);
    await closed;
    clearTimeout(timer);
  }

  async #askAt(method: string, path: string, marked: string): Promise<unknown> {
    const at = marked.indexOf('|');
    const before = marked.slice(0, at).split('\n');
    const text = marked.slice(0, at) + marked.slice(at + 1);
    // In a folder of its own: what is told of it later must not be taken for what is told of a text that is diagnosed.
    const uri = this.uriOf(`asked/${path}`);
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    this.#show(uri, text);
    return this.#ask(method, { textDocument: { uri }, position });
  }

  /** Opens a document, or changes all of it. It stays open: closing it would be told as having no problem any more. */
  #show(uri: string, text: string): void {
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    if (version === 1)
      this.#tell('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version, text } });
    else this.#tell('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = this.#wait(`answer ${id}`);
    this.#send({ jsonrpc: '2.0', id, method, params });
    return answer;
  }

  #tell(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  #wait(what: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const silent = () => this.#settle(what, ({ reject: fail }) => fail(new Error(`no ${what}`)));
      this.#waiters.set(what, { resolve, reject, timer: setTimeout(silent, answerTimeoutMs) });
    });
  }

  #settle(what: string, settle: (waiter: Waiter) => void): void {
    const waiter = this.#waiters.get(what);
    if (waiter === undefined) return;
    this.#waiters.delete(what);
    clearTimeout(waiter.timer);
    settle(waiter);
  }

  #failAll(message: string): void {
    for (const what of [...this.#waiters.keys()])
      this.#settle(what, ({ reject }) => reject(new Error(message)));
  }

  #send(message: object): void {
    const body = JSON.stringify(message);
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(
        /Content-Length: (\d+)/i.exec(this.#received.toString('latin1', 0, headEnd))?.[1],
      );
      const end = headEnd + 4 + length;
      if (this.#received.length < end) return;
      const message = JSON.parse(this.#received.toString('utf8', headEnd + 4, end)) as Message;
      this.#received = this.#received.subarray(end);
      this.#handle(message);
    }
  }

  #handle({ id, method, params, result, error }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { diagnostics } = params as unknown as { readonly diagnostics: readonly Diagnostic[] };
      this.#settle(`diagnostics ${params?.uri}`, ({ resolve }) => resolve(diagnostics));
    } else if (method === 'workspace/configuration') {
      const sections = params?.items ?? [];
      const answer = sections.map(({ section }) => (section === 'yaml' ? this.#settings : null));
      this.#send({ jsonrpc: '2.0', id, result: answer });
      this.#settle('configuration', ({ resolve }) => resolve(undefined));
    } else if (method !== undefined && id !== undefined) {
      this.#send({ jsonrpc: '2.0', id, result: null });
    } else if (id !== undefined) {
      this.#settle(`answer ${id}`, ({ resolve, reject }) =>
        error === undefined ? resolve(result) : reject(new Error(error.message)),
      );
    }
  }
}
