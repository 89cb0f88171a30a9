import protobuf from 'protobufjs/light.js';
import { reasonOf, WrpcError } from './wrpc-error.ts';

/** The WebSocket subprotocol both sides must agree on. */
export const WRPC_SUBPROTOCOL = 'wrpc.konghq.com';

/** `MessageType` of the frame: 1 error, 2 call or answer. Kong also numbers streams (3 to 5) and uses none of them. */
export const messageTypes = { error: 1, rpc: 2 } as const;

/** `ErrorType` as Kong numbers it; go-wrpc gives 1 another name and always sends 0. */
export const errorTypes = { unspecified: 0, generic: 1, invalidService: 2, invalidRpc: 3 } as const;

/** One wRPC frame, which is one WebSocket message. Numbers that proto3 left out are 0. */
export interface Frame {
  /** See {@link messageTypes}; other numbers can arrive. */
  readonly messageType: number;
  readonly serviceId: number;
  readonly methodId: number;
  /** Counts every frame of its sender from 1; 0 is invalid. */
  readonly sequence: number;
  /** 0 in a call, else the `sequence` of the call that this answers. */
  readonly acknowledges: number;
  /** Absolute UNIX seconds in a call, 0 otherwise. */
  readonly deadlineSeconds: number;
  /** 1 (proto3) when there is a payload. */
  readonly encoding: number;
  /** How many payload elements the frame held; more than one is against the rules. */
  readonly payloadCount: number;
  /** The last payload element, a view on the frame's bytes; empty when there is none. */
  readonly payload: Uint8Array;
  readonly error?: { readonly type: number; readonly description: string };
}

const uint32 = (id: number): protobuf.IField => ({ type: 'uint32', id });

// Field numbers: Kong, kong/include/wrpc/wrpc.proto. `repeated bytes` as in go-wrpc reads both spellings.
const root = protobuf.Root.fromJSON({
  nested: {
    Error: { fields: { etype: uint32(1), description: { type: 'string', id: 2 } } },
    PayloadV1: {
      fields: {
        mtype: uint32(1),
        error: { type: 'Error', id: 2 },
        svcId: uint32(3),
        rpcId: uint32(4),
        seq: uint32(5),
        ack: uint32(6),
        deadline: uint32(7),
        payloadEncoding: uint32(8),
        payloads: { rule: 'repeated', type: 'bytes', id: 9 },
      },
    },
    WebsocketPayload: { fields: { version: uint32(1), payload: { type: 'PayloadV1', id: 2 } } },
  },
});
const envelopeType = root.lookupType('WebsocketPayload');
const payloadType = root.lookupType('PayloadV1');

interface PayloadV1 {
  mtype: number;
  error?: { etype: number; description: string } | null;
  svcId: number;
  rpcId: number;
  seq: number;
  ack: number;
  deadline: number;
  payloadEncoding: number;
  payloads: Uint8Array[];
}

const VERSION_1 = 1;
const ENCODING_PROTO3 = 1;
const TAG_PAYLOADS = (9 << 3) | 2;
const NO_BYTES = new Uint8Array(0);

/**
 * Reads one frame. What the frame says is not judged here, only that it is a frame of version 1.
 * @throws {WrpcError} `ERR_WRPC_FRAME_INVALID` for anything else.
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const payload = decodePayload(bytes);
  return {
    messageType: payload.mtype,
    serviceId: payload.svcId,
    methodId: payload.rpcId,
    sequence: payload.seq,
    acknowledges: payload.ack,
    deadlineSeconds: payload.deadline,
    encoding: payload.payloadEncoding,
    payloadCount: payload.payloads.length,
    payload: payload.payloads.at(-1) ?? NO_BYTES,
    ...(payload.error ? { error: { type: payload.error.etype, description: payload.error.description } } : {}),
  };
}

function decodePayload(bytes: Uint8Array): PayloadV1 {
  let envelope: { version: number; payload?: PayloadV1 | null };
  try {
    // The schema above gives the message this shape; unset fields read as defaults from the prototype.
    envelope = envelopeType.decode(bytes) as unknown as typeof envelope;
  } catch (cause) {
    throw new WrpcError('ERR_WRPC_FRAME_INVALID', `Cannot read wRPC frame: ${reasonOf(cause)}`, { cause });
  }
  if (envelope.version !== VERSION_1) {
    throw new WrpcError('ERR_WRPC_FRAME_INVALID', `Cannot read wRPC frame: version is ${envelope.version}, not 1`);
  }
  if (!envelope.payload) throw new WrpcError('ERR_WRPC_FRAME_INVALID', 'Cannot read wRPC frame: it has no payload');
  return envelope.payload;
}

/** What {@link encodeFrame} needs; the encoding is always proto3. */
export type OutgoingFrame = Omit<Frame, 'encoding' | 'payloadCount' | 'payload'> & { readonly payload?: FramePayload };

/** Bytes, whole or in pieces that follow each other. */
export type FramePayload = Uint8Array | readonly Uint8Array[];

/** Writes one frame. */
export const encodeFrame = (frame: OutgoingFrame): Buffer => Buffer.concat(framePieces(frame));

/**
 * Writes one frame, in pieces. The payload is not copied; protobufjs would copy it at every level, and a configuration is
 * megabytes.
 */
export function framePieces(frame: OutgoingFrame): readonly Uint8Array[] {
  const fields = payloadType.encode(fieldsOf(frame)).finish();
  const payload = piecesOf(frame.payload);
  const tail = frame.payload === undefined ? NO_BYTES : payloadHead(lengthOf(payload));
  const size = fields.length + tail.length + lengthOf(payload);
  const head = protobuf.Writer.create().uint32(0x08).uint32(VERSION_1).uint32(0x12).uint32(size).finish();
  return [Buffer.concat([head, fields, tail]), ...payload];
}

/** Length in bytes of all pieces together. */
export const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

function piecesOf(payload: FramePayload = []): readonly Uint8Array[] {
  return payload instanceof Uint8Array ? [payload] : payload;
}

const payloadHead = (length: number): Uint8Array =>
  protobuf.Writer.create().uint32(TAG_PAYLOADS).uint32(length).finish();

const fieldsOf = (frame: OutgoingFrame): Record<string, unknown> => ({
  mtype: frame.messageType,
  svcId: frame.serviceId,
  rpcId: frame.methodId,
  seq: frame.sequence,
  ack: frame.acknowledges,
  deadline: frame.deadlineSeconds,
  payloadEncoding: frame.messageType === messageTypes.rpc ? ENCODING_PROTO3 : 0,
  ...(frame.error ? { error: { etype: frame.error.type, description: frame.error.description } } : {}),
});
