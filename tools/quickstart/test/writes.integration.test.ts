import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import type { ApiObject, WrittenObject } from '@koko/api-server';
import type { Controller } from 'iic';
import { startOnCluster } from './quiet-controller.ts';

let api: ApiServer;
let controller: Controller | undefined;

beforeEach(async () => {
  api = new ApiServer();
  await api.start();
});

afterEach(async () => {
  await controller?.lifecycle.stop();
  await api.stop();
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  controller = await startOnCluster(api.kubeconfig(), settings);
}

const service: WrittenObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: 'None', ports: [{ port: 80 }] },
};

function ingress(name: string, serviceName: string): WrittenObject {
  const backend = { service: { name: serviceName, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default' },
    spec: { ingressClassName: 'kong', rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  };
}

function statusOf(name: string): unknown {
  const object = api.objects.list('networking.k8s.io/v1', 'Ingress').find(({ metadata }) => metadata.name === name);
  return (object as { status?: { loadBalancer?: { ingress?: unknown } } } | undefined)?.status?.loadBalancer?.ingress;
}

function events(): readonly ApiObject[] {
  return api.objects.list('v1', 'Event');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const WRITES = ['create', 'update', 'patch', 'delete'];
const written = (): readonly string[] =>
  api.requests.entries
    .filter(({ verb, resource }) => WRITES.includes(verb) && resource !== 'leases')
    .map(({ verb, resource, subresource, name }) => [verb, resource, subresource, name].filter(Boolean).join(' '));

describe('what iic writes to a cluster', () => {
  it('is one status for an Ingress that works, and one Event for one that does not, until it is mended', async () => {
    for (const object of [service, ingress('good', 'web')]) api.objects.apply(object);
    await start({ 'publish-status-address': '192.0.2.1,lb.example.com' });
    await until(() => statusOf('good') !== undefined);
    expect(statusOf('good')).toEqual([{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }]);
    expect(written()).toEqual(['patch ingresses status good']);

    api.objects.apply(ingress('bad', 'missing'));
    await until(() => events().length > 0);
    expect(events()).toMatchObject([
      {
        type: 'Warning',
        reason: 'KongConfigurationTranslationFailed',
        involvedObject: { kind: 'Ingress', name: 'bad', namespace: 'default' },
        source: { component: 'iic' },
      },
    ]);
    expect(statusOf('bad')).toBeUndefined();

    api.objects.apply(ingress('bad', 'web'));
    await until(() => statusOf('bad') !== undefined);
    expect(events()).toHaveLength(1);
    expect(written()).toHaveLength(3);
  });

  it('follows the addresses of a Service, also outside the namespaces it reads', async () => {
    const proxy = (ip: string): WrittenObject => ({
      ...service,
      metadata: { name: 'proxy', namespace: 'kong' },
      spec: { type: 'ClusterIP', clusterIP: ip, clusterIPs: [ip], ports: [{ port: 80 }] },
    });
    api.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kong' } });
    for (const object of [service, ingress('good', 'web'), proxy('10.0.0.1')]) api.objects.apply(object);
    await start({ 'publish-service': 'kong/proxy', 'watch-namespaces': 'default' });
    await until(() => JSON.stringify(statusOf('good')) === '[{"ip":"10.0.0.1"}]');
    api.objects.delete(proxy('10.0.0.1'));
    api.objects.apply(proxy('10.0.0.2'));
    await until(() => JSON.stringify(statusOf('good')) === '[{"ip":"10.0.0.2"}]');
    expect(written()).toEqual(['patch ingresses status good', 'patch ingresses status good']);
  });

  it('is nothing where it is told to write nothing', async () => {
    for (const object of [service, ingress('good', 'web'), ingress('bad', 'missing')]) api.objects.apply(object);
    const off = { 'update-status': 'false', 'emit-kubernetes-events': 'false', 'leader-election': 'false' };
    await start({ ...off, 'publish-status-address': '192.0.2.1' });
    api.objects.apply(ingress('later', 'missing'));
    const status = `http://127.0.0.1:${controller?.healthServer.port}/status`;
    for (let routes; routes !== 3;) {
      const answer = (await (await fetch(status)).json()) as { entityCounts: Record<string, number> };
      routes = answer.entityCounts['routes'];
    }
    expect(written()).toEqual([]);
  });
});
