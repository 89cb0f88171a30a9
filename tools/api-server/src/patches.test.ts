import { describe, expect, it } from '@jest/globals';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

describe('mergePatch', () => {
  it('merges maps, replaces lists, and removes by null', () => {
    const target = { a: { b: 1, c: 2 }, list: [1, 2] };
    expect(mergePatch(target, { a: { c: null, d: 3 }, list: [3], gone: null })).toEqual({
      a: { b: 1, d: 3 },
      list: [3],
    });
    expect(target).toEqual({ a: { b: 1, c: 2 }, list: [1, 2] });
  });
});

describe('jsonPatch', () => {
  it('adds, removes, replaces, moves, copies and tests', () => {
    const patched = jsonPatch({ a: [1, 2], 'x/y': { old: true } }, [
      { op: 'test', path: '/a/0', value: 1 },
      { op: 'add', path: '/a/-', value: 3 },
      { op: 'add', path: '/a/0', value: 0 },
      { op: 'remove', path: '/a/1' },
      { op: 'replace', path: '/x~1y/old', value: false },
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'move', from: '/x~1y', path: '/z' },
    ]);
    expect(patched).toEqual({ a: [0, 2, 3], b: [0, 2, 3], z: { old: false } });
  });

  it.each([
    [{ op: 'remove', path: '/none' }, 'nothing at /none'],
    [{ op: 'test', path: '/a', value: 2 }, 'test at a failed'],
    [{ op: 'add', path: 'a', value: 2 }, 'does not begin with "/"'],
    [{ op: 'add', path: '/list/9', value: 2 }, 'no index 9'],
    [{ op: 'dance', path: '/a' }, 'unknown operation'],
  ])('refuses %j', (operation, message) => {
    expect(() => jsonPatch({ a: 1, list: [] }, [operation])).toThrow(message);
  });
});

describe('strategicMergePatch', () => {
  it('merges lists that have a merge key, as kubectl apply expects', () => {
    const target = {
      spec: {
        type: 'ClusterIP',
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 443 },
        ],
      },
    };
    const patch = {
      spec: {
        '$setElementOrder/ports': [{ port: 80 }, { port: 8443 }],
        ports: [
          { port: 80, name: 'c' },
          { $patch: 'delete', port: 443 },
          { port: 8443, name: 'b' },
        ],
      },
    };
    expect(strategicMergePatch(target, patch)).toEqual({
      spec: {
        type: 'ClusterIP',
        ports: [
          { name: 'c', port: 80 },
          { name: 'b', port: 8443 },
        ],
      },
    });
  });

  it('replaces lists without one, and merges finalizers', () => {
    const target = { metadata: { finalizers: ['a', 'b'] }, spec: { rules: [{ host: 'a' }, { host: 'b' }] } };
    const patch = {
      metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] },
      spec: { rules: [{ host: 'c' }] },
    };
    expect(strategicMergePatch(target, patch)).toEqual({
      metadata: { finalizers: ['b', 'c'] },
      spec: { rules: [{ host: 'c' }] },
    });
  });
});
