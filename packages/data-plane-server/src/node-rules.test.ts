import { describe, expect, it } from '@jest/globals';
import { EntityWriter } from './entity-for-schema.ts';
import { NodeRegistry } from './node-registry.ts';
import { parseNodeQuery } from './node-request.ts';
import { missingPlugins, unknownCollections } from './plugin-rule.ts';
import { pathFor2x } from './route-paths-2x.ts';
import { newestSchemaVersion, schemaVersionOf } from './schema-version.ts';
import { stableJson } from './stable-json.ts';
import { versionRefusal } from './version.ts';

const uuid = '84ae449b-0849-40a8-bbb8-14eabbf9f4a2';

describe('query of a data plane', () => {
  it('is read as Kong writes it, without unescaping', () => {
    const identity = { id: uuid, hostname: 'a+b%20c', version: '2.8.5' };
    expect(parseNodeQuery(`node_id=${uuid}&node_hostname=a+b%20c&node_version=2.8.5`)).toEqual(identity);
    expect(parseNodeQuery(`node_id=${uuid}&node_version=3.4.3.1-enterprise-edition`)).toMatchObject({ hostname: '' });
  });

  it('names what is missing or wrong', () => {
    expect(parseNodeQuery('')).toContain('node_id is missing');
    expect(parseNodeQuery(`node_id=${uuid}`)).toContain('node_version is missing');
    expect(parseNodeQuery(`node_id=../etc&node_version=3.9.3`)).toContain('node_id is not valid');
    expect(parseNodeQuery(`node_id=${uuid}&node_version=3.9`)).toContain('node_version is not valid');
    expect(parseNodeQuery(`node_id=${uuid}&node_version=3.9.3&node_hostname=${'x'.repeat(300)}`)).toContain(
      'node_hostname',
    );
  });
});

describe('version rule', () => {
  const rule = { controlPlane: '3.10.0', acceptOlderMajors: true };

  it('accepts what is as old or older, whatever the patch', () => {
    for (const version of ['3.10.9', '3.10.0-dev', '3.9.3', '3.0.2', '2.8.5', '2.5.0', '2.8.4.1']) {
      expect(versionRefusal(version, rule)).toBeUndefined();
    }
  });

  it('refuses what is newer, older than 2.5, unreadable, or of an older major when told so', () => {
    expect(versionRefusal('3.11.0', rule)).toContain('incompatible with older control plane version 3.10.0');
    expect(versionRefusal('4.0.0', rule)).toContain('(3.x.y are accepted)');
    expect(versionRefusal('2.4.1', rule)).toContain('older than 2.5');
    expect(versionRefusal('x', rule)).toContain('not readable');
    expect(versionRefusal('2.8.5', { ...rule, acceptOlderMajors: false })).toContain('(3.x.y are accepted)');
  });

  it('puts versions with the same entities into one class', () => {
    expect(schemaVersionOf('3.7.1').name).toBe(schemaVersionOf('3.7.0').name);
    expect(schemaVersionOf('3.10.0')).toBe(newestSchemaVersion);
    expect(schemaVersionOf('2.8.5')).toMatchObject({ name: '2.7', formatVersion: '2.1' });
  });
});

describe('plugin rule', () => {
  it('names the plugins in use that are not enabled, and the collections that go with them', () => {
    expect(missingPlugins(['jwt', 'cors', 'acl'], new Set(['cors', 'udp-log']))).toEqual(['acl', 'jwt']);
    const counts = { keyauth_credentials: 1, acls: 2, consumers: 3 };
    expect(unknownCollections(counts, new Set(['acl']))).toEqual(['keyauth_credentials']);
  });
});

describe('entities for older data planes', () => {
  const write = (version: string, type: 'routes' | 'jwt_secrets' | 'vaults' | 'services', entity: object) =>
    new EntityWriter(schemaVersionOf(version)).write(type, entity as Readonly<Record<string, unknown>>);

  it('turns marked regular expressions into what 2.x recognises by itself, or gives up', () => {
    expect(pathFor2x('/plain-1.0/x')).toBe('/plain-1.0/x');
    expect(pathFor2x('~/a/\\d+$')).toBe('/a/\\d+$');
    expect(pathFor2x('~/prefix')).toBe('/prefix');
    expect(pathFor2x('~/a.b')).toBeUndefined(); // 2.x would take the dot for a dot
    expect(pathFor2x('/a(b)')).toBeUndefined(); // 2.x would take the parentheses for a group
    expect(pathFor2x('~^/a')).toBeUndefined(); // 2.x wants a slash first
    expect(pathFor2x('~/a%2')).toBeUndefined(); // 2.x would take the percent sign for an escape
    expect(pathFor2x('~/a%2F')).toBe('/a%2F');
  });

  it('omits what would mean something else, with the reason', () => {
    expect(write('3.6.1', 'routes', { snis: ['*.a.com'] })).toEqual({
      omitted: 'none of its snis can be expressed: wildcards need 3.7',
    });
    expect(write('3.6.1', 'routes', { snis: ['*.a.com', 'b.com'] })).toMatchObject({ entity: { snis: ['b.com'] } });
    expect(write('3.6.1', 'jwt_secrets', { algorithm: 'EdDSA' })).toHaveProperty('omitted');
    expect(write('2.8.5', 'routes', { expression: 'http.path == "/"' })).toHaveProperty('omitted');
    expect(write('2.8.5', 'vaults', { name: 'env' })).toEqual({ omitted: 'vaults are not known there' });
  });

  it('sends routes with expressions to 3.0 to 3.6 without the other matching fields, or not at all', () => {
    const route = { protocols: ['http'], hosts: null, regex_priority: 0, path_handling: 'v0', priority: 5 };
    const prefix = { ...route, expression: 'http.path ^= "/!(http.path.segments"' };
    const { protocols, priority, expression } = prefix;
    expect(write('3.4.2', 'routes', prefix)).toEqual({ entity: { protocols, priority, expression } });
    expect(write('3.7.1', 'routes', prefix)).toEqual({ entity: prefix });
    for (const newer of ['!(http.path == "/")', 'http.path.segments.len == 2']) {
      expect(write('3.4.2', 'routes', { ...route, expression: newer })).toHaveProperty('omitted');
    }
  });

  it('keeps the very object when nothing has to be changed', () => {
    const entity = { host: 'a', protocol: 'http', enabled: true };
    expect(write('3.9.3', 'services', entity)).toEqual({ entity });
    expect(write('3.0.0', 'services', entity)).toEqual({ entity });
    expect(write('2.6.0', 'services', entity)).toEqual({ entity: { host: 'a', protocol: 'http' } });
  });
});

describe('node registry', () => {
  const identity = (index: number) =>
    ({ id: `n${index}`, hostname: 'h', version: '3.9.3', ip: '::1', protocol: 'v1' }) as const;

  it('forgets the longest away when it is full, never a connected one, and all after the purge time', () => {
    let now = 0;
    const registry = new NodeRegistry({ maxNodes: 2, purgeAfterMs: 100 }, () => now);
    expect(registry.connect(identity(1))).toBe(true);
    expect(registry.connect(identity(2))).toBe(true);
    expect(registry.connect(identity(3))).toBe(false);
    registry.disconnect('n1');
    expect(registry.connect(identity(3))).toBe(true);
    expect(registry.list().map(({ id }) => id)).toEqual(['n2', 'n3']);
    registry.disconnect('n3');
    now = 101;
    registry.purge();
    expect(registry.list().map(({ id }) => id)).toEqual(['n2']);
  });

  it('holds problems once each, at most twenty, until they are cleared', () => {
    const registry = new NodeRegistry({ maxNodes: 2, purgeAfterMs: 100 }, () => 7);
    registry.connect(identity(1));
    for (let index = 0; index < 50; index += 1) registry.report('n1', 'ERR_NODE_ENTITY_OMITTED', 'x', String(index));
    registry.report('n1', 'ERR_NODE_ENTITY_OMITTED', 'again', '3');
    expect(registry.find('n1')?.problems).toHaveLength(20);
    expect(registry.find('n1')?.problems[3]).toEqual({ code: 'ERR_NODE_ENTITY_OMITTED', message: 'again', since: 7 });
    registry.clear('n1', 'ERR_NODE_ENTITY_OMITTED');
    expect(registry.find('n1')?.problems).toEqual([]);
  });
});

describe('stable JSON', () => {
  it('does not depend on the order in which members were added', () => {
    expect(stableJson({ b: [{ d: 1, c: null }], a: 'ü', x: undefined })).toBe('{"a":"ü","b":[{"c":null,"d":1}]}');
    expect(stableJson({ a: 1, b: 2 })).toBe(stableJson({ b: 2, a: 1 }));
  });
});
