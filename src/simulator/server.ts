/** The wire: node:http on a loopback port around the service's pure model. It holds the clock, the timers and the sockets. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { systemClock } from '../lib/clock.ts';
import type { Fault, Result } from '../lib/faults.ts';
import { BugError, failed, fault, ok } from '../lib/faults.ts';
import { apiError } from './answer.ts';
import { answerControl, controlPath } from './control.ts';
import type { Outgoing } from './exchange.ts';
import { answerError, beginExchange } from './exchange.ts';
import { makeRequestId } from './identity.ts';
import type { SimulatorOptions } from './options.ts';
import { defaultOptions, isLoopback } from './options.ts';
import { startOffline } from './roster.ts';
import { findContradictions } from './seats.ts';
import type { Service } from './service.ts';
import { createService, recordCall } from './service.ts';
import { playTimeline } from './timeline.ts';

/** The largest CreateTask that the grammar allows is below 130 KiB, every character escaped; twice that. */
const bodyBytesMax = 256 * 1024;
/** A client that sends a byte a second must not hold a socket for ever. */
const requestTimeoutMs = 30_000;
/** Longer than clients keep a connection for reuse, so that it is they who close it, never in the middle of a request. */
const keepAliveTimeoutMs = 60_000;
const connectionsMax = 2_048;

export interface Simulator {
  readonly endpoint: string;
  readonly fleets: readonly {
    readonly account: string;
    readonly region: string;
    readonly devices: readonly string[];
  }[];
  /** Ends every connection, also those that wait for an answer, and frees the port. */
  close(): Promise<void>;
}

/** {@link openSimulator} for callers whose options are their own words: what is wrong with them is a {@link BugError}. */
export async function startSimulator(
  options: Partial<SimulatorOptions> = {},
  clock: Clock = systemClock,
): Promise<Simulator> {
  const opened = await openSimulator({ ...defaultOptions, ...options }, clock);
  if (!opened.ok) throw new BugError(`${opened.fault.code}: ${opened.fault.message}`);
  return opened.value;
}

/**
 * Starts to listen. Faults: SG6002 an address that is not loopback, SG6004 fleets that contradict each other, SG6005
 * the address cannot be had.
 */
export async function openSimulator(
  options: SimulatorOptions,
  clock: Clock = systemClock,
): Promise<Result<Simulator>> {
  const { host, port } = options.listen;
  if (!isLoopback(host)) {
    return failed(
      fault(
        'SG6002',
        'human',
        `the simulator does not listen on ${host}: it trusts whoever reaches it`,
        'use 127.0.0.1 or ::1',
      ),
    );
  }
  const [contradiction] =
    options.fleets.length === 0
      ? ['there is no fleet']
      : findContradictions(options.fleets, options.signingKeys);
  if (contradiction !== undefined) return failed(fault('SG6004', 'human', contradiction));

  const fleets = options.fleets.map((seat) => ({
    ...seat,
    devices: startOffline(seat.devices, options.offline),
  }));
  const service = createService({ ...options, fleets }, clock.wallMs());
  const closing = new AbortController();
  const server = createServer(
    { requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    (request, response) => {
      serve(service, clock, closing.signal, request, response).catch((error: unknown) => {
        reportBug(service, clock, response, error);
      });
    },
  );
  server.maxConnections = connectionsMax;
  const refused = await listen(server, host, port);
  if (refused !== null) return failed(refused);
  const address = server.address() as AddressInfo;
  return ok({
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    fleets: service.fleets.map(({ account, region, devices }) => ({
      account,
      region,
      devices: devices.map(({ deviceId }) => deviceId),
    })),
    close: () => close(server, closing),
  });
}

/**
 * Null when it listens. What goes wrong later (a connection that cannot be taken because this process has too many files
 * open) is seen by that one client, and must not end everything else.
 */
function listen(server: Server, host: string, port: number): Promise<Fault | null> {
  return new Promise((resolve) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      const hint =
        error.code === 'EADDRINUSE'
          ? 'another program has it; name another port, or 0 for any'
          : 'name another address';
      resolve(
        fault('SG6005', 'human', `cannot listen on ${host}:${port}: ${error.code ?? error.message}`, hint),
      );
    });
    server.listen(port, host, () => resolve(null));
  });
}

function close(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  return new Promise((resolve) => {
    // The callback's error says that it was closed before: then there is nothing left to do.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(
  service: Service,
  clock: Clock,
  closing: AbortSignal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  const body = await readBody(request);
  if (body === 'gone') return;
  const serverMs = clock.wallMs() + service.skewMs;
  const url = request.url ?? '/';
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  if (body === 'tooLarge') {
    const error = apiError('RequestEntityTooLargeException', `A body has at most ${bodyBytesMax} bytes`);
    const refusal = answerError(makeRequestId(service.seed, 0), error, { connection: 'close' });
    send(response, refusal, serverMs);
    return;
  }
  if (path === controlPath || path.startsWith(`${controlPath}/`)) {
    serveControl(service, clock, request, response, path, body.toString('utf8'));
    return;
  }
  playTimeline(service, clock.wallMs() + service.advancedMs);
  const exchange = beginExchange(
    service,
    {
      method: request.method ?? '',
      path,
      query: new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1)),
      signature: {
        authorization: request.headers.authorization,
        amzDate: headerText(request.headers['x-amz-date']),
      },
      wire: {
        rawQuery: cut < 0 ? '' : url.slice(cut + 1),
        headers: readHeaders(request),
        bodyHash: createHash('sha256').update(body).digest('hex'),
      },
      contentType: request.headers['content-type'],
      bodyText: body.toString('utf8'),
    },
    serverMs,
  );
  if (exchange.waitBeforeMs > 0) await clock.sleep(exchange.waitBeforeMs, closing);
  if (closing.aborted) return;
  const nowMs = clock.wallMs() + service.advancedMs;
  // The wait may have been long.
  playTimeline(service, nowMs);
  const finished = exchange.finish(nowMs);
  const { outgoing } = finished;
  recordCall(service, {
    atMs: nowMs,
    requestId: exchange.requestId,
    operation: exchange.operation,
    account: exchange.fleet?.account ?? null,
    region: exchange.fleet?.region ?? null,
    status: outgoing.kind === 'answer' ? outgoing.status : null,
    error: finished.error,
    effect: exchange.rule?.effect ?? null,
    clientToken: finished.clientToken,
    taskId: finished.taskId,
  });
  if (exchange.waitAfterMs > 0) await clock.sleep(exchange.waitAfterMs, closing);
  if (closing.aborted) return;
  if (outgoing.kind === 'hang') await gone;
  else if (outgoing.kind === 'reset') request.socket.resetAndDestroy();
  else send(response, outgoing, clock.wallMs() + service.skewMs);
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Every header by its lower-case name, as often as it came. */
function readHeaders(request: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]?.toLowerCase() ?? '';
    const value = request.rawHeaders[index + 1] ?? '';
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

/** The body; nothing is done for a client that left in the middle of it. */
function readBody(request: IncomingMessage): Promise<Buffer | 'gone' | 'tooLarge'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is too much is still taken in, and thrown away: a client in the middle of sending would not see the refusal.
      if (bytes <= bodyBytesMax) chunks.push(chunk);
      else resolve('tooLarge');
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve('gone'));
    request.on('close', () => resolve('gone'));
  });
}

function send(
  response: ServerResponse,
  answer: Outgoing & { readonly kind: 'answer' },
  serverMs: number,
): void {
  const body = Buffer.from(answer.body, 'utf8');
  // A client may have left meanwhile; writing into what is gone is not our trouble.
  response.on('error', () => response.destroy());
  response.sendDate = false;
  response.writeHead(answer.status, {
    ...answer.headers,
    date: new Date(serverMs).toUTCString(),
    'content-length': body.length,
  });
  if (!answer.cut) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
}

/** Only for this machine's own programs: a web page that a browser here shows must not reach these paths. */
function serveControl(
  service: Service,
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  bodyText: string,
): void {
  const host = (request.headers.host ?? '').replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1');
  const trusted = request.headers.origin === undefined && (host === 'localhost' || isLoopback(host));
  const answer = trusted
    ? answerControl(
        service,
        { method: request.method ?? '', path, bodyText },
        clock.wallMs() + service.advancedMs,
      )
    : {
        status: 403,
        body: { problems: ['these paths are for programs of this machine, by a loopback address'] },
      };
  send(
    response,
    {
      kind: 'answer',
      status: answer.status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(answer.body),
      cut: false,
    },
    clock.wallMs() + service.skewMs,
  );
}

/** A bug of ours, told to the caller as one: a 500 that nobody ordered must not pass for AWS's. */
function reportBug(service: Service, clock: Clock, response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : 'something that is no error was thrown';
  const nowMs = clock.wallMs();
  recordCall(service, {
    atMs: nowMs,
    requestId: '',
    operation: 'SimulatorBug',
    account: null,
    region: null,
    status: 500,
    error: message,
    effect: null,
    clientToken: null,
    taskId: null,
  });
  if (response.headersSent) response.destroy();
  else {
    const bug = apiError('InternalServerException', `This is a bug of the simulator: ${message}`);
    send(response, answerError('', bug), nowMs + service.skewMs);
  }
}
