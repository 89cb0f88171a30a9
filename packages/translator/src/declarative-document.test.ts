import { describe, expect, it } from '@jest/globals';
import { declarativeDocument } from './declarative-document.ts';
import type { TranslatedEntity } from './objects.ts';

function entity(type: TranslatedEntity['type'], id: string, fields: object): TranslatedEntity {
  return { type, id, entity: { id, ...fields }, source: { kind: 'Ingress', namespace: 'shop', name: 'web' } };
}

describe('declarativeDocument', () => {
  it('nests children in their parents, in descending order, and shows ids only where KIC does', () => {
    const document = declarativeDocument([
      entity('services', 's1', { name: 'a' }),
      entity('services', 's2', { name: 'b' }),
      entity('routes', 'r1', { name: 'a', service: { id: 's1' } }),
      entity('routes', 'r2', { name: 'b', service: { id: 's1' } }),
      entity('upstreams', 'u1', { name: 'u' }),
      entity('targets', 't1', { target: '10.0.0.1:80', upstream: { id: 'u1' } }),
      entity('targets', 't2', { target: '10.0.0.2:80', upstream: { id: 'u1' }, weight: 0 }),
    ]);
    expect(document).toEqual({
      _format_version: '3.0',
      services: [
        { id: 's2', name: 'b' },
        {
          id: 's1',
          name: 'a',
          routes: [
            { id: 'r2', name: 'b' },
            { id: 'r1', name: 'a' },
          ],
        },
      ],
      upstreams: [{ name: 'u', targets: [{ target: '10.0.0.2:80', weight: 0 }, { target: '10.0.0.1:80' }] }],
    });
  });

  it('puts certificates in descending order of their PEM, and SNIs, which keep their reference, in ascending order', () => {
    const document = declarativeDocument([
      entity('certificates', 'c1', { cert: 'a' }),
      entity('certificates', 'c2', { cert: 'b' }),
      entity('snis', 'n1', { name: 'y', certificate: { id: 'c1' } }),
      entity('snis', 'n2', { name: 'x', certificate: { id: 'c1' } }),
    ]);
    const snis = ['x', 'y'].map((name) => ({ name, certificate: { id: 'c1' } }));
    expect(document['certificates']).toEqual([
      { id: 'c2', cert: 'b' },
      { id: 'c1', cert: 'a', snis },
    ]);
  });

  it('holds a placeholder when there is nothing else', () => {
    expect(declarativeDocument([])).toEqual({ _format_version: '3.0', upstreams: [{ name: 'kong' }] });
  });
});
