import { describe, expect, it } from '@jest/globals';
import { CONFIG_MAPS, OpenWatch, ask, brief, configMap, withServer } from './running-server.ts';
import type { RequestFacts } from '@koko/api-server';

const isList = ({ verb }: RequestFacts): boolean => verb === 'list';
const isWatch = ({ verb }: RequestFacts): boolean => verb === 'watch';
const isUpdate = ({ verb }: RequestFacts): boolean => verb === 'update';

describe('faults of answers', () => {
  it('resets the connection before an answer, as often as asked', () =>
    withServer(async (server) => {
      const armed = server.faults.add({ match: isList, times: 2, fault: { kind: 'reset' } });
      await expect(ask(server, 'GET', CONFIG_MAPS)).rejects.toThrow('fetch failed');
      await expect(ask(server, 'GET', CONFIG_MAPS)).rejects.toThrow('fetch failed');
      expect((await ask(server, 'GET', CONFIG_MAPS)).status).toBe(200);
      expect(armed.struck).toBe(2);
      expect(server.requests.count({ verb: 'list', code: 0 })).toBe(2);
    }));

  it('resets the connection in the middle of an answer', () =>
    withServer(async (server) => {
      server.faults.add({ match: isList, times: 1, fault: { kind: 'reset', afterBytes: 20 } });
      const response = await fetch(server.url + CONFIG_MAPS);
      await expect(response.text()).rejects.toThrow('terminated');
    }));

  it('ends an answer properly, but too early', () =>
    withServer(async (server) => {
      server.faults.add({ match: isList, times: 1, fault: { kind: 'truncate', afterBytes: 20 } });
      expect(await (await fetch(server.url + CONFIG_MAPS)).text()).toBe('{"kind":"ConfigMapLi');
    }));

  it('stalls: no bytes, and the socket stays', () =>
    withServer(async (server) => {
      server.faults.add({ match: isList, times: 1, fault: { kind: 'stall' } });
      const client = new AbortController();
      const asked = fetch(server.url + CONFIG_MAPS, { signal: client.signal });
      while (server.requests.count({ verb: 'list' }) === 0) await ask(server, 'GET', '/readyz');
      client.abort(new Error('given up'));
      await expect(asked).rejects.toThrow('given up');
    }));

  it('answers 409, 429 with Retry-After, 500 and 410', () =>
    withServer(async (server) => {
      const { metadata } = server.objects.apply(configMap('a'));
      const put = async (): ReturnType<typeof ask> =>
        ask(server, 'PUT', `${CONFIG_MAPS}/a`, { body: { ...configMap('a', { key: '1' }), metadata } });
      server.faults.add({ match: isUpdate, times: 1, fault: { kind: 'status', code: 409 } });
      server.faults.add({ match: isUpdate, times: 1, fault: { kind: 'status', code: 429, retryAfterSeconds: 3 } });
      server.faults.add({ match: isUpdate, times: 1, fault: { kind: 'status', code: 500 } });
      const answers = [await put(), await put(), await put(), await put()];
      expect(answers.map(({ status }) => status)).toEqual([409, 429, 500, 200]);
      expect(answers[0]?.body.reason).toBe('Conflict');
      expect(answers[1]?.headers.get('retry-after')).toBe('3');
      expect(answers[1]?.body.details).toEqual({ retryAfterSeconds: 3 });
      server.faults.add({ match: isWatch, times: 1, fault: { kind: 'status', code: 410 } });
      const watch = await ask(server, 'GET', `${CONFIG_MAPS}?watch=1`);
      expect([watch.status, watch.body.reason]).toEqual([410, 'Expired']);
    }));

  it('answers slowly', async () => {
    const waits: number[] = [];
    const clock = {
      now: () => 0,
      after: (delayMs: number, callback: () => void) => {
        waits.push(delayMs);
        queueMicrotask(callback);
        return () => undefined;
      },
    };
    await withServer(
      async (server) => {
        server.faults.add({ match: isList, times: 1, fault: { kind: 'delay', delayMs: 5000 } });
        expect((await ask(server, 'GET', CONFIG_MAPS)).status).toBe(200);
        expect(waits).toEqual([5000]);
      },
      { clock },
    );
  });

  it('splits what it sends, byte by byte and inside characters', () =>
    withServer(async (server) => {
      server.objects.apply(configMap('a', { key: 'grün 🌱' }));
      for (const pieces of [1, 'inside-characters'] as const) {
        server.faults.add({ match: isList, times: 1, fault: { kind: 'split', pieces } });
        const response = await fetch(server.url + CONFIG_MAPS);
        const chunks: Uint8Array[] = [];
        for await (const chunk of response.body ?? []) chunks.push(chunk);
        const { items } = JSON.parse(Buffer.concat(chunks).toString());
        expect(items[0].data.key).toBe('grün 🌱');
        expect(chunks.length).toBeGreaterThan(1);
      }
    }));

  it('is over after clear and disarm', () =>
    withServer(async (server) => {
      const armed = server.faults.add({ match: isList, fault: { kind: 'reset' } });
      armed.disarm();
      server.faults.add({ match: () => true, fault: { kind: 'reset' } });
      server.faults.clear();
      expect((await ask(server, 'GET', CONFIG_MAPS)).status).toBe(200);
    }));
});

describe('faults of watches', () => {
  it('sends an ERROR event after some events, and ends', () =>
    withServer(async (server) => {
      const fault = { kind: 'error-event', code: 500, afterEvents: 1 } as const;
      server.faults.add({ match: isWatch, times: 1, fault });
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      server.objects.apply(configMap('a'));
      expect(brief(await watch.next())).toBe('ADDED a');
      expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 500 } });
      expect(await watch.line()).toBeUndefined();
      expect(server.openWatches).toBe(0);
    }));

  it('sends a line that is no JSON, and goes on', () =>
    withServer(async (server) => {
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      expect(server.faults.strike({ match: isWatch, fault: { kind: 'malformed-line' } })).toBe(1);
      server.objects.apply(configMap('a'));
      const line = (await watch.line()) ?? '';
      expect(() => JSON.parse(line)).toThrow('JSON');
      expect(brief(await watch.next())).toBe('ADDED a');
      await watch.close();
    }));

  it('resets, stalls and splits a watch that is open', () =>
    withServer(async (server) => {
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      server.faults.strike({ match: isWatch, fault: { kind: 'split', pieces: 'inside-characters' } });
      server.objects.apply(configMap('a', { key: 'übergrößenträger' }));
      expect((await watch.next()).object.data.key).toBe('übergrößenträger');
      server.faults.strike({ match: isWatch, fault: { kind: 'reset', afterBytes: 10 } });
      server.objects.apply(configMap('b'));
      await expect(watch.line()).rejects.toThrow('terminated');

      const stalled = await OpenWatch.open(server, `${CONFIG_MAPS}?fieldSelector=metadata.name%3Dc`);
      server.faults.strike({ match: isWatch, fault: { kind: 'stall' } });
      server.objects.apply(configMap('c'));
      server.faults.strike({ match: isWatch, fault: { kind: 'reset' } });
      await expect(stalled.line()).rejects.toThrow('terminated');
    }));

  it('keeps the order of events when one fault follows another', () =>
    withServer(async (server) => {
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      for (const name of ['a', 'b', 'c', 'd']) {
        const fault = name < 'c' ? ({ kind: 'split', pieces: 1 } as const) : ({ kind: 'delay', delayMs: 0 } as const);
        server.faults.strike({ match: isWatch, fault });
        server.objects.apply(configMap(name));
      }
      server.faults.strike({ match: isWatch, fault: { kind: 'error-event', code: 500 } });
      expect((await watch.take(4)).map(brief)).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d']);
      expect((await watch.next()).type).toBe('ERROR');
      expect(await watch.line()).toBeUndefined();
    }));

  it('expires versions and continue tokens when it compacts', () =>
    withServer(async (server) => {
      for (const name of ['a', 'b', 'c']) server.objects.apply(configMap(name));
      const first = await ask(server, 'GET', `${CONFIG_MAPS}?limit=1`);
      const token = first.body.metadata.continue;
      server.objects.delete(configMap('b'));
      const consistent = await ask(server, 'GET', `${CONFIG_MAPS}?limit=5&continue=${token}`);
      expect(consistent.body.items.map(nameOf)).toEqual(['b', 'c']);
      expect(consistent.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
      server.compact();
      const gone = await ask(server, 'GET', `${CONFIG_MAPS}?limit=5&continue=${token}`);
      expect([gone.status, gone.body.reason]).toEqual([410, 'Expired']);
      const present = await ask(server, 'GET', `${CONFIG_MAPS}?continue=${gone.body.metadata.continue}`);
      expect(present.body.items.map(nameOf)).toEqual(['c']);
    }));

  it('restarts on the same port, with its data and without', () =>
    withServer(async (server) => {
      const { url } = server;
      server.objects.apply(configMap('a'));
      const since = server.objects.resourceVersion;
      server.objects.apply(configMap('b'));
      const watch = await OpenWatch.open(server, CONFIG_MAPS);
      await watch.take(2);
      await server.restart({ keepData: true }, async () => {
        await expect(fetch(url)).rejects.toThrow('fetch failed');
      });
      await expect(watch.line()).rejects.toThrow('terminated');
      expect(server.url).toBe(url);
      const again = await OpenWatch.open(server, `${CONFIG_MAPS}?resourceVersion=${since}`);
      expect(await again.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
      await server.restart({ keepData: false });
      const { body } = await ask(server, 'GET', CONFIG_MAPS);
      expect(body.items).toEqual([]);
      const ahead = await ask(server, 'GET', `${CONFIG_MAPS}?resourceVersion=1000`);
      expect([ahead.status, ahead.body.reason]).toEqual([504, 'Timeout']);
    }));

  it('cuts off who does not read', () =>
    withServer(
      async (server) => {
        const watch = await OpenWatch.open(server, CONFIG_MAPS);
        const text = 'x'.repeat(500_000);
        for (let index = 0; server.openWatches > 0 && index < 200; index += 1) {
          server.objects.apply(configMap('a', { text, index: String(index) }));
          await ask(server, 'GET', '/readyz');
        }
        expect(server.openWatches).toBe(0);
        await expect(watch.take(1000)).rejects.toThrow('terminated');
      },
      { maxWaitingBytes: 1_000_000 },
    ));
});

function nameOf({ metadata }: { readonly metadata: { readonly name: string } }): string {
  return metadata.name;
}
