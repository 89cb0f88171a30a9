import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@koko/lifecycle';
import { ClusterServer, until } from '../test/cluster-server.ts';
import { ApiClient } from './api-client.ts';
import { PublishAddresses } from './publish-addresses.ts';

const SERVICES = '/api/v1/services';
const limits = { retryFirstMs: 2, retryLongestMs: 20 };

let server: ClusterServer;
let client: ApiClient;
let stop: AbortController;
let running: Promise<void>;
let warnings: unknown[];

beforeEach(async () => {
  server = new ClusterServer();
  server.served.add(SERVICES);
  client = new ApiClient({ access: await server.listen() });
  stop = new AbortController();
  running = Promise.resolve();
  warnings = [];
});

afterEach(async () => {
  stop.abort();
  await running;
  client.close();
  await server.close();
});

function follow(service = 'kong/gateway'): PublishAddresses {
  const logger = { ...silentLogger, warn: (fields: unknown) => void warnings.push(fields) };
  const addresses = new PublishAddresses({ client, service, limits, logger });
  running = addresses.run(stop.signal, () => {});
  return addresses;
}

function put(spec: object, ingress: readonly object[] = []): void {
  server.set(SERVICES, {
    metadata: { name: 'gateway', namespace: 'kong' },
    spec,
    status: { loadBalancer: { ingress } },
  });
}

const shown = (addresses: PublishAddresses): string => addresses.current().flatMap(Object.values).join();

describe('PublishAddresses', () => {
  it('takes IP addresses and DNS names as given, each once', async () => {
    const addresses = new PublishAddresses({ addresses: ['192.0.2.1', '2001:db8::1', 'LB.example.com', '192.0.2.1'] });
    let isReady = false;
    running = addresses.run(stop.signal, () => (isReady = true));
    expect(isReady).toBe(true);
    expect(addresses.current()).toEqual([{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }, { hostname: 'lb.example.com' }]);
  });

  it.each([
    '',
    'a b',
    '192.0.2.300',
    'fe80::1%eth0',
    'http://lb',
    'lb.example.com.',
    '-a',
    'a_b',
    `${'a'.repeat(64)}.test`,
  ])('refuses the address "%s" by the name of its setting', (address) => {
    expect(() => new PublishAddresses({ addresses: [address] })).toThrow(
      expect.objectContaining({
        code: 'ERR_KUBERNETES_PUBLISH',
        message: expect.stringContaining('publish-status-address'),
      }),
    );
  });

  it.each(['gateway', 'a/b/c', '/gateway', 'kong/', 'kong/Gateway', 'kong/a=b,c'])(
    'refuses the Service "%s" by the name of its setting',
    (service) => {
      expect(() => new PublishAddresses({ client, service })).toThrow(
        expect.objectContaining({
          code: 'ERR_KUBERNETES_PUBLISH',
          message: expect.stringContaining('publish-service'),
        }),
      );
    },
  );

  it('refuses to publish nothing at all', () => {
    expect(() => new PublishAddresses({})).toThrow(expect.objectContaining({ code: 'ERR_KUBERNETES_PUBLISH' }));
    expect(() => new PublishAddresses({ addresses: [] })).toThrow(/publish-status-address/);
  });

  it('follows the addresses of a load balancer: of each point its IP, then its name', async () => {
    put({ type: 'LoadBalancer', clusterIPs: ['10.0.0.1'] }, [
      { ip: '192.0.2.1', hostname: 'a.test' },
      { hostname: 'b.test' },
    ]);
    const addresses = follow();
    let changes = 0;
    const unsubscribe = addresses.onChange(() => (changes += 1));
    await until(() => shown(addresses) === '192.0.2.1,a.test,b.test');
    put({ type: 'LoadBalancer', clusterIPs: ['10.0.0.1'] }, [{ ip: '192.0.2.2' }]);
    await until(() => shown(addresses) === '192.0.2.2');
    unsubscribe();
    expect(changes).toBe(2);
    expect(warnings).toEqual([]);
    const queries = server.requests.map(({ pathname, search }) => `${pathname}${search}`);
    expect(queries.every((query) => query.startsWith('/api/v1/namespaces/kong/services?'))).toBe(true);
    expect(queries.every((query) => query.includes('fieldSelector=metadata.name%3Dgateway'))).toBe(true);
  });

  it.each([
    [{ type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] }, '10.0.0.1,fd00::1'],
    [{ type: 'NodePort', clusterIP: '10.0.0.1' }, '10.0.0.1'],
  ])('takes the cluster IPs of other Services: %j', async (spec, expected) => {
    put(spec);
    const addresses = follow();
    await until(() => shown(addresses) === expected);
    expect(warnings).toEqual([]);
  });

  it('says once that there is no address yet, and tells of the first one', async () => {
    put({ type: 'LoadBalancer', clusterIPs: ['10.0.0.1'] });
    const addresses = follow();
    await until(() => warnings.length > 0);
    put({ type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] });
    put({ type: 'ClusterIP', clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'] });
    await until(() => shown(addresses) === '10.0.0.9');
    expect(warnings).toEqual([{ service: 'kong/gateway', exists: true }]);
  });

  it('waits for a Service that is not there, and can be run again', async () => {
    const addresses = follow();
    await until(() => warnings.length > 0);
    expect(warnings).toEqual([{ service: 'kong/gateway', exists: false }]);
    stop.abort();
    await running;
    stop = new AbortController();
    put({ type: 'ClusterIP', clusterIPs: ['10.0.0.1'] });
    running = addresses.run(stop.signal, () => {});
    await until(() => shown(addresses) === '10.0.0.1');
    server.delete(SERVICES, 'kong', 'gateway');
    await until(() => shown(addresses) === '');
  });
});
