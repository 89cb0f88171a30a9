import { describe, expect, it } from '@jest/globals';
import { CONFIG_MAPS, INGRESSES, ask, configMap, ingress, withServer } from './running-server.ts';

describe('objects over HTTP', () => {
  it('creates, reads, replaces and deletes', () =>
    withServer(async (server) => {
      const created = await ask(server, 'POST', INGRESSES, { body: ingress('shop') });
      expect(created.status).toBe(201);
      expect(created.body.metadata).toMatchObject({ name: 'shop', namespace: 'default', generation: 1 });
      expect(created.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const changed = { ...created.body, spec: { rules: [{ host: 'other.test' }] } };
      const replaced = await ask(server, 'PUT', `${INGRESSES}/shop`, { body: changed });
      expect(replaced.status).toBe(200);
      expect(replaced.body.metadata.generation).toBe(2);
      expect(Number(replaced.body.metadata.resourceVersion)).toBeGreaterThan(
        Number(created.body.metadata.resourceVersion),
      );
      expect((await ask(server, 'GET', `${INGRESSES}/shop`)).body).toEqual(replaced.body);
      const deleted = await ask(server, 'DELETE', `${INGRESSES}/shop`);
      expect(deleted.body).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'shop' } });
      const gone = await ask(server, 'GET', `${INGRESSES}/shop`);
      expect(gone.status).toBe(404);
      expect(gone.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'ingresses.networking.k8s.io "shop" not found',
        reason: 'NotFound',
        details: { name: 'shop', group: 'networking.k8s.io', kind: 'ingresses' },
        code: 404,
      });
    }));

  it('refuses an update of what has changed meanwhile', () =>
    withServer(async (server) => {
      const { body } = await ask(server, 'POST', CONFIG_MAPS, { body: configMap('a') });
      await ask(server, 'PUT', `${CONFIG_MAPS}/a`, { body: { ...body, data: { key: '1' } } });
      const stale = await ask(server, 'PUT', `${CONFIG_MAPS}/a`, { body: { ...body, data: { key: '2' } } });
      expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
      const again = await ask(server, 'POST', CONFIG_MAPS, { body: configMap('a') });
      expect([again.status, again.body.reason]).toEqual([409, 'AlreadyExists']);
    }));

  it('writes nothing, and no new version, when nothing changes', () =>
    withServer(async (server) => {
      const { body } = await ask(server, 'POST', INGRESSES, { body: ingress('a') });
      const same = await ask(server, 'PUT', `${INGRESSES}/a`, { body });
      expect(same.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    }));

  it('keeps status and the rest apart where there is a status subresource', () =>
    withServer(async (server) => {
      const status = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
      const { body } = await ask(server, 'POST', INGRESSES, { body: { ...ingress('a'), status } });
      expect(body.status).toEqual({ loadBalancer: {} });
      const written = await ask(server, 'PUT', `${INGRESSES}/a/status`, { body: { ...body, spec: {}, status } });
      expect(written.body).toMatchObject({ status, spec: body.spec, metadata: { generation: 1 } });
      const main = await ask(server, 'PUT', `${INGRESSES}/a`, { body: { ...written.body, status: {} } });
      expect(main.body.status).toEqual(status);
      expect((await ask(server, 'GET', `${CONFIG_MAPS}/a/status`)).status).toBe(404);
    }));

  it('names objects by generateName and refuses names that are none', () =>
    withServer(async (server) => {
      const generated = { ...configMap(''), metadata: { generateName: 'job-' } };
      const { body } = await ask(server, 'POST', CONFIG_MAPS, { body: generated });
      expect(body.metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
      const bad = await ask(server, 'POST', CONFIG_MAPS, { body: configMap('No_Name') });
      expect([bad.status, bad.body.reason]).toEqual([422, 'Invalid']);
    }));

  it('patches by merge patch, JSON patch, strategic merge patch and apply', () =>
    withServer(async (server) => {
      const patch = (type: string, body: unknown): ReturnType<typeof ask> =>
        ask(server, 'PATCH', `${CONFIG_MAPS}/a?fieldManager=test`, { body, headers: { 'content-type': type } });
      const applied = await patch('application/apply-patch+yaml', configMap('a', { one: '1' }));
      expect(applied.status).toBe(201);
      await patch('application/merge-patch+json', { data: { two: '2', one: null } });
      await patch('application/json-patch+json', [
        { op: 'test', path: '/data/two', value: '2' },
        { op: 'add', path: '/data/three', value: '3' },
      ]);
      const { body } = await patch('application/strategic-merge-patch+json', { metadata: { finalizers: ['x/y'] } });
      expect(body.data).toEqual({ two: '2', three: '3' });
      expect(body.metadata.finalizers).toEqual(['x/y']);
      const failed = await patch('application/json-patch+json', [{ op: 'remove', path: '/data/nine' }]);
      expect(failed.status).toBe(422);
      expect((await patch('text/plain', '{}')).status).toBe(415);
    }));

  it('keeps the cluster IP of a service over updates that do not name it', () =>
    withServer(async (server) => {
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
      const created = server.objects.apply(service);
      expect(server.objects.apply(service)).toEqual(created);
      expect(server.objects.apply({ ...service, spec: { clusterIP: 'None' } })['spec']).toMatchObject({
        clusterIP: 'None',
      });
    }));

  it('stores nothing on a dry run', () =>
    withServer(async (server) => {
      const { status } = await ask(server, 'POST', `${CONFIG_MAPS}?dryRun=All`, { body: configMap('a') });
      expect(status).toBe(201);
      expect((await ask(server, 'GET', `${CONFIG_MAPS}/a`)).status).toBe(404);
    }));

  it('keeps a deleted object until its last finalizer goes', () =>
    withServer(async (server) => {
      const object = { ...ingress('a'), metadata: { name: 'a', finalizers: ['x/y'] } };
      await ask(server, 'POST', INGRESSES, { body: object });
      const marked = await ask(server, 'DELETE', `${INGRESSES}/a`);
      expect(marked.body.metadata.deletionTimestamp).toBeDefined();
      expect(marked.body.metadata.generation).toBe(2);
      const { body } = await ask(server, 'GET', `${INGRESSES}/a`);
      await ask(server, 'PUT', `${INGRESSES}/a`, { body: { ...body, metadata: { ...body.metadata, finalizers: [] } } });
      expect((await ask(server, 'GET', `${INGRESSES}/a`)).status).toBe(404);
    }));

  it('deletes what selectors let through, and checks the preconditions of a delete', () =>
    withServer(async (server) => {
      for (const name of ['a', 'b', 'c'])
        server.objects.apply({
          ...configMap(name),
          metadata: { name, labels: { odd: String(name !== 'b') } },
        });
      const wrong = { preconditions: { uid: 'another' } };
      expect((await ask(server, 'DELETE', `${CONFIG_MAPS}/a`, { body: wrong })).status).toBe(409);
      const removed = await ask(server, 'DELETE', `${CONFIG_MAPS}?labelSelector=odd%3Dtrue`);
      expect(removed.body.items).toHaveLength(2);
      expect((await ask(server, 'GET', CONFIG_MAPS)).body.items).toHaveLength(1);
    }));

  it('knows namespaces: none, terminating, and gone with all they held', () =>
    withServer(async (server) => {
      const path = '/api/v1/namespaces/shop/configmaps';
      const missing = await ask(server, 'POST', path, { body: configMap('a', {}, 'shop') });
      expect([missing.status, missing.body.message]).toEqual([404, 'namespaces "shop" not found']);
      server.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      const held = configMap('held', {}, 'shop');
      server.objects.apply({ ...held, metadata: { ...held.metadata, finalizers: ['x/y'] } });
      server.objects.apply(configMap('a', {}, 'shop'));
      const { body } = await ask(server, 'DELETE', '/api/v1/namespaces/shop');
      expect(body.status.phase).toBe('Terminating');
      expect(server.objects.find(configMap('a', {}, 'shop'))).toBeUndefined();
      const late = await ask(server, 'POST', path, { body: configMap('late', {}, 'shop') });
      expect(late.status).toBe(403);
      await ask(server, 'PATCH', `${path}/held`, {
        body: { metadata: { finalizers: null } },
        headers: { 'content-type': 'application/merge-patch+json' },
      });
      expect((await ask(server, 'GET', '/api/v1/namespaces/shop')).status).toBe(404);
    }));

  it('shows tables and metadata alone, and says in JSON what was asked for in protobuf', () =>
    withServer(async (server) => {
      server.objects.apply(ingress('a', 'one.test'));
      const get = async (accept: string): Promise<Awaited<ReturnType<typeof ask>>['body']> =>
        (await ask(server, 'GET', INGRESSES, { headers: { accept } })).body;
      const table = await get('application/json;as=Table;v=v1;g=meta.k8s.io,application/json');
      expect(table.kind).toBe('Table');
      expect(table.rows[0].cells.slice(0, 3)).toEqual(['a', 'kong', 'one.test']);
      const partial = await get('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io');
      expect(partial.kind).toBe('PartialObjectMetadataList');
      expect(partial.items[0].spec).toBeUndefined();
      expect((await get('application/vnd.kubernetes.protobuf,application/json')).kind).toBe('IngressList');
      const sent = await ask(server, 'POST', INGRESSES, {
        body: 'k8s',
        headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      });
      expect(sent.status).toBe(415);
    }));

  it('shows an Event by both of its APIs', () =>
    withServer(async (server) => {
      const path = '/apis/events.k8s.io/v1/namespaces/default/events';
      const regarding = { kind: 'Ingress', name: 'shop' };
      const event = { metadata: { name: 'e' }, note: 'no such service', regarding, reason: 'Broken', type: 'Warning' };
      expect((await ask(server, 'POST', path, { body: event })).body.note).toBe('no such service');
      const old = await ask(server, 'GET', '/api/v1/events?fieldSelector=involvedObject.name%3Dshop');
      expect(old.body.items[0]).toMatchObject({ message: 'no such service' });
    }));

  it('logs requests under the names of users', () =>
    withServer(
      async (server) => {
        const token = /token: "(\w+)"/.exec(server.kubeconfig({ user: 'somebody' }))?.[1] ?? '';
        await ask(server, 'GET', CONFIG_MAPS, { headers: { authorization: `Bearer ${token}` } });
        await ask(server, 'GET', CONFIG_MAPS);
        expect(server.requests.entries.map(({ user }) => user)).toEqual(['somebody', '']);
        expect(server.kubeconfig({ url: 'http://127.0.0.1:1' })).toContain('server: http://127.0.0.1:1\n');
        expect(() => server.kubeconfig({ user: 'nobody' })).toThrow('Cannot find the user "nobody"');
      },
      { users: ['somebody'] },
    ));

  it('lets in only who has a token, if there are tokens', () =>
    withServer(
      async (server) => {
        const refused = await ask(server, 'GET', CONFIG_MAPS);
        expect([refused.status, refused.body.reason]).toEqual([401, 'Unauthorized']);
        const headers = { authorization: 'Bearer secret' };
        expect((await ask(server, 'GET', CONFIG_MAPS, { headers })).status).toBe(200);
      },
      { tokens: ['secret'] },
    ));
});
