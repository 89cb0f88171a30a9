import { describe, expect, it } from '@jest/globals';
import { ApiServer, findServerBinaries, RealApiServer } from '@koko/api-server';
import type { WrittenObject } from '@koko/api-server';
import { Operator, ReportingController, until } from './reporting-controller.ts';
import type { ReportingControllerOptions } from './reporting-controller.ts';

const binaries = findServerBinaries(process.env);
if (binaries === undefined) process.stderr.write('Not tried with the real API server: `npm run build-real` makes it\n');

interface RestartableServer {
  kubeconfig(): string;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(options: { readonly keepData: boolean }): Promise<void>;
}

interface Stage {
  readonly server: RestartableServer;
  readonly operator: Operator;
  readonly controller: (options?: ReportingControllerOptions) => Promise<ReportingController>;
  /** Status and Events written since the last call. */
  readonly writes: () => Promise<readonly string[]>;
}

const service = (name: string, namespace = 'default', other: object = {}): WrittenObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { ports: [{ port: 80 }], ...other },
});
const toPort80 = (name: string): object => ({ service: { name, port: { number: 80 } } });
const ingress = (name: string, service = 'cart', other: object = {}): WrittenObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'default' },
  spec: {
    ingressClassName: 'kong',
    rules: [{ host: `${name}.test`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: toPort80(service) }] } }],
    ...other,
  },
});
const published = (...points: readonly object[]): unknown => ({ loadBalancer: { ingress: points } });
const here = published({ ip: '192.0.2.1' }, { hostname: 'lb.test' });
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const facades: WrittenObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'kongservicefacades.incubator.ingress-controller.konghq.com' },
  spec: {
    group: 'incubator.ingress-controller.konghq.com',
    scope: 'Namespaced',
    names: { kind: 'KongServiceFacade', plural: 'kongservicefacades', singular: 'kongservicefacade' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const facade = (port: number): WrittenObject => ({
  apiVersion: 'incubator.ingress-controller.konghq.com/v1alpha1',
  kind: 'KongServiceFacade',
  metadata: { name: 'front', namespace: 'default', annotations: { 'kubernetes.io/ingress.class': 'kong' } },
  spec: { backendRef: { name: 'cart', port } },
});

async function withStage(
  server: RestartableServer,
  body: (stage: Stage) => Promise<void>,
  writes: Stage['writes'],
): Promise<void> {
  await server.start();
  const operator = await Operator.at(server);
  const controllers: ReportingController[] = [];
  try {
    const controller = async (options?: ReportingControllerOptions): Promise<ReportingController> => {
      const created = await ReportingController.create(server, options);
      controllers.push(created);
      return created;
    };
    await body({ server, operator, controller, writes });
  } finally {
    await Promise.all(controllers.map((controller) => controller.stop()));
    operator.close();
    await server.stop();
  }
}

const isReport = ({ resource, subresource }: { readonly resource: string; readonly subresource: string }): boolean =>
  subresource === 'status' || resource === 'events';

async function inProcess(body: (stage: Stage, server: ApiServer) => Promise<void>): Promise<void> {
  const server = new ApiServer();
  const writes = async (): Promise<readonly string[]> => {
    const lines = server.requests.entries
      .filter(isReport)
      .filter(({ verb, userAgent }) => verb !== 'list' && userAgent === 'iic');
    server.requests.reset();
    return lines.map(({ verb, resource, name = '', code }) => `${verb} ${resource} ${name} ${code}`);
  };
  await withStage(server, (stage) => body(stage, server), writes);
}

async function atRealServer(body: (stage: Stage) => Promise<void>): Promise<void> {
  const server = new RealApiServer({ binaries: binaries ?? '', isAudited: true });
  let told = 0;
  const writes = async (): Promise<readonly string[]> => {
    const lines = server.auditedRequests().filter(isReport);
    const news = lines.slice(told);
    told = lines.length;
    return news.map(({ verb, resource, name = '', code }) => `${verb} ${resource} ${name} ${code}`);
  };
  await withStage(server, body, writes);
}

/** The whole way, from objects to what people see of them. */
async function reportOnEverything({ server, operator, controller, writes }: Stage): Promise<void> {
  await operator.apply(facades);
  await operator.apply(service('cart'));
  await operator.apply(ingress('web'));
  const first = await controller();
  await first.start();
  first.lead();

  // One write per Ingress, none where the status is right, no translation because of our own writes.
  await until(async () => isSame(await operator.statusOf(ingress('web')), here));
  await writes();
  const runs = first.translator.runs();
  const { rounds } = first;
  await operator.apply(ingress('later'));
  await until(async () => isSame(await operator.statusOf(ingress('later')), here));
  await until(() => first.rounds >= rounds + 2); // of the Ingress, and of its status
  const afterwards = first.translator.runs();
  expect((afterwards['ingress-routes'] ?? 0) - (runs['ingress-routes'] ?? 0)).toBe(1);
  await operator.apply({ ...ingress('later'), metadata: { name: 'later', namespace: 'default', labels: { a: 'b' } } });
  await operator.apply(ingress('foreign', 'cart', { ingressClassName: 'other' }));
  await operator.apply(ingress('last'));
  await until(async () => isSame(await operator.statusOf(ingress('last')), here));
  expect(await writes()).toEqual(['patch ingresses later 200', 'patch ingresses last 200']);
  expect(await operator.statusOf(ingress('foreign'))).toEqual({ loadBalancer: {} });

  // A problem is shown on its object at once, and no more once it is repaired.
  await operator.apply(ingress('broken', 'nowhere'));
  await until(async () => (await operator.events()).length === 1);
  const { uid } = ((await operator.find(ingress('broken')))?.['metadata'] ?? {}) as { readonly uid?: string };
  expect(uid).toBeDefined();
  const [event] = await operator.events();
  expect(event).toMatchObject({
    type: 'Warning',
    reason: 'KongConfigurationTranslationFailed',
    count: 1,
    involvedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'default', name: 'broken', uid },
    source: { component: 'iic' },
    reportingComponent: 'iic',
    reportingInstance: 'iic-0',
  });
  expect(event?.['message']).toMatch(/nowhere/);
  expect(await operator.statusOf(ingress('broken'))).toEqual({ loadBalancer: {} });
  await operator.apply(service('nowhere'));
  await until(async () => isSame(await operator.statusOf(ingress('broken')), here));
  expect(first.events.counters()).toMatchObject({ active: 0, queued: 0, written: 1 });

  // Events also on Secrets, of which only metadata are known, and on what has no namespace of its own.
  await operator.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pair', namespace: 'default' },
    type: 'Opaque',
  });
  await operator.apply(ingress('tls', 'cart', { tls: [{ hosts: ['a.test'], secretName: 'pair' }] }));
  const involved = async (): Promise<readonly string[]> =>
    (await operator.events()).map(({ involvedObject }) => (involvedObject as { name: string }).name).toSorted();
  await until(async () => (await involved()).join() === 'broken,pair,tls');

  // Conditions by the table of kinds, beside those of others.
  const conditions = async (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    ((await operator.statusOf(facade(80))) as { conditions?: [] } | undefined)?.conditions ?? [];
  const backend = {
    resource: { apiGroup: 'incubator.ingress-controller.konghq.com', kind: 'KongServiceFacade', name: 'front' },
  };
  const theirs = {
    type: 'Ready',
    status: 'True',
    reason: 'Theirs',
    message: '',
    lastTransitionTime: '2020-01-01T00:00:00Z',
  };
  await operator.apply({ ...facade(80), status: { conditions: [theirs] } });
  await operator.apply(
    ingress('faced', 'cart', {
      rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    }),
  );
  await until(async () => (await conditions()).length === 2);
  expect((await conditions())[0]).toEqual(theirs);
  expect((await conditions())[1]).toMatchObject({ type: 'Programmed', status: 'True', observedGeneration: 1 });

  // Another leader finds what the first one wrote: nothing is multiplied, nothing is written twice.
  await first.cease();
  await writes();
  const second = await controller();
  await second.start();
  second.lead();
  await until(() => second.status.counters().queued === 0 && second.events.counters().queued === 0);
  await operator.apply(ingress('marker'));
  await until(async () => isSame(await operator.statusOf(ingress('marker')), here));
  const events = await operator.events();
  expect(await involved()).toEqual(['broken', 'pair', 'tls']);
  expect(events.map(({ count }) => count)).toEqual([1, 1, 1]);
  const taken = await writes();
  expect(taken.filter((line) => line.includes('ingresses'))).toEqual(['patch ingresses marker 200']);
  expect(taken.filter((line) => line.startsWith('create'))).toEqual([]);

  // A restart of the server in between loses nothing; without its data, everything is written anew.
  await server.restart({ keepData: true });
  await until(async () =>
    operator.apply(ingress('restarted')).then(
      () => true,
      () => false,
    ),
  );
  await until(async () => isSame(await operator.statusOf(ingress('restarted')), here));
  await server.restart({ keepData: false });
  await until(async () =>
    operator.apply(service('cart')).then(
      () => true,
      () => false,
    ),
  );
  await operator.apply(ingress('web'));
  await until(async () => isSame(await operator.statusOf(ingress('web')), here));
}

async function followPublishService({ operator, controller }: Stage): Promise<void> {
  await operator.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'edge' } });
  await operator.apply(service('cart'));
  await operator.apply(ingress('web'));
  const following = await controller({ publishService: 'edge/gateway' });
  await following.start();
  following.lead();
  await until(() => following.warnings.length > 0);
  expect(await operator.statusOf(ingress('web'))).toEqual({ loadBalancer: {} });
  const gateway = service('gateway', 'edge', { type: 'LoadBalancer' });
  await operator.apply(gateway);
  await operator.setStatus(gateway, published({ ip: '198.51.100.7' }));
  await until(async () => JSON.stringify(await operator.statusOf(ingress('web'))).includes('198.51.100.7'));
  await operator.setStatus(gateway, published({ hostname: 'edge.test' }));
  await until(async () => isSame(await operator.statusOf(ingress('web')), published({ hostname: 'edge.test' })));
  await operator.apply(service('gateway', 'edge', { type: 'ClusterIP' }));
  await operator.setStatus(gateway, { loadBalancer: null });
  await until(async () => {
    const { clusterIPs = [] } = ((await operator.find(gateway))?.['spec'] ?? {}) as {
      readonly clusterIPs?: readonly string[];
    };
    return isSame(await operator.statusOf(ingress('web')), published(...clusterIPs.map((ip) => ({ ip }))));
  });
}

const LONG_MS = 120_000;

describe('status and Events at the API server in process', () => {
  it('show what became of each object, at the price of one write each', () => inProcess(reportOnEverything), LONG_MS);

  it('follow the addresses of the publish Service', () => inProcess(followPublishService), LONG_MS);

  it(
    'bear conflicts, throttling, errors and broken connections',
    async () => {
      await inProcess(async ({ operator, controller }, server) => {
        await operator.apply(service('cart'));
        const reporting = await controller();
        await reporting.start();
        reporting.lead();
        const match = ({
          subresource,
          resource,
          verb,
        }: {
          subresource: string;
          resource: string;
          verb: string;
        }): boolean => subresource === 'status' || (resource === 'events' && verb !== 'list');
        const faults = [
          { kind: 'status', code: 409 },
          { kind: 'status', code: 429, retryAfterSeconds: 0 },
          { kind: 'status', code: 500 },
          { kind: 'reset' },
          { kind: 'reset', afterBytes: 20 },
        ] as const;
        const names = Array.from({ length: 20 }, (_, index) => `i${index}`);
        for (const [index, name] of names.entries()) {
          const fault = faults[index % faults.length];
          if (fault !== undefined) server.faults.add({ match, fault, times: 1 });
          await operator.apply(ingress(name, index % 4 === 0 ? `nowhere${index}` : 'cart'));
        }
        const isShown = async (name: string, index: number): Promise<boolean> =>
          index % 4 === 0 || isSame(await operator.statusOf(ingress(name)), here);
        await until(async () => (await Promise.all(names.map(isShown))).every(Boolean));
        await until(async () => (await operator.events()).length === 5);
      });
    },
    LONG_MS,
  );

  it(
    'never touch an object that took the name of another one',
    async () => {
      await inProcess(async ({ operator, controller, writes }, server) => {
        await operator.apply(service('cart'));
        const reporting = await controller();
        await reporting.start();
        await operator.apply(ingress('web'));
        await until(() => [...reporting.translator.accepted()].length === 1);
        const match = ({ verb, resource }: { verb: string; resource: string }): boolean =>
          verb === 'watch' && resource === 'ingresses';
        server.faults.strike({ match, fault: { kind: 'stall' } }); // the controller does not hear of what follows
        await operator.remove(ingress('web'));
        await operator.apply(ingress('web', 'cart', { ingressClassName: 'other' }));
        reporting.lead();
        const attempts: string[] = [];
        await until(async () => {
          attempts.push(...(await writes()));
          return attempts.length >= 3;
        });
        expect(new Set(attempts)).toEqual(new Set(['patch ingresses web 409']));
        expect(await operator.statusOf(ingress('web'))).toEqual({ loadBalancer: {} });
      });
    },
    LONG_MS,
  );

  it(
    'give way to another controller of the same class instead of fighting',
    async () => {
      await inProcess(async ({ operator, controller, writes }) => {
        await operator.apply(service('cart'));
        await operator.apply(ingress('web'));
        const both = [await controller(), await controller({ addresses: ['198.51.100.1'] })];
        for (const each of both) await each.start();
        await writes();
        for (const each of both) each.lead();
        await until(() => both.every(({ status }) => status.counters().written >= 2));
        await operator.apply(ingress('other'));
        await until(async () => JSON.stringify(await operator.statusOf(ingress('other'))).includes('ip'));
        expect((await writes()).length).toBeLessThan(20);
      });
    },
    LONG_MS,
  );

  it(
    'are written by nobody once leadership is lost, whatever is still to be done',
    async () => {
      await inProcess(async ({ operator, controller, writes }, server) => {
        server.objects.apply(service('cart'));
        for (let index = 0; index < 2000; index += 1)
          server.objects.apply(ingress(`i${index}`, index % 2 === 0 ? 'cart' : `nowhere${index}`));
        const reporting = await controller({ statusLimits: { perSecond: 1000 } });
        await reporting.start();
        reporting.lead();
        await until(() => reporting.status.counters().written > 100 && reporting.events.counters().written > 10);
        await reporting.cease();
        await writes();
        const version = server.objects.resourceVersion;
        await operator.find(ingress('i0'));
        expect(await writes()).toEqual([]);
        expect(server.objects.resourceVersion).toBe(version);
        reporting.lead();
        await until(() => reporting.status.counters().written === 1000);
        const codes = (await writes()).filter((line) => line.includes('ingresses'));
        expect(codes.every((line) => line.endsWith(' 200'))).toBe(true);
      });
    },
    LONG_MS,
  );
});

(binaries === undefined ? describe.skip : describe)('status and Events at the real API server', () => {
  it(
    'show what became of each object, at the price of one write each',
    () => atRealServer(reportOnEverything),
    LONG_MS,
  );

  it('follow the addresses of the publish Service', () => atRealServer(followPublishService), LONG_MS);
});
