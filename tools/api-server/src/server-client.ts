import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';

/** How to reach a server over https. */
export interface ServerAccess {
  readonly url: string;
  readonly token: string;
  /** PEM. */
  readonly certificateAuthority: string;
}

export interface ServerAnswer {
  readonly code: number;
  readonly body: string;
}

/** A few requests to the real server on its own behalf: whether it is ready, and what controllers would ask. */
export class ServerClient {
  readonly #access: () => ServerAccess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  /** @param access Asked before each request; may throw while the server is not there. */
  constructor(access: () => ServerAccess) {
    this.#access = access;
  }

  async ask(
    method: string,
    path: string,
    { body, accept, signal }: { readonly body?: unknown; readonly accept?: string; readonly signal?: AbortSignal } = {},
  ): Promise<ServerAnswer> {
    const response = await this.#open(method, path, { body, accept, signal });
    return { code: response.statusCode ?? 0, body: await text(response) };
  }

  /** The lines of an answer without end. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#open('GET', path, { signal });
    try {
      yield* createInterface({ input: response, crlfDelay: Infinity });
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #open(
    method: string,
    path: string,
    {
      body,
      accept = 'application/json',
      signal,
    }: {
      readonly body?: unknown;
      readonly accept?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<IncomingMessage> {
    const { url, token, certificateAuthority: ca } = this.#access();
    const headers = { authorization: `Bearer ${token}`, accept, 'content-type': 'application/json' };
    const options = { method, ca, headers, agent: this.#agent, timeout: 30_000, ...(signal ? { signal } : {}) };
    const asked = request(`${url}${path}`, options);
    asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response]: IncomingMessage[] = await once(asked, 'response');
    if (response === undefined) throw new TypeError('Cannot read an answer that is not there');
    return response;
  }
}
