import { describe, expect, it } from '@jest/globals';
import { builtInKinds } from './built-in-kinds.ts';
import { fieldMatcher, labelMatcher } from './selectors.ts';
import type { ApiObject } from './api-object.ts';

const withLabels = (labels: Record<string, string>): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', labels },
});

describe('labelMatcher', () => {
  it.each([
    ['app=x', true],
    ['app==x', true],
    ['app!=x', false],
    ['none!=x', true],
    ['app', true],
    ['!app', false],
    ['!none', true],
    ['app in (y, x)', true],
    ['app notin (y,x)', false],
    ['none notin (y)', true],
    ['app in (y,x),example.com/tier=front', true],
    ['app=x,example.com/tier!=front', false],
    ['empty=', true],
  ])('reads %s', (selector, expected) => {
    const labels = { app: 'x', 'example.com/tier': 'front', empty: '' };
    expect(labelMatcher(selector)(withLabels(labels))).toBe(expected);
  });

  it.each(['app in x', '=x', 'a b', 'app in (x'])('refuses %s', (selector) => {
    expect(() => labelMatcher(selector)).toThrow('no label requirement');
  });
});

describe('fieldMatcher', () => {
  const configMap = builtInKinds().find(({ kind }) => kind === 'ConfigMap') ?? fail();
  it('selects by name and namespace, and refuses other fields', () => {
    const object = withLabels({});
    expect(fieldMatcher(configMap, 'metadata.name=a,metadata.namespace=shop')(object)).toBe(true);
    expect(fieldMatcher(configMap, 'metadata.namespace!=shop')(object)).toBe(false);
    expect(() => fieldMatcher(configMap, 'data.key=1')).toThrow('field label not supported: data.key');
  });
});

function fail(): never {
  throw new TypeError('ConfigMap is a built-in kind');
}
