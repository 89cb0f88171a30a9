import { describe, expect, it } from '@jest/globals';
import { type Change, Graph } from './graph.ts';
import type { Index, Query } from './query.ts';

interface Ingress {
  readonly service: string;
  readonly port: number;
  readonly path: string;
}
interface Slice {
  readonly service: string;
  readonly addresses: readonly string[];
}
type Kinds = { ingress: Ingress; slice: Slice };
type Q<V> = Query<Kinds, unknown, string, V>;

const slicesOfService: Index<Kinds, 'slice'> = {
  name: 'slices-of-service',
  kind: 'slice',
  valuesOf: (slice) => (slice.service === '' ? [] : [slice.service]),
};

const targets: Q<void> = {
  name: 'targets',
  compute(servicePort, reads) {
    const [service = ''] = servicePort.split(':');
    for (const key of reads.keys(slicesOfService, service))
      for (const address of reads.object('slice', key)?.addresses ?? [])
        reads.emit({ key: `target ${servicePort} ${address}`, value: address, rank: '' });
  },
};
const upstream: Q<string> = {
  name: 'upstream',
  compute(servicePort, reads) {
    reads.query(targets, servicePort);
    reads.emit({ key: `upstream ${servicePort}`, value: servicePort, rank: '' });
    return `upstream of ${servicePort}`;
  },
};
const serviceOf: Q<string> = {
  name: 'service-of',
  compute(key, reads) {
    const ingress = reads.object('ingress', key);
    return `${ingress?.service}:${ingress?.port}`;
  },
};
const route: Q<void> = {
  name: 'route',
  compute(key, reads) {
    const host = reads.query(upstream, reads.query(serviceOf, key));
    reads.emit({ key: `route ${key}`, value: host, rank: '' });
  },
};

const newGraph = (): Graph<Kinds, unknown, string> =>
  new Graph({ indexes: [slicesOfService], roots: [{ kind: 'ingress', query: route }], problemKey: String });

const ingress = (key: string, object: Partial<Ingress> | undefined): Change<Kinds> => ({
  kind: 'ingress',
  key,
  object: object && { service: 's', port: 80, path: '/', ...object },
});
const slice = (
  key: string,
  service: string,
  ...addresses: string[]
): { kind: 'slice'; key: string; object: Slice } => ({
  kind: 'slice',
  key,
  object: { service, addresses },
});

/** How often each query ran while `act` did its work; queries that did not run are left out. */
function runsDuring(graph: Graph<Kinds, unknown, string>, act: () => void): Record<string, number> {
  const before = graph.runs();
  act();
  const differences = Object.entries(graph.runs()).map(([name, runs]) => [name, runs - (before[name] ?? 0)] as const);
  return Object.fromEntries(differences.filter(([, runs]) => runs > 0));
}

const EMPTY = { inputs: 0, selections: 0, nodes: 0, edges: 0, outputs: 0, problems: 0 };

describe('Graph', () => {
  it('computes each query once however many read it', () => {
    const graph = newGraph();
    const runs = runsDuring(graph, () => graph.apply([ingress('a', {}), ingress('b', {}), slice('x', 's', '1')]));
    expect(runs).toEqual({ route: 2, 'service-of': 2, upstream: 1, targets: 1 });
    expect(graph.outputs().map(({ key }) => key)).toEqual(['route a', 'route b', 'target s:80 1', 'upstream s:80']);
  });

  it('runs one query when one of 1,000 is touched', () => {
    const graph = newGraph();
    const thousand = Array.from({ length: 1_000 }, (_, n) => [
      ingress(`i${n}`, { service: `s${n}` }),
      slice(`x${n}`, `s${n}`, '1'),
    ]);
    graph.apply(thousand.flat());
    let diff;
    const runs = runsDuring(graph, () => (diff = graph.apply([slice('x7', 's7', '2')])));
    expect(runs).toEqual({ targets: 1 });
    expect(diff).toEqual({
      upserts: [{ key: 'target s7:80 2', value: '2', rank: '' }],
      deletes: ['target s7:80 1'],
      problemsAdded: [],
      problemsRemoved: [],
      demanded: [],
      released: [],
    });
  });

  it('runs nothing for an equal object', () => {
    const graph = newGraph();
    graph.apply([ingress('a', {}), slice('x', 's', '1')]);
    const size = graph.size();
    expect(runsDuring(graph, () => graph.apply([ingress('a', {}), slice('x', 's', '1')]))).toEqual({});
    expect(graph.size()).toEqual(size);
  });

  it('stops where a result is equal to the one before', () => {
    const graph = newGraph();
    graph.apply([ingress('a', {})]);
    expect(runsDuring(graph, () => graph.apply([ingress('a', { path: '/other' })]))).toEqual({ 'service-of': 1 });
  });

  it('stops where the query itself says that results are equal', () => {
    const rounded: Q<number> = {
      name: 'rounded',
      compute: (key, reads) => reads.object('ingress', key)?.port ?? 0,
      equals: (a, b) => Math.floor(a / 10) === Math.floor(b / 10),
    };
    const reader: Q<void> = { name: 'reader', compute: (key, reads) => void reads.query(rounded, key) };
    const graph = new Graph<Kinds, unknown, string>({
      roots: [{ kind: 'ingress', query: reader }],
      problemKey: String,
    });
    graph.apply([ingress('a', { port: 80 })]);
    expect(runsDuring(graph, () => graph.apply([ingress('a', { port: 81 })]))).toEqual({ rounded: 1 });
    expect(runsDuring(graph, () => graph.apply([ingress('a', { port: 90 })]))).toEqual({ rounded: 1, reader: 1 });
  });

  it('counts the last change of an object within a batch', () => {
    const graph = newGraph();
    graph.apply([ingress('a', {})]);
    const batch = [ingress('a', undefined), ingress('b', {}), ingress('a', {}), ingress('b', undefined)];
    expect(runsDuring(graph, () => graph.apply(batch))).toEqual({});
  });

  it('follows reads that change, and drops what nobody reads any more', () => {
    const graph = newGraph();
    graph.apply([ingress('a', {}), slice('x', 's', '1'), slice('y', 't', '2')]);
    const runs = runsDuring(graph, () => {
      expect(graph.apply([ingress('a', { service: 't' })]).deletes).toEqual(['target s:80 1', 'upstream s:80']);
    });
    expect(runs).toEqual({ route: 1, 'service-of': 1, upstream: 1, targets: 1 });
    expect(runsDuring(graph, () => graph.apply([slice('x', 's', '9')]))).toEqual({});
  });

  it('keeps what another reader still needs', () => {
    const graph = newGraph();
    graph.apply([ingress('a', {}), ingress('b', {})]);
    expect(graph.apply([ingress('a', undefined)]).deletes).toEqual(['route a']);
    expect(graph.apply([ingress('b', undefined)]).deletes).toEqual(['route b', 'upstream s:80']);
    expect(graph.size()).toEqual(EMPTY);
  });

  it('runs the readers of an absent object when it arrives, and of a selection when its members change', () => {
    const seen: Q<void> = {
      name: 'seen',
      compute(key, reads) {
        reads.emit({ key, value: [reads.object('slice', key), reads.keys(slicesOfService, 'z')], rank: '' });
      },
    };
    const graph = new Graph<Kinds, unknown, string>({
      indexes: [slicesOfService],
      roots: [{ kind: 'ingress', query: seen }],
      problemKey: String,
    });
    const arrival = slice('a', 's');
    graph.apply([ingress('a', {})]);
    expect(runsDuring(graph, () => graph.apply([slice('b', 's')]))).toEqual({});
    expect(runsDuring(graph, () => graph.apply([arrival]))).toEqual({ seen: 1 });
    expect(runsDuring(graph, () => graph.apply([slice('b', 'z')]))).toEqual({ seen: 1 });
    expect(runsDuring(graph, () => graph.apply([slice('b', 'z', 'content is no membership')]))).toEqual({});
    expect(graph.output('a')?.value).toEqual([arrival.object, ['b']]);
    expect(runsDuring(graph, () => graph.apply([slice('b', '')]))).toEqual({ seen: 1 });
    graph.apply([ingress('a', undefined), { ...arrival, object: undefined }, { ...slice('b', ''), object: undefined }]);
    expect(graph.size()).toEqual(EMPTY);
  });

  it('runs a query at most once per change, after all that it reads', () => {
    const next: Q<number> = {
      name: 'next',
      compute(key, reads) {
        const object = reads.object('ingress', key);
        return object === undefined || object.service === '' ? 0 : 1 + reads.query(next, object.service);
      },
    };
    const graph = new Graph<Kinds, unknown, string>({ roots: [{ kind: 'ingress', query: next }], problemKey: String });
    const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
    graph.apply(keys.map((key, n) => ingress(key, { service: keys[n + 1] ?? '' })));
    // The chain turns round in one change: every query reads one that was below it before.
    const turned = keys.map((key, n) => ingress(key, { service: keys[n - 1] ?? '' }));
    expect(runsDuring(graph, () => graph.apply(turned))).toEqual({ next: 40 });
    expect(runsDuring(graph, () => graph.apply([ingress('k0', { service: 'absent' })]))).toEqual({ next: 41 });
  });

  it('computes fixed roots with the first change and keeps them', () => {
    const fixed: Q<void> = {
      name: 'fixed',
      compute: (key, reads) => reads.emit({ key, value: reads.keys(slicesOfService, 's').length, rank: '' }),
    };
    const graph = new Graph<Kinds, unknown, string>({
      indexes: [slicesOfService],
      roots: [{ query: fixed, keys: ['all'] }],
      problemKey: String,
    });
    expect(graph.apply([]).upserts).toEqual([{ key: 'all', value: 0, rank: '' }]);
    expect(graph.apply([slice('x', 's')]).upserts).toEqual([{ key: 'all', value: 1, rank: '' }]);
    expect(graph.apply([]).upserts).toEqual([]);
  });

  it('records a wide read once per source', () => {
    const wide: Q<number> = {
      name: 'wide',
      compute: (service, reads) =>
        [1, 2].flatMap(() => reads.keys(slicesOfService, service).map((key) => reads.object('slice', key))).length,
    };
    const graph = new Graph<Kinds, unknown, string>({
      indexes: [slicesOfService],
      roots: [{ query: wide, keys: ['s'] }],
      problemKey: String,
    });
    graph.apply(Array.from({ length: 100 }, (_, n) => slice(`x${n}`, 's')));
    expect(graph.size().edges).toBe(101);
    graph.apply(Array.from({ length: 90 }, (_, n) => ({ ...slice(`x${n}`, 's'), object: undefined })));
    expect(graph.size()).toEqual({ ...EMPTY, inputs: 10, selections: 1, nodes: 1, edges: 11 });
  });

  it('takes results for different when their comparison throws', () => {
    const fragile: Q<number> = {
      name: 'fragile',
      compute: (key, reads) => reads.object('ingress', key)?.port ?? 0,
      equals() {
        throw new Error('cannot compare');
      },
    };
    const reader: Q<void> = { name: 'reader', compute: (key, reads) => void reads.query(fragile, key) };
    const graph = new Graph<Kinds, unknown, string>({
      roots: [{ kind: 'ingress', query: reader }],
      problemKey: String,
    });
    graph.apply([ingress('a', {})]);
    expect(runsDuring(graph, () => graph.apply([ingress('a', { path: '/other' })]))).toEqual({ fragile: 1, reader: 1 });
  });
});
