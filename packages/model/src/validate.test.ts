import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { KongRoute, KongService, KongUpstream } from './entity-aliases.ts';
import type { EntityType } from './entity-types.ts';
import type { ValidateOptions } from './validate.ts';
import { validateEntity } from './validate.ts';

const id = '2cdc494a-4ab5-58a8-9bb9-d929af135cc9';
const pem = (name: string): string => readFileSync(new URL(`../testdata/${name}`, import.meta.url), 'utf8');

/** The paths of all problems, dotted and sorted; `accepted` when there are none. */
function verdict(type: EntityType, input: unknown, options?: ValidateOptions): string {
  const result = validateEntity(type, input, options);
  if (result.ok) return 'accepted';
  return [...new Set(result.problems.map(({ path }) => (path.length === 0 ? '@' : path.join('.'))))]
    .toSorted()
    .join(' ');
}

function filled(type: EntityType, input: unknown): Readonly<Record<string, unknown>> {
  const result = validateEntity(type, input);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { ...result.value };
}

describe('validateEntity', () => {
  it('fills a service with defaults and nulls, without inventing moments', () => {
    const result = validateEntity('services', { id, host: 'h.example', tags: ['b', 'a', 'b'] });
    const expected: KongService = {
      id,
      name: null,
      retries: 5,
      protocol: 'http',
      host: 'h.example',
      port: 80,
      path: null,
      enabled: true,
      connect_timeout: 60000,
      write_timeout: 60000,
      read_timeout: 60000,
      tags: ['b', 'a'],
      client_certificate: null,
      tls_verify: null,
      tls_verify_depth: null,
      ca_certificates: null,
    };
    expect(result).toEqual({ ok: true, value: expected });
  });

  it('reports every problem with its code and path', () => {
    const input = { protocol: 'gopher', port: 65536, host: 'a b', tags: ['ok', 'a,b', 5], retries: '5', color: 'red' };
    const result = validateEntity('services', input);
    expect(result.ok ? [] : result.problems.map(({ code, path }) => [path.join('.'), code])).toEqual([
      ['color', 'ERR_FIELD_UNKNOWN'],
      ['retries', 'ERR_FIELD_TYPE'],
      ['protocol', 'ERR_FIELD_VALUE'],
      ['host', 'ERR_FIELD_FORMAT'],
      ['port', 'ERR_FIELD_RANGE'],
      ['tags.1', 'ERR_FIELD_FORMAT'],
      ['tags.2', 'ERR_FIELD_TYPE'],
    ]);
  });

  it('does not change its input', () => {
    const input = Object.freeze({ url: 'http://a.b/c', tags: Object.freeze(['a', 'a']) });
    expect(verdict('services', input)).toBe('accepted');
  });

  it.each([[null], [undefined], ['x'], [5], [[]]])('refuses %j as an entity', (input) => {
    expect(verdict('services', input)).toBe('@');
  });

  it('refuses members that every object inherits', () => {
    expect(verdict('services', JSON.parse('{"host":"h","__proto__":1,"constructor":2}'))).toBe('__proto__ constructor');
  });

  it('refuses a type that does not exist, or not yet', () => {
    // What comes from outside need not keep to the type.
    expect(verdict('partials' as EntityType, {})).toBe('@');
    expect(verdict('keys', { kid: 'a' }, { version: '3.0.2' })).toBe('@');
  });

  it('reads the other members of a reference without an id as those of the entity that is meant', () => {
    const route = (service: unknown): string => verdict('routes', { paths: ['/'], service });
    expect(route({ id, nope: 1 })).toBe('accepted');
    expect(route({ name: 's' })).toBe('service.id');
    expect(route({ nope: 's' })).toBe('service.nope');
    expect(route({ name: 5, nope: 1 })).toBe('service.name service.nope');
    expect(route({ id: 'x', nope: 1 })).toBe('service.id service.nope');
    expect(route('x')).toBe('service.id');
  });

  it('generates ids and secrets by what it is given', () => {
    const result = validateEntity('keyauth_credentials', { consumer: { id } }, { generate: (kind) => `<${kind}>` });
    expect(result).toEqual({ ok: true, value: { id: '<uuid>', consumer: { id }, tags: null, key: '<random>' } });
    expect(filled('keyauth_credentials', { consumer: { id } })['key']).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it('keeps moments that are given and drops what is none where a write overwrites it', () => {
    expect(filled('consumers', { username: 'a', created_at: 5, updated_at: 6 })).toMatchObject({
      created_at: 5,
      updated_at: 6,
    });
    expect(filled('consumers', { username: 'a', created_at: null, updated_at: 'x' })).not.toHaveProperty('updated_at');
    expect(verdict('consumers', { username: 'a', created_at: 0 })).toBe('created_at');
    expect(verdict('targets', { target: 'a', upstream: { id }, created_at: 1.5 })).toBe('accepted');
  });

  it('takes an empty object for an empty list, and the other way round, as Lua does', () => {
    expect(filled('services', { host: 'h', tags: {} })['tags']).toEqual([]);
    expect(verdict('upstreams', { name: 'u', healthchecks: [] })).toBe('accepted');
    expect(verdict('upstreams', { name: 'u', healthchecks: ['x'] })).toBe('healthchecks.0');
  });
});

describe('services', () => {
  it.each([
    ['https://h:8443/p?q=1', { protocol: 'https', host: 'h', port: 8443, path: '/p' }],
    ['grpc://h', { protocol: 'grpc', host: 'h', port: 80, path: null }],
    ['//h:443/x', { protocol: 'https', host: 'h', port: 443, path: '/x' }],
    ['http://me:pw@[::1]:81', { protocol: 'http', host: '::1', port: 81, path: null }],
  ])('splits the URL %s over all that it stands for', (url, fields) => {
    expect(filled('services', { url, protocol: 'udp', host: 'other', port: 1, path: '/other' })).toMatchObject(fields);
  });

  it.each([
    ['nonsense', 'host path'],
    [null, 'host path protocol'],
    ['tls_passthrough://h:1', 'host path'],
    ['HTTP://h', 'protocol'],
    ['http://:80', 'host'],
    ['http://h:abc', 'port'],
    ['tcp://a.b:9/x', '@ path'],
    ['', 'url'],
    [5, 'url'],
  ])('refuses the URL %j', (url, paths) => {
    expect(verdict('services', { url })).toBe(paths);
  });

  it('lets a condition replace what was said of its field', () => {
    const service = { host: 'h', protocol: 'tcp', path: 'x', ca_certificates: ['y'] };
    const result = validateEntity('services', service);
    expect(result.ok ? [] : result.problems.filter(({ path }) => path.length > 0)).toEqual([
      { code: 'ERR_FIELD_FORBIDDEN', path: ['path'], message: 'value must be null' },
      { code: 'ERR_FIELD_FORBIDDEN', path: ['ca_certificates'], message: 'value must be null' },
    ]);
  });

  it.each([
    ['http://h?q=1', 'host'],
    ['http://h;p', 'host'],
    ['http://h#f?q', 'accepted'],
    ['http://h/p;a?b#c', 'accepted'],
    ['http://h:0x50', 'accepted'],
    ['http://h:', 'port'],
    ['http://h:80.5', 'port'],
    ['http://h:-1', 'port'],
    ['http://[::1]:80/', 'accepted'],
    ['//h', 'accepted'],
  ])('reads the URL %s: %s', (url, expected) => {
    expect(verdict('services', { url })).toBe(expected);
  });

  it('allows paths and TLS only with protocols that have them', () => {
    expect(verdict('services', { host: 'h', protocol: 'grpc', path: '/x', tls_verify: false })).toBe(
      '@ path tls_verify',
    );
    expect(verdict('services', { host: 'h', protocol: 'http', ca_certificates: [] })).toBe('@ ca_certificates');
    expect(verdict('services', { host: 'h', protocol: 'tls', tls_verify: true })).toBe('accepted');
    expect(verdict('services', { host: 'h', protocol: 'tls', tls_verify: true }, { version: '3.1.1' })).toBe(
      '@ tls_verify',
    );
  });
});

describe('routes', () => {
  const options = { routerFlavor: 'expressions' } as const;

  it.each([
    [{}, '@'],
    [{ protocols: ['http'], snis: ['a.b'], paths: ['/'] }, '@ snis'],
    [{ protocols: ['http', 'tcp'], paths: ['/'] }, 'protocols'],
    [{ protocols: ['grpc'], paths: ['/'], strip_path: true, methods: ['GET'] }, 'methods strip_path'],
    [{ protocols: ['tcp'], paths: ['bad'], sources: [{ port: 1 }] }, 'paths'],
    [{ protocols: ['tcp'], sources: [{}] }, 'sources.0'],
    [{ protocols: ['tls_passthrough'] }, '@'],
    [{ protocols: [], paths: ['/'] }, 'protocols'],
    [{ protocols: ['ws'], paths: 5 }, 'protocols'],
    [{ paths: ['/', '~/('] }, 'paths.1'],
    [{ paths: ['~/(?!a)'] }, '@'],
    [{ paths: ['/a/../b', '/%7e', '/a//b', 'x', '/%zz'] }, 'paths.0 paths.1 paths.2 paths.3 paths.4'],
    [{ paths: ['/a b', '/%3F', '/ä', '/{id}', '~/a++'] }, 'accepted'],
    [{ hosts: ['a.*.b', '*', '*.*', 'a.b'] }, 'hosts.0 hosts.1 hosts.2'],
    [{ headers: { Host: ['a'] } }, 'headers'],
    [{ headers: { 'x-a': [] } }, '@'],
    [{ headers: { 'x-a': ['~*['] } }, '@'],
    [{ headers: { 'x-a': [5] } }, 'headers.0'],
    [{ paths: ['/'], service: { id: 'x' } }, 'service.id'],
    [{ paths: ['/'], service: {} }, 'service.id'],
    [{ paths: ['/'], service: { id, whatever: 1 } }, 'accepted'],
    [{ paths: ['/'], expression: 'true' }, 'expression'],
  ])('%j: %s', (input, paths) => {
    expect(verdict('routes', input)).toBe(paths);
  });

  it.each([
    [{ expression: 'http.path == "/a"' }, 'accepted'],
    [{ expression: 'http.path == 1' }, '@'],
    [{ expression: 'http.path == "/a"', hosts: ['a'] }, '@'],
    [{ expression: 'http.path == "/a"', regex_priority: 1 }, '@'],
    [{ paths: ['/a'], priority: 1 }, '@'],
    [{ sources: [{ ip: '10.0.0.1' }], paths: ['/'] }, 'accepted'],
    [{ sources: [{ ip: '10.0.0.1' }] }, '@'],
    [{ protocols: ['tcp'], expression: 'http.path == "/a"' }, '@'],
    [{ expression: 'http.path == "/a"', priority: 2 ** 46 }, 'priority'],
  ])('with the expressions router %j: %s', (input, paths) => {
    expect(verdict('routes', input, options)).toBe(paths);
  });

  it('gives grpc routes another default', () => {
    const route = filled('routes', { protocols: ['grpcs'], hosts: ['a'] });
    expect(route['strip_path']).toBe(false);
  });

  it('does not compile paths for the traditional router, which takes no wildcard SNIs', () => {
    expect(verdict('routes', { paths: ['~/(?!a)'] }, { routerFlavor: 'traditional' })).toBe('accepted');
    expect(verdict('routes', { snis: ['*.a'] }, { routerFlavor: 'traditional' })).toBe('snis.0');
  });

  it('compiles headers in lower case, and addresses as the router writes them', () => {
    const header = (value: string): string => verdict('routes', { headers: { 'x-a': [value] } });
    expect(['~*\\D', '~*(?<n>a)', '~*\\Z'].map(header)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(['~*(?P<n>a)', '~*[Z-a]', '~*(?U)a'].map(header)).toEqual(['@', '@', 'accepted']);
    const source = (ip: string): string => verdict('routes', { protocols: ['tcp'], sources: [{ ip }] });
    expect(['10.1.2.3/8', '0.0.0.0/0', 'fe80::/10', '::1'].map(source)).toEqual(Array(4).fill('accepted'));
    expect(['10.1.2.3/0', 'fe80::1/10', '::ffff:1.2.3.4', '[::1]'].map(source)).toEqual(Array(4).fill('@'));
  });

  it('names exclusive protocols in the order of the input, and one problem of a map', () => {
    const result = validateEntity('routes', { protocols: ['tcp', 'http'], headers: { Host: [5], x: [6] } });
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining(["these sets are mutually exclusive: ('tcp', 'tls', 'udp'), ('http', 'https')"]),
    );
    expect(verdict('routes', { headers: { Host: [5], x: [6] } })).toBe('headers');
  });

  it('follows the version', () => {
    expect(verdict('routes', { paths: ['~/a', '/a/../b'] }, { version: '2.8.5' })).toBe('paths.0');
    expect(verdict('routes', { paths: ['/a/../b'] }, { version: '3.0.2' })).toBe('accepted');
    expect(verdict('routes', { paths: ['/'], tags: ['a b'] }, { version: '2.8.5' })).toBe('tags.0');
    expect(verdict('routes', { snis: ['*.a'] }, { version: '3.6.1' })).toBe('snis.0');
    expect(verdict('routes', { paths: ['/'] }, { ...options, version: '3.4.2' })).toBe('expression paths');
    expect(verdict('routes', { expression: 'http.path == "/a"', priority: -1 }, { ...options, version: '3.4.2' })).toBe(
      'accepted',
    );
  });

  it('has types that follow the description', () => {
    const result = validateEntity('routes', { paths: ['/'] });
    const route: KongRoute | undefined = result.ok ? result.value : undefined;
    const code: 301 | 302 | 307 | 308 | 426 | undefined = route?.https_redirect_status_code;
    expect([code, route?.paths?.[0], route?.service?.id]).toEqual([426, '/', undefined]);
  });
});

describe('upstreams and targets', () => {
  it.each([
    [{ algorithm: 'least-connections', hash_on: 'header' }, 'least-connections', 'none'],
    [{ algorithm: 'consistent-hashing' }, 'round-robin', 'none'],
    [{ algorithm: null }, 'round-robin', 'none'],
    [{ algorithm: 'round-robin', hash_on: 'ip' }, 'consistent-hashing', 'ip'],
    [{ algorithm: 'latency', hash_on: null }, 'latency', 'none'],
  ])('%j becomes %s on %s', (input, algorithm, hashOn) => {
    expect(filled('upstreams', { name: 'u', ...input })).toMatchObject({ algorithm, hash_on: hashOn });
  });

  it.each([
    [{ hash_on: 'header' }, '@ hash_on_header'],
    [{ hash_on: 'cookie', hash_on_cookie: 'a b' }, '@ hash_on_cookie'],
    [{ hash_on: 'ip', hash_fallback: 'ip' }, '@ hash_fallback'],
    [{ hash_fallback: 'ip' }, '@ hash_fallback'],
    [{ hash_on: 'query_arg', hash_on_query_arg: 'x', hash_fallback: 'query_arg', hash_fallback_query_arg: 'x' }, '@'],
    [{ algorithm: 'nope' }, 'algorithm'],
    [{ algorithm: '' }, 'algorithm'],
    [{ healthchecks: { active: { healthy: { http_statuses: [99] } } } }, 'healthchecks.active.healthy.http_statuses.0'],
    [{ healthchecks: { passive: { healthy: { interval: 1 } } } }, 'healthchecks.passive.healthy.interval'],
    [{ healthchecks: { active: null } }, 'healthchecks.active'],
    [{ healthchecks: { active: { unhealthy: { timeouts: 255 } } } }, 'healthchecks.active.unhealthy.timeouts'],
  ])('%j: %s', (input, paths) => {
    expect(verdict('upstreams', { name: 'u', ...input })).toBe(paths);
  });

  it('knows no hash inputs of 3.0 before', () => {
    const old = { version: '2.8.5' };
    const hash = { name: 'u', hash_on: 'ip', hash_fallback: 'path' };
    expect(verdict('upstreams', hash)).toBe('accepted');
    expect(verdict('upstreams', hash, old)).toBe('@ hash_fallback');
    expect(verdict('upstreams', { ...hash, hash_fallback: null }, old)).toBe('@ hash_fallback_header hash_on_cookie');
    const result = validateEntity('upstreams', { ...hash, hash_fallback: 'nope' }, old);
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
      'expected one of: none, consumer, header, cookie',
      "failed conditional validation given value of field 'hash_on'",
    ]);
  });

  it('expands records', () => {
    const result = validateEntity('upstreams', { name: 'u', healthchecks: { threshold: 50 } });
    const upstream: KongUpstream | undefined = result.ok ? result.value : undefined;
    expect(upstream?.healthchecks.active.unhealthy.http_statuses).toEqual([429, 404, 500, 501, 502, 503, 504, 505]);
    expect(upstream?.healthchecks.threshold).toBe(50);
  });

  it('takes the default where a database would not store a null', () => {
    expect(filled('upstreams', { name: 'u', slots: null })['slots']).toBe(10000);
    expect(filled('targets', { target: 'a', upstream: { id }, weight: null })['weight']).toBe(100);
  });

  it('needs an address for a target', () => {
    expect(verdict('targets', { target: '*.a', upstream: null })).toBe('target upstream');
  });
});

describe('certificates and keys', () => {
  const pair = { cert: pem('leaf.crt'), key: pem('ec.key') };

  it.each([
    [pair, 'accepted'],
    [{ ...pair, cert: `Subject: x\r\n${pair.cert.replaceAll('\n', '\r\n')}` }, 'accepted'],
    [{ ...pair, key: pem('ec.pub') }, 'accepted'],
    [{ ...pair, cert: pair.cert + pem('ed.crt') }, 'accepted'],
    [{ ...pair, cert: pem('ed.crt') + pair.cert }, '@'],
    [{ ...pair, key: pem('ed.key') }, '@'],
    [{ ...pair, key: pem('encrypted.key') }, 'key'],
    [{ cert: pair.key, key: pair.cert }, 'cert key'],
    [{ ...pair, cert_alt: pem('ed.crt'), key_alt: pem('ed.key') }, 'accepted'],
    [{ ...pair, cert_alt: pem('ca.crt'), key_alt: pem('ec.key') }, '@'],
    [{ ...pair, key_alt: pem('ed.key') }, '@'],
    [{ ...pair, cert_alt: '{vault://env/c}' }, 'accepted'],
    [{ ...pair, snis: ['a b'] }, 'snis.0'],
    [{ ...pair, snis: [{ name: 'a' }] }, 'snis.0'],
  ])('certificate %#: %s', (input, paths) => {
    expect(verdict('certificates', input)).toBe(paths);
  });

  it('takes one unexpired CA certificate', () => {
    const cert = pem('ca.crt');
    expect(verdict('ca_certificates', { cert })).toBe('accepted');
    expect(verdict('ca_certificates', { cert: cert + cert })).toBe('@');
    expect(verdict('ca_certificates', { cert: pem('leaf.crt') })).toBe('@');
    expect(verdict('ca_certificates', { cert }, { now: () => Date.UTC(2300, 0) })).toBe('@');
    expect(verdict('ca_certificates', { cert: '{vault://env/c}' })).toBe('cert');
  });

  const jwk = { kty: 'OKP', kid: 'k', crv: 'Ed25519', x: 'jZWS26-fMzfZ641gGd55KP99vjl6weIjR_f3zTl2jB8' };
  it.each([
    [{ jwk: JSON.stringify(jwk) }, 'accepted'],
    [{ jwk: JSON.stringify({ ...jwk, key_ops: ['verify'], issuer: 'i' }) }, 'accepted'],
    [{ jwk: JSON.stringify({ ...jwk, zz: 1 }) }, '@'],
    [{ jwk: JSON.stringify({ ...jwk, key_ops: 'verify' }) }, '@'],
    [{ jwk: JSON.stringify({ ...jwk, kid: 'other' }) }, '@'],
    [{ jwk: JSON.stringify({ kty: 'oct', kid: 'k', k: 'AAAA' }) }, '@'],
    [{ jwk: JSON.stringify({ ...jwk, x: undefined, d: jwk.x }) }, 'accepted'],
    [{ jwk: JSON.stringify({ ...jwk, x: 'AAAA' }) }, '@'],
    [{ jwk: JSON.stringify({ ...jwk, x: undefined }) }, '@'],
    [{ jwk: JSON.stringify({ ...jwk, alg: '' }) }, '@'],
    [{ jwk: JSON.stringify({ kty: 'RSA', kid: 'k', n: 'u_-x', e: 'AQAB' }) }, 'accepted'],
    [{ jwk: JSON.stringify({ kty: 'RSA', kid: 'k', n: 'u/+x', e: 'AQAB' }) }, '@'],
    [{ jwk: JSON.stringify({ kty: 'RSA', kid: 'k', n: 'u_-x', e: 'AQAB', d: '!' }) }, '@'],
    [{ jwk: JSON.stringify({ kty: 'EC', kid: 'k', crv: 'secp256k1', x: jwk.x, y: jwk.x }) }, '@'],
    [{ jwk: '{vault://env/k}', pem: { public_key: pem('ec.pub') } }, 'accepted'],
    [{ jwk: 'null' }, '@'],
    [{ jwk: '{' }, '@'],
    [{ jwk: '{vault://env/k}' }, 'accepted'],
    [{}, '@'],
    [{ pem: {} }, 'pem'],
    [{ pem: { private_key: pem('ec.key') } }, 'accepted'],
    [{ pem: { private_key: pem('ec.key'), public_key: pem('ec.pub') } }, 'accepted'],
    [{ pem: { private_key: pem('ec.key'), public_key: pem('ed.pub') } }, 'pem'],
    [{ pem: { public_key: pem('leaf.crt') } }, 'pem'],
    [{ pem: { public_key: pem('ec.pub') }, jwk: JSON.stringify(jwk) }, '@'],
  ])('key %#: %s', (input, paths) => {
    expect(verdict('keys', { kid: 'k', ...input })).toBe(paths);
  });

  it('wants both keys of a pair before 3.9, without comparing them', () => {
    const version = '3.4.2';
    expect(verdict('keys', { kid: 'k', pem: { private_key: pem('ec.key') } }, { version })).toBe('pem');
    expect(
      verdict('keys', { kid: 'k', pem: { private_key: pem('ec.key'), public_key: pem('ed.pub') } }, { version }),
    ).toBe('accepted');
  });

  it('puts no secret into a message', () => {
    const secret = 'c2VjcmV0LXZhbHVl';
    const results = [
      validateEntity('certificates', { cert: secret, key: secret }),
      validateEntity('keys', { kid: 'k', jwk: secret, pem: { private_key: secret } }),
      validateEntity('keyauth_credentials', { key: secret }),
    ];
    expect(JSON.stringify(results)).not.toContain(secret);
  });
});

describe('consumers, credentials and the rest', () => {
  it.each<[EntityType, object, string]>([
    ['consumers', {}, '@'],
    ['consumers', { username: '' }, '@ username'],
    ['consumers', { custom_id: 'x' }, 'accepted'],
    ['basicauth_credentials', { username: 'u', password: 'p' }, '@ consumer'],
    ['basicauth_credentials', { username: 'u', password: 'p', consumer: { id: 'x' } }, 'consumer.id'],
    ['basicauth_credentials', { username: 'u', consumer: { id } }, 'password'],
    ['oauth2_credentials', { name: 'n', consumer: { id }, client_secret: null }, '@'],
    [
      'oauth2_credentials',
      { name: 'n', consumer: { id }, redirect_uris: ['https://a/#f', '://', 'app://cb'] },
      'redirect_uris.0 redirect_uris.1',
    ],
    ['jwt_secrets', { consumer: { id }, algorithm: 'RS256' }, '@ rsa_public_key'],
    ['jwt_secrets', { consumer: { id }, algorithm: 'RS256', rsa_public_key: 'x' }, '@ rsa_public_key'],
    ['jwt_secrets', { consumer: { id }, algorithm: 'ES256', rsa_public_key: 'x' }, 'accepted'],
    ['jwt_secrets', { consumer: { id }, algorithm: 'none' }, 'algorithm'],
    ['keyauth_credentials', { consumer: { id }, ttl: 'any' }, 'accepted'],
    ['vaults', { name: 'env', prefix: 'env' }, 'prefix'],
    ['vaults', { name: 'env', prefix: 'a', config: { prefix: '1', x: 1 } }, 'config.prefix config.x prefix'],
    ['vaults', { name: 'aws', prefix: 'my-aws', config: 5 }, 'name'],
    ['filter_chains', { filters: [{ name: 'f' }], service: { id } }, '@ filters.0.name'],
    ['plugins', { name: 'key-auth', config: { anything: [1] } }, 'accepted'],
    ['plugins', { name: 'a b', config: null, consumer_group: null }, 'config consumer_group name'],
    ['parameters', { key: 'cluster_id', value: 'x' }, 'accepted'],
    ['workspaces', { name: 'services' }, 'name'],
  ])('%s %j: %s', (type, input, paths) => {
    expect(verdict(type, input)).toBe(paths);
  });

  it('knows the filters that it is told of', () => {
    const chain = { filters: [{ name: 'f', config: 'x' }], route: { id } };
    expect(verdict('filter_chains', chain, { wasmFilters: ['f'] })).toBe('accepted');
    expect(verdict('filter_chains', { ...chain, service: { id } }, { wasmFilters: ['f'] })).toBe('@');
  });

  it('drops ttl null', () => {
    expect(filled('keyauth_credentials', { consumer: { id }, ttl: null })).not.toHaveProperty('ttl');
    expect(filled('keyauth_credentials', { consumer: { id }, ttl: 5 })['ttl']).toBe(5);
  });
});
