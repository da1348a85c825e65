import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Target {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
}

/** An open connection that nothing was written to yet. */
export interface Connection {
  readonly socket: Socket;
  /**
   * Ends it so that nothing more leaves this machine. An ordinary close lets the kernel go on sending what it holds,
   * for minutes after a cable was pulled: a request that we have given up would arrive long after a look. A reset
   * throws it away.
   */
  cut(): void;
}

export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Opens a connection: looks the name up, connects, and with TLS shakes hands and checks the certificate against Node's
 * authorities and the host's name (whatever NODE_TLS_REJECT_UNAUTHORIZED says). Nothing of a request exists yet, so
 * whatever fails here has sent nothing. Rejects with {@link ConnectError}, also after `timeoutMs` or at the signal.
 */
export async function openConnection(
  target: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  const raw = connectTcp({ host: target.host, port: target.port, noDelay: true });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    await settled(
      raw,
      'connect',
      limit,
      `no connection to ${target.host}:${target.port} within ${timeoutMs} ms`,
    );
    if (!target.tls) return { socket: raw, cut: () => resetSocket(raw) };
    const secure = connectTls({
      socket: raw,
      host: target.host,
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
    });
    await settled(
      secure,
      'secureConnect',
      limit,
      `no TLS with ${target.host}:${target.port} within ${timeoutMs} ms`,
    );
    return {
      socket: secure,
      cut: () => {
        resetSocket(raw);
        secure.destroy();
      },
    };
  } catch (error) {
    raw.destroy();
    throw error;
  }
}

function resetSocket(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

function settled(socket: Socket, event: string, limit: AbortSignal, late: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: ConnectError | null): void => {
      socket.off(event, onReady);
      socket.off('error', onError);
      socket.off('close', onClose);
      limit.removeEventListener('abort', onLimit);
      // From here on others listen, or nobody: an error that nobody hears would end the process.
      socket.on('error', () => undefined);
      if (error === null) {
        resolve();
        return;
      }
      socket.destroy();
      reject(error);
    };
    const onReady = (): void => settle(null);
    const onError = (error: Error): void => settle(asConnectError(error));
    const onClose = (): void =>
      settle(new ConnectError('ECONNRESET', 'the connection was closed while it was opened'));
    const onLimit = (): void => settle(new ConnectError('TimeoutError', late));
    socket.once(event, onReady);
    socket.once('error', onError);
    socket.once('close', onClose);
    limit.addEventListener('abort', onLimit, { once: true });
    if (limit.aborted) onLimit();
  });
}

function asConnectError(error: Error & { code?: unknown; errors?: unknown }): ConnectError {
  const code = typeof error.code === 'string' ? error.code : error.name;
  // Where a name has several addresses, each failure has its own text and the whole has none.
  const first: unknown = Array.isArray(error.errors) ? error.errors[0] : undefined;
  const text = error.message !== '' ? error.message : first instanceof Error ? first.message : code;
  return new ConnectError(code, text);
}
