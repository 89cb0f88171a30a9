import { isDeepStrictEqual } from 'node:util';
import { isTranslated, referenceOf } from '@koko/translator';
import type { KubernetesObject, ObjectReference } from '@koko/translator';
import { referenceKey } from './change-queue.ts';
import { parseManifests } from './parse-manifests.ts';
import type { ManifestProblem } from './parse-manifests.ts';

interface ReadFile {
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  readonly problems: readonly ManifestProblem[];
}

/**
 * The objects of a set of files, as far as translation knows their kinds. An object that several files hold is taken from
 * the first of them by path.
 */
export class ManifestFiles {
  readonly #files = new Map<string, ReadFile>();
  /** Per object the files that hold it, smallest path first. */
  readonly #holders = new Map<string, string[]>();
  readonly #references = new Map<string, ObjectReference>();

  /**
   * Takes in what a file holds now. A text that is no YAML leaves the file's last good objects in force.
   * @returns References of the objects that differ from before.
   */
  set(file: string, text: string): readonly ObjectReference[] {
    const parsed = parseManifests(text, file);
    if (!parsed.isReadable) {
      this.#files.set(file, { objects: this.#files.get(file)?.objects ?? new Map(), problems: parsed.problems });
      return [];
    }
    const objects = new Map<string, KubernetesObject>();
    const problems = [...parsed.problems];
    for (const object of parsed.objects) {
      if (!isTranslated(object)) continue; // e.g. a Deployment, or a Service of another API group
      const reference = referenceOf(object);
      const key = referenceKey(reference);
      if (objects.has(key)) problems.push(duplicate(reference, file));
      else objects.set(key, object);
      this.#references.set(key, reference);
    }
    return this.#replace(file, { objects, problems });
  }

  /** Forgets a file. @returns References of the objects that differ from before. */
  delete(file: string): readonly ObjectReference[] {
    return this.#replace(file, undefined);
  }

  /** Keeps a file's objects, but reports why the file can no longer be read. */
  fail(file: string, problem: ManifestProblem): void {
    this.#files.set(file, { objects: this.#files.get(file)?.objects ?? new Map(), problems: [problem] });
  }

  /** The object in force of that name. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#find(referenceKey(reference));
  }

  /** All objects in force. */
  list(): readonly KubernetesObject[] {
    return [...this.#holders.keys()].map((key) => this.#find(key)).filter((object) => object !== undefined);
  }

  /** Names of the files known. */
  files(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** What is wrong with the files now. */
  problems(): readonly ManifestProblem[] {
    const own = [...this.#files.values()].flatMap(({ problems }) => problems);
    const shared = [...this.#holders].flatMap(([key, [first, ...others]]) =>
      others.map((file) => duplicate(this.#reference(key), file, first)),
    );
    return [...own, ...shared];
  }

  #find(key: string): KubernetesObject | undefined {
    const file = this.#holders.get(key)?.[0];
    return file === undefined ? undefined : this.#files.get(file)?.objects.get(key);
  }

  #replace(file: string, next: ReadFile | undefined): readonly ObjectReference[] {
    const before = this.#files.get(file)?.objects;
    const keys = new Set([...(before?.keys() ?? []), ...(next?.objects.keys() ?? [])]);
    const old = new Map([...keys].map((key) => [key, this.#find(key)]));
    if (next === undefined) this.#files.delete(file);
    else this.#files.set(file, next);
    for (const key of keys) this.#hold(key, file, next?.objects.has(key) ?? false);
    const changed = [...keys].filter((key) => !isDeepStrictEqual(old.get(key), this.#find(key)));
    const references = changed.map((key) => this.#reference(key));
    for (const key of keys) if (!this.#holders.has(key)) this.#references.delete(key);
    return references;
  }

  #hold(key: string, file: string, holds: boolean): void {
    const others = (this.#holders.get(key) ?? []).filter((holder) => holder !== file);
    const holders = holds ? [...others, file].sort() : others;
    if (holders.length === 0) this.#holders.delete(key);
    else this.#holders.set(key, holders);
  }

  #reference(key: string): ObjectReference {
    const reference = this.#references.get(key);
    if (reference === undefined) throw new Error(`No reference is known under ${key}`); // kept as long as a holder
    return reference;
  }
}

function duplicate({ kind, namespace, name }: ObjectReference, file: string, first: string = file): ManifestProblem {
  const object = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const where = first === file ? 'twice in this file; the first one' : `also in ${first}; the one there`;
  const message = `${file}:1: ${object} is ${where} takes effect, remove the other`;
  return { code: 'ERR_MANIFESTS_DUPLICATE', path: [], message, file, line: 1 };
}
