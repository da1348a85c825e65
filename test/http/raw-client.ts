/** A client that says what no client says: bytes of a connection, as they are. */
import { connect, type Socket } from 'node:net';

export interface RawClient {
  readonly socket: Socket;
  /** All that was said to it. */
  heard: string;
  isClosed: boolean;
  /** When the connection has ended, with all that was said to it. */
  readonly closed: Promise<string>;
}

/** Connects, and says this. */
export async function openRaw(url: string, said: string | Buffer = ''): Promise<RawClient> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => {
      client.isClosed = true;
      resolve(client.heard);
    });
  });
  const client: RawClient = { socket, heard: '', isClosed: false, closed };
  socket.on('data', (bytes) => {
    client.heard += bytes.toString('latin1');
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(said);
  return client;
}

/** Everything that the server says to these bytes, until it hangs up. */
export async function speak(url: string, said: string | Buffer): Promise<string> {
  return (await openRaw(url, said)).closed;
}
