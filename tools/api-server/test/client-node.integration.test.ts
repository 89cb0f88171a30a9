import { describe, expect, it } from '@jest/globals';
import {
  ApiextensionsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  NetworkingV1Api,
  V1MicroTime,
  Watch,
} from '@kubernetes/client-node';
import { publishedDefinitions } from './crd-folder.ts';
import { certificate, key } from './loopback-certificate.ts';
import { ask, ingress, withServer } from './running-server.ts';
import { widgets } from './widgets.ts';
import type { ApiServer } from '@koko/api-server';

function configFor(server: ApiServer): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
  return config;
}

describe('an independent client', () => {
  it('works with typed objects', () =>
    withServer(async (server) => {
      const core = configFor(server).makeApiClient(CoreV1Api);
      await core.createNamespace({ body: { metadata: { name: 'shop' } } });
      const spec = { ports: [{ port: 80 }] };
      const service = await core.createNamespacedService({
        namespace: 'shop',
        body: { metadata: { name: 'orders', labels: { app: 'orders' } }, spec },
      });
      expect(service.spec?.clusterIP).toMatch(/^10\.96\./);
      expect(service.metadata?.creationTimestamp).toBeInstanceOf(Date);
      const secret = await core.createNamespacedSecret({
        namespace: 'shop',
        body: { metadata: { name: 's' }, stringData: { key: 'hidden' } },
      });
      expect(secret.data).toEqual({ key: Buffer.from('hidden').toString('base64') });
      const found = await core.listServiceForAllNamespaces({ labelSelector: 'app=orders' });
      expect(found.items.map(({ metadata }) => metadata?.name)).toEqual(['orders']);
      await core.deleteNamespace({ name: 'shop' });
      await expect(core.readNamespace({ name: 'shop' })).rejects.toThrow('404');
    }));

  it('lists in pages', () =>
    withServer(async (server) => {
      for (let index = 0; index < 25; index += 1) server.objects.apply(ingress(`i${index}`));
      const api = configFor(server).makeApiClient(NetworkingV1Api);
      const sizes: number[] = [];
      const names = new Set<string | undefined>();
      let token: string | undefined;
      do {
        const page = await api.listIngressForAllNamespaces({
          limit: 10,
          ...(token === undefined ? {} : { _continue: token }),
        });
        sizes.push(page.items.length);
        for (const { metadata } of page.items) names.add(metadata?.name);
        token = page.metadata?._continue;
      } while (token !== undefined);
      expect(sizes).toEqual([10, 10, 5]);
      expect(names.size).toBe(25);
    }));

  it('takes a Lease only by its current version', () =>
    withServer(async (server) => {
      const api = configFor(server).makeApiClient(CoordinationV1Api);
      const namespace = 'kube-system';
      const lease = await api.createNamespacedLease({
        namespace,
        body: { metadata: { name: 'iic' }, spec: { holderIdentity: 'a', renewTime: new V1MicroTime() } },
      });
      await api.replaceNamespacedLease({
        namespace,
        name: 'iic',
        body: { metadata: lease.metadata ?? {}, spec: { holderIdentity: 'b' } },
      });
      const stale = api.replaceNamespacedLease({ namespace, name: 'iic', body: lease });
      await expect(stale).rejects.toMatchObject({ code: 409 });
      const blind = { metadata: { name: 'iic' }, spec: { holderIdentity: 'c' } };
      await expect(api.replaceNamespacedLease({ namespace, name: 'iic', body: blind })).rejects.toMatchObject({
        code: 422,
      });
    }));

  it('watches', () =>
    withServer(async (server) => {
      const seen = Promise.withResolvers<string>();
      const done = Promise.withResolvers<void>();
      const request = await new Watch(configFor(server)).watch(
        '/apis/networking.k8s.io/v1/ingresses',
        { resourceVersion: server.objects.resourceVersion },
        (phase, object: { readonly metadata: { readonly name: string } }) =>
          seen.resolve(`${phase} ${object.metadata.name}`),
        () => done.resolve(),
      );
      server.objects.apply(ingress('shop'));
      expect(await seen.promise).toBe('ADDED shop');
      request.abort();
      await done.promise;
    }));

  it('finds kinds by discovery, those of a CRD while it exists', () =>
    withServer(async (server) => {
      const config = configFor(server);
      const definitions = config.makeApiClient(ApiextensionsV1Api);
      const custom = config.makeApiClient(CustomObjectsApi);
      const place = { group: 'test.example', version: 'v1', namespace: 'default', plural: 'widgets' };
      await expect(custom.listNamespacedCustomObject(place)).rejects.toMatchObject({ code: 404 });
      await definitions.createCustomResourceDefinition({ body: widgets('_default') });
      const { status } = await definitions.readCustomResourceDefinition({ name: 'widgets.test.example' });
      expect(status?.conditions?.find(({ type }) => type === 'Established')?.status).toBe('True');
      const objects = KubernetesObjectApi.makeApiClient(config);
      const widget = { apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'default' } };
      const written = { ...widget, spec: { size: 3, unknown: true }, status: { ready: true } };
      const created = await objects.create(written);
      expect(created).toMatchObject({ spec: { size: 3, colour: 'blue' }, metadata: { generation: 1 } });
      expect(created).not.toHaveProperty('status');
      expect(created).not.toHaveProperty('spec.unknown');
      await definitions.deleteCustomResourceDefinition({ name: 'widgets.test.example' });
      await expect(custom.listNamespacedCustomObject(place)).rejects.toMatchObject({ code: 404 });
      await definitions.createCustomResourceDefinition({ body: widgets('_default') });
      expect(await custom.listNamespacedCustomObject(place)).toMatchObject({ items: [] });
    }));

  it('speaks https with the certificate it is given', async () => {
    await withServer(
      async (server) => {
        expect(server.url).toMatch(/^https:/);
        const core = configFor(server).makeApiClient(CoreV1Api);
        expect((await core.listNamespace()).items).toHaveLength(4);
      },
      { tls: { cert: certificate, key }, tokens: ['secret'] },
    );
  });

  it('serves what the published CRDs define, all versions of it', () =>
    withServer(async (server) => {
      const definitions = publishedDefinitions();
      if (definitions === undefined) return;
      for (const definition of definitions) server.objects.apply(definition);
      const { body } = await ask(server, 'GET', '/apis');
      const groups = body.groups.map(({ name }: { readonly name: string }) => name);
      expect(groups).toEqual(expect.arrayContaining(['gateway.networking.k8s.io', 'configuration.konghq.com']));
      const backendRefs = [{ name: 'echo', port: 80 }];
      const apiVersion = 'gateway.networking.k8s.io/v1';
      const route = { apiVersion, kind: 'HTTPRoute', metadata: { name: 'r' }, spec: { rules: [{ backendRefs }] } };
      const path = (version: string): string =>
        `/apis/gateway.networking.k8s.io/${version}/namespaces/default/httproutes`;
      const created = await ask(server, 'POST', path('v1'), { body: route });
      expect(created.body.spec.rules[0]).toEqual({
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'echo', port: 80, weight: 1 }],
      });
      const older = await ask(server, 'GET', `${path('v1beta1')}/r`);
      expect(older.body).toEqual({ ...created.body, apiVersion: 'gateway.networking.k8s.io/v1beta1' });
    }));
});
