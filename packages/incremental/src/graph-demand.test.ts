import { describe, expect, it } from '@jest/globals';
import { Graph } from './graph.ts';
import type { Index, Query } from './query.ts';

type Kinds = { page: { readonly picture: string; readonly isShown: boolean }; picture: { readonly album: string } };
type Q = Query<Kinds, string, string, void>;

const byAlbum: Index<Kinds, 'picture'> = { name: 'by-album', kind: 'picture', valuesOf: ({ album }) => [album] };

const pagePicture: Q = {
  name: 'page-picture',
  compute(key, reads) {
    const page = reads.object('page', key);
    if (page?.isShown !== true) return;
    reads.keys(byAlbum, 'any');
    if (reads.object('picture', page.picture) === undefined) throw new Error('no picture');
  },
};

function newGraph(onThrow?: () => string): Graph<Kinds, string, string> {
  return new Graph<Kinds, string, string>({
    indexes: [byAlbum],
    roots: [{ kind: 'page', query: pagePicture }],
    problemKey: (problem) => problem,
    demandKinds: ['picture'],
    ...(onThrow === undefined ? {} : { onThrow }),
  });
}

const page = (key: string, picture: string, isShown = true) =>
  ({ kind: 'page', key, object: { picture, isShown } }) as const;
const picture = (key: string) => ({ kind: 'picture', key, object: { album: 'any' } }) as const;
const cat = { kind: 'picture', key: 'cat' };
const dog = { kind: 'picture', key: 'dog' };

describe('demand', () => {
  it('is what queries look at by name, there or not, and not what indexes file', () => {
    const graph = newGraph(() => 'failed');
    const { demanded, released } = graph.apply([page('a', 'cat'), page('b', 'x', false), picture('other')]);
    expect([demanded, released]).toEqual([[cat], []]);
    expect(graph.apply([picture('cat')])).toMatchObject({ demanded: [], released: [] });
    expect(graph.demanded()).toEqual([cat]);
  });

  it('tells the first reader and the last, once each', () => {
    const graph = newGraph(() => 'failed');
    expect(graph.apply([page('a', 'cat'), page('b', 'cat')]).demanded).toEqual([cat]);
    expect(graph.apply([page('a', 'dog')])).toMatchObject({ demanded: [dog], released: [] });
    expect(graph.apply([page('a', 'cat'), page('b', 'dog')])).toMatchObject({ demanded: [], released: [] });
    expect(graph.apply([{ kind: 'page', key: 'a', object: undefined }])).toMatchObject({ released: [cat] });
    expect(graph.demanded()).toEqual([dog]);
  });

  it('is as before when a change is refused', () => {
    const graph = newGraph();
    graph.apply([picture('cat'), page('a', 'cat')]);
    expect(() => graph.apply([page('a', 'dog')])).toThrow('no picture');
    expect(graph.demanded()).toEqual([cat]);
    expect(graph.apply([picture('dog'), page('a', 'dog')])).toMatchObject({ demanded: [dog], released: [cat] });
  });
});
