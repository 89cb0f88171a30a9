import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedDataPlane } from '@koko/data-plane';
import type { ConfiguredEvent, DataPlaneEvent } from '@koko/data-plane';
import { createController, generateCertificatePair } from 'iic';
import type { CertificatePair, Controller } from 'iic';
import { quietConfiguration } from './quiet-controller.ts';

let directory: string;
let certificates: CertificatePair;
let controller: Controller;
let planes: Plane[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'iic-path-'));
  certificates = await generateCertificatePair();
  planes = [];
});

afterEach(async () => {
  await Promise.all(planes.map(async ({ stop }) => stop()));
  await controller.lifecycle.stop();
  await rm(directory, { recursive: true, force: true });
});

const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n---\n`;

const ingress = (name: string, path: string, type = 'Prefix'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: ${name}, namespace: shop }\nspec:\n  ingressClassName: kong\n` +
  `  rules: [{ host: ${name}.example.com, http: { paths: [{ path: ${JSON.stringify(path)}, pathType: ${type}, ` +
  `backend: { service: { name: ${name}, port: { number: 80 } } } }] } }]\n---\n`;

async function write(file: string, text: string): Promise<void> {
  await writeFile(join(directory, file), text);
}

async function start(): Promise<void> {
  const configuration = await quietConfiguration({ manifests: directory });
  controller = createController({ configuration, certificates });
  await controller.lifecycle.start();
}

interface Plane {
  readonly plane: SimulatedDataPlane;
  readonly events: DataPlaneEvent[];
  /** The first configuration, come or coming, that `matches`. */
  readonly configured: (matches?: (event: ConfiguredEvent) => boolean) => Promise<ConfiguredEvent>;
  readonly stop: () => Promise<void>;
}

function connectPlane(options: Partial<ConstructorParameters<typeof SimulatedDataPlane>[0]>): Plane {
  const events: DataPlaneEvent[] = [];
  const plane = new SimulatedDataPlane({
    controlPlane: `wss://127.0.0.1:${controller.dataPlaneServer.port}`,
    certificate: certificates.certificate,
    key: certificates.key,
    reconnectDelay: { minMs: 20, maxMs: 40 },
    ...options,
    onEvent: (event) => events.push(event),
  });
  const abort = new AbortController();
  const running = plane.run(abort.signal, () => {});
  const connected: Plane = {
    plane,
    events,
    async configured(matches = () => true) {
      const isIt = (event: DataPlaneEvent): event is ConfiguredEvent => event.event === 'configured' && matches(event);
      const known = events.find(isIt);
      if (known !== undefined) return known;
      return (await plane.until(isIt)) as ConfiguredEvent; // `isIt` lets only these through
    },
    async stop() {
      abort.abort();
      await running;
    },
  };
  planes.push(connected);
  return connected;
}

interface Status {
  readonly configHash: string;
  readonly problems: readonly { code: string; message: string; objects?: string }[];
  readonly entityCounts: Readonly<Record<string, number>>;
  readonly nodes: readonly { id: string; configHash: string; isConnected: boolean }[];
}

async function status(): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${controller.healthServer.port}/status`);
  return (await response.json()) as Status; // the answer of our own server
}

async function statusWhere(isIt: (now: Status) => boolean): Promise<Status> {
  for (;;) {
    const now = await status();
    if (isIt(now)) return now;
  }
}

describe('from manifests to data planes', () => {
  it('brings both protocols to one hash and shows an edit to each', async () => {
    await write('shop.yaml', service('cart') + ingress('cart', '/cart'));
    await start();
    const both = [connectPlane({ protocol: 'wrpc' }), connectPlane({ protocol: 'v1' })];
    const first = await Promise.all(both.map(async (plane) => plane.configured()));
    expect(new Set(first.map(({ hash }) => hash))).toEqual(new Set([(await status()).configHash]));
    await write('shop.yaml', service('cart') + ingress('cart', '/basket'));
    const second = await Promise.all(
      both.map(async (plane) => plane.configured(({ hash }) => hash !== first[0]?.hash)),
    );
    for (const { changes } of second) {
      expect(changes).toEqual([
        expect.objectContaining({ op: 'update', type: 'routes', paths: ['/basket/', '~/basket$'] }),
      ]);
    }
  });

  it('sends nothing to a data plane that comes back with what it should have', async () => {
    await write('shop.yaml', service('cart') + ingress('cart', '/cart'));
    await start();
    for (const protocol of ['wrpc', 'v1'] as const) {
      const before = connectPlane({ protocol });
      const { hash } = await before.configured();
      await before.stop();
      const after = connectPlane({ protocol, nodeId: before.plane.nodeId, initialHash: hash });
      await statusWhere(({ nodes }) =>
        nodes.some(
          ({ id, configHash, isConnected }) => id === after.plane.nodeId && isConnected && configHash === hash,
        ),
      );
      await write('shop.yaml', service('cart') + ingress('cart', `/after-${protocol}`));
      await after.configured();
      expect(after.events.filter(({ event }) => event === 'received')).toHaveLength(1);
    }
  });

  it('lets each mistake hurt only itself, names it, and takes it back when mended', async () => {
    await write('good.yaml', service('cart') + ingress('cart', '/cart'));
    await start();
    const { configured } = connectPlane({ protocol: 'v1' });
    await configured();
    await write('no-service.yaml', ingress('lonely', '/lonely'));
    await write('bad-regex.yaml', service('regex') + ingress('regex', '/~/a(', 'ImplementationSpecific'));
    await write('unreadable.yaml', 'kind: [\n');
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: tls, namespace: shop }\ndata: { tls.crt: Z2FyYmFnZQ==, tls.key: c2VjcmV0 }\n`;
    const tls = ingress('tls', '/tls').replace(
      'spec:\n',
      'spec:\n  tls: [{ hosts: [tls.example.com], secretName: tls }]\n',
    );
    await write('broken-certificate.yaml', `${secret}---\n${service('tls')}${tls}`);
    await write('later.yaml', service('later') + ingress('later', '/later'));
    const { problems } = await statusWhere((now) => now.problems.length >= 4 && now.entityCounts['routes'] === 4);
    const about = (word: string): string =>
      JSON.stringify(problems.filter(({ message, objects }) => `${message}${objects ?? ''}`.includes(word)));
    expect(about('lonely')).toContain('Ingress shop/lonely');
    expect(about('regex')).toContain('invalid regex');
    expect(about('unreadable.yaml:')).toContain('not valid YAML');
    expect(about('shop/tls')).toContain('Secret shop/tls');
    expect(JSON.stringify(problems)).not.toContain('c2VjcmV0');
    await configured(({ entities }) => entities['routes'] === 4);
    await write('bad-regex.yaml', service('regex') + ingress('regex', '/~/a', 'ImplementationSpecific'));
    await configured(({ entities }) => entities['routes'] === 5);
  });

  it('tells health from readiness, and metrics without secrets', async () => {
    await write('shop.yaml', service('cart') + ingress('cart', '/cart'));
    await start();
    const get = async (path: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${controller.healthServer.port}${path}`);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/nowhere')).status).toBe(404);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('iic_entities{type="routes"} 1');
    expect(metrics).toMatch(/iic_reconcile_seconds_count\{stage="write"\} [1-9]/);
  });

  it('gives no byte to a client with another certificate', async () => {
    await write('shop.yaml', service('cart') + ingress('cart', '/cart'));
    await start();
    const other = await generateCertificatePair();
    const socket = connect({
      host: '127.0.0.1',
      port: controller.dataPlaneServer.port,
      cert: other.certificate,
      key: other.key,
      ca: certificates.certificate,
      servername: 'kong_clustering',
    });
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('error', () => {});
    const query = 'node_id=10000000-0000-4000-8000-000000000001&node_hostname=h&node_version=3.9.3';
    socket.write(
      `GET /v1/outlet?${query} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await new Promise((resolve) => socket.on('close', resolve));
    expect(bytes).toBe(0);
  });
});
