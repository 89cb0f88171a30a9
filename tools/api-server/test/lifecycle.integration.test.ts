import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ApiServer, SERVER_VERSIONS } from '@koko/api-server';
import { OpenWatch, ask, configMap, ingress, withServer } from './running-server.ts';

describe('ApiServer', () => {
  it('is a Runnable, which ends its watches and its port when it is stopped', async () => {
    const server = new ApiServer();
    expect(() => server.url).toThrow('has not started yet');
    const stopped = new AbortController();
    const ready = Promise.withResolvers<void>();
    const running = server.run(stopped.signal, ready.resolve);
    await ready.promise;
    const { url } = server;
    const watch = await OpenWatch.open(server, '/api/v1/configmaps');
    stopped.abort();
    await running;
    await expect(watch.line()).rejects.toThrow('terminated');
    expect(server.openWatches).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('refuses to start twice, or on a port that is taken', () =>
    withServer(async (server) => {
      await expect(server.start()).rejects.toThrow('it runs already');
      const second = new ApiServer({ port: Number(new URL(server.url).port) });
      await expect(second.start()).rejects.toThrow('EADDRINUSE');
      await second.stop();
    }));

  it('holds no more after many changes, faults and broken watches than before', () =>
    withServer(
      async (server) => {
        for (let round = 0; round < 40; round += 1) {
          server.faults.add({
            match: ({ verb }) => verb === 'watch',
            times: 1,
            fault: { kind: 'reset', afterBytes: 100 },
          });
          const watch = await OpenWatch.open(server, '/apis/networking.k8s.io/v1/ingresses');
          const broken = expect(watch.take(1000)).rejects.toThrow();
          for (let index = 0; index < 50; index += 1) server.objects.apply(ingress('a', `h${round}-${index}.test`));
          await broken;
          await ask(server, 'GET', '/readyz');
        }
        while (server.openWatches > 0) await ask(server, 'GET', '/readyz'); // each round lets the server see the ends
        expect(server.requests.entries.length).toBeLessThanOrEqual(20);
        expect(server.objects.list('networking.k8s.io/v1', 'Ingress')).toHaveLength(1);
      },
      { historyEvents: 20, loggedRequests: 20 },
    ));

  it('keeps what it holds while it is stopped', async () => {
    const server = new ApiServer();
    server.objects.apply(configMap('before'));
    await server.start();
    await server.stop();
    await server.start();
    expect((await ask(server, 'GET', '/api/v1/configmaps')).body.items).toHaveLength(1);
    await server.stop();
  });
});

describe('the build of the real server', () => {
  it('pins the versions that its cache is named after, every staging module included', () => {
    const goMod = readFileSync(new URL('../real/go.mod', import.meta.url), 'utf8');
    const { kubernetes, etcd } = SERVER_VERSIONS;
    expect(goMod).toContain(`k8s.io/kubernetes v${kubernetes}`);
    expect(goMod).toContain(`go.etcd.io/etcd/server/v3 v${etcd}`);
    const replaced = [...goMod.matchAll(/^\t(\S+) => (\S+) (\S+)$/gm)].map(([, from, to, version]) => [
      from,
      to,
      version,
    ]);
    expect(replaced.length).toBe(33);
    for (const [from, to, version] of replaced)
      expect([to, version]).toEqual([from, kubernetes.replace(/^1\./, 'v0.')]);
  });
});
