import { describe, expect, it } from '@jest/globals';
import { ApiextensionsV1Api, CoreV1Api, KubeConfig, NetworkingV1Api } from '@kubernetes/client-node';
import { RealApiServer, findServerBinaries } from '@koko/api-server';
import { widgets } from './widgets.ts';

const binaries = findServerBinaries(process.env);
const START_TIMEOUT_MS = 120_000;

function configFor(server: RealApiServer, user?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig(user === undefined ? {} : { user }));
  return config;
}

async function ingressNames(server: RealApiServer): Promise<readonly (string | undefined)[]> {
  const { items } = await configFor(server).makeApiClient(NetworkingV1Api).listIngressForAllNamespaces();
  return items.map(({ metadata }) => metadata?.name);
}

describe('RealApiServer', () => {
  it(
    'serves, and restarts with its data and without',
    async () => {
      if (binaries === undefined) {
        process.stderr.write('Not tried with the real API server: there is none; `npm run build-real` makes it\n');
        return;
      }
      const server = new RealApiServer({ binaries });
      const stopped = new AbortController();
      const started = Promise.withResolvers<void>();
      const running = server.run(stopped.signal, started.resolve);
      await Promise.race([started.promise, running]);
      const { url } = server;
      const body = { metadata: { name: 'shop' }, spec: { rules: [{ host: 'shop.test' }] } };
      await configFor(server).makeApiClient(NetworkingV1Api).createNamespacedIngress({ namespace: 'default', body });
      await configFor(server)
        .makeApiClient(ApiextensionsV1Api)
        .createCustomResourceDefinition({ body: widgets('_default') });
      await server.restart({ keepData: true });
      expect(server.url).toBe(url);
      expect(await ingressNames(server)).toEqual(['shop']);
      await server.restart({ keepData: false });
      expect(await ingressNames(server)).toEqual([]);
      stopped.abort();
      await running;
      expect(() => server.url).toThrow('has not been started');
    },
    START_TIMEOUT_MS,
  );

  (binaries === undefined ? it.skip : it)(
    'lets namespaces go with their content, and writes down who changed what',
    async () => {
      const server = new RealApiServer({ binaries: binaries ?? '', users: ['somebody'], isAudited: true });
      await server.start();
      try {
        const config = configFor(server, 'somebody');
        const core = config.makeApiClient(CoreV1Api);
        await core.createNamespace({ body: { metadata: { name: 'shop' } } });
        const body = { metadata: { name: 'web' }, spec: { rules: [{ host: 'shop.test' }] } };
        await config.makeApiClient(NetworkingV1Api).createNamespacedIngress({ namespace: 'shop', body });
        await core.deleteNamespace({ name: 'shop' });
        const names = async (): Promise<readonly (string | undefined)[]> =>
          (await core.listNamespace()).items.map(({ metadata }) => metadata?.name);
        while ((await names()).includes('shop')) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await ingressNames(server)).toEqual([]);
        const changes = server.auditedRequests().filter(({ user }) => user === 'somebody');
        expect(changes.map(({ verb, resource, name, code }) => [verb, resource, name, code])).toEqual([
          ['create', 'namespaces', 'shop', 201],
          ['create', 'ingresses', 'web', 201],
          ['delete', 'namespaces', 'shop', 200],
        ]);
      } finally {
        await server.stop();
      }
    },
    START_TIMEOUT_MS,
  );

  it('says what is wrong with the binaries it is given', async () => {
    expect(() => findServerBinaries({ KUBEBUILDER_ASSETS: '/no/such/folder' })).toThrow(
      '/no/such/folder does not hold',
    );
    expect(findServerBinaries({ XDG_CACHE_HOME: '/no/such/folder' })).toBeUndefined();
    await expect(new RealApiServer({ binaries: '/no/such/folder' }).start()).rejects.toThrow('Cannot start etcd');
  });
});
