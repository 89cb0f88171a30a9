import { describe, expect, it } from '@jest/globals';
import { entityId, pluginKey, uuid5 } from './ids.ts';

const root = 'fd02801f-0957-4a15-a55a-c8d9606f30b5';

describe('uuid5', () => {
  it.each([
    ['services', '90050c4f-539a-5bd9-bfb5-2ff1c430ca18'],
    ['routes', '78aafefa-16c7-5598-8955-58dc6264b27a'],
    ['consumers', '7e5adc17-c056-5c54-98c0-7f88774fccf6'],
    ['consumergroups', '4b01092a-c5c8-53f2-bed8-175b4436913f'],
    ['vaults', '66ef8da9-18d3-5bbc-9241-62b0e3ead8f1'],
    ['plugins', 'e9b79996-068a-576f-804e-98a685f0a58e'],
  ])('derives the namespace of %s', (kind, namespace) => {
    expect(uuid5(root, kind)).toBe(namespace);
  });
});

describe('entityId', () => {
  it.each([
    ['services', 'bar-namespace.foo-svc.80', '', 'edc1d53e-73b4-5932-9455-0e01f0d53e3f'],
    ['services', 'shop.cart.80', '', 'f2b0d317-235f-5f6a-9682-a76a0afa5a05'],
    ['services', 'shop.cart.80', 'team-a', 'dcc33f36-af19-5c81-9dd6-077c64c6578b'],
    ['routes', 'bar-namespace.ing-with-tls.foo-svc.example.com.80', '', 'fc9a8135-0253-5631-b1e0-8712f796a4e2'],
    ['consumers', 'consumer-1', '', 'e23d9ef8-1cc4-5b55-abd1-db89aa90346c'],
    ['consumers', 'some.username', 'ws.1', '4701c235-f7f0-51ee-8782-0d8e145d6771'],
    ['consumer_groups', 'consumer-group-2', '', '876a1c78-f75a-570e-a918-26506344add0'],
    ['vaults', 'test-env', '', '837665c3-856f-5ca2-9db4-52a1cf8a32be'],
    ['plugins', 'rate-limiting', '', 'f0f8012b-f709-5685-9812-0130e5d83c5a'],
  ] as const)('gives %s %s in workspace "%s" the id of go-kong', (kind, key, workspace, id) => {
    expect(entityId(kind, key, workspace)).toBe(id);
  });

  it('keeps kinds apart', () => {
    expect(entityId('upstreams', 'x')).not.toBe(entityId('snis', 'x'));
  });
});

describe('pluginKey', () => {
  it.each([
    ['correlation-id', { route: 'default.httpbin.httpbin..80' }, '61a22b86-f859-5c8a-a23c-97b92b14b635'],
    ['basic-auth', { service: 'default.svc-facade-beta.svc.facade' }, 'a340e1ec-76fc-53fe-bd7a-e446543585b8'],
    ['rate-limiting', { consumer: 'alice', service: 'shop.cart.80' }, 'a2bec36b-f033-5666-b78b-65cb9b2896db'],
    ['rate-limiting', {}, 'f0f8012b-f709-5685-9812-0130e5d83c5a'],
  ])('makes the key of %s', (name, scope, id) => {
    expect(entityId('plugins', pluginKey(name, scope))).toBe(id);
  });

  it('names what a plugin is applied to in a fixed order', () => {
    const scope = { consumerGroup: 'g', consumer: 'c', route: 'r', service: 's' };
    expect(pluginKey('cors', scope)).toBe('cors:service/s:route/r:consumer/c:consumer_group/g');
  });
});
