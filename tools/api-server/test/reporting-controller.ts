import { setTimeout as pause } from 'node:timers/promises';
import {
  ApiClient,
  ClusterEventWriter,
  ClusterSource,
  ClusterStatusWriter,
  loadClusterAccess,
  PublishAddresses,
} from '@koko/kubernetes';
import type { ApiRequest } from '@koko/kubernetes';
import { silentLogger } from '@koko/lifecycle';
import { ConfigurationReconciler, EventReporter, StatusReconciler } from '@koko/reconcilers';
import type { EntityWriter, EventLimits, StatusLimits } from '@koko/reconcilers';
import { Translator } from '@koko/translator';
import type { WrittenObject } from '../src/cluster-objects.ts';

const limits = { retryFirstMs: 5, retryLongestMs: 100, missingFirstMs: 5, missingLongestMs: 50 };

export interface ReportingControllerOptions {
  /** Default: an address of its own. */
  readonly addresses?: readonly string[];
  /** Followed instead of `addresses`. */
  readonly publishService?: string;
  readonly statusLimits?: Partial<StatusLimits>;
  readonly eventLimits?: Partial<EventLimits>;
}

/** What a controller does to report to the cluster, from source to status and Events, without a store. */
export class ReportingController {
  readonly translator = new Translator({ ingressClass: 'kong', featureGates: { KongServiceFacade: true } });
  readonly warnings: string[] = [];
  readonly #client: ApiClient;
  readonly #source: ClusterSource;
  readonly #reconciler: ConfigurationReconciler;
  readonly #addresses: PublishAddresses;
  readonly status: StatusReconciler;
  readonly events: EventReporter;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #leading: { readonly stop: AbortController; readonly running: readonly Promise<void>[] } | undefined;
  #rounds = 0;

  static async create(
    server: { kubeconfig(): string },
    options: ReportingControllerOptions = {},
  ): Promise<ReportingController> {
    const access = await loadClusterAccess({ content: server.kubeconfig() });
    return new ReportingController(new ApiClient({ access, timeoutMs: 10_000 }), options);
  }

  private constructor(client: ApiClient, options: ReportingControllerOptions) {
    const { addresses = ['192.0.2.1', 'lb.test'], publishService: service } = options;
    const logger = { ...silentLogger, warn: (_: unknown, message: string) => void this.warnings.push(message) };
    this.#client = client;
    this.#source = new ClusterSource({ client, limits });
    const { translator } = this;
    this.#reconciler = new ConfigurationReconciler({
      source: this.#source,
      translator,
      writer: takesAll,
      onReconciled: (reconciliation) => {
        this.#rounds += 1;
        this.status.reconciled(reconciliation);
        this.events.reconciled(reconciliation);
      },
    });
    this.#addresses = new PublishAddresses(service === undefined ? { addresses } : { client, service, limits, logger });
    const shared = {
      objects: { find: (reference: Parameters<ClusterSource['find']>[0]) => this.#source.findMetadata(reference) },
      problems: () => [...translator.problems(), ...this.#reconciler.problems()],
      logger,
    };
    this.status = new StatusReconciler({
      ...shared,
      writer: new ClusterStatusWriter({ client }),
      addresses: this.#addresses,
      accepted: () => translator.accepted(),
      ...(options.statusLimits === undefined ? {} : { limits: options.statusLimits }),
    });
    this.events = new EventReporter({
      ...shared,
      writer: new ClusterEventWriter({ client, instance: 'iic-0' }),
      ...(options.eventLimits === undefined ? {} : { limits: options.eventLimits }),
    });
  }

  /** Rounds of reconciling so far. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Settles once the cluster has been read and reconciled for the first time. */
  async start(): Promise<void> {
    const { signal } = this.#stop;
    const ready = Promise.withResolvers<void>();
    this.#running.push(
      this.#source.run(signal, () => {}),
      this.#addresses.run(signal, () => {}),
      this.#reconciler.run(signal, ready.resolve),
    );
    await ready.promise;
  }

  lead(): void {
    const stop = new AbortController();
    const runnables = [this.status, this.events];
    this.#leading = { stop, running: runnables.map((runnable) => runnable.run(stop.signal, () => {})) };
  }

  /** Settles once nothing is written any more. */
  async cease(): Promise<void> {
    this.#leading?.stop.abort();
    await Promise.all(this.#leading?.running ?? []);
    this.#leading = undefined;
  }

  async stop(): Promise<void> {
    await this.cease();
    this.#stop.abort();
    await Promise.all(this.#running);
    this.#client.close();
  }
}

const takesAll: EntityWriter = {
  write: async () => [],
  list: async () => [],
};

type Fields = Readonly<Record<string, unknown>>;

/** Somebody with a client of their own at an API server. */
export class Operator {
  readonly #client: ApiClient;

  private constructor(client: ApiClient) {
    this.#client = client;
  }

  static async at(server: { kubeconfig(): string }): Promise<Operator> {
    return new Operator(new ApiClient({ access: await loadClusterAccess({ content: server.kubeconfig() }) }));
  }

  close(): void {
    this.#client.close();
  }

  /** Creates the object, or patches it where it is. */
  async apply(object: WrittenObject): Promise<void> {
    const path = pathOf(object);
    const found = await this.find(path);
    const { status, ...body } = object;
    if (found === undefined) await this.#ask({ verb: 'create', path: path.slice(0, path.lastIndexOf('/')), body });
    else await this.#ask({ verb: 'patch', path, body });
    if (status !== undefined) await this.setStatus(object, status);
  }

  async setStatus(object: WrittenObject, status: unknown): Promise<void> {
    await this.#ask({ verb: 'patch', path: `${pathOf(object)}/status`, body: { status } });
  }

  async remove(object: WrittenObject): Promise<void> {
    await this.#ask({ verb: 'delete', path: pathOf(object) });
  }

  async find(target: WrittenObject | string): Promise<Fields | undefined> {
    const path = typeof target === 'string' ? target : pathOf(target);
    return this.#ask({ verb: 'get', path }).catch(() => undefined);
  }

  async statusOf(object: WrittenObject): Promise<unknown> {
    return (await this.find(object))?.['status'];
  }

  /** What `kubectl describe` would show of the objects of a namespace. */
  async events(namespace = 'default'): Promise<readonly Fields[]> {
    const { items } = await this.#ask({ verb: 'list', path: `/api/v1/namespaces/${namespace}/events` });
    return items as readonly Fields[]; // that is what a list is
  }

  async #ask(request: Pick<ApiRequest, 'verb' | 'path' | 'body'>): Promise<Fields> {
    return this.#client.request({ ...request, resource: 'test' }, new AbortController().signal);
  }
}

const PLURALS: Readonly<Record<string, string>> = {
  Ingress: 'ingresses',
  Namespace: 'namespaces',
  Service: 'services',
  Secret: 'secrets',
  KongServiceFacade: 'kongservicefacades',
  CustomResourceDefinition: 'customresourcedefinitions',
};

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: WrittenObject): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${PLURALS[kind] ?? ''}/${name}`;
}

/** Settles once that is so, within a time in which it is if ever. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`this never came true: ${String(condition)}`);
    await pause(5);
  }
}
