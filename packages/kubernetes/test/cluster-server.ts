import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterAccess } from '../src/cluster-access.ts';

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Answers a request in place of the server; false lets the server answer after all. */
export type Fault = (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;

interface Watcher {
  readonly response: ServerResponse;
  readonly collection: string;
  readonly namespace: string | undefined;
}

interface Parsed {
  readonly versionPath: string;
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The least of an API server that sources can be tested on. Everything it does wrong is put in by tests. */
export class ClusterServer {
  readonly requests: URL[] = [];
  readonly accepts: string[] = [];
  /** Tried in order for each request, each until it returns true once. */
  readonly faults: Fault[] = [];
  /** For example `/api/v1/secrets`. */
  readonly served = new Set<string>();
  version = 100;
  streamedLists: 'supported' | 'refused' | 'ignored' = 'refused';
  readonly #objects = new Map<string, StoredObject>();
  readonly #watchers = new Set<Watcher>();
  readonly #sockets = new Set<Socket>();
  #history: {
    readonly version: number;
    readonly collection: string;
    readonly event: { type: string; object: StoredObject };
  }[] = [];
  #uids = 0;
  readonly #server = createServer((request, response) => this.#handle(request, response));

  async listen(): Promise<ClusterAccess> {
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo; // it listens on TCP
    const server = new URL(`http://127.0.0.1:${port}`);
    return {
      server,
      namespace: 'default',
      authenticate: async () => ({ headers: { Authorization: 'Bearer s3cret' }, tls: {} }),
    };
  }

  async close(): Promise<void> {
    this.#server.close();
    this.reset();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  set(collection: string, object: StoredObject): void {
    this.version += 1;
    const key = keyOf(collection, object.metadata.namespace, object.metadata.name);
    const before = this.#objects.get(key);
    const uid = before?.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const stored = { ...object, metadata: { uid, ...object.metadata, resourceVersion: String(this.version) } };
    this.#objects.set(key, stored);
    this.#tell(collection, before === undefined ? 'ADDED' : 'MODIFIED', stored);
  }

  delete(collection: string, namespace: string | undefined, name: string): void {
    const key = keyOf(collection, namespace, name);
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.version += 1;
    this.#objects.delete(key);
    this.#tell(collection, 'DELETED', {
      ...before,
      metadata: { ...before.metadata, resourceVersion: String(this.version) },
    });
  }

  /** Loses everything, as a server does on an empty disk. */
  wipe(version: number): void {
    this.#objects.clear();
    this.#history = [];
    this.version = version;
    this.reset();
  }

  /** Breaks all connections. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Writes to the open watches, line ends included. */
  write(collection: string, text: string | Buffer): void {
    for (const watcher of this.#watchers) if (watcher.collection === collection) watcher.response.write(text);
  }

  endWatches(collection: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.collection !== collection) continue;
      this.#watchers.delete(watcher);
      watcher.response.end();
    }
  }

  watching(collection: string): number {
    return [...this.#watchers].filter((watcher) => watcher.collection === collection).length;
  }

  count(collection: string, query: string): number {
    return this.requests.filter((url) => url.pathname === collection && url.search.includes(query)).length;
  }

  #tell(collection: string, type: string, object: StoredObject): void {
    const event = { type, object };
    this.#history.push({ version: this.version, collection, event });
    for (const watcher of this.#watchers) {
      const isSeen = watcher.collection === collection && isWithin(object, watcher.namespace);
      if (isSeen) watcher.response.write(`${JSON.stringify(event)}\n`);
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server');
    this.requests.push(url);
    this.accepts.push(`${url.pathname} ${request.headers.accept ?? ''}`);
    for (const fault of this.faults) {
      if (!fault(request, response, url)) continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      return;
    }
    const parsed = parsePath(url.pathname);
    if (parsed === undefined) return this.#discover(url.pathname, response);
    if (!this.served.has(parsed.collection))
      return status(response, 404, 'the server could not find the requested resource');
    if (parsed.name !== undefined) return this.#get(parsed, response);
    if (url.searchParams.get('watch') === 'true') return this.#watch(parsed, url, response);
    this.#list(parsed, url, response);
  }

  #discover(path: string, response: ServerResponse): void {
    const names = [...this.served].flatMap((served) =>
      served.startsWith(`${path}/`) ? [served.slice(path.length + 1)] : [],
    );
    if (names.length === 0) return status(response, 404, 'no such group');
    json(response, 200, { kind: 'APIResourceList', resources: names.map((name) => ({ name })) });
  }

  #get({ collection, namespace, name }: Parsed, response: ServerResponse): void {
    const object = this.#objects.get(keyOf(collection, namespace, name ?? ''));
    if (object === undefined) status(response, 404, 'not found');
    else json(response, 200, object);
  }

  #selected(collection: string, namespace: string | undefined): readonly StoredObject[] {
    const entries = [...this.#objects].filter(
      ([key, object]) => key.startsWith(`${collection} `) && isWithin(object, namespace),
    );
    return entries.map(([, object]) => object);
  }

  #list({ collection, namespace }: Parsed, url: URL, response: ServerResponse): void {
    const all = this.#selected(collection, namespace);
    const start = Number(url.searchParams.get('continue') ?? '0');
    const limit = Number(url.searchParams.get('limit') ?? Infinity);
    const isLast = start + limit >= all.length;
    const metadata = { resourceVersion: String(this.version), ...(isLast ? {} : { continue: String(start + limit) }) };
    json(response, 200, { kind: 'List', metadata, items: all.slice(start, start + limit) });
  }

  #watch({ collection, namespace }: Parsed, url: URL, response: ServerResponse): void {
    const isStreamed = url.searchParams.get('sendInitialEvents') === 'true';
    if (isStreamed && this.streamedLists === 'refused') return status(response, 422, 'sendInitialEvents is forbidden');
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    if (isStreamed && this.streamedLists === 'supported') {
      for (const object of this.#selected(collection, namespace))
        response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
      response.write(`${JSON.stringify(bookmark(this.version, { 'k8s.io/initial-events-end': 'true' }))}\n`);
    } else {
      const since = Number(url.searchParams.get('resourceVersion') ?? '0');
      for (const { version, collection: other, event } of this.#history) {
        const isDue = version > since && other === collection && isWithin(event.object, namespace);
        if (isDue) response.write(`${JSON.stringify(event)}\n`);
      }
    }
    const watcher = { response, collection, namespace };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }
}

export function bookmark(version: number, annotations: Record<string, string> = {}): unknown {
  return { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version), annotations } } };
}

export function status(
  response: ServerResponse,
  code: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

function parsePath(path: string): Parsed | undefined {
  const match = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  const [, versionPath = '', namespace, resource = '', name] = match;
  return { versionPath, collection: `${versionPath}/${resource}`, namespace, name };
}

function keyOf(collection: string, namespace: string | undefined, name: string): string {
  return `${collection} ${namespace ?? ''}/${name}`;
}

function isWithin({ metadata }: StoredObject, namespace: string | undefined): boolean {
  return namespace === undefined || metadata.namespace === namespace;
}

/** Settles as soon as the condition holds; gives up after four seconds, before the test does. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 4000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`this never came true: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
