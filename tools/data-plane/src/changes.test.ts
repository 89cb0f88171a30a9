import { describe, expect, it } from '@jest/globals';
import { changesBetween } from './changes.ts';
import { checkConfiguration } from './check-configuration.ts';
import type { CheckedConfiguration } from './checked-configuration.ts';

const id = (digit: number): string => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;

function configuration(collections: Record<string, unknown>): CheckedConfiguration {
  const result = checkConfiguration(
    { _format_version: '3.0', _transform: false, ...collections },
    { version: '3.9.3' },
  );
  if (!result.ok) throw new Error(result.problems[0].message);
  return result.value;
}

const service = { id: id(1), name: 'orders', host: 'orders.local', port: 80 };
const route = { id: id(2), name: 'orders', hosts: ['a.example.com'], paths: ['/a'], protocols: ['http'] };
const consumer = { id: id(3), username: 'ann' };
const credential = { id: id(4), key: 'open sesame', consumer: id(3) };

describe('changesBetween', () => {
  it('shows what people look for: routes first, with hosts and paths', () => {
    const after = configuration({ services: [service], routes: [route] });
    expect(changesBetween(undefined, after)).toEqual({
      changeCount: 2,
      changes: [
        { op: 'create', type: 'routes', name: 'orders', hosts: ['a.example.com'], paths: ['/a'] },
        { op: 'create', type: 'services', name: 'orders', host: 'orders.local', port: 80 },
      ],
    });
  });

  it('names the fields that an update has changed, and what was deleted', () => {
    const before = configuration({ services: [service], routes: [route] });
    const after = configuration({ routes: [{ ...route, paths: ['/b'], strip_path: true }] });
    expect(changesBetween(before, after).changes).toEqual([
      {
        op: 'update',
        type: 'routes',
        name: 'orders',
        hosts: ['a.example.com'],
        paths: ['/b'],
        fields: ['paths', 'strip_path'],
      },
      { op: 'delete', type: 'services', name: 'orders', host: 'orders.local', port: 80 },
    ]);
  });

  it('names what references lead to', () => {
    const after = configuration({ services: [service], routes: [{ ...route, service: id(1) }] });
    expect(changesBetween(undefined, after).changes[0]).toMatchObject({ type: 'routes', service: 'orders' });
    const gone = changesBetween(after, configuration({})).changes[0];
    expect(gone).toMatchObject({ op: 'delete', type: 'routes', service: 'orders' });
  });

  it('shows no secrets', () => {
    const after = configuration({ consumers: [consumer], keyauth_credentials: [credential] });
    const { changes } = changesBetween(configuration({}), after);
    expect(changes).toContainEqual({ op: 'create', type: 'keyauth_credentials', name: id(4) });
    expect(JSON.stringify(changes)).not.toContain('sesame');
  });

  it('shows twenty changes and counts the others', () => {
    const consumers = Array.from({ length: 30 }, (_, index) => ({ username: `c${index}` }));
    const { changes, changeCount } = changesBetween(undefined, configuration({ consumers }));
    expect([changes.length, changeCount]).toEqual([20, 30]);
  });

  it('finds nothing between equal configurations', () => {
    const make = (): CheckedConfiguration => configuration({ services: [service] });
    expect(changesBetween(make(), make())).toEqual({ changes: [], changeCount: 0 });
  });
});
