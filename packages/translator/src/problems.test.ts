import { describe, expect, it } from '@jest/globals';
import { entityConflict, translationFailed } from './problems.ts';

describe('translationFailed', () => {
  it.each([
    ['targets', 'shop/web/80', { kind: 'Service', namespace: 'shop', name: 'web' }],
    ['certificate', 'shop/tls', { kind: 'Secret', namespace: 'shop', name: 'tls' }],
    ['ingress-routes', 'shop/web', { kind: 'Ingress', namespace: 'shop', name: 'web' }],
    ['sni', 'shop.example.com', { kind: 'Ingress', name: 'shop.example.com' }],
  ])('blames, of query %s for %s, an object', (query, key, object) => {
    const problem = translationFailed(query, key, new Error('no such field'));
    expect(problem).toMatchObject({ code: 'ERR_TRANSLATE_FAILED', objects: [object] });
    expect(problem.message).toContain('no such field');
  });
});

describe('entityConflict', () => {
  it('blames the object whose entity is left out, and names the other', () => {
    const entity = (name: string) =>
      ({ type: 'services', id: 's1', entity: {}, source: { kind: 'Service', namespace: 'shop', name } }) as const;
    const problem = entityConflict(entity('old'), entity('young'));
    expect(problem.objects).toEqual([{ kind: 'Service', namespace: 'shop', name: 'young' }]);
    expect(problem.message).toContain('Service "shop/old"');
  });
});
