import { describe, expect, it } from '@jest/globals';
import { CONFIG_MAPS, INGRESSES, OpenWatch, ask, brief, configMap, ingress, withServer } from './running-server.ts';
import { ManualClock } from '@koko/lifecycle';

describe('watch', () => {
  it('tells every change since a resource version, in order', () =>
    withServer(async (server) => {
      server.objects.apply(configMap('before'));
      const since = server.objects.resourceVersion;
      server.objects.apply(configMap('a'));
      const watch = await OpenWatch.open(server, `${CONFIG_MAPS}?resourceVersion=${since}`);
      server.objects.apply(configMap('a', { key: 'ü' }));
      server.objects.delete(configMap('a'));
      const events = await watch.take(3);
      expect(events.map(brief)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(3);
      await watch.close();
    }));

  it('begins with what there is when no version is given', () =>
    withServer(async (server) => {
      server.objects.apply(configMap('a'));
      server.objects.apply(configMap('other', {}, 'kube-system'));
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      server.objects.apply(configMap('b'));
      expect((await watch.take(2)).map(brief)).toEqual(['ADDED a', 'ADDED b']);
      await watch.close();
    }));

  it('streams the initial state, ended by an annotated bookmark', () =>
    withServer(async (server) => {
      server.objects.apply(configMap('a'));
      const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
      const watch = await OpenWatch.open(server, `${CONFIG_MAPS}?${query}`);
      const [added, bookmark] = await watch.take(2);
      expect(added?.type).toBe('ADDED');
      expect(bookmark).toEqual({
        type: 'BOOKMARK',
        object: {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          metadata: {
            resourceVersion: server.objects.resourceVersion,
            creationTimestamp: null,
            annotations: { 'k8s.io/initial-events-end': 'true' },
          },
        },
      });
      await watch.close();
      expect((await ask(server, 'GET', `${CONFIG_MAPS}?watch=1&sendInitialEvents=true`)).status).toBe(422);
    }));

  it('refuses streamed lists where they are switched off', () =>
    withServer(
      async (server) => {
        const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
        const { status, body } = await ask(server, 'GET', `${CONFIG_MAPS}?${query}`);
        expect([status, body.reason]).toEqual([422, 'Invalid']);
      },
      { streamedLists: false },
    ));

  it('says DELETED of what leaves the selection and ADDED of what enters it', () =>
    withServer(async (server) => {
      const labelled = (name: string, app: string): ReturnType<typeof ingress> => {
        const object = ingress(name);
        return { ...object, metadata: { ...object.metadata, labels: { app } } };
      };
      const watch = await OpenWatch.open(server, `${INGRESSES}?labelSelector=app+in+(x,y)`);
      server.objects.apply(labelled('a', 'x'));
      server.objects.apply(labelled('hidden', 'z'));
      server.objects.apply(labelled('a', 'y'));
      server.objects.apply(labelled('a', 'z'));
      server.objects.apply(labelled('a', 'x'));
      const events = await watch.take(4);
      expect(events.map(brief)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a']);
      expect(events[2]?.object.metadata.labels).toEqual({ app: 'y' });
      await watch.close();
    }));

  it('answers a version that is too old with an ERROR event and ends', () =>
    withServer(
      async (server) => {
        const since = server.objects.resourceVersion;
        for (let index = 0; index < 20; index += 1) server.objects.apply(configMap(`c${index}`));
        const watch = await OpenWatch.open(server, `${CONFIG_MAPS}?resourceVersion=${since}`);
        expect(watch.response.status).toBe(200);
        expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
        expect(await watch.line()).toBeUndefined();
      },
      { historyEvents: 10 },
    ));

  it('sends a bookmark shortly before the end, and ends when its time is over', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    await withServer(
      async (server) => {
        const query = `resourceVersion=${server.objects.resourceVersion}&timeoutSeconds=60&allowWatchBookmarks=true`;
        const watch = await OpenWatch.open(server, `${CONFIG_MAPS}?${query}`);
        clock.advance(57_999);
        server.objects.apply(configMap('a'));
        clock.advance(1);
        const events = await watch.take(2);
        expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
        expect(events[1]?.object.metadata.resourceVersion).toBe(server.objects.resourceVersion);
        clock.advance(2000);
        expect(await watch.line()).toBeUndefined();
      },
      { clock },
    );
    expect(clock.pending).toBe(0);
  });

  it('keeps the order under concurrent writes, for every watcher', () =>
    withServer(async (server) => {
      const since = server.objects.resourceVersion;
      const watches = await Promise.all(
        Array.from({ length: 4 }, () => OpenWatch.open(server, `${CONFIG_MAPS}?resourceVersion=${since}`)),
      );
      const write = async (writer: number): Promise<void> => {
        for (let index = 0; index < 25; index += 1)
          await ask(server, 'POST', CONFIG_MAPS, { body: configMap(`w${writer}-${index}`) });
      };
      await Promise.all([0, 1, 2, 3].map(write));
      const seen = await Promise.all(watches.map(async (watch) => (await watch.take(100)).map(versionOf)));
      const expected = server.objects.list('v1', 'ConfigMap').map(({ metadata }) => Number(metadata.resourceVersion));
      for (const versions of seen) expect(versions).toEqual(expected.toSorted((a, b) => a - b));
      await Promise.all(watches.map((watch) => watch.close()));
    }));

  it('lets go of what a client has left', () =>
    withServer(async (server) => {
      const client = new AbortController();
      const watch = await OpenWatch.open(server, CONFIG_MAPS, client.signal);
      expect(server.openWatches).toBe(1);
      client.abort();
      await expect(watch.line()).rejects.toThrow('abort');
      while (server.openWatches > 0) await ask(server, 'GET', '/readyz'); // each round lets the server see the end
    }));
});

function versionOf({ object }: Awaited<ReturnType<OpenWatch['next']>>): number {
  return Number(object.metadata.resourceVersion);
}
