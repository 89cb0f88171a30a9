import type { WebSocket } from 'ws';

/** A data plane pings every 30 s; one that lets so many answers pile up does not read. */
const MAX_UNREAD = 1000;

/** Answers the pings of one connection, as long as somebody reads the answers. */
export class PongReplies {
  readonly #socket: WebSocket;
  #unread = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @returns False when too many answers wait for the network already; nothing was sent. */
  send(data: Buffer | string): boolean {
    if (this.#unread >= MAX_UNREAD) return false;
    this.#unread += 1;
    this.#socket.pong(data, false, () => (this.#unread -= 1));
    return true;
  }
}

/** Why a connection is cut off when `send` returns false. */
export const UNREAD_PONGS = `data plane goes on pinging and has not read ${MAX_UNREAD} answers`;
