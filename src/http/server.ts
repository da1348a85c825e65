/** The listeners: sockets, their limits, and an orderly end. */
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { HttpConfig, ListenAddress } from '../config/config.ts';
import type { Journal } from '../controller/ports.ts';
import { BugError, describeBug, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { type App, makeApp } from './app.ts';
import { boundConnections } from './connections.ts';
import type { Metrics } from './metrics.ts';
import type { Listener, Route } from './route.ts';
import { judgeToken, secretReader } from './secret-files.ts';

/** A client that takes longer to send its headers, or its whole request, is cut off. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs: Readonly<Record<Listener, number>> = {
  probes: 10_000,
  web: 30_000,
  // Forges give a delivery up after as long; its body has less, from when it begins to be read.
  hooks: 10_000,
};
/** How often Node looks for those. */
const checkIntervalMs = 1_000;
const keepAliveMs = 5_000;
/** A connection on which nothing moves, as where nobody takes an answer. Streams of events move more often. */
const stillMs = 30_000;
/** No header of a browser, a forge or Prometheus comes near it. */
const headerBytesMax = 16_384;
/** Each listener has its own, so that no flood of one takes the place of another. */
export const connectionsMax: Readonly<Record<Listener, number>> = {
  probes: 64,
  // A few browsers with their streams, and Prometheus, need ten.
  web: 256,
  // Forges have one or two at a time, and here anybody may come.
  hooks: 32,
};
/** At the end, answers in hand get this long. */
const closeMs = 1_000;

export interface ServerOptions {
  readonly config: HttpConfig;
  readonly routes: readonly Route[];
  readonly metrics: Metrics;
  readonly journal: Journal;
  /** Is told each token, so that no text ever holds one. */
  readonly redactor: Pick<Redactor, 'register'>;
}

export interface HttpServer {
  /** Where it listens; a port that was left open is known now. */
  readonly addresses: ReadonlyMap<Listener, ListenAddress>;
  close(): Promise<void>;
}

/** Opens every listener of the configuration, or none. Fault: SG7031, an address cannot be listened on. */
export async function startServer(options: ServerOptions): Promise<Result<HttpServer>> {
  const { config } = options;
  const open: Server[] = [];
  const addresses = new Map<Listener, ListenAddress>();
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    // What goes on for ever is no answer in hand: it would be waited for.
    closing.abort();
    await Promise.all(open.map(closeServer));
  };
  for (const listener of ['probes', 'web', 'hooks'] as const) {
    const address = config[listener];
    if (address === null) continue;
    const server = makeServer(listener, listenerApp(listener, address, options, closing.signal));
    const listening = await listen(server, listener, address);
    if (!listening.ok) {
      await close();
      return listening;
    }
    open.push(server);
    addresses.set(listener, listening.value);
    options.journal.write('info', 'listening', { listener, ...listening.value });
  }
  return ok({ addresses, close });
}

function listenerApp(
  listener: Listener,
  address: ListenAddress,
  options: ServerOptions,
  closing: AbortSignal,
): App {
  const { config, routes, metrics, journal } = options;
  const needsToken = config.tokenFiles.length > 0;
  const isLoopback = address.host === '::1' || address.host.startsWith('127.');
  return makeApp({
    listener,
    routes,
    readTokens: needsToken ? tokenReader(config.tokenFiles, options) : null,
    checksHost: listener === 'web' && isLoopback && !needsToken,
    closing,
    onAnswer: (status) =>
      metrics.count('snowgate_http_requests_total', { listener, status: `${Math.floor(status / 100)}xx` }),
    onBug: (error) => {
      const reason = describeBug(error);
      journal.write('error', 'a bug kept a request from its answer', { code: 'SG7033', listener, reason });
    },
  });
}

function tokenReader(
  files: readonly string[],
  { journal, redactor }: ServerOptions,
): () => Promise<readonly string[]> {
  return secretReader({
    files,
    what: 'http token',
    judge: judgeToken,
    tell: ({ code, message }) =>
      journal.write('warn', 'http token cannot be used', { code, reason: message }),
    redactor,
  });
}

function makeServer(listener: Listener, app: App): Server {
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs[listener],
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAliveMs,
  });
  server.timeout = stillMs;
  const answer = getRequestListener(app, {
    // What the rest of the process sees as Request and Response stays Node's own.
    overrideGlobalObjects: false,
    // HTTP/1.0 needs no Host, and the checks of some load balancers send none.
    hostname: 'localhost',
  });
  const connections = boundConnections(server, connectionsMax[listener]);
  server.on('request', (request, response) => {
    if (connections.admit(request.socket, response)) void answer(request, response);
  });
  return server;
}

function listen(server: Server, listener: Listener, address: ListenAddress): Promise<Result<ListenAddress>> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
      const message = `http.${listener} cannot listen on ${where}: ${error.code ?? error.message}`;
      const hint =
        error.code === 'EADDRINUSE'
          ? `another process listens there: end it, or write another http.${listener}.listen`
          : `write an address of this machine and a port that this user may open: http.${listener}.listen`;
      resolve(failed(fault('SG7031', 'human', message, hint)));
    });
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      // Too few descriptors or no memory for one connection: the next one may be taken, and a process does not end for it.
      server.on('error', () => undefined);
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new BugError('a listener without a port');
      resolve(ok({ host: bound.address, port: bound.port }));
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
