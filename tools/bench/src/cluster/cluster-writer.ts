import { ApiClient, loadClusterAccess } from '@koko/kubernetes';
import type { KubernetesObject } from '@koko/translator';
import { wallClockMs } from '../wall-clock.ts';

/** As many sockets as the client opens; more would only queue. */
const CONCURRENT_REQUESTS = 16;
const PROGRESS_EVERY_MS = 2000;
const WRITE_TIMEOUT_MS = 120_000;

const RESOURCES: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  Service: 'services',
  Secret: 'secrets',
  EndpointSlice: 'endpointslices',
  Ingress: 'ingresses',
  IngressClass: 'ingressclasses',
};

/** When a request was sent, and when its answer was in. */
export interface WriteTimes {
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** How to write an object; `update-status` writes nothing but its status. */
export type Verb = 'create' | 'update' | 'update-status' | 'delete';

/** Writes objects to an API server, as the benchmark itself. */
export class ClusterWriter {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  static async open(kubeconfig: string, signal: AbortSignal): Promise<ClusterWriter> {
    const access = await loadClusterAccess({ content: kubeconfig });
    return new ClusterWriter(new ApiClient({ access, timeoutMs: WRITE_TIMEOUT_MS }), signal);
  }

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async write(verb: Verb, object: KubernetesObject): Promise<WriteTimes> {
    const resource = RESOURCES[object.kind];
    if (resource === undefined) throw new TypeError(`Cannot write a ${object.kind}: its resource is not known here`);
    const { namespace, name } = object.metadata;
    const base = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const collection = `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`;
    const paths = { create: '', update: `/${name}`, 'update-status': `/${name}/status`, delete: `/${name}` };
    const request = {
      verb: verb === 'update-status' ? 'update' : verb,
      resource,
      path: collection + paths[verb],
    } as const;
    const body = verb === 'delete' ? {} : { body: object };
    const sentAt = wallClockMs();
    await this.#client.request({ ...request, ...body }, this.#signal);
    return { sentAt, answeredAt: wallClockMs() };
  }

  /** Writes objects, several at once, and tells people how far it is. */
  async writeAll(verb: Verb, what: string, ...[objects, total]: [Iterable<KubernetesObject>, number]): Promise<void> {
    const started = performance.now();
    const queue = objects[Symbol.iterator]();
    let done = 0;
    const worker = async (): Promise<void> => {
      for (let next = queue.next(); next.done !== true; next = queue.next()) {
        await this.write(verb, next.value);
        done += 1;
      }
    };
    const progress = (): string => {
      const seconds = (performance.now() - started) / 1000;
      return `  ${done} of ${total} ${what}, ${(done / seconds).toFixed(0)}/s\n`;
    };
    const timer = setInterval(() => process.stderr.write(progress()), PROGRESS_EVERY_MS);
    try {
      await Promise.all(Array.from({ length: CONCURRENT_REQUESTS }, worker));
    } finally {
      clearInterval(timer);
    }
    process.stderr.write(progress());
  }

  close(): void {
    this.#client.close();
  }
}
