import { isDeepStrictEqual } from 'node:util';
import { referenceKey } from '@koko/translator';
import type { ObjectProblem, ObjectReference } from '@koko/translator';

/** What came and what went; nothing did both. */
export interface ProblemChanges {
  readonly problemsAdded: readonly ObjectProblem[];
  readonly problemsRemoved: readonly ObjectProblem[];
}

/** The problems that there are, by the objects that they name. */
export class ProblemTable {
  readonly #problems = new Map<string, ObjectProblem[]>();

  of(reference: ObjectReference): readonly ObjectProblem[] {
    return this.#problems.get(referenceKey(reference)) ?? [];
  }

  /** @param key As `referenceKey` makes it. */
  has(key: string): boolean {
    return this.#problems.has(key);
  }

  /** The object of that key, if a problem names it. */
  find(key: string): ObjectReference | undefined {
    return this.#problems.get(key)?.[0]?.objects.find((object) => referenceKey(object) === key);
  }

  /** All objects that a problem names. */
  *objects(): Iterable<ObjectReference> {
    for (const key of this.#problems.keys()) {
      const reference = this.find(key);
      if (reference !== undefined) yield reference;
    }
  }

  /** @param problems All that there are. */
  replace(problems: Iterable<ObjectProblem>): void {
    this.#problems.clear();
    for (const problem of problems) this.#add(problem);
  }

  /** Takes in a difference and returns the objects whose problems it concerns. */
  apply({ problemsAdded, problemsRemoved }: ProblemChanges): readonly ObjectReference[] {
    for (const problem of problemsRemoved) this.#remove(problem);
    for (const problem of problemsAdded) this.#add(problem);
    const touched = [...problemsRemoved, ...problemsAdded].flatMap(({ objects }) => objects);
    return [...new Map(touched.map((object) => [referenceKey(object), object])).values()];
  }

  #add(problem: ObjectProblem): void {
    for (const object of problem.objects) {
      const key = referenceKey(object);
      const present = this.#problems.get(key);
      if (present === undefined) this.#problems.set(key, [problem]);
      else if (!present.some((other) => isDeepStrictEqual(other, problem))) present.push(problem);
    }
  }

  #remove(problem: ObjectProblem): void {
    for (const object of problem.objects) {
      const key = referenceKey(object);
      const left = (this.#problems.get(key) ?? []).filter((other) => !isDeepStrictEqual(other, problem));
      if (left.length === 0) this.#problems.delete(key);
      else this.#problems.set(key, left);
    }
  }
}
