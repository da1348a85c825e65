/**
 * The connections of one listener. Whoever reaches a port can open many, say nothing on them, and send on without reading what
 * is answered: so their number is bounded, one that waits for nothing makes room for a new one, and none has more than a few
 * requests in hand.
 */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Of one connection. Nobody of ours sends a request before the last one is answered; of what is sent ahead, thousands fit into
 * one packet, and Node begins all of them at once.
 */
export const requestsInHandMax = 4;

export interface Connections {
  /** Whether this request may be answered. Where too many came ahead of their answers, its connection is ended, and none is. */
  admit(socket: Socket, response: ServerResponse): boolean;
}

/**
 * Holds the server to so many connections. Beyond them the one is ended that has waited longest without a request in hand:
 * silent, amidst its headers, or kept for a next request. Where all have one, it is the new one.
 */
export function boundConnections(server: Server, connectionsMax: number): Connections {
  const inHand = new Map<Socket, number>();
  /** Those without a request in hand, the longest first. */
  const idle = new Set<Socket>();
  const forget = (socket: Socket): void => {
    inHand.delete(socket);
    idle.delete(socket);
  };
  const end = (socket: Socket): void => {
    forget(socket);
    socket.destroy();
  };
  const release = (socket: Socket): void => {
    const left = (inHand.get(socket) ?? 0) - 1;
    // Forgotten already.
    if (left < 0) return;
    inHand.set(socket, left);
    if (left === 0) idle.add(socket);
  };
  server.on('connection', (socket) => {
    inHand.set(socket, 0);
    idle.add(socket);
    socket.once('close', () => forget(socket));
    const [longest] = idle;
    if (inHand.size > connectionsMax && longest !== undefined) end(longest);
  });
  return {
    admit(socket, response) {
      const count = inHand.get(socket);
      if (count === undefined) return false;
      if (count >= requestsInHandMax) {
        end(socket);
        return false;
      }
      inHand.set(socket, count + 1);
      idle.delete(socket);
      response.once('close', () => release(socket));
      return true;
    },
  };
}
