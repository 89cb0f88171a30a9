/** A component with a life of its own: a server, a watch loop, a connection pool. */
export interface Runnable {
  /** Kebab-case and unique in the process; the key in logs, metrics and readiness. */
  readonly name: string;
  /**
   * Runs until `signal` aborts; settles only once everything it took is released.
   * @param ready Call once, as soon as others may depend on this component.
   * @throws What makes it unable to go on; the lifecycle then stops the others.
   */
  run(signal: AbortSignal, ready: () => void): Promise<void>;
}
