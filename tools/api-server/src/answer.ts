import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { ServerResponse } from 'node:http';

const LONG_CHARACTER_LEAD = 0xc0; // the first byte of every UTF-8 character longer than one byte is at least this

/** The way back to the client, with the fault that waits on it. */
export class Answer {
  readonly #response: ServerResponse;
  #fault: Fault | undefined;
  #sentBytes = 0;
  #isCut = false;
  #pieces: Promise<void> = Promise.resolve();
  #waiting = 0;
  #queuedBytes = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get code(): number {
    return this.#response.statusCode;
  }

  /** Bytes that the client has not taken yet. */
  get waitingBytes(): number {
    return this.#response.writableLength + this.#queuedBytes;
  }

  get isOpen(): boolean {
    return !this.#isCut && !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** From now on this fault applies; `afterBytes` counts from now. */
  arm(fault: Fault): void {
    this.#fault = fault;
    this.#sentBytes = 0;
    if ('afterBytes' in fault && fault.afterBytes !== undefined) return;
    if (fault.kind === 'reset') this.reset();
    else if (fault.kind === 'stall') this.#isCut = true;
  }

  head(code: number, headers: Readonly<Record<string, string>>): void {
    if (this.isOpen) this.#response.writeHead(code, headers).flushHeaders();
  }

  /** Sends a whole answer. */
  json(code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.text(code, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json', ...headers });
  }

  text(code: number, text: string, headers: Readonly<Record<string, string>>): void {
    if (!this.isOpen) return;
    const body = Buffer.from(text);
    const length = { 'content-length': String(body.length) };
    this.#response.writeHead(code, this.#fault?.kind === 'truncate' ? headers : { ...headers, ...length });
    this.write(body);
    this.end();
  }

  write(text: string | Buffer): void {
    if (!this.isOpen) return;
    const bytes = Buffer.from(text);
    this.#inOrder(() => this.#send(bytes), bytes.length);
  }

  end(): void {
    this.#inOrder(() => {
      if (this.isOpen) this.#response.end();
    });
  }

  reset(): void {
    this.#isCut = true;
    this.#response.socket?.resetAndDestroy();
    this.#response.destroy();
  }

  #sendUntil(bytes: Buffer, fault: Fault & { readonly afterBytes?: number }): void {
    const rest = (fault.afterBytes ?? 0) - this.#sentBytes;
    this.#sentBytes += bytes.length;
    if (bytes.length < rest) return void this.#response.write(bytes);
    if (fault.kind === 'truncate') this.#response.end(bytes.subarray(0, rest));
    else this.#response.write(bytes.subarray(0, rest), () => fault.kind === 'reset' && this.reset());
    this.#isCut = true;
  }

  async #sendPieces(bytes: Buffer, pieces: number | 'inside-characters'): Promise<void> {
    for (const part of pieces === 'inside-characters' ? insideCharacters(bytes) : ofLength(bytes, pieces)) {
      if (!this.isOpen) return;
      this.#response.write(part);
      await nextTurn(); // so that each piece goes out, and mostly arrives, on its own
    }
  }

  #send(bytes: Buffer): void | Promise<void> {
    if (!this.isOpen) return undefined;
    const fault = this.#fault;
    if (fault?.kind === 'split') return this.#sendPieces(bytes, fault.pieces);
    if (fault !== undefined && 'afterBytes' in fault) this.#sendUntil(bytes, fault);
    else this.#response.write(bytes);
    return undefined;
  }

  /** At once, or after the pieces that are still going out. */
  #inOrder(action: () => void | Promise<void>, length = 0): void {
    if (this.#waiting === 0 && this.#fault?.kind !== 'split') return void action();
    this.#waiting += 1;
    this.#queuedBytes += length;
    this.#pieces = this.#pieces.then(action).finally(() => {
      this.#waiting -= 1;
      this.#queuedBytes -= length;
    });
  }
}

function ofLength(bytes: Buffer, length: number): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += length) parts.push(bytes.subarray(start, start + length));
  return parts;
}

function insideCharacters(bytes: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    if ((bytes[index] ?? 0) < LONG_CHARACTER_LEAD) continue;
    parts.push(bytes.subarray(start, index + 1));
    start = index + 1;
  }
  parts.push(bytes.subarray(start));
  return parts.filter((part) => part.length > 0);
}
