import { isDeepStrictEqual } from 'node:util';
import { isTranslated, referenceKey, referenceOf } from '@koko/translator';
import type { KubernetesObject, ObjectReference } from '@koko/translator';
import { decodeManifest, parseManifests } from './parse-manifests.ts';
import type { ManifestProblem } from './parse-manifests.ts';

/** What has become of the problems of files. */
export interface ProblemChanges {
  readonly added: readonly ManifestProblem[];
  readonly removed: readonly ManifestProblem[];
}

interface PlacedObject {
  readonly reference: ObjectReference;
  readonly object: KubernetesObject;
  readonly line: number;
}

type FileContent = ReadonlyMap<string, PlacedObject>;

const NOTHING: FileContent = new Map();

/**
 * The objects of a set of files, as far as translation knows their kinds. An object that several files hold is taken from
 * the first of them by path. A change costs what the file holds, however many files there are.
 */
export class ManifestFiles {
  readonly #files = new Map<string, FileContent>();
  /** Per object the files that hold it, smallest path first. */
  readonly #holders = new Map<string, readonly string[]>();
  /** Lists that are not empty, by the file or the object that several files hold. */
  readonly #problems = new Map<string, readonly ManifestProblem[]>();
  /** What has changed of them since somebody asked, as it was then. */
  readonly #problemsBefore = new Map<string, readonly ManifestProblem[]>();
  #listed: readonly ManifestProblem[] | undefined;

  /**
   * Takes in what a file holds now. What is no YAML, or no UTF-8, leaves the file's last good objects in force.
   * @returns References of the objects that differ from before.
   */
  set(file: string, content: string | Uint8Array): readonly ObjectReference[] {
    const text = typeof content === 'string' ? content : decodeManifest(content);
    if (typeof text !== 'string') {
      this.fail(file, 'is not UTF-8 text; save it in that encoding', text.invalidLine);
      return [];
    }
    const parsed = parseManifests(text, file);
    if (!parsed.isReadable) {
      this.#keep(file, parsed.problems);
      return [];
    }
    const objects = new Map<string, PlacedObject>();
    const problems = [...parsed.problems];
    for (const [index, object] of parsed.objects.entries()) {
      if (!isTranslated(object)) continue; // e.g. a Deployment, or a Service of another API group
      const placed = { object, reference: referenceOf(object), line: parsed.lines[index] ?? 1 };
      const key = referenceKey(placed.reference);
      if (objects.has(key)) problems.push(duplicate(placed, file));
      else objects.set(key, placed);
    }
    this.#setProblems(fileOwner(file), problems);
    return this.#replace(file, objects);
  }

  /** Forgets a file. @returns References of the objects that differ from before. */
  delete(file: string): readonly ObjectReference[] {
    this.#setProblems(fileOwner(file), []);
    return this.#replace(file, undefined);
  }

  /** Keeps a file's objects, but reports why the file can no longer be read. */
  fail(file: string, reason: string, line = 1): void {
    const message = `${file}:${line}: ${reason}`;
    this.#keep(file, [{ code: 'ERR_MANIFESTS_FILE', path: [], message, file, line }]);
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

  /** What is wrong with the files now, in order of files and lines. */
  problems(): readonly ManifestProblem[] {
    return (this.#listed ??= [...this.#problems.values()].flat().sort(byPlace));
  }

  /** Which problems came and went since the last call. */
  takeProblemChanges(): ProblemChanges {
    const added: ManifestProblem[] = [];
    const removed: ManifestProblem[] = [];
    for (const [owner, before] of this.#problemsBefore) {
      const now = this.#problems.get(owner) ?? [];
      added.push(...without(now, before));
      removed.push(...without(before, now));
    }
    this.#problemsBefore.clear();
    return { added, removed };
  }

  #find(key: string): KubernetesObject | undefined {
    const [file] = this.#holders.get(key) ?? [];
    return file === undefined ? undefined : this.#files.get(file)?.get(key)?.object;
  }

  #keep(file: string, problems: readonly ManifestProblem[]): void {
    if (!this.#files.has(file)) this.#files.set(file, NOTHING);
    this.#setProblems(fileOwner(file), problems);
  }

  #replace(file: string, next: FileContent | undefined): readonly ObjectReference[] {
    const before = this.#files.get(file) ?? NOTHING;
    const placed = new Map([...before, ...(next ?? NOTHING)]);
    const old = new Map([...placed.keys()].map((key) => [key, this.#find(key)]));
    if (next === undefined) this.#files.delete(file);
    else this.#files.set(file, next);
    for (const key of placed.keys()) this.#hold(key, file, next?.has(key) ?? false);
    return [...placed]
      .filter(([key]) => !isDeepStrictEqual(old.get(key), this.#find(key)))
      .map(([, { reference }]) => reference);
  }

  #hold(key: string, file: string, holds: boolean): void {
    const others = (this.#holders.get(key) ?? []).filter((holder) => holder !== file);
    const holders = holds ? [...others, file].sort() : others;
    if (holders.length === 0) this.#holders.delete(key);
    else this.#holders.set(key, holders);
    const [first, ...surplus] = holders;
    const problems = surplus.flatMap((holder) => {
      const placed = this.#files.get(holder)?.get(key);
      return placed === undefined ? [] : [duplicate(placed, holder, first)];
    });
    this.#setProblems(objectOwner(key), problems);
  }

  #setProblems(owner: string, problems: readonly ManifestProblem[]): void {
    const before = this.#problems.get(owner) ?? [];
    if (before.length === 0 && problems.length === 0) return;
    if (!this.#problemsBefore.has(owner)) this.#problemsBefore.set(owner, before);
    if (problems.length === 0) this.#problems.delete(owner);
    else this.#problems.set(owner, problems);
    this.#listed = undefined;
  }
}

const fileOwner = (file: string): string => `file ${file}`;
const objectOwner = (key: string): string => `object ${key}`;

function without(problems: readonly ManifestProblem[], others: readonly ManifestProblem[]): readonly ManifestProblem[] {
  const messages = new Set(others.map(({ message }) => message));
  return problems.filter(({ message }) => !messages.has(message));
}

function byPlace(a: ManifestProblem, b: ManifestProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || (a.message < b.message ? -1 : 1);
}

function duplicate({ reference, line }: PlacedObject, file: string, first: string = file): ManifestProblem {
  const { kind, namespace, name } = reference;
  const object = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const where = first === file ? 'twice in this file; the first one' : `also in ${first}; the one there`;
  const message = `${file}:${line}: ${object} is ${where} takes effect, remove the other`;
  return { code: 'ERR_MANIFESTS_DUPLICATE', path: [], message, file, line };
}
