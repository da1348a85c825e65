import { spawn } from 'node:child_process';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * A smart HTTP server over `git http-backend` on a loopback port: every repository below `root` under its own path.
 * What it demands and how it misbehaves may be changed while it runs.
 */
export interface GitServer {
  /** `http://127.0.0.1:PORT`; a repository is `${url}/name.git`. */
  readonly url: string;
  /** The Authorization header a request must bear, compared whole; null lets everybody in. */
  authorization: string | null;
  /** How the next requests go wrong; see {@link GitServerFault}. Asked once for each request. */
  fault: (request: GitRequest) => GitServerFault | null;
  /** Every request so far, in order. */
  readonly requests: readonly GitRequest[];
  close(): Promise<void>;
}

export interface GitRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** What it is about: the advertisement of refs, the objects of a fetch, or a push. */
  readonly kind: 'refs' | 'fetch' | 'push';
  readonly authorization: string | null;
}

export type GitServerFault =
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Answers with a status, and a Location where one is given. */
  | { readonly kind: 'status'; readonly status: number; readonly location?: string }
  /** Cuts the connection before git sees the request. */
  | { readonly kind: 'cutBefore' }
  /** Lets git do its work, then cuts the connection after so many bytes of the answer (0: none). */
  | { readonly kind: 'cutAfter'; readonly bytes: number }
  /** Lets git do its work, and answers so much later. */
  | { readonly kind: 'delay'; readonly durationMs: number };

/** `Authorization` as a client with a username and a password sends it. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** With a key and a certificate (PEM) it speaks https. */
export async function startGitServer(
  root: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<GitServer> {
  const requests: GitRequest[] = [];
  const children = new Set<ReturnType<typeof spawn>>();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const seen = describe(request);
    requests.push(seen);
    if (handle.authorization !== null && seen.authorization !== handle.authorization) {
      request.resume();
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end('no\n');
      return;
    }
    const fault = handle.fault(seen);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cutBefore') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      request.resume();
      response.writeHead(fault.status, fault.location === undefined ? {} : { Location: fault.location });
      response.end('fault\n');
      return;
    }
    const child = serve(root, request, response, fault);
    children.add(child);
    child.on('close', () => children.delete(child));
  };
  const server: Server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const handle: GitServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorization: null,
    fault: () => null,
    requests,
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return handle;
}

function describe(request: IncomingMessage): GitRequest {
  const path = request.url ?? '/';
  let kind: GitRequest['kind'] = 'refs';
  if (path.includes('/git-upload-pack')) kind = 'fetch';
  if (path.includes('/git-receive-pack')) kind = 'push';
  return { method: request.method ?? '', path, kind, authorization: request.headers.authorization ?? null };
}

/** One request through the CGI program that git brings along. */
function serve(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault: GitServerFault | null,
) {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['-c', 'http.receivepack=true', '-c', 'http.uploadpack=true', 'http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: root,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method ?? '',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const respond = (): void => answer(Buffer.concat(chunks), request, response, fault);
    if (fault?.kind === 'delay') setTimeout(respond, fault.durationMs);
    else respond();
  });
  return child;
}

function answer(
  output: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  fault: GitServerFault | null,
): void {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0 || response.destroyed) {
    request.socket.destroy();
    return;
  }
  const headers = new Map<string, string>();
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number((headers.get('status') ?? '200').slice(0, 3));
  headers.delete('status');
  const body = output.subarray(end + 4);
  if (fault?.kind === 'cutAfter') {
    response.writeHead(status, { ...Object.fromEntries(headers), 'Content-Length': String(body.length + 1) });
    response.flushHeaders();
    const part = body.subarray(0, fault.bytes);
    if (part.length === 0) request.socket.destroy();
    else response.write(part, () => request.socket.destroy());
    return;
  }
  response.writeHead(status, Object.fromEntries(headers)).end(body);
}
