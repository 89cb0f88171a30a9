import { ApiServer } from '@koko/api-server';
import type { ReflectorLimits } from '@koko/kubernetes';
import { generateCertificatePair } from 'iic';
import type { Controller } from 'iic';
import { ClusterClient } from '../cluster-client.ts';
import { startController } from '../running-controller.ts';
import { SeededRandom } from '../seeded-random.ts';
import { settled } from '../settled.ts';
import { namespaceObject, shopsIn } from '../shop-objects.ts';
import { until } from '../until.ts';
import { faultCases } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { usedHeapMib } from './heap.ts';
import { inject } from './injection.ts';
import { changers } from './probed-changes.ts';
import type { ChangedResource } from './probed-changes.ts';
import { isWriteTarget, LEASE, PUBLISHED_ADDRESS, writeCauses } from './probed-writes.ts';
import type { WriteTarget } from './probed-writes.ts';
import { recoveryOf } from './recovery-table.ts';
import type { Recovery } from './recovery-table.ts';

export interface StormOptions {
  /** How often each fault strikes. */
  readonly runs: number;
  readonly seed: number;
  /** Times of the controllers' reflectors; the defaults of a real cluster if left out. */
  readonly limits?: Partial<ReflectorLimits>;
  readonly requestTimeoutMs?: number;
  /** Told after each fault. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** What came of it. */
export interface StormReport {
  readonly seed: number;
  readonly recoveries: readonly Recovery[];
  /** Components that have failed, of either controller. */
  readonly failedComponents: readonly string[];
  /** How often the Lease passed to another holder, although there is no other. */
  readonly leaseTransitions: number;
  /** MiB in use after a garbage collection: when a tenth of the faults had struck, and at the end. */
  readonly heapMib: { readonly early: number; readonly end: number };
}

/** One controller reads lists as streams, and leads; the other reads them in pages. */
const USERS = ['streams', 'pages'] as const;
const RESOURCES = ['ingresses', 'endpointslices', 'services', 'secrets'] as const satisfies ChangedResource[];
const CONTENT_LANES = 4;
const NAMESPACE = 'shop';
const SHOPS = 20;
const TAKEN_IN_WITHIN_MS = 150_000;

interface Blow {
  /** Blows of one lane follow one another; lanes are struck at the same time, and share no object. */
  readonly lane: string;
  readonly faultCase: FaultCase;
  readonly user: (typeof USERS)[number];
  readonly resource: ChangedResource;
}

/**
 * Strikes two controllers with every fault, in random order, on several kinds at a time, and changes at the same time
 * what the struck request would have told.
 * @throws When a change is lost, or the store does not equal a translation at the end.
 */
export async function faultStorm(options: StormOptions): Promise<StormReport> {
  const server = new ApiServer({ users: [...USERS], historyEvents: 500, loggedRequests: 100 });
  const stop = new AbortController();
  await server.start();
  const client = await ClusterClient.connect(server.kubeconfig(), stop.signal);
  const controllers: Controller[] = [];
  try {
    server.objects.apply(namespaceObject(NAMESPACE));
    for (const object of await shopsIn(NAMESPACE, SHOPS)) server.objects.apply(object);
    for (const user of USERS) controllers.push(await start(server, user, options));
    return await new Storm(server, controllers, options).run(client);
  } finally {
    await Promise.all(controllers.map(({ lifecycle }) => lifecycle.stop()));
    client.close();
    stop.abort();
    await server.stop();
  }
}

/** Often renewed, so that there is something to strike. */
const ELECTION = {
  'lease-duration-seconds': '6',
  'renew-deadline-seconds': '4',
  'retry-period-seconds': '0.05',
};

async function start(server: ApiServer, user: string, options: StormOptions): Promise<Controller> {
  const leads = user === 'streams';
  const settings = {
    ...(leads ? ELECTION : { 'leader-election': 'false' }),
    'update-status': String(leads),
    'emit-kubernetes-events': String(leads),
    'publish-status-address': PUBLISHED_ADDRESS,
  };
  const { limits, requestTimeoutMs } = options;
  return startController(server.kubeconfig({ user }), {
    settings,
    certificates: await generateCertificatePair(),
    limits: { ...limits, pageSize: 5, isListStreamed: leads },
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  });
}

class Storm {
  readonly #server: ApiServer;
  readonly #controllers: readonly Controller[];
  readonly #options: StormOptions;
  readonly #random: SeededRandom;
  readonly #timesMs = new Map<FaultCase, number[]>(faultCases.map((faultCase) => [faultCase, []]));
  #changes = 0;
  #done = 0;
  #earlyHeapMib = 0;

  constructor(server: ApiServer, controllers: readonly Controller[], options: StormOptions) {
    this.#server = server;
    this.#controllers = controllers;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(client: ClusterClient): Promise<StormReport> {
    const blows = this.#random.shuffled(this.#blows());
    const lanes = Object.groupBy(blows, ({ lane }) => lane);
    await Promise.all(Object.values(lanes).map((lane = []) => this.#strikeAll(lane, blows.length)));
    this.#server.faults.clear();
    for (const controller of this.#controllers) await settled(client, controller);
    return {
      seed: this.#options.seed,
      recoveries: [...this.#timesMs].map(([faultCase, timesMs]) => recoveryOf(faultCase, timesMs)),
      failedComponents: this.#controllers.flatMap(({ lifecycle }) =>
        lifecycle.status().flatMap(({ name, state }) => (state === 'ready' ? [] : [`${name} is ${state}`])),
      ),
      leaseTransitions: Number(
        (this.#server.objects.find(LEASE)?.['spec'] as { leaseTransitions?: unknown })?.leaseTransitions,
      ),
      heapMib: { early: this.#earlyHeapMib, end: usedHeapMib() },
    };
  }

  #blows(): readonly Blow[] {
    return faultCases.flatMap((faultCase) =>
      Array.from({ length: this.#options.runs }, (_, run) => ({
        faultCase,
        user: faultCase.target === 'next page' ? ('pages' as const) : this.#any(USERS), // who asks for pages
        ...this.#laneFor(faultCase, run),
      })),
    );
  }

  #laneFor({ target }: FaultCase, run: number): Pick<Blow, 'lane' | 'resource'> {
    // Contents are slow to come by, so they get as many lanes as there are Secrets to spare.
    if (target === 'get') return { lane: `contents ${run % CONTENT_LANES}`, resource: 'secrets' };
    const resource = this.#any(RESOURCES);
    return { lane: isWriteTarget(target) ? target : resource, resource };
  }

  #any<T>(items: readonly [T, ...T[]]): T {
    return items[this.#random.below(items.length)] ?? items[0];
  }

  async #strikeAll(lane: readonly Blow[], total: number): Promise<void> {
    for (const blow of lane) {
      const { faultCase } = blow;
      const { target } = faultCase;
      const timeMs = isWriteTarget(target) ? await this.#strikeWrite(target, faultCase) : await this.#strike(blow);
      this.#timesMs.get(faultCase)?.push(timeMs);
      this.#done += 1;
      if (this.#done === Math.ceil(total / 10)) this.#earlyHeapMib = usedHeapMib();
      this.#options.onProgress?.(this.#done, total);
    }
  }

  /** One fault and one change that it may swallow. @returns Until the change was served. */
  async #strike({ faultCase, user, resource, lane }: Blow): Promise<number> {
    const { target, name, fault } = faultCase;
    const number = (this.#changes += 1);
    const shop = { namespace: NAMESPACE, number: objectIn(lane, number) };
    const hasStruck = await inject(this.#server, target, { user, resource }, fault(this.#random));
    const startedAt = performance.now();
    const { isTakenIn } = await changers[resource](this.#server, shop, number);
    const controller = this.#controllerOf(user);
    let revision = -1;
    await until(async () => {
      if (controller.store.revision === revision) return lost(resource, number, target, name);
      ({ revision } = controller.store);
      return (await isTakenIn(controller)) ? undefined : lost(resource, number, target, name);
    }, TAKEN_IN_WITHIN_MS);
    const timeMs = performance.now() - startedAt;
    await hasStruck();
    return timeMs;
  }

  /** The same for something that has to be written. @returns Until it was. */
  async #strikeWrite(target: WriteTarget, { name, fault }: FaultCase): Promise<number> {
    const { resource, cause } = writeCauses[target];
    const number = (this.#changes += 1);
    const hasStruck = await inject(this.#server, target, { user: 'streams', resource }, fault(this.#random));
    const startedAt = performance.now();
    const { isWritten, undo } = cause(this.#server, NAMESPACE, number);
    const missing = `${target} ${number} after "${name}"`;
    await until(() => (isWritten() ? undefined : missing), TAKEN_IN_WITHIN_MS);
    const timeMs = performance.now() - startedAt;
    await hasStruck();
    undo();
    return timeMs;
  }

  #controllerOf(user: Blow['user']): Controller {
    const controller = this.#controllers[USERS.indexOf(user)];
    if (controller === undefined) throw new TypeError(`There is no controller "${user}"`);
    return controller;
  }
}

/** Which of the objects a lane changes: one Secret for each lane of contents, the other six for that of Secrets. */
function objectIn(lane: string, number: number): number {
  if (lane.startsWith('contents ')) return 6 + Number(lane.slice('contents '.length));
  return number % (lane === 'secrets' ? 6 : SHOPS);
}

function lost(resource: string, number: number, target: string, fault: string): string {
  return `change ${number}, of ${resource}, is not served after "${fault}" of "${target}"`;
}
