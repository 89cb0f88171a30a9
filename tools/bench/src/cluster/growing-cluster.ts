import type { KubernetesObject } from '@koko/translator';
import { publishedIngress, surroundings, writtenIngress, writtenService, writtenSlice } from './api-objects.ts';
import type { ClusterWriter, Verb } from './cluster-writer.ts';

const FIRST_SEED = 10;

/** The objects in the API server, which are made once and become more from size to size. */
export class GrowingCluster {
  readonly #writer: ClusterWriter;
  readonly #slicesPerService: number;
  #backends = 0;
  #ingresses = 0;

  constructor(writer: ClusterWriter, slicesPerService = 1) {
    this.#writer = writer;
    this.#slicesPerService = slicesPerService;
  }

  /** Creates what is missing of `ingresses`, and of as many backends and `spareBackends`. */
  async growTo(ingresses: number, spareBackends = 0): Promise<void> {
    if (this.#backends === 0) await this.#write('create', 'surroundings', surroundings(), (object) => object);
    await this.#createBackends(ingresses + spareBackends);
    await this.#createIngresses(ingresses);
  }

  async #createBackends(until: number): Promise<void> {
    const numbers = range(this.#backends, until);
    const parts = Array.from({ length: this.#slicesPerService }, (_, part) => part);
    const slices = numbers.flatMap((n) => parts.map((part) => ({ n, part })));
    await this.#write('create', 'Services', numbers, writtenService);
    await this.#write('create', 'EndpointSlices', slices, ({ n, part }) =>
      writtenSlice(n, FIRST_SEED + 2 * part, part),
    );
    this.#backends = Math.max(this.#backends, until);
  }

  async #createIngresses(until: number): Promise<void> {
    const numbers = range(this.#ingresses, until);
    await this.#write('create', 'Ingresses', numbers, (n) => writtenIngress(n, '/'));
    await this.#write('update-status', 'statuses of Ingresses', numbers, (n) => publishedIngress(n, '/'));
    this.#ingresses = Math.max(this.#ingresses, until);
  }

  async #write<T>(
    verb: Verb,
    what: string,
    ...[items, make]: [readonly T[], (item: T) => KubernetesObject]
  ): Promise<void> {
    if (items.length > 0) await this.#writer.writeAll(verb, what, mapped(items, make), items.length);
  }
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

/** Made one by one, as they are written. */
function* mapped<T>(items: readonly T[], make: (item: T) => KubernetesObject): Generator<KubernetesObject> {
  for (const item of items) yield make(item);
}
