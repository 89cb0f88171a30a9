import { describe, expect, it } from '@jest/globals';
import { ApiextensionsV1Api, KubeConfig, NetworkingV1Api } from '@kubernetes/client-node';
import { RealApiServer, cachedBinariesFolder, findServerBinaries } from '@koko/api-server';
import { widgets } from './widgets.ts';

// Only where it is asked for: the real server takes seconds to start, and hundreds of megabytes.
const binaries = process.env['KUBEBUILDER_ASSETS'] === undefined ? undefined : findServerBinaries(process.env);
const START_TIMEOUT_MS = 120_000;

function configFor(server: RealApiServer): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
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
        const folder = cachedBinariesFolder(process.env);
        process.stderr.write(
          `Not tried with the real API server: set KUBEBUILDER_ASSETS, e.g. to ${folder} after \`npm run build-real\`\n`,
        );
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

  it('says what is wrong with the binaries it is given', async () => {
    expect(() => findServerBinaries({ KUBEBUILDER_ASSETS: '/no/such/folder' })).toThrow(
      '/no/such/folder does not hold',
    );
    expect(findServerBinaries({ XDG_CACHE_HOME: '/no/such/folder' })).toBeUndefined();
    await expect(new RealApiServer({ binaries: '/no/such/folder' }).start()).rejects.toThrow('Cannot start etcd');
  });
});
