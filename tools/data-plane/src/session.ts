import type { WebSocket } from 'ws';

/** One protocol on one connection. */
export interface Session {
  /** Runs before the first frame can arrive. */
  prepare(socket: WebSocket): void;
  /** Runs once the WebSocket is open; settles when there is nothing more to say. */
  start(): Promise<void>;
  /** Settles when nothing of this session runs any more; the connection has ended by then. */
  close(): Promise<void>;
}
