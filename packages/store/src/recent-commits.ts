import type { Commit } from './entity-change.ts';

/** The last commits with their content, so that whoever follows closely needs no look into the database. */
export class RecentCommits {
  readonly #maxChanges: number;
  readonly #commits: Commit[] = []; // consecutive revisions, oldest first
  #size = 0;

  constructor(maxChanges: number) {
    this.#maxChanges = maxChanges;
  }

  /** Keeps as many of the newest commits as fit. One that is too large by itself, such as a first pass, stays out. */
  add(commit: Commit): void {
    this.#commits.push(commit);
    this.#size += commit.changes.length;
    let dropped = 0;
    for (const { changes } of this.#commits) {
      if (this.#size <= this.#maxChanges) break;
      this.#size -= changes.length;
      dropped += 1;
    }
    this.#commits.splice(0, dropped);
  }

  /** The commits after a revision, oldest first; `undefined` when some of them are no longer here. */
  after(revision: number): readonly Commit[] | undefined {
    const first = this.#commits[0]?.revision;
    if (first === undefined || revision < first - 1) return undefined;
    return this.#commits.slice(revision - first + 1);
  }
}
