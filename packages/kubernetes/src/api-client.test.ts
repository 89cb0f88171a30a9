import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterServer, status, until } from '../test/cluster-server.ts';
import { ApiClient } from './api-client.ts';
import type { ApiRequest } from './api-client.ts';
import type { ClusterAccess } from './cluster-access.ts';

const SERVICES = '/api/v1/services';
const list: ApiRequest = { verb: 'list', resource: 'services', path: SERVICES };
const watch: ApiRequest = { verb: 'watch', resource: 'services', path: SERVICES, query: { watch: true } };
let server: ClusterServer;
let access: ClusterAccess;
let client: ApiClient;
const never = new AbortController().signal;

beforeEach(async () => {
  server = new ClusterServer();
  server.served.add(SERVICES);
  access = await server.listen();
  client = new ApiClient({ access });
});

afterEach(async () => {
  client.close();
  await server.close();
});

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: Error) => error,
  );
}

describe('ApiClient', () => {
  it.each([
    [400, 'ERR_KUBERNETES_INVALID'],
    [401, 'ERR_KUBERNETES_UNAUTHORIZED'],
    [403, 'ERR_KUBERNETES_FORBIDDEN'],
    [404, 'ERR_KUBERNETES_NOT_FOUND'],
    [409, 'ERR_KUBERNETES_CONFLICT'],
    [410, 'ERR_KUBERNETES_GONE'],
    [422, 'ERR_KUBERNETES_INVALID'],
    [429, 'ERR_KUBERNETES_THROTTLED'],
    [500, 'ERR_KUBERNETES_FAILED'],
    [503, 'ERR_KUBERNETES_FAILED'],
  ])('names the verb, the resource and the answer for status %d', async (code, expected) => {
    server.faults.push((_, response) => (status(response, code, 'because'), true));
    const error = await failure(client.request(list, never));
    expect(error).toMatchObject({ code: expected, status: code });
    expect(error.message).toMatch(/^Cannot list services: .*because$/);
    expect(error.message).not.toContain('s3cret');
  });

  it('says which right is missing', async () => {
    server.faults.push((_, response) => (status(response, 403, 'no'), true));
    expect((await failure(client.request(list, never))).message).toContain('grant the verb "list" on "services"');
  });

  it('has credentials obtained anew after they were refused, and only then', async () => {
    let forgotten = 0;
    client = new ApiClient({ access: { ...access, forget: () => (forgotten += 1) } });
    server.faults.push((_, response) => (status(response, 403, 'no'), true));
    await failure(client.request(list, never));
    expect(forgotten).toBe(0);
    server.faults.push((_, response) => (status(response, 401, 'no'), true));
    await failure(client.request(list, never));
    expect(forgotten).toBe(1);
  });

  it('passes on for how long the server wants to be left alone', async () => {
    server.faults.push((_, response) => (status(response, 429, 'busy', { 'Retry-After': '7' }), true));
    expect(await failure(client.request(list, never))).toMatchObject({ retryAfterMs: 7000 });
  });

  it('names a server that cannot be reached, but no credentials', async () => {
    await server.close();
    const error = await failure(client.request(list, never));
    expect(error).toMatchObject({ code: 'ERR_KUBERNETES_UNREACHABLE' });
    expect(error.message).toContain(access.server.host);
    expect(JSON.stringify(error) + error.stack).not.toContain('s3cret');
  });

  it('gives up on a server that takes too long, with its head or with its body', async () => {
    client = new ApiClient({ access, timeoutMs: 20 });
    server.faults.push(() => true);
    expect(await failure(client.request(list, never))).toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
    server.faults.push((_, response) => response.writeHead(200).write('{'));
    expect(await failure(client.request(list, never))).toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
  });

  it('gives up on credentials that never come', async () => {
    client = new ApiClient({ access: { ...access, authenticate: () => new Promise(() => {}) }, timeoutMs: 20 });
    expect(await failure(client.request(list, never))).toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
  });

  it('stops with the reason of its signal', async () => {
    const stop = new AbortController();
    server.faults.push(() => (stop.abort(new Error('enough')), true));
    expect((await failure(client.request(list, stop.signal))).message).toBe('enough');
    expect((await failure(client.request(list, stop.signal))).message).toBe('enough');
  });

  it('refuses answers that are no JSON object, cut off, or no list', async () => {
    server.faults.push((_, response) => (response.end('<html>'), true));
    expect(await failure(client.request(list, never))).toMatchObject({ code: 'ERR_KUBERNETES_MALFORMED' });
    server.faults.push((_, response) => (response.end('{}'), true));
    expect(await failure(client.pages(list, 10, never).next())).toMatchObject({ code: 'ERR_KUBERNETES_MALFORMED' });
    server.faults.push((_, response) => {
      response.writeHead(200).write('{"a":');
      setImmediate(() => response.destroy());
      return true;
    });
    expect(await failure(client.request(list, never))).toMatchObject({ code: 'ERR_KUBERNETES_UNREACHABLE' });
  });

  it('reads a list page by page', async () => {
    for (const name of ['a', 'b', 'c']) server.set(SERVICES, { metadata: { name, namespace: 'shop' } });
    const sizes: number[] = [];
    for await (const { items } of client.pages(list, 2, never)) sizes.push(items.length);
    expect(sizes).toEqual([2, 1]);
  });

  it('reuses its connections, and survives that the server closes an idle one', async () => {
    await client.request(list, never);
    server.reset();
    await client.request(list, never);
    await client.request(list, never);
    expect(server.requests.length).toBeGreaterThanOrEqual(3);
  });

  it('tells a stream that broke from one that fell silent and one that ended in order', async () => {
    const first = client.lines(watch, () => 1000, never);
    const broken = failure(first.next());
    await until(() => server.watching(SERVICES) === 1);
    server.reset();
    expect(await broken).toMatchObject({ code: 'ERR_KUBERNETES_STREAM_BROKEN' });
    expect(await failure(client.lines(watch, () => 20, never).next())).toMatchObject({ code: 'ERR_KUBERNETES_SILENT' });
    await until(() => server.watching(SERVICES) === 0);
    const ended = client.lines(watch, () => 1000, never).next();
    await until(() => server.watching(SERVICES) === 1);
    server.endWatches(SERVICES);
    expect(await ended).toMatchObject({ done: true });
  });

  it('lets what is urgent pass many requests that are not answered', async () => {
    server.faults.push(...Array.from({ length: 16 }, () => () => true));
    const stop = new AbortController();
    const stuck = Array.from({ length: 20 }, () => failure(client.request(list, stop.signal)));
    await until(() => server.requests.length === 16);
    expect(await client.request({ ...list, isUrgent: true }, never)).toMatchObject({ kind: 'List' });
    expect(server.requests).toHaveLength(17);
    stop.abort();
    await Promise.all(stuck);
  });

  it('releases the connection of a stream that nobody reads on', async () => {
    for await (const line of client.lines(watch, () => 1000, listening())) {
      expect(line).toContain('"a"');
      break;
    }
    await until(() => server.watching(SERVICES) === 0);
  });

  it('does not wait for ever for a server that takes the connection and says nothing', async () => {
    const sockets: Socket[] = [];
    const mute = createTcpServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number }; // it listens on TCP
    const other = new ApiClient({ access: { ...access, server: new URL(`http://127.0.0.1:${port}`) }, timeoutMs: 20 });
    expect(await failure(other.lines(watch, () => 20, never).next())).toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
    other.close();
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});

function listening(): AbortSignal {
  server.set(SERVICES, { metadata: { name: 'a', namespace: 'shop' } });
  return never;
}
