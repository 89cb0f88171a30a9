import { referenceOf, Translator } from '@koko/translator';
import type { KubernetesObject } from '@koko/translator';
import { clusterObjects, endpointSlice, ingress } from './cluster-objects.ts';
import type { Figure } from './report.ts';

/** What translation alone costs: everything at once, and one changed object. */
export async function measureTranslation(routes: number, runs: number): Promise<readonly Figure[]> {
  const changes = (objects: readonly KubernetesObject[]) =>
    objects.map((object) => ({ reference: referenceOf(object), object }));
  const fromNothing: number[] = [];
  let translator = new Translator({});
  for (let run = 0; run < Math.max(1, Math.min(runs, 5)); run += 1) {
    translator = new Translator({});
    const all = changes(clusterObjects(routes));
    fromNothing.push(timed(() => translator.apply(all)));
  }
  const one = (make: (n: number, run: number) => KubernetesObject): readonly number[] =>
    Array.from({ length: runs }, (_, run) => {
      const change = changes([make(run % routes, run)]);
      return timed(() => translator.apply(change));
    });
  one((n, run) => endpointSlice(n, 100 + run)); // warms up what the first pass does not run
  return [
    { size: routes, what: 'all from nothing', unit: 'ms', values: fromNothing },
    { size: routes, what: 'one EndpointSlice', unit: 'ms', values: one((n, run) => endpointSlice(n, 20 + run)) },
    { size: routes, what: 'one Ingress', unit: 'ms', values: one((n, run) => ingress(n, `/run-${run}`)) },
  ];
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
