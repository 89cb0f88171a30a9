/** Lets one waiter sleep until someone wakes it; being woken while awake ends the next sleep at once. */
export class Wakeup {
  #isPending = false;
  #resume: (() => void) | undefined;

  wake(): void {
    this.#isPending = true;
    this.#resume?.();
  }

  /** Settles when woken or when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isPending && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const resume = (): void => resolve();
      this.#resume = resume;
      signal.addEventListener('abort', resume, { once: true });
      await promise;
      signal.removeEventListener('abort', resume);
      this.#resume = undefined;
    }
    this.#isPending = false;
  }
}
