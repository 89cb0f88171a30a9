import { ApiServer } from '@koko/api-server';
import type { ApiObject, ApiServerOptions } from '@koko/api-server';

/** Runs the body against a started server and stops it afterwards. */
export async function withServer(
  body: (server: ApiServer) => Promise<void>,
  options: ApiServerOptions = {},
): Promise<void> {
  const server = new ApiServer(options);
  await server.start();
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  // The tests look into answers freely; a wrong guess fails the test.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, its answer parsed where it is JSON. */
export async function ask(
  server: ApiServer,
  method: string,
  path: string,
  { body, headers = {} }: RequestOptions = {},
): Promise<JsonAnswer> {
  const response = await fetch(server.url + path, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export function ingress(name: string, host = 'example.test', namespace = 'default'): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace },
    spec: { ingressClassName: 'kong', rules: [{ host }] },
  };
}

export function configMap(name: string, data: Record<string, string> = {}, namespace = 'default'): ApiObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

export const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

export interface WatchEvent {
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly object: any; // as in JsonAnswer
}

/** A watch read line by line. */
export class OpenWatch {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #text = '';

  static async open(server: ApiServer, path: string, signal?: AbortSignal): Promise<OpenWatch> {
    const separator = path.includes('?') ? '&' : '?';
    return new OpenWatch(
      await fetch(`${server.url}${path}${separator}watch=1`, signal === undefined ? {} : { signal }),
    );
  }

  constructor(response: Response) {
    if (response.body === null) throw new TypeError('Cannot watch: the answer has no body');
    this.response = response;
    this.#reader = response.body.getReader();
  }

  /** The next line, or undefined at the end of the stream. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async next(): Promise<WatchEvent> {
    const line = await this.line();
    if (line === undefined) throw new TypeError('Cannot read the next event: the watch has ended');
    return JSON.parse(line);
  }

  async take(count: number): Promise<readonly WatchEvent[]> {
    const events: WatchEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** `ADDED a`, for comparing. */
export function brief({ type, object }: WatchEvent): string {
  return `${type} ${object.metadata.name}`;
}
