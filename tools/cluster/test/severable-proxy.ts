import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A way to a server that can be cut: then nothing gets through, and nobody is told. */
export class SeverableProxy {
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isCut = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async to(url: string): Promise<SeverableProxy> {
    const proxy = new SeverableProxy(Number(new URL(url).port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on TCP
  }

  /** From now on, what either side sends is lost, and new connections hang. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Connections from before are gone, with what was under way on them; new ones get through. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.#isCut) return void client.pause();
    const upstream = connect(this.#targetPort, '127.0.0.1');
    this.#keep(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes) => {
        if (!this.#isCut) to.write(bytes);
      });
      from.on('end', () => {
        if (!this.#isCut) to.end();
      });
      from.on('close', () => {
        if (!this.#isCut) to.destroy();
      });
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined); // a reset is what these are for
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
