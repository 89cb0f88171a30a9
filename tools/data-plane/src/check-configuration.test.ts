import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkConfiguration } from './check-configuration.ts';
import type { CheckOptions } from './check-configuration.ts';

const id = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
const service = { id: id(1), name: 'orders', host: 'orders.local', port: 80, protocol: 'http' };
const route = { id: id(2), name: 'orders', paths: ['/orders'], protocols: ['http'], service: id(1) };
const consumer = { id: id(3), username: 'ann' };
const credential = { id: id(4), key: 'k1', consumer: id(3) };
const head = { _format_version: '2.1', _transform: false };
const testdata = (name: string): string => readFileSync(new URL(`../test/testdata/${name}`, import.meta.url), 'utf8');

const V3: CheckOptions = { version: '3.9.3' };
const V2: CheckOptions = { version: '2.8.5' };

/** `path: message` of every problem. */
function refusals(table: unknown, options = V3): readonly string[] {
  const result = checkConfiguration(table, options);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const full = {
  ...head,
  services: [service],
  routes: [route],
  consumers: [consumer],
  keyauth_credentials: [credential],
};

describe('checkConfiguration', () => {
  it('accepts services, routes, consumers and credentials, and counts them', () => {
    const result = checkConfiguration(full, V3);
    expect(result.ok && result.value.counts).toEqual({ services: 1, routes: 1, consumers: 1, keyauth_credentials: 1 });
    expect(refusals(full, V2)).toEqual([]);
  });

  it('demands _format_version and knows which version reads which', () => {
    const { _format_version: _gone, ...without } = full;
    expect(refusals(without)).toEqual(['_format_version: required field missing']);
    expect(refusals({ ...full, _format_version: '3.0' })).toEqual([]);
    expect(refusals({ ...full, _format_version: '3.0' }, V2)).toEqual([
      '_format_version: expected one of 1.1, 2.1 for Kong 2.8.5, found 3.0',
    ]);
    expect(refusals({ ...full, _format_version: 3 })).toEqual(['_format_version: expected a string']);
  });

  it('takes _comment and _ignore, and _transform as a boolean only', () => {
    expect(refusals({ ...full, _comment: 'made by hand', _ignore: [] })).toEqual([]);
    expect(refusals({ ...full, _transform: 'no', _comment: 1, _ignore: 'x' })).toEqual([
      '_transform: expected a boolean',
      '_comment: expected a string',
      '_ignore: expected an array',
    ]);
  });

  it('warns when passwords would be hashed twice and when digests are missing', () => {
    const basic = { id: id(5), username: 'ann', password: 'hashed', consumer: id(3) };
    const { _transform: _gone, ...without } = { ...full, basicauth_credentials: [basic] };
    const hashed = checkConfiguration(without, V3);
    expect(hashed.ok && hashed.value.warnings).toEqual([
      '_transform is absent, which means true: the data plane hashes the secrets of basicauth_credentials once more',
    ]);
    const authority = checkConfiguration({ ...head, ca_certificates: [{ id: id(6), cert: testdata('ca.crt') }] }, V3);
    expect(authority.ok && authority.value.warnings).toEqual([
      '_transform is false, and 1 of ca_certificates have no cert_digest',
    ]);
  });

  it('refuses unknown fields unless they are null, at any depth', () => {
    expect(refusals({ ...full, services: [{ ...service, nope: 1 }] })).toEqual(['services.0.nope: unknown field']);
    expect(refusals({ ...full, services: [{ ...service, nope: null }] })).toEqual([]);
    const upstream = { id: id(7), name: 'up', healthchecks: { active: { nope: null } } };
    expect(refusals({ ...head, upstreams: [upstream] })).toEqual([]);
    const worse = { ...upstream, healthchecks: { active: { nope: 1 } } };
    expect(refusals({ ...head, upstreams: [worse] })).toEqual(['upstreams.0.healthchecks.active.nope: unknown field']);
  });

  it('refuses ws_id', () => {
    expect(refusals({ ...full, services: [{ ...service, ws_id: id(9) }] })).toEqual([
      'services.0.ws_id: unknown field',
    ]);
  });

  it('refuses unknown collections unless they are null', () => {
    expect(refusals({ ...full, nonsense: [] })).toEqual(['nonsense: unknown field']);
    expect(refusals({ ...full, tags: [] })).toEqual(['tags: unknown field']);
    expect(refusals({ ...full, nonsense: null })).toEqual([]);
    expect(refusals({ ...full, services: 'x' })).toContain('services: expected an array');
  });

  it('takes an empty object for an empty list, as Lua writes it', () => {
    expect(refusals({ ...full, plugins: {}, services: [{ ...service, tags: {} }] })).toEqual([]);
  });

  it('refuses collections of plugins that are not enabled', () => {
    expect(refusals(full, { ...V3, plugins: ['cors'] })).toEqual([
      'keyauth_credentials: unknown field: it belongs to the plugin key-auth, which is not enabled',
    ]);
  });

  it('refuses collections that came with a later version', () => {
    expect(refusals({ ...head, vaults: [] }, V2)).toEqual([
      'vaults: unknown field: Kong 2.8.5 does not have it, it came with 3.0',
    ]);
    expect(refusals({ ...head, keys: [], key_sets: [] }, { version: '3.0.2' })).toHaveLength(2);
    expect(refusals({ ...head, filter_chains: [] }, { version: '3.1.1' })).toHaveLength(1);
    expect(refusals({ ...head, vaults_beta: [] }, V2)).toEqual([]);
    expect(refusals({ ...head, vaults_beta: [] })).toEqual([
      'vaults_beta: unknown field: only Kong 2.8 has vaults_beta',
    ]);
  });

  it('refuses plugins that are not enabled, and does not look into their configuration', () => {
    const plugin = { id: id(8), name: 'redirect', config: { anything: true } };
    expect(refusals({ ...head, plugins: [plugin] })).toEqual([]);
    expect(refusals({ ...head, plugins: [plugin] }, { version: '3.8.1' })).toEqual([
      "plugins.0.name: plugin 'redirect' not enabled; add it to the 'plugins' configuration property",
    ]);
  });

  it('refuses vaults that are not installed', () => {
    expect(refusals({ ...head, vaults: [{ id: id(8), name: 'aws', prefix: 'a' }] })).toHaveLength(1);
  });

  it('resolves references by name and by id, and refuses those that lead nowhere', () => {
    expect(refusals({ ...full, routes: [{ ...route, service: 'orders' }] })).toEqual([]);
    expect(refusals({ ...full, routes: [{ ...route, service: id(1).toUpperCase() }] })).toEqual([]);
    expect(refusals({ ...full, routes: [{ ...route, service: 'gone' }] })).toEqual([
      "routes.0.service: invalid reference 'service: gone' (no such entry in 'services')",
    ]);
    expect(refusals({ ...full, routes: [{ ...route, service: null }] })).toEqual([]);
  });

  it('takes names letter by letter, ids in either case', () => {
    const upper = { ...full, routes: [{ ...route, service: 'ORDERS' }] };
    expect(refusals(upper)).toEqual([expect.stringContaining("invalid reference 'service: ORDERS'")]);
    const abc = { ...service, id: 'abcdef00-0000-4000-8000-000000000000' };
    expect(refusals({ ...head, services: [abc], routes: [{ ...route, service: abc.id.toUpperCase() }] })).toEqual([]);
  });

  it('draws an id where there is nothing to derive one from', () => {
    expect(refusals({ ...head, services: [{ host: 'a.local' }, { host: 'a.local' }] })).toEqual([]);
  });

  it('takes an object as a reference from 3.0 on only', () => {
    const table = { ...full, routes: [{ ...route, service: { id: id(1) } }] };
    expect(refusals(table)).toEqual([]);
    expect(refusals(table, V2)).toEqual([
      'routes.0.service: expected a string: this version takes no object as a reference',
    ]);
    expect(refusals({ ...full, routes: [{ ...route, service: 7 }] })).toContain('routes.0.service: expected a string');
  });

  it('refuses a primary key or a unique value that occurs twice', () => {
    expect(refusals({ ...full, services: [service, { ...service, name: 'other' }] })).toEqual([
      `services.1: uniqueness violation: 'services' entity with primary key set to '${id(1)}' already declared`,
    ]);
    expect(refusals({ ...full, services: [service, { ...service, id: id(9) }] })).toEqual([
      "services.1: uniqueness violation: 'services' entity with the same value of 'name' already declared",
    ]);
    const problems = refusals({ ...full, keyauth_credentials: [credential, { ...credential, id: id(9) }] });
    expect(problems.join()).not.toContain('k1'); // a key is a secret
    expect(problems).toHaveLength(1);
  });

  it('takes the same plugin, target or group twice, unless ids would be derived from them', () => {
    const cors = { name: 'cors', route: id(2), config: {} };
    expect(
      refusals({
        ...full,
        plugins: [
          { ...cors, id: id(5) },
          { ...cors, id: id(6) },
        ],
      }),
    ).toEqual([]);
    expect(refusals({ ...full, plugins: [cors, cors] })).toHaveLength(1);
    const target = { target: '10.0.0.1:80', upstream: id(7) };
    const upstreams = [{ id: id(7), name: 'up' }];
    expect(
      refusals({
        ...head,
        upstreams,
        targets: [
          { ...target, id: id(5) },
          { ...target, id: id(6) },
        ],
      }),
    ).toEqual([]);
  });

  it('refuses updated_at where a version before 3.3 does not have it', () => {
    const table = { ...full, consumers: [{ ...consumer, updated_at: 1 }] };
    expect(refusals(table, { version: '3.2.2' })).toEqual(['consumers.0.updated_at: unknown field']);
    expect(refusals(table, { version: '3.3.1' })).toEqual([]);
    expect(refusals({ ...full, services: [{ ...service, updated_at: 1 }] }, V2)).toEqual([]);
  });

  it('refuses an expired certificate authority, also when nothing about it has changed', () => {
    const table = { ...head, ca_certificates: [{ id: id(6), cert: testdata('ca.crt'), cert_digest: 'd' }] };
    const before = checkConfiguration(table, V3);
    expect(before.ok).toBe(true);
    const later = { ...V3, now: () => Date.UTC(2300, 0) };
    const after = checkConfiguration(table, later, before.ok ? before.value : undefined);
    expect(after.ok).toBe(false);
  });

  it('refuses a certificate that is no authority, and a key that does not belong to its certificate', () => {
    const key = testdata('cluster.key');
    expect(refusals({ ...head, certificates: [{ id: id(6), cert: testdata('cluster.crt'), key }] })).toEqual([]);
    expect(refusals({ ...head, certificates: [{ id: id(6), cert: testdata('other.crt'), key }] })).toHaveLength(1);
    expect(refusals({ ...head, ca_certificates: [{ id: id(6), cert: 'no certificate' }] })).toHaveLength(1);
  });

  it('refuses health counters of 255, which break the balancer', () => {
    const upstream = { id: id(7), name: 'up', healthchecks: { passive: { unhealthy: { http_failures: 255 } } } };
    expect(refusals({ ...head, upstreams: [upstream] })).toEqual([
      'upstreams.0.healthchecks.passive.unhealthy.http_failures: value should be between 0 and 254',
    ]);
  });

  it('refuses values out of range, of the wrong type, and routes against the rules of their protocol', () => {
    expect(refusals({ ...full, services: [{ ...service, port: 70_000 }] })).toHaveLength(1);
    expect(refusals({ ...full, services: [{ ...service, port: '80' }] })).toHaveLength(1);
    expect(refusals({ ...full, routes: [{ ...route, paths: null }] })).toHaveLength(1);
    expect(refusals({ ...full, routes: ['orders'] })).toEqual(['routes.0: expected an object']);
  });

  it('knows fields only from their version on', () => {
    const table = { ...head, upstreams: [{ id: id(7), name: 'up', use_srv_name: true }] };
    expect(refusals(table, { version: '3.0.2' })).toEqual(['upstreams.0.use_srv_name: unknown field']);
    expect(refusals(table, { version: '3.1.1' })).toEqual([]);
  });

  it('marks regular expressions in paths of old format versions, as Kong 3 does', () => {
    const table = { ...full, routes: [{ ...route, paths: ['/a/('] }] };
    expect(refusals(table)).toHaveLength(1); // an expression that does not compile
    expect(refusals({ ...table, _format_version: '3.0' })).toEqual([]); // just characters
  });

  it('refuses what is no table at all', () => {
    for (const nothing of [undefined, null, [], 'x', 1]) expect(refusals(nothing)).toHaveLength(1);
  });

  it('reports everything that is wrong, not only the first', () => {
    expect(
      refusals({ services: [{ ...service, nope: 1 }], routes: [{ ...route, service: 'x' }], zzz: [] }),
    ).toHaveLength(4);
  });

  it('reuses the entities that have not changed', () => {
    const first = checkConfiguration(full, V3);
    if (!first.ok) throw new Error('the configuration is good');
    const second = checkConfiguration({ ...full, consumers: [{ ...consumer, username: 'bob' }] }, V3, first.value);
    if (!second.ok) throw new Error('the configuration is good');
    const entity = (type: string, key: string, of: typeof first.value): unknown => of.entitiesOf(type)?.get(key);
    expect(entity('services', id(1), second.value)).toBe(entity('services', id(1), first.value));
    expect(entity('consumers', id(3), second.value)).not.toBe(entity('consumers', id(3), first.value));
  });
});
