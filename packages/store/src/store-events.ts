import type { Logger } from '@koko/lifecycle';
import { EventEmitter } from 'eventemitter3';

/** What a store tells about itself. */
export interface StoreEvents {
  /** That something changed, not what: listeners read the store. Bursts may be told once, by the newest revision. */
  committed: { readonly cluster: string; readonly revision: number };
  /** That it can no longer be used, since when in milliseconds of the epoch; whoever waits for a commit would wait in vain. */
  closed: { readonly atMs: number };
}

/** Settings of a subscription. */
export interface ListenerOptions {
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal;
}

/** Where one hears of what a store does. */
export interface StoreEventSource {
  /** @returns Ends the subscription, as an abort of the signal does. */
  on<E extends keyof StoreEvents>(
    event: E,
    listener: (event: StoreEvents[E]) => void,
    options?: ListenerOptions,
  ): () => void;
}

/** Tells listeners, each on its own: one that throws is logged and harms no other. */
export class StoreEmitter implements StoreEventSource {
  readonly #emitter = new EventEmitter<keyof StoreEvents>(); // the methods below fit names and payloads together
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @returns Ends the subscription. */
  on<E extends keyof StoreEvents>(
    event: E,
    listener: (event: StoreEvents[E]) => void,
    options: ListenerOptions = {},
  ): () => void {
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const guarded = (payload: StoreEvents[E]): void => this.#call(event, listener, payload);
    const end = (): void => {
      this.#emitter.off(event, guarded);
      signal?.removeEventListener('abort', end);
    };
    this.#emitter.on(event, guarded);
    signal?.addEventListener('abort', end, { once: true });
    return end;
  }

  listenerCount(event: keyof StoreEvents): number {
    return this.#emitter.listenerCount(event);
  }

  emit<E extends keyof StoreEvents>(event: E, payload: StoreEvents[E]): void {
    this.#emitter.emit(event, payload);
  }

  #call<E extends keyof StoreEvents>(
    event: E,
    listener: (event: StoreEvents[E]) => void,
    payload: StoreEvents[E],
  ): void {
    try {
      listener(payload);
    } catch (error) {
      this.#logger.error({ err: error, event }, 'A listener of the store failed');
    }
  }
}
