import { describe, expect, it } from '@jest/globals';
import { type Change, Graph, type GraphOptions } from './graph.ts';
import { GraphError, type GraphErrorCode } from './graph-error.ts';
import type { Index, Query, Reads } from './query.ts';

interface Step {
  readonly reads: readonly string[];
  readonly fails?: string;
}
type Kinds = { step: Step };
type Q<V> = Query<Kinds, string, string, V>;

const run: Q<string> = {
  name: 'run',
  compute(key, reads) {
    const step = reads.object('step', key);
    reads.emit({ key, value: 'done', rank: '' });
    reads.report(`${key} began`);
    const before = step?.reads.map((other) => reads.query(run, other)) ?? [];
    if (step?.fails !== undefined) throw new Error(step.fails);
    return before.join();
  },
};

const newGraph = (options: Partial<GraphOptions<Kinds, string, string>> = {}): Graph<Kinds, string, string> =>
  new Graph({ roots: [{ kind: 'step', query: run }], problemKey: String, ...options });
const tolerant = (options: Partial<GraphOptions<Kinds, string, string>> = {}): Graph<Kinds, string, string> =>
  newGraph({ onThrow: (name, key, error) => `${name} ${key}: ${(error as Error).message}`, ...options });

const step = (key: string, reads: readonly string[], fails?: string): Change<Kinds> => ({
  kind: 'step',
  key,
  object: fails === undefined ? { reads } : { reads, fails },
});
const gone = (key: string): Change<Kinds> => ({ kind: 'step', key, object: undefined });

function codeOf(act: () => unknown): GraphErrorCode | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof GraphError) return error.code;
    throw error;
  }
  return undefined;
}

const state = (graph: Graph<Kinds, string, string>): unknown => [graph.outputs(), graph.problems(), graph.size()];
const outputKeys = (graph: Graph<Kinds, string, string>): string[] => graph.outputs().map(({ key }) => key);

describe('a query that throws', () => {
  it('contributes just its problem, and its readers nothing', () => {
    const graph = tolerant();
    graph.apply([step('a', ['b']), step('b', ['c'], 'broken'), step('c', []), step('d', ['c'])]);
    expect(outputKeys(graph)).toEqual(['c', 'd']);
    expect(graph.problems()).toEqual(['c began', 'd began', 'run b: broken']);
    expect(graph.apply([step('b', ['c'])]).problemsRemoved).toEqual(['run b: broken']);
    expect(outputKeys(graph)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does not run its readers again for the same failure', () => {
    const graph = tolerant();
    graph.apply([step('a', ['b']), step('b', [], 'broken')]);
    const before = graph.runs()['run'] ?? 0;
    graph.apply([step('b', ['c'], 'broken')]);
    expect(graph.runs()['run']).toBe(before + 2); // b and c
    graph.apply([step('b', ['c'], 'broken otherwise')]);
    expect(graph.runs()['run']).toBe(before + 4); // b and a
  });

  it('makes apply throw without `onThrow`, with everything as before', () => {
    const graph = newGraph();
    graph.apply([step('a', []), step('z', ['a'])]);
    const before = state(graph);
    const bad = [step('a', ['b'], 'broken'), step('c', [], 'also'), step('b', [])];
    expect(() => graph.apply(bad)).toThrow('Cannot compute query "run" of "a": broken');
    expect(state(graph)).toEqual(before);
    const nothing = { upserts: [], deletes: [], problemsAdded: [], problemsRemoved: [], demanded: [], released: [] };
    expect(graph.apply([])).toEqual(nothing);
    expect(graph.apply([step('c', [])]).upserts).toEqual([{ key: 'c', value: 'done', rank: '' }]);
    expect(codeOf(() => graph.apply(bad))).toBe('ERR_GRAPH_QUERY_FAILED');
  });

  it('does not count once nobody needs it, even within the change', () => {
    const outer: Q<void> = {
      name: 'outer',
      compute: (key, reads) =>
        void (reads.object('step', key)?.reads ?? []).map((other) => reads.query(needing, other)),
    };
    const needing: Q<void> = {
      name: 'needing',
      compute(key, reads) {
        if (reads.object('step', key) === undefined) throw new Error('missing');
      },
    };
    const strict = newGraph({ roots: [{ kind: 'step', query: outer }] });
    strict.apply([step('a', ['b']), step('b', [])]);
    strict.apply([step('a', []), gone('b')]); // "needing" is below "outer" and runs before that drops it
    expect(strict.size().nodes).toBe(1);
  });

  it('undoes the first change too, fixed roots included', () => {
    let isBroken = true;
    const fixed: Q<void> = {
      name: 'fixed',
      compute(key, reads) {
        if (isBroken) throw new Error('broken');
        reads.emit({ key, value: 'done', rank: '' });
      },
    };
    const graph = newGraph({ roots: [{ query: fixed, keys: ['k'] }] });
    expect(() => graph.apply([step('a', [])])).toThrow('broken');
    expect(graph.size()).toEqual({ inputs: 0, selections: 0, nodes: 0, edges: 0, outputs: 0, problems: 0 });
    isBroken = false;
    expect(graph.apply([]).upserts).toHaveLength(1);
  });
});

describe('queries in a cycle', () => {
  const cycle = [step('c', ['a']), step('a', ['b']), step('b', ['c'])];
  const message = 'query "run" of "a" reads query "run" of "b" reads query "run" of "c" reads query "run" of "a"';

  it('are named from the smallest on, wherever the evaluation entered', () => {
    for (const shift of [0, 1, 2]) {
      const graph = newGraph();
      const changes = [...cycle.slice(shift), ...cycle.slice(0, shift)];
      expect(() => graph.apply(changes)).toThrow(message);
      expect(codeOf(() => graph.apply(changes))).toBe('ERR_GRAPH_CYCLE');
      expect(graph.size().nodes).toBe(0);
    }
  });

  it('become a problem of each, heal when one is broken, and leave nothing behind', () => {
    const graph = tolerant();
    graph.apply([...cycle, step('z', ['b'])]);
    const text = `Cannot compute queries that wait for their own results: ${message}`;
    expect(graph.problems()).toEqual(['run a: ' + text, 'run b: ' + text, 'run c: ' + text]);
    graph.apply([step('b', [])]);
    expect(outputKeys(graph)).toEqual(['a', 'b', 'c', 'z']);
    graph.apply([step('b', ['b'])]);
    expect(outputKeys(graph)).toEqual([]);
    graph.apply([step('b', ['c']), gone('z')]);
    graph.apply([gone('a'), gone('b'), gone('c')]);
    expect(graph.size()).toEqual({ inputs: 0, selections: 0, nodes: 0, edges: 0, outputs: 0, problems: 0 });
  });

  it('cannot be hidden by a query that catches the error', () => {
    const catching: Q<string> = {
      name: 'catching',
      compute(key, reads) {
        reads.emit({ key, value: 'done', rank: '' });
        const other = reads.object('step', key)?.reads[0] ?? '';
        try {
          return reads.query(catching, other);
        } catch {
          return 'caught';
        }
      },
    };
    const graph = tolerant({ roots: [{ kind: 'step', query: catching }] });
    graph.apply([step('a', ['b']), step('b', ['a']), step('z', ['b'])]);
    expect(outputKeys(graph)).toEqual(['z']);
    expect(graph.problems()).toHaveLength(2);
  });
});

describe('wrong use', () => {
  it('refuses queries nested too deep and undoes the change', () => {
    const graph = tolerant();
    const chain = Array.from({ length: 1_000 }, (_, n) => step(`k${n}`, [`k${n + 1}`]));
    expect(codeOf(() => graph.apply(chain))).toBe('ERR_GRAPH_TOO_DEEP');
    expect(graph.size().nodes).toBe(0);
    graph.apply(chain.slice(0, 300));
    expect(codeOf(() => graph.apply(chain.slice(300)))).toBe('ERR_GRAPH_TOO_DEEP');
    expect(graph.outputs()).toHaveLength(301);
  });

  it('refuses a chain that grows too long from its end', () => {
    const graph = tolerant();
    let code: GraphErrorCode | undefined;
    for (let n = 0; n < 500 && code === undefined; n += 1)
      code = codeOf(() => graph.apply([step(`k${n + 1}`, [`k${n}`])]));
    expect(code).toBe('ERR_GRAPH_TOO_DEEP');
  });

  it('refuses to apply changes while it applies changes', () => {
    let code: GraphErrorCode | undefined;
    const nested: Q<void> = { name: 'nested', compute: () => void (code = codeOf(() => graph.apply([]))) };
    const graph = newGraph({ roots: [{ kind: 'step', query: nested }] });
    graph.apply([step('a', [])]);
    expect(code).toBe('ERR_GRAPH_BUSY');
  });

  it('refuses reads after the query has returned', () => {
    let kept: Reads<Kinds, string, string> | undefined;
    const leaking: Q<void> = { name: 'leaking', compute: (_, reads) => void (kept = reads) };
    newGraph({ roots: [{ kind: 'step', query: leaking }] }).apply([step('a', [])]);
    expect(codeOf(() => kept?.object('step', 'a'))).toBe('ERR_GRAPH_READ_OUTSIDE');
  });

  it('refuses two queries or two indexes of one name', () => {
    const index: Index<Kinds, 'step'> = { name: 'i', kind: 'step', valuesOf: () => [] };
    const roots = [run, { ...run }].map((query) => ({ kind: 'step' as const, query }));
    expect(codeOf(() => newGraph({ roots }))).toBe('ERR_GRAPH_NAME_TAKEN');
    expect(codeOf(() => newGraph({ indexes: [index, { ...index }] }))).toBe('ERR_GRAPH_NAME_TAKEN');
  });

  it('refuses an index that it was not given', () => {
    const index: Index<Kinds, 'step'> = { name: 'other', kind: 'step', valuesOf: () => [] };
    const selecting: Q<void> = { name: 'selecting', compute: (_, reads) => void reads.keys(index, '') };
    const graph = newGraph({ roots: [{ kind: 'step', query: selecting }] });
    expect(() => graph.apply([step('a', [])])).toThrow('Cannot select by index "other"');
  });

  it("undoes the change when the caller's own functions throw", () => {
    const fail = (): never => {
      throw new Error('from the outside');
    };
    const clash: Q<void> = { name: 'clash', compute: (key, reads) => reads.emit({ key: 'o', value: key, rank: '' }) };
    const roots = [{ kind: 'step' as const, query: clash }];
    for (const options of [
      { roots, conflict: fail },
      { roots, conflict: () => 'p', equalOutputs: fail },
    ]) {
      const graph = newGraph(options);
      graph.apply([step('a', [])]);
      const before = state(graph);
      expect(() => graph.apply([step('b', [])])).toThrow('from the outside');
      expect(state(graph)).toEqual(before);
    }
    const graph = newGraph({ onThrow: fail });
    expect(() => graph.apply([step('a', [], 'broken')])).toThrow('from the outside');
    expect(graph.size().inputs).toBe(0);
  });
});

describe('an index that throws', () => {
  const index: Index<Kinds, 'step'> = {
    name: 'by-first',
    kind: 'step',
    valuesOf({ reads: [first] }) {
      if (first === undefined) throw new Error('has none');
      return [first];
    },
  };
  const members: Q<void> = {
    name: 'members',
    compute: (key, reads) => reads.emit({ key, value: reads.keys(index, key).join(), rank: '' }),
  };
  const options = { indexes: [index], roots: [{ query: members, keys: ['x'] }] };

  it('files the object nowhere and gives a problem', () => {
    const graph = tolerant(options);
    graph.apply([step('a', ['x']), step('b', [])]);
    expect([graph.output('x')?.value, graph.problems()]).toEqual(['a', ['by-first b: has none']]);
    graph.apply([step('a', []), step('b', ['x'])]);
    expect([graph.output('x')?.value, graph.problems()]).toEqual(['b', ['by-first a: has none']]);
    graph.apply([gone('a'), gone('b')]);
    expect(graph.problems()).toEqual([]);
  });

  it('makes apply throw without `onThrow`, with everything as before', () => {
    const graph = newGraph(options);
    graph.apply([step('a', ['x'])]);
    const before = state(graph);
    expect(codeOf(() => graph.apply([step('b', ['x']), step('a', [])]))).toBe('ERR_GRAPH_INDEX_FAILED');
    expect(state(graph)).toEqual(before);
  });
});
