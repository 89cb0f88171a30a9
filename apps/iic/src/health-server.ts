import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { untilAborted } from '@koko/lifecycle';
import type { Runnable } from '@koko/lifecycle';
import { listenError } from './listening.ts';

/** An answer to a request for health, metrics or status. */
export interface HealthAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  /** Answers by path; a path that is not here is 404. */
  readonly routes: Readonly<Record<string, () => HealthAnswer | Promise<HealthAnswer>>>;
}

const DRAIN_TIMEOUT_MS = 1000;
const REQUEST_TIMEOUT_MS = 10_000;

/** Small HTTP server for probes, Prometheus and people with curl. Read only. */
export class HealthServer implements Runnable {
  readonly name = 'health-server';
  readonly #options: HealthServerOptions;
  #server: Server | undefined;

  constructor(options: HealthServerOptions) {
    this.#options = options;
  }

  /** The port in use once ready; differs from the option when that was 0. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      void this.#answer(request, response);
    });
    server.maxConnections = 256;
    this.#server = server;
    try {
      server.listen(port, host);
      await once(server, 'listening', { signal });
      ready();
      await untilAborted(signal);
    } catch (error) {
      if (!signal.aborted)
        throw listenError(error, { purpose: 'health and metrics', flag: '--health-port', address: `${host}:${port}` });
    } finally {
      await close(server);
    }
  }

  async #answer({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = URL.parse(url, 'http://health')?.pathname ?? url; // not all that can be asked for is a URL, such as `//`
    const answer = this.#options.routes[path];
    if (answer === undefined)
      return send(response, plain(404, `Not found; there is ${Object.keys(this.#options.routes).join(', ')}`));
    if (method !== 'GET' && method !== 'HEAD') return send(response, plain(405, 'Only GET is answered here'));
    try {
      send(response, await answer());
    } catch (error) {
      send(response, plain(500, `Cannot answer: ${(error as Error).message}`)); // routes throw only Errors
    }
  }
}

/** A text answer that ends in a line break. */
export function plain(status: number, text: string): HealthAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

/** A JSON answer, indented for people. */
export function json(status: number, value: unknown): HealthAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function send(response: ServerResponse, { status, contentType, body }: HealthAnswer): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(deadline);
}
