import { describe, expect, it } from '@jest/globals';
import { type Change, Graph, type GraphOptions } from './graph.ts';
import type { Query } from './query.ts';

interface Claim {
  readonly outputs: readonly { readonly key: string; readonly value: unknown; readonly rank: string }[];
  readonly problems?: readonly { readonly id: string; readonly text: string }[];
}
interface Problem {
  readonly id: string;
  readonly text: string;
}
type Kinds = { claim: Claim };

const claims: Query<Kinds, unknown, Problem, void> = {
  name: 'claims',
  compute(key, reads) {
    const claim = reads.object('claim', key);
    for (const output of claim?.outputs ?? []) reads.emit(output);
    for (const problem of claim?.problems ?? []) reads.report(problem);
  },
};

const newGraph = (options: Partial<GraphOptions<Kinds, unknown, Problem>> = {}): Graph<Kinds, unknown, Problem> =>
  new Graph({
    roots: [{ kind: 'claim', query: claims }],
    problemKey: ({ id }) => id,
    conflict: (winner, loser) => ({
      id: `${loser.origin.query} ${loser.origin.key}`,
      text: `${winner.key} is ${String(winner.value)} of ${winner.origin.key}, not ${String(loser.value)}`,
    }),
    ...options,
  });

const claim = (key: string, ...outputs: Claim['outputs']): Change<Kinds> => ({
  kind: 'claim',
  key,
  object: { outputs },
});
const gone = (key: string): Change<Kinds> => ({ kind: 'claim', key, object: undefined });
const told = (key: string, ...problems: Problem[]): Change<Kinds> => ({
  kind: 'claim',
  key,
  object: { outputs: [], problems },
});
const NOTHING = { upserts: [], deletes: [], problemsAdded: [], problemsRemoved: [], demanded: [], released: [] };

describe('outputs', () => {
  it('counts equal contributions and publishes them once', () => {
    const graph = newGraph();
    const output = { key: 'o', value: { host: 'h' }, rank: '1' };
    expect(graph.apply([claim('a', output), claim('b', output)]).upserts).toEqual([output]);
    expect(graph.apply([gone('a')])).toEqual(NOTHING);
    expect(graph.apply([gone('b')])).toEqual({ ...NOTHING, deletes: ['o'] });
  });

  it('lets the smallest rank win and reports each different loser', () => {
    const graph = newGraph();
    const [old, young] = [
      { key: 'o', value: 'old', rank: '1' },
      { key: 'o', value: 'young', rank: '2' },
    ];
    const lost = { id: 'claims a', text: 'o is old of b, not young' };
    expect(graph.apply([claim('a', young)]).upserts).toEqual([young]);
    expect(graph.apply([claim('b', old), claim('c', old)])).toEqual({
      ...NOTHING,
      upserts: [old],
      problemsAdded: [lost],
    });
    expect(graph.apply([gone('b')])).toMatchObject({
      upserts: [],
      problemsAdded: [{ id: 'claims a', text: 'o is old of c, not young' }],
      problemsRemoved: [lost],
    });
    expect(graph.apply([gone('c')])).toMatchObject({
      upserts: [young],
      problemsAdded: [],
      problemsRemoved: [{ id: 'claims a' }],
    });
  });

  it('breaks ties of rank by the origin, and within one query by the order of emission', () => {
    const graph = newGraph();
    graph.apply([claim('b', { key: 'o', value: 2, rank: '' }), claim('a', { key: 'o', value: 1, rank: '' })]);
    expect(graph.output('o')?.value).toBe(1);
    graph.apply([claim('a', { key: 'p', value: 'first', rank: '' }, { key: 'p', value: 'second', rank: '' })]);
    expect(graph.output('p')?.value).toBe('first');
    expect(graph.problems()).toEqual([{ id: 'claims a', text: 'p is first of a, not second' }]);
  });

  it('publishes the value of the smallest rank where contributions agree in other words', () => {
    const graph = newGraph({ equalOutputs: (a, b) => String(a).toLowerCase() === String(b).toLowerCase() });
    graph.apply([claim('a', { key: 'o', value: 'X', rank: '2' })]);
    const upserts = [{ key: 'o', value: 'x', rank: '1' }];
    expect(graph.apply([claim('b', ...upserts)])).toEqual({ ...NOTHING, upserts });
    expect(graph.problems()).toEqual([]);
  });

  it('says nothing of losers when there is no rule for conflicts', () => {
    const graph = new Graph<Kinds, unknown, Problem>({
      roots: [{ kind: 'claim', query: claims }],
      problemKey: ({ id }) => id,
    });
    graph.apply([claim('b', { key: 'o', value: 2, rank: '' }), claim('a', { key: 'o', value: 1, rank: '' })]);
    expect(graph.problems()).toEqual([]);
    expect(graph.apply([gone('a')]).upserts).toEqual([{ key: 'o', value: 2, rank: '' }]);
  });

  it('lists changes, outputs and problems in byte order', () => {
    const graph = newGraph();
    const keys = ['\u{1f600}', 'ab', '\uffee', 'a', 'B', 'é', ''];
    const sorted = ['', 'B', 'a', 'ab', 'é', '\uffee', '\u{1f600}'];
    const diff = graph.apply(keys.map((key) => claim(key, { key, value: 0, rank: '' })));
    expect(diff.upserts.map(({ key }) => key)).toEqual(sorted);
    expect(graph.outputs().map(({ key }) => key)).toEqual(sorted);
    expect(graph.apply(keys.map((id) => told(id, { id, text: '' }))).problemsAdded.map(({ id }) => id)).toEqual(sorted);
    expect(graph.problems().map(({ id }) => id)).toEqual(sorted);
    expect(graph.apply(keys.map(gone)).problemsRemoved.map(({ id }) => id)).toEqual(sorted);
  });

  it('merges thousands of equal contributions without going through all of them for each change', () => {
    const compared: unknown[] = [];
    const graph = newGraph({ equalOutputs: (a, b) => compared.push(a) > 0 && a === b });
    const many = Array.from({ length: 2_000 }, (_, n) =>
      claim(`k${n}`, { key: 'o', value: 1, rank: String(n + 1_000) }),
    );
    graph.apply(many);
    compared.length = 0;
    expect(graph.apply([gone('k1500'), claim('new', { key: 'o', value: 1, rank: '9' })])).toEqual(NOTHING);
    expect(compared).toHaveLength(1);
    expect(graph.apply([gone('k0')]).upserts).toEqual([{ key: 'o', value: 1, rank: '1001' }]);
  });
});

describe('problems', () => {
  it('are there once however often reported, and go with the last report', () => {
    const graph = newGraph();
    const problem = { id: 'p', text: 'bad' };
    expect(graph.apply([told('a', problem), told('b', problem, problem)]).problemsAdded).toEqual([problem]);
    expect(graph.apply([told('b')])).toEqual(NOTHING);
    expect(graph.apply([gone('a')])).toEqual({ ...NOTHING, problemsRemoved: [problem] });
  });

  it('are exchanged when the text of an identity changes', () => {
    const graph = newGraph();
    const [before, after] = [
      { id: 'p', text: 'bad' },
      { id: 'p', text: 'worse' },
    ];
    graph.apply([told('a', before)]);
    expect(graph.apply([told('a', after)])).toEqual({ ...NOTHING, problemsAdded: [after], problemsRemoved: [before] });
  });
});
