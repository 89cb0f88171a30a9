import { describe, expect, it } from '@jest/globals';
import { RequestLog } from './request-log.ts';
import { requestFacts } from './request-facts.ts';

describe('RequestLog', () => {
  it('counts all requests and keeps the last ones', () => {
    const log = new RequestLog(10);
    for (let index = 0; index < 1000; index += 1)
      log.begin(requestFacts('PUT', `/apis/networking.k8s.io/v1/namespaces/a/ingresses/i${index}/status`), index)(200);
    expect(log.entries).toHaveLength(10);
    expect(log.entries.at(-1)).toMatchObject({ verb: 'update', name: 'i999', namespace: 'a', code: 200, time: 999 });
    expect([...log.counts]).toEqual([['update ingresses/status', 1000]]);
    log.reset();
    expect([log.count(), log.counts.size]).toEqual([0, 0]);
  });

  it('keeps the counts bounded, whatever paths are asked for', () => {
    const log = new RequestLog(10);
    for (let index = 0; index < 1000; index += 1) log.begin(requestFacts('GET', `/path-${index}`), index)(404);
    expect(log.counts.size).toBe(10);
    expect(log.count({ verb: 'path', code: 404 })).toBe(10);
  });
});

describe('requestFacts', () => {
  it.each([
    ['GET', '/api/v1/namespaces', 'list', 'namespaces', '', undefined, undefined],
    ['GET', '/api/v1/namespaces/shop', 'get', 'namespaces', '', undefined, 'shop'],
    ['PUT', '/api/v1/namespaces/shop/status', 'update', 'namespaces', 'status', undefined, 'shop'],
    ['GET', '/api/v1/namespaces/shop/secrets?watch=true', 'watch', 'secrets', '', 'shop', undefined],
    ['PATCH', '/api/v1/namespaces/shop/services/a/status', 'patch', 'services', 'status', 'shop', 'a'],
    ['DELETE', '/api/v1/namespaces/shop/services', 'deletecollection', 'services', '', 'shop', undefined],
    ['GET', '/apis/networking.k8s.io/v1', 'path', '', '', undefined, undefined],
    ['GET', '/%E0%A4%A', 'path', '', '', undefined, undefined],
  ])('reads %s %s', (method, url, verb, resource, subresource, namespace, name) => {
    expect(requestFacts(method, url)).toMatchObject({ verb, resource, subresource, namespace, name });
  });
});
