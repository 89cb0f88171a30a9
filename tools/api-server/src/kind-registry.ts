import { builtInKinds } from './built-in-kinds.ts';
import { groupVersionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';

/** The kinds that are served at the moment. */
export class KindRegistry {
  readonly #byPath = new Map<string, ServedKind>();
  readonly #byKind = new Map<string, ServedKind>();

  constructor() {
    this.reset();
  }

  /** Back to the kinds every server has. */
  reset(): void {
    this.#byPath.clear();
    this.#byKind.clear();
    for (const kind of builtInKinds()) this.add(kind);
  }

  add(kind: ServedKind): void {
    this.#byPath.set(pathOf(kind.group, kind.version, kind.plural), kind);
    this.#byKind.set(`${groupVersionOf(kind)}/${kind.kind}`, kind);
  }

  remove(kind: ServedKind): void {
    this.#byPath.delete(pathOf(kind.group, kind.version, kind.plural));
    this.#byKind.delete(`${groupVersionOf(kind)}/${kind.kind}`);
  }

  /** By plural, as in a path. */
  find(group: string, version: string, plural: string): ServedKind | undefined {
    return this.#byPath.get(pathOf(group, version, plural));
  }

  /** By `apiVersion` and `kind`, as in an object. */
  findFor(apiVersion: string, kind: string): ServedKind | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** Whether the server itself serves that version, not a CustomResourceDefinition. */
  isBuiltIn(group: string, version: string): boolean {
    return this.list().some((kind) => !kind.isCustom && kind.group === group && kind.version === version);
  }

  list(): readonly ServedKind[] {
    return [...this.#byPath.values()];
  }
}

function pathOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
