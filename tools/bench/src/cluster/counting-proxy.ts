import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Stands between a client and a server on loopback and counts what the client gets; TLS goes through as it is. */
export interface CountingProxy {
  /** Of the server, by way of the proxy. */
  readonly url: string;
  /** Bytes that the client has got so far. */
  received(): number;
  stop(): Promise<void>;
}

export async function startCountingProxy(serverUrl: string): Promise<CountingProxy> {
  const { hostname, port, protocol } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let received = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    upstream.on('data', (chunk) => (received += chunk.length));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `${protocol}//${HOST}:${ownPort}`,
    received: () => received,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
