import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClusterServer, status } from '../test/cluster-server.ts';
import { ApiClient } from './api-client.ts';
import { ClusterEventWriter } from './cluster-event-writer.ts';
import type { EventReport } from './cluster-event-writer.ts';
import { ClusterStatusWriter } from './cluster-status-writer.ts';

const never = new AbortController().signal;
const now = Date.parse('2026-01-02T03:04:05Z');
const target = {
  reference: { kind: 'Ingress', namespace: 'shop', name: 'web' },
  uid: 'uid-1',
  resourceVersion: '7',
};
const report: EventReport = {
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  },
  reason: 'Failed',
  message: 'is bad',
  now,
  leastAgeMs: 0,
};

let server: ClusterServer;
let client: ApiClient;
/** What was asked, in order. */
let asked: { readonly method: string; readonly path: string; readonly type: string; readonly body: unknown }[];

beforeEach(async () => {
  server = new ClusterServer();
  client = new ApiClient({ access: await server.listen() });
  asked = [];
});

afterEach(async () => {
  client.close();
  await server.close();
});

/** The next request is answered so. */
function answer(code: number, body: object = {}, headers: Record<string, string> = {}): void {
  server.faults.push((request, response, url) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '' } = request;
      const type = request.headers['content-type'] ?? '';
      asked.push({ method, path: url.pathname, type, body: JSON.parse(Buffer.concat(chunks).toString()) });
      if (code >= 300) return status(response, code, 'no', headers);
      response.writeHead(code, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    return true;
  });
}

const asks = (): readonly string[] => asked.map(({ method, body }) => `${method} ${JSON.stringify(body)}`);

describe('ClusterStatusWriter', () => {
  it('patches the status of the object at the version that was looked at', async () => {
    answer(200, { metadata: { resourceVersion: '8' } });
    const writer = new ClusterStatusWriter({ client });
    const outcome = await writer.write(target, { loadBalancer: { ingress: [] } }, never);
    expect(outcome).toEqual({ result: 'written', resourceVersion: '8' });
    expect(asked).toEqual([
      {
        method: 'PATCH',
        path: '/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web/status',
        type: 'application/merge-patch+json',
        body: { metadata: { uid: 'uid-1', resourceVersion: '7' }, status: { loadBalancer: { ingress: [] } } },
      },
    ]);
  });

  it.each([
    [409, 'conflict'],
    [404, 'gone'],
    [403, 'refused'],
    [422, 'refused'],
  ])('takes the answer %d for "%s"', async (code, result) => {
    answer(code);
    expect(await new ClusterStatusWriter({ client }).write(target, {}, never)).toMatchObject({ result });
  });

  it('throws what will pass, with how long the server wants to be left alone', async () => {
    answer(429, {}, { 'Retry-After': '3' });
    const writing = new ClusterStatusWriter({ client }).write(target, {}, never);
    await expect(writing).rejects.toMatchObject({ code: 'ERR_KUBERNETES_THROTTLED', retryAfterMs: 3000 });
    answer(500);
    await expect(new ClusterStatusWriter({ client }).write(target, {}, never)).rejects.toThrow('500');
  });

  it('has nothing to write to for kinds that it does not know', async () => {
    const reference = { kind: 'Other', name: 'x' };
    const outcome = await new ClusterStatusWriter({ client }).write({ ...target, reference }, {}, never);
    expect(outcome).toEqual({ result: 'gone' });
  });
});

describe('ClusterEventWriter', () => {
  const present = { count: 4, lastTimestamp: '2026-01-02T03:00:00Z' };
  const write = (other: Partial<EventReport> = {}): Promise<unknown> =>
    new ClusterEventWriter({ client, instance: 'iic-0' }).write({ ...report, ...other }, never);

  it('creates the Event of news in the namespace of the object', async () => {
    answer(201);
    expect(await write()).toEqual({ result: 'written', seen: { count: 1, lastAt: now } });
    expect(asked[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/shop/events',
      body: {
        metadata: { namespace: 'shop', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as unknown },
        involvedObject: { kind: 'Ingress', namespace: 'shop', name: 'web', uid: 'u' },
        type: 'Warning',
        reason: 'Failed',
        message: 'is bad',
        source: { component: 'iic' },
        reportingComponent: 'iic',
        reportingInstance: 'iic-0',
        firstTimestamp: '2026-01-02T03:04:05Z',
        lastTimestamp: '2026-01-02T03:04:05Z',
        count: 1,
      },
    });
  });

  it('counts news once more where there is such an Event already', async () => {
    answer(409);
    answer(200, present);
    answer(200);
    expect(await write()).toEqual({ result: 'written', seen: { count: 5, lastAt: now } });
    expect(asks().slice(1)).toEqual(['PATCH {}', 'PATCH {"count":5,"lastTimestamp":"2026-01-02T03:04:05Z"}']);
  });

  it('leaves a young Event alone after a start, renews an old one, and creates what is not there', async () => {
    answer(200, present);
    const seen = { count: 4, lastAt: Date.parse('2026-01-02T03:00:00Z') };
    expect(await write({ leastAgeMs: 1_800_000 })).toEqual({ result: 'present', seen });
    answer(200, { ...present, lastTimestamp: '2026-01-02T02:00:00Z' });
    answer(200);
    expect(await write({ leastAgeMs: 1_800_000 })).toMatchObject({ result: 'written', seen: { count: 5 } });
    answer(404);
    answer(201);
    expect(await write({ leastAgeMs: 1_800_000 })).toMatchObject({ result: 'written', seen: { count: 1 } });
  });

  it('repeats with one request, or begins anew where the Event has expired', async () => {
    answer(200);
    expect(await write({ seen: { count: 7, lastAt: 0 } })).toMatchObject({ seen: { count: 8 } });
    answer(404);
    answer(201);
    expect(await write({ seen: { count: 8, lastAt: 0 } })).toMatchObject({ seen: { count: 1 } });
    expect(asked.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'POST']);
  });

  it.each([403, 404, 422])('is refused by the answer %d, as from a namespace that is going', async (code) => {
    answer(code);
    expect(await write()).toMatchObject({ result: 'refused' });
  });

  it('tells a conflict, to be tried again soon', async () => {
    for (const code of [409, 404]) answer(code); // it went between the two
    expect(await write()).toEqual({ result: 'conflict' });
    for (const code of [409, 409]) answer(code);
    expect(await write()).toEqual({ result: 'conflict' });
    answer(409);
    expect(await write({ seen: { count: 1, lastAt: 0 } })).toEqual({ result: 'conflict' });
  });

  it('throws what will pass', async () => {
    answer(503);
    await expect(write()).rejects.toMatchObject({ code: 'ERR_KUBERNETES_FAILED' });
  });

  it.each([{}, { count: 'x', lastTimestamp: 5 }, { count: 1e300, lastTimestamp: 'never' }])(
    'begins to count anew where others have tampered with the Event: %j',
    async (tampered) => {
      answer(200, tampered);
      answer(200);
      expect(await write({ leastAgeMs: 1_800_000 })).toEqual({ result: 'written', seen: { count: 1, lastAt: now } });
    },
  );
});
