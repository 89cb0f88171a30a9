import { referenceKey } from '@koko/translator';
import type { ObjectProblem, ObjectReference } from '@koko/translator';

/** What came and what went; nothing did both. */
export interface ProblemChanges {
  readonly problemsAdded: readonly ObjectProblem[];
  readonly problemsRemoved: readonly ObjectProblem[];
}

/** The problems that there are, by the objects that they name. */
export class ProblemTable {
  /** Within each object by their text, as one object may be named by very many. */
  readonly #problems = new Map<string, Map<string, ObjectProblem>>();

  /** At most so many problems of the object. */
  of(reference: ObjectReference, limit: number): readonly ObjectProblem[] {
    const found: ObjectProblem[] = [];
    for (const problem of this.#problems.get(referenceKey(reference))?.values() ?? []) {
      if (found.length >= limit) break;
      found.push(problem);
    }
    return found;
  }

  /** @param key As `referenceKey` makes it. */
  has(key: string): boolean {
    return this.#problems.has(key);
  }

  /** The object of that key, if a problem names it. */
  find(key: string): ObjectReference | undefined {
    const [problem] = this.#problems.get(key)?.values() ?? [];
    return problem?.objects.find((object) => referenceKey(object) === key);
  }

  /** All objects that a problem names. */
  objects(): readonly ObjectReference[] {
    return objectsOf(new Set(Array.from(this.#problems.values(), (problems) => [...problems.values()]).flat()));
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
    return objectsOf([...problemsRemoved, ...problemsAdded]);
  }

  #add(problem: ObjectProblem): void {
    const text = JSON.stringify(problem);
    for (const object of problem.objects) {
      const key = referenceKey(object);
      const present = this.#problems.get(key) ?? new Map<string, ObjectProblem>();
      this.#problems.set(key, present.set(text, problem));
    }
  }

  #remove(problem: ObjectProblem): void {
    const text = JSON.stringify(problem);
    for (const object of problem.objects) {
      const key = referenceKey(object);
      const present = this.#problems.get(key);
      present?.delete(text);
      if (present?.size === 0) this.#problems.delete(key);
    }
  }
}

/** Each once. */
function objectsOf(problems: Iterable<ObjectProblem>): readonly ObjectReference[] {
  const objects = new Map<string, ObjectReference>();
  for (const problem of problems) for (const object of problem.objects) objects.set(referenceKey(object), object);
  return [...objects.values()];
}
