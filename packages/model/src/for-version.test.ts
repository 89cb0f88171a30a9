import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { toDeclarative } from './declarative.ts';
import type { EntityOf, EntityType } from './entity-types.ts';
import { entityForVersion } from './for-version.ts';
import { validateEntity } from './validate.ts';

const id = '00000000-0000-4000-8000-000000000003';

function valid<T extends EntityType>(type: T, input: object): EntityOf<T> {
  const result = validateEntity(type, input);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

describe('toDeclarative', () => {
  it('flattens references and keeps nulls', () => {
    const route = toDeclarative('routes', valid('routes', { id, paths: ['/'], service: { id } }));
    expect(route).toMatchObject({ service: id, name: null });
    expect(toDeclarative('plugins', valid('plugins', { name: 'cors', route: { id } }))).toMatchObject({
      route: id,
      service: null,
    });
  });

  it('leaves out what exists on input only', () => {
    const pem = (name: string): string => readFileSync(new URL(`../testdata/${name}`, import.meta.url), 'utf8');
    const certificate = valid('certificates', { cert: pem('leaf.crt'), key: pem('ec.key'), snis: ['a.b'] });
    expect(toDeclarative('certificates', certificate)).not.toHaveProperty('snis');
  });
});

describe('entityForVersion', () => {
  const upstream = { name: 'u', algorithm: 'latency', use_srv_name: true, updated_at: 5 };

  it('changes nothing for the newest version', () => {
    const entity = valid('upstreams', upstream);
    expect(entityForVersion('upstreams', entity, '3.9.3')).toEqual({ entity, removed: [] });
  });

  it('removes fields and rewrites values that came later', () => {
    const entity = valid('upstreams', upstream);
    const old = entityForVersion('upstreams', entity, '3.0.2');
    expect(old.removed.toSorted()).toEqual(['algorithm', 'updated_at', 'use_srv_name']);
    expect(old.entity).toMatchObject({ algorithm: 'round-robin', slots: 10000 });
    expect(old.entity).not.toHaveProperty('use_srv_name');
    expect(entity.algorithm).toBe('latency');
  });

  it('reaches into records', () => {
    const entity = valid('upstreams', { name: 'u', healthchecks: { active: { headers: { a: ['b'] } } } });
    expect(entityForVersion('upstreams', entity, '2.8.5').removed).toEqual(['healthchecks.active.headers']);
    expect(entity.healthchecks.active.headers).toEqual({ a: ['b'] });
  });

  it.each<[EntityType, object, string, readonly string[]]>([
    [
      'services',
      { host: 'h', protocol: 'tls', tls_verify: true, tls_verify_depth: 2 },
      '3.1.1',
      ['tls_verify', 'tls_verify_depth'],
    ],
    ['services', { host: 'h', protocol: 'https', tls_verify: true }, '3.1.1', []],
    ['plugins', { name: 'cors', instance_name: 'x' }, '3.1.1', ['instance_name']],
    ['vaults', { name: 'env', prefix: 'my-env', config: { prefix: 'A-B' } }, '3.2.2', ['config.prefix']],
    ['consumers', { username: 'u', updated_at: 5 }, '3.2.2', ['updated_at']],
    ['routes', { paths: ['~/a', '/b'], tags: ['a b', 'c'] }, '2.8.5', ['paths', 'tags']],
    ['upstreams', { name: 'u', hash_on: 'path' }, '2.8.5', ['hash_on']],
    ['upstreams', { name: 'u', hash_on: 'path', hash_fallback: 'ip' }, '2.8.5', ['hash_on', 'hash_fallback']],
  ])('%s %j for %s', (type, input, version, removed) => {
    const adapted = entityForVersion(type, valid(type, input), version);
    expect(adapted.removed).toEqual(removed);
    const { entity } = adapted;
    // What is sent must be what a data plane of that version accepts.
    const known = Object.fromEntries(Object.entries(entity ?? {}).filter(([, value]) => value !== null));
    expect(validateEntity(type, known, { version })).toMatchObject({ ok: true });
  });

  it.each<[EntityType, object, string, readonly string[]]>([
    ['keys', { kid: 'k', jwk: '{vault://env/k}' }, '3.0.2', ['']],
    ['keys', { kid: 'k', pem: { private_key: '{vault://env/k}' } }, '3.4.2', ['pem']],
    ['routes', { snis: ['*.a'] }, '3.4.2', ['snis']],
    ['jwt_secrets', { consumer: { id }, algorithm: 'ES512' }, '3.4.2', ['algorithm']],
    ['services', { host: 'h', enabled: false }, '2.6.0', ['enabled']],
  ])('sends no %s %j to %s, where it would mean something else', (type, input, version, removed) => {
    expect(entityForVersion(type, valid(type, input), version)).toMatchObject({ entity: undefined });
    expect(entityForVersion(type, valid(type, input), version).removed).toEqual(expect.arrayContaining([...removed]));
  });
});
