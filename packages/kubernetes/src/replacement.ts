import type { KubernetesObject } from '@koko/translator';
import { packObject } from './packed-object.ts';
import type { PackedObject } from './packed-object.ts';

type Objects = ReadonlyMap<string, ReadonlyMap<string, PackedObject>>;

/** A list on its way, whose objects are packed as they arrive; objects may change while their list is still under way. */
export class Replacement {
  readonly #commit: (objects: Objects, apiVersion: string) => void;
  readonly #objects = new Map<string, Map<string, PackedObject>>();
  #apiVersion = '';

  /** @param commit Given the objects by namespace and name. */
  constructor(commit: (objects: Objects, apiVersion: string) => void) {
    this.#commit = commit;
  }

  upsert(object: KubernetesObject): void {
    const { namespace = '', name } = object.metadata;
    this.#apiVersion = object.apiVersion;
    const names = this.#objects.get(namespace) ?? new Map<string, PackedObject>();
    this.#objects.set(namespace, names);
    names.set(name, packObject(object));
  }

  delete({ metadata: { namespace = '', name } }: KubernetesObject): void {
    this.#objects.get(namespace)?.delete(name);
  }

  /** Forgets what has arrived: the list begins anew. */
  clear(): void {
    this.#objects.clear();
  }

  /** The list is complete. */
  commit(): void {
    this.#commit(this.#objects, this.#apiVersion);
  }
}
