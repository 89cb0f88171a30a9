import { WrpcError } from './wrpc-error.ts';

/** A call that waits for its answer. */
interface PendingCall {
  readonly name: string;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: WrpcError) => void;
  readonly release: () => void;
}

export interface WaitOptions {
  readonly name: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The calls of one connection that wait for an answer, at most `limit` of them. */
export class CallTable {
  readonly #pending = new Map<number, PendingCall>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** @throws {WrpcError} When there is no room for `name`. */
  reserve(name: string): void {
    if (this.#pending.size < this.#limit) return;
    const reason = `${this.#limit} calls wait for an answer already`;
    throw new WrpcError('ERR_WRPC_CALLS_EXHAUSTED', `Cannot call ${name}: ${reason}`);
  }

  /** Waits for the answer to the call that was sent with `sequence`. */
  wait(sequence: number, options: WaitOptions): Promise<Uint8Array> {
    const { name, timeoutMs, signal } = options;
    return new Promise((resolve, reject) => {
      const giveUp = (code: 'ERR_WRPC_CALL_EXPIRED' | 'ERR_WRPC_CALL_ABORTED', why: string): void =>
        this.#take(sequence)?.reject(new WrpcError(code, `Call ${name} ${why}`));
      const timer = setTimeout(() => giveUp('ERR_WRPC_CALL_EXPIRED', `got no answer in ${timeoutMs} ms`), timeoutMs);
      const abort = (): void => giveUp('ERR_WRPC_CALL_ABORTED', 'was aborted');
      signal?.addEventListener('abort', abort, { once: true });
      const release = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      this.#pending.set(sequence, { name, resolve, reject, release });
    });
  }

  /** @returns False when no call waits under that number. */
  resolve(sequence: number, payload: Uint8Array): boolean {
    const call = this.#take(sequence);
    call?.resolve(payload);
    return call !== undefined;
  }

  /** @returns False when no call waits under that number. */
  reject(sequence: number, description: string): boolean {
    const call = this.#take(sequence);
    call?.reject(new WrpcError('ERR_WRPC_REMOTE', `Call ${call.name} was refused: ${description}`));
    return call !== undefined;
  }

  /** Ends every waiting call because the connection is gone. */
  close(reason: string): void {
    for (const sequence of this.#pending.keys()) {
      const call = this.#take(sequence);
      call?.reject(new WrpcError('ERR_WRPC_CLOSED', `Call ${call.name} got no answer: ${reason}`));
    }
  }

  #take(sequence: number): PendingCall | undefined {
    const call = this.#pending.get(sequence);
    this.#pending.delete(sequence);
    call?.release();
    return call;
  }
}
