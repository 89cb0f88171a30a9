import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@koko/lifecycle';
import type { TranslatedKind } from '@koko/translator';
import { bookmark, ClusterServer, status, until } from '../test/cluster-server.ts';
import type { Fault } from '../test/cluster-server.ts';
import { KeptLog } from '../test/kept-log.ts';
import { ApiClient } from './api-client.ts';
import { ObjectCache } from './object-cache.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorLimits, ReflectorOptions } from './reflector.ts';

const SERVICES = '/api/v1/services';
const kind: TranslatedKind = {
  kind: 'Service',
  group: '',
  version: 'v1',
  resource: 'services',
  namespaced: true,
  ingest: 'always',
};
const quick: Partial<ReflectorLimits> = {
  retryFirstMs: 2,
  retryLongestMs: 20,
  missingFirstMs: 2,
  missingLongestMs: 10,
};

let server: ClusterServer;
let client: ApiClient;
let stop: AbortController;
let running: Promise<void>;
let cache: ObjectCache;
let changes: string[];

beforeEach(async () => {
  server = new ClusterServer();
  server.served.add(SERVICES);
  client = new ApiClient({ access: await server.listen() });
  stop = new AbortController();
  running = Promise.resolve();
  changes = [];
  cache = new ObjectCache(({ reference, wasThere, isThere }) => {
    changes.push(`${wasThere ? (isThere ? '~' : '-') : '+'}${reference.name}`);
  });
});

afterEach(async () => {
  stop.abort();
  await running;
  client.close();
  await server.close();
});

function start(options: Partial<ReflectorOptions> = {}): Reflector {
  const limits = { ...quick, ...options.limits };
  const reflector = new Reflector({ client, cache, kind, random: () => 0.5, ...options, limits });
  running = reflector.run(stop.signal);
  return reflector;
}

async function watching(options: Partial<ReflectorOptions> = {}): Promise<Reflector> {
  const reflector = start(options);
  await until(() => reflector.status().state === 'watching' && server.watching(SERVICES) > 0);
  return reflector;
}

const put = (name: string, port = 80): void =>
  server.set(SERVICES, { metadata: { name, namespace: 'shop' }, spec: { ports: [{ port }] } });
const names = (): readonly string[] => [...cache.list('Service')].map(({ metadata }) => metadata.name).sort();
const isWatch = (url: URL): boolean =>
  url.searchParams.get('watch') === 'true' && !url.searchParams.has('sendInitialEvents');
const isList = (url: URL): boolean => url.pathname === SERVICES && !url.searchParams.has('watch');
const answer =
  (matches: (url: URL) => boolean, code: number): Fault =>
  (_, response, url) => {
    if (!matches(url)) return false;
    status(response, code, 'put in by the test');
    return true;
  };

/** A change made now arrives: the reflector has found its way back. */
async function expectToFollow(name = 'probe'): Promise<void> {
  put(name);
  await until(() => names().includes(name));
  server.delete(SERVICES, 'shop', name);
  await until(() => !names().includes(name));
}

describe('Reflector', () => {
  it('lists in pages, then follows additions, changes and deletions', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) put(name);
    const reflector = await watching({ limits: { pageSize: 2 } });
    await reflector.synced;
    expect(server.count(SERVICES, 'limit=2')).toBe(3);
    put('a', 81);
    server.delete(SERVICES, 'shop', 'b');
    put('f');
    await until(() => names().join('') === 'acdef');
    expect(changes.slice(5)).toEqual(['~a', '-b', '+f']);
    expect(server.requests.at(-1)?.search).toContain('allowWatchBookmarks=true');
  });

  it('lists by a stream where the server can, and goes on watching on it', async () => {
    server.streamedLists = 'supported';
    put('a');
    const reflector = await watching();
    await reflector.synced;
    await expectToFollow();
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.search).toContain('resourceVersionMatch=NotOlderThan');
  });

  it('lists in pages where the server ignores that a stream was asked for', async () => {
    server.streamedLists = 'ignored';
    put('a');
    const reflector = await watching({ limits: { listSilenceMs: 20 } });
    await reflector.synced;
    await expectToFollow();
    expect(reflector.status().lists).toBe(1);
  });

  it.each([400, 422, 500])('lists in pages where the server answers %d to a streamed list', async (code) => {
    server.streamedLists = 'supported';
    server.faults.push(answer((url) => url.searchParams.has('sendInitialEvents'), code));
    await watching();
    expect(server.requests.filter(isList)).toHaveLength(1);
    await expectToFollow();
  });

  it('does not take part of a streamed list for the whole', async () => {
    server.streamedLists = 'supported';
    put('a');
    put('b');
    server.faults.push((_, response) => {
      response.writeHead(200);
      response.end(
        `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'a', namespace: 'shop', resourceVersion: '1' } } })}\n`,
      );
      return true;
    });
    const reflector = start();
    await reflector.synced;
    expect(names()).toEqual(['a', 'b']);
  });

  it('starts the list anew, in one piece, when it expires between two pages', async () => {
    for (const name of ['a', 'b', 'c']) put(name);
    server.faults.push(answer((url) => url.searchParams.has('continue'), 410));
    const reflector = await watching({ limits: { pageSize: 2 } });
    expect(names()).toEqual(['a', 'b', 'c']);
    expect(reflector.status().failures).toBe(0);
  });

  it('keeps everything and is not synced while the list fails', async () => {
    for (const code of [500, 410, 429, 403, 401]) server.faults.push(answer(isList, code));
    put('a');
    const reflector = start();
    await until(() => reflector.status().failures >= 4);
    expect(reflector.status().hasSynced).toBe(false);
    await reflector.synced;
    expect(names()).toEqual(['a']);
  });

  it('goes on from its version when the connection breaks', async () => {
    put('a');
    const reflector = await watching();
    for (let round = 0; round < 5; round += 1) {
      server.reset();
      put(`late-${round}`);
      await until(() => names().includes(`late-${round}`));
    }
    expect(reflector.status().lists).toBe(1);
  });

  it('notices a connection on which nothing comes any more', async () => {
    await watching({ limits: { silenceMs: 30 } });
    server.faults.push((_, response, url) => {
      if (!isWatch(url)) return false;
      response.writeHead(200).flushHeaders(); // and never another word
      return true;
    });
    server.endWatches(SERVICES);
    await until(() => server.faults.length === 0);
    await expectToFollow();
  });

  it('goes on at once, and from the version of the last bookmark, when the server ends the watch', async () => {
    const reflector = await watching();
    server.write(SERVICES, `${JSON.stringify(bookmark(5000))}\n`);
    server.version = 5000;
    await until(() => reflector.status().resourceVersion === '5000');
    server.endWatches(SERVICES);
    await until(() => server.count(SERVICES, 'resourceVersion=5000') === 1);
    expect(reflector.status()).toMatchObject({ lists: 1, failures: 0 });
  });

  it('asks the server to end a watch after 5 to 10 minutes', async () => {
    await watching();
    expect(server.requests.at(-1)?.searchParams.get('timeoutSeconds')).toBe('450');
  });

  it('lists anew when its version has expired, at the start of a watch or within one', async () => {
    put('a');
    put('b');
    const reflector = await watching();
    server.faults.push(answer(isWatch, 410));
    server.endWatches(SERVICES);
    await until(() => reflector.status().lists === 2);
    await until(() => server.watching(SERVICES) === 1);
    const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
    server.write(SERVICES, `${JSON.stringify(expired)}\n`);
    await until(() => reflector.status().lists === 3);
    expect(changes).toEqual(['+a', '+b']); // a list that shows nothing new changes nothing
    await expectToFollow();
  });

  it('waits and goes on after another error within a watch, and lists anew when that does not help', async () => {
    const reflector = await watching();
    const failed: Fault = (_, response, url) => {
      if (!isWatch(url)) return false;
      response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 500, message: 'oops' } })}\n`);
      return true;
    };
    server.faults.push(failed);
    server.endWatches(SERVICES);
    await until(() => reflector.status().failures === 1);
    await expectToFollow();
    expect(reflector.status().lists).toBe(1);
    server.faults.push(failed, failed, failed, failed);
    server.endWatches(SERVICES);
    await until(() => reflector.status().lists === 2);
    await expectToFollow();
  });

  it('counts lines that make no sense and lists anew', async () => {
    const reflector = await watching();
    for (const [round, line] of [
      '{"type":',
      'null',
      '{"type":"ADDED","object":{}}',
      '{"type":"NEW","object":{"metadata":{"name":"a","resourceVersion":"1"}}}',
    ].entries()) {
      await until(() => server.watching(SERVICES) === 1);
      server.write(SERVICES, `${line}\n`);
      await until(() => reflector.status().lists === round + 2);
      expect(reflector.status().malformed).toBe(round + 1);
    }
    await expectToFollow();
  });

  it('reads lines that are split inside a character', async () => {
    await watching();
    const object = {
      metadata: { name: 'a', namespace: 'shop', resourceVersion: '200', annotations: { city: 'Zürich 🏔' } },
    };
    for (const byte of Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`)) {
      server.write(SERVICES, Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => names().includes('a'));
    expect([...cache.list('Service')][0]?.metadata.annotations).toEqual({ city: 'Zürich 🏔' });
  });

  it('sees that an object deleted and created again between two lists is another one', async () => {
    put('a');
    const reflector = await watching();
    server.faults.push(answer(isWatch, 410));
    server.endWatches(SERVICES);
    server.delete(SERVICES, 'shop', 'a');
    put('a');
    await until(() => reflector.status().lists === 2);
    await until(() => changes.length >= 3);
    expect(changes).toEqual(['+a', '-a', '+a']);
  });

  it('believes a complete empty list, such as of a server that lost its data and counts from the start', async () => {
    put('a');
    const reflector = await watching();
    server.wipe(5);
    put('b');
    await until(() => names().join() === 'b');
    expect(reflector.status().resourceVersion).toBe('6');
  });

  it('keeps what it has while the server is down', async () => {
    put('a');
    const reflector = await watching();
    const refuse: Fault = (request) => {
      request.socket.destroy();
      return true;
    };
    for (let time = 0; time < 8; time += 1) server.faults.push(refuse);
    server.reset();
    await until(() => server.faults.length === 0);
    expect(names()).toEqual(['a']);
    await expectToFollow();
    expect(reflector.status().failures).toBeGreaterThan(3);
  });

  it('waits as long as a throttling server asks it to, and lists nothing anew', async () => {
    let longestMs = 0;
    const clock = {
      now: () => Date.now(),
      after: (delayMs: number, callback: () => void) => {
        if (delayMs <= 9000) longestMs = Math.max(longestMs, delayMs);
        const timer = setTimeout(callback, delayMs === 9000 ? 1 : delayMs);
        return () => clearTimeout(timer);
      },
    };
    const reflector = await watching({ clock });
    for (let time = 0; time < 4; time += 1) {
      server.faults.push((_, response, url) => {
        if (!isWatch(url)) return false;
        status(response, 429, 'busy', { 'Retry-After': '9' });
        return true;
      });
    }
    server.endWatches(SERVICES);
    await until(() => reflector.status().failures === 4);
    await expectToFollow();
    expect(longestMs).toBe(9000);
    expect(reflector.status().lists).toBe(1);
  });

  it.each([
    ['begins anew with its waits when a list succeeds a while after the last one', 11_000, 1],
    ['waits longer each time when lists succeed but no watch holds', 0, 5],
  ])('%s', async (_name, betweenMs, expected) => {
    const logger = new KeptLog();
    let passedMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + passedMs };
    const refuse: Fault = (request, _, url) => {
      if (!isWatch(url)) return false;
      passedMs += betweenMs;
      request.socket.destroy();
      return true;
    };
    server.faults.push(...Array.from({ length: 6 }, () => refuse));
    await watching({ clock, logger });
    await expectToFollow();
    const counts = [...logger.at('warn'), ...logger.at('debug')].map(({ fields }) => Number(fields['failures'] ?? 0));
    expect(Math.max(...counts)).toBe(expected); // one refusal less, as a connection that was kept open is tried twice
  });

  it('says when it follows again what it could not for long', async () => {
    const logger = new KeptLog();
    server.faults.push(...Array.from({ length: 5 }, () => answer(isList, 403)));
    await watching({ logger });
    expect(logger.at('warn')).toHaveLength(1);
    expect(logger.at('info')).toEqual([
      { level: 'info', message: 'Follows the kind again', fields: { kind: 'Service', failures: 5 } },
    ]);
  });

  it('waits for a kind that is not there, starts when it comes and clears when it goes', async () => {
    server.served.delete(SERVICES);
    const reflector = start();
    await reflector.synced;
    expect(reflector.status()).toMatchObject({ state: 'missing', hasSynced: true });
    server.served.add(SERVICES);
    put('a');
    await until(() => names().includes('a') && server.watching(SERVICES) === 1);
    server.served.delete(SERVICES);
    server.endWatches(SERVICES);
    await until(() => reflector.status().state === 'missing');
    expect(names()).toEqual([]);
    server.served.add(SERVICES);
    await until(() => names().includes('a'));
  });

  it('does not give up objects for a server that does not serve their kind for a moment', async () => {
    put('a');
    await watching();
    server.faults.push(
      answer(isWatch, 404),
      answer(isList, 404),
      answer(({ pathname }) => pathname === '/api/v1', 404),
    );
    server.endWatches(SERVICES);
    await until(() => server.faults.length === 0);
    await expectToFollow();
    expect(changes).toEqual(['+a', '+probe', '-probe']);
  });

  it('reads one namespace, by labels, and only metadata when told so', async () => {
    server.set(SERVICES, { metadata: { name: 'other', namespace: 'other' } });
    put('a');
    const reflector = start({ namespace: 'shop', labelSelector: 'app=a', content: 'metadata' });
    await reflector.synced;
    expect(names()).toEqual(['a']);
    expect([...cache.list('Service')][0]?.['spec']).toBeUndefined();
    const last = server.requests.at(-1);
    expect([last?.pathname, last?.searchParams.get('labelSelector')]).toEqual([
      '/api/v1/namespaces/shop/services',
      'app=a',
    ]);
    expect(server.accepts.at(-1)).toContain('as=PartialObjectMetadata');
  });

  it('survives faults of all sorts in any order without losing a change', async () => {
    const reflector = await watching({ limits: { silenceMs: 40, pageSize: 3 } });
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    const faults: readonly (() => void)[] = [
      () => server.reset(),
      () => server.endWatches(SERVICES),
      () => server.write(SERVICES, 'nonsense\n'),
      () => server.write(SERVICES, '{"type":"ERROR","object":{"code":410}}\n'),
      () => server.write(SERVICES, '{"type":"ERROR","object":{"code":500}}\n'),
      () => (server.faults.push(answer(isWatch, 410)), server.endWatches(SERVICES)),
      () => (server.faults.push(answer(isWatch, 503)), server.reset()),
      () => (server.faults.push(answer((url) => url.searchParams.has('continue'), 410)), server.write(SERVICES, 'x\n')),
      () => (
        server.faults.push((_, response, url) => isWatch(url) && (response.writeHead(200).flushHeaders(), true)),
        server.endWatches(SERVICES)
      ),
    ];
    const expected = new Set<string>();
    for (let step = 0; step < 150; step += 1) {
      const name = `s${random(12)}`;
      if (random(3) === 0) {
        server.delete(SERVICES, 'shop', name);
        expected.delete(name);
      } else {
        put(name, step + 1);
        expected.add(name);
      }
      if (random(3) === 0) faults[random(faults.length)]?.();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    server.faults.splice(0);
    await until(() => names().join() === [...expected].sort().join());
    await expectToFollow();
    expect(reflector.status().failures).toBeGreaterThan(5);
  }, 20_000);
});
