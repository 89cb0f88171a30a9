import { describe, expect, it } from '@jest/globals';
import { describeEntity } from './describe.ts';
import { entityTypes, isEntityType } from './entity-types.ts';

describe('entityTypes', () => {
  it('lists parents before children', () => {
    for (const type of entityTypes) {
      for (const { to } of describeEntity(type).references) {
        expect(entityTypes.indexOf(to)).toBeLessThan(entityTypes.indexOf(type));
      }
    }
  });

  it('tells its members from other words', () => {
    expect([isEntityType('services'), isEntityType('toString'), isEntityType('service'), isEntityType(5)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('describeEntity', () => {
  it('names the references and what a delete does to them', () => {
    expect(describeEntity('services').references).toEqual([
      { field: 'client_certificate', to: 'certificates', onDelete: 'restrict' },
      { field: 'ca_certificates', to: 'ca_certificates', onDelete: 'restrict', list: true },
    ]);
    expect(describeEntity('targets').references).toEqual([{ field: 'upstream', to: 'upstreams', onDelete: 'cascade' }]);
  });

  it('names single and combined unique keys', () => {
    expect(describeEntity('keys').uniqueKeys).toEqual([
      { name: 'name', fields: ['name'], nullsCollide: false },
      { name: 'kid,set', fields: ['kid', 'set'], nullsCollide: true },
    ]);
    expect(describeEntity('consumers').uniqueKeys.map(({ name }) => name)).toEqual(['username', 'custom_id']);
    expect(describeEntity('parameters')).toMatchObject({ primaryKey: 'key', uniqueKeys: [] });
  });

  it('tells what travels to data planes', () => {
    expect(entityTypes.filter((type) => !describeEntity(type).exported)).toEqual([
      'oauth2_authorization_codes',
      'sessions',
      'clustering_data_planes',
    ]);
    expect(describeEntity('keyauth_credentials').ttl).toBe(true);
  });

  it('refers to fields that exist', () => {
    for (const type of entityTypes) {
      const { fields, uniqueKeys, endpointKey } = describeEntity(type);
      const named = [...uniqueKeys.flatMap((key) => key.fields), ...(endpointKey === undefined ? [] : [endpointKey])];
      expect(named.filter((name) => !(name in fields))).toEqual([]);
    }
  });
});
