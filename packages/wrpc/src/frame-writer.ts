import type { WebSocket } from 'ws';
import type { OutgoingFrame } from './frame.ts';
import { framePieces, lengthOf } from './frame.ts';
import { WrpcError } from './wrpc-error.ts';

/** A frame before it has its number. */
export type UnnumberedFrame = Omit<OutgoingFrame, 'sequence'>;

/** Sends one binary WebSocket message, given in pieces; `written` is called once the network has taken it, or never will. */
export type SendPieces = (pieces: readonly Uint8Array[], written: () => void) => void;

/** Answers that wait for the network; nobody who reads lets as many pile up. */
const MAX_UNREAD_ANSWERS = 1000;

/** The sending side of a connection: numbers the frames and bounds what is written. */
export class FrameWriter {
  readonly #socket: WebSocket;
  readonly #sendPieces: SendPieces;
  readonly #maxFrameBytes: number;
  #sequence = 0;
  #unreadAnswers = 0;

  constructor(socket: WebSocket, options: { readonly maxFrameBytes: number; readonly sendPieces?: SendPieces }) {
    this.#socket = socket;
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#sendPieces = options.sendPieces ?? joinedSender(socket);
  }

  /**
   * @param name What is sent, for messages.
   * @returns The number of the frame.
   * @throws {WrpcError} `ERR_WRPC_CLOSED` or `ERR_WRPC_FRAME_TOO_LARGE`.
   */
  send(name: string, frame: UnnumberedFrame, written: () => void = () => {}): number {
    if (!this.#isOpen) throw new WrpcError('ERR_WRPC_CLOSED', `Cannot send ${name}: the connection is not open`);
    const sequence = this.#sequence + 1;
    const pieces = framePieces({ ...frame, sequence });
    const sizeBytes = lengthOf(pieces);
    if (sizeBytes > this.#maxFrameBytes) {
      const reason = `a frame of ${sizeBytes} bytes is over the limit of ${this.#maxFrameBytes}`;
      throw new WrpcError('ERR_WRPC_FRAME_TOO_LARGE', `Cannot send ${name}: ${reason}`);
    }
    this.#sequence = sequence;
    // The callback says when, not whether: a failed write ends the socket, which says so by 'error' and 'close'.
    this.#sendPieces(pieces, written);
    return sequence;
  }

  /**
   * Sends an answer; one to somebody who has left is no error of ours.
   * @throws {WrpcError} `ERR_WRPC_ANSWERS_UNREAD` when the caller goes on calling and reads nothing.
   */
  answer(name: string, frame: UnnumberedFrame): void {
    if (!this.#isOpen) return;
    if (this.#unreadAnswers >= MAX_UNREAD_ANSWERS) {
      const message = `Connection cut off: the other side goes on calling and has not read ${MAX_UNREAD_ANSWERS} answers`;
      throw new WrpcError('ERR_WRPC_ANSWERS_UNREAD', message);
    }
    this.send(name, frame, () => (this.#unreadAnswers -= 1));
    this.#unreadAnswers += 1;
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }
}

/** `ws` sends what lies in one piece. */
const joinedSender =
  (socket: WebSocket): SendPieces =>
  (pieces, written) =>
    socket.send(Buffer.concat(pieces), { binary: true, fin: true, compress: false }, () => written());
