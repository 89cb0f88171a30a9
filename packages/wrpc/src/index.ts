export { Peer } from './peer.ts';
export type { CallOptions, DroppedFrame, PeerEvents, PeerOptions } from './peer.ts';
export type { SendPieces } from './frame-writer.ts';
export type { Strictness } from './frame-rules.ts';
export { connectPeer } from './connect-peer.ts';
export type { ConnectOptions } from './connect-peer.ts';

export { defineService } from './service.ts';
export type { CallContext, Handler, HandlersOf, Method, Service } from './service.ts';
export { messageCodecs } from './message-codec.ts';
export type { MessageCodec, MessageSchema } from './message-codec.ts';

export { WRPC_SUBPROTOCOL, decodeFrame, encodeFrame, errorTypes, messageTypes } from './frame.ts';
export type { Frame, FramePayload, OutgoingFrame } from './frame.ts';
export { WrpcError } from './wrpc-error.ts';
export type { WrpcErrorCode } from './wrpc-error.ts';
