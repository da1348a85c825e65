import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** What a server does with a connection once a whole request has come; `request` is its text. */
export type Behaviour = (socket: Socket, request: string) => void;

export interface RawServer {
  readonly port: number;
  readonly endpoint: string;
  /** The whole requests that came, in order. */
  readonly requests: string[];
  /** Connections that were opened. */
  connections: number;
  /** How connections ended that the client ended: reset, or closed in good order. */
  readonly ends: ('reset' | 'closed')[];
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A server that knows TCP and where an HTTP request ends, and does with it what a test says, down to the byte. */
export async function startRawServer(
  behaviour: Behaviour,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let current = behaviour;
  const onConnection = (socket: Socket): void => {
    raw.connections += 1;
    sockets.add(socket);
    let text = '';
    let reset = false;
    socket.on('error', (error: Error & { code?: string }) => {
      reset = error.code === 'ECONNRESET';
    });
    socket.on('close', () => {
      sockets.delete(socket);
      raw.ends.push(reset ? 'reset' : 'closed');
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let size = requestSize(text); size !== null; size = requestSize(text)) {
        const request = text.slice(0, size);
        text = text.slice(size);
        raw.requests.push(request);
        current(socket, request);
      }
    });
  };
  const server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const raw: RawServer = {
    port,
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests: [],
    connections: 0,
    ends: [],
    behave: (next) => {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return raw;
}

function requestSize(text: string): number | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? '0';
  const size = head + 4 + Number(length);
  return text.length >= size ? size : null;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer's bytes; a body that is text is sent as it is, anything else as JSON. */
export function replyText({ status, type, body, headers }: Reply): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? { message: 'words' });
  const lines = [
    `HTTP/1.1 ${status} Words`,
    `content-type: ${typeof body === 'string' ? 'text/html' : 'application/json'}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'x-amzn-requestid: 11111111-2222-3333-4444-555555555555',
    ...(type === undefined ? [] : [`x-amzn-errortype: ${type}`]),
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

/** Answers and leaves the connection open. */
export function reply(answer: Reply): Behaviour {
  return (socket) => void socket.write(replyText(answer));
}
