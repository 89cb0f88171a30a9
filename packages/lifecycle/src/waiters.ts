/** Waits for conditions over state that changes now and then: whoever changes it calls `check`. */
export class Waiters {
  readonly #waiting = new Set<{ readonly condition: () => boolean; readonly resolve: () => void }>();

  /** Resolves as soon as the condition holds; it may hold no longer when the caller goes on. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (condition()) resolve();
      else this.#waiting.add({ condition, resolve });
    });
  }

  check(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.condition()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
