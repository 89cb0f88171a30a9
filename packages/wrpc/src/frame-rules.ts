import type { Frame } from './frame.ts';
import { messageTypes } from './frame.ts';

/**
 * Whose reading of the protocol to follow where the implementations differ. Both write by the strict rules.
 * - `kong`: a frame against the rules is dropped and reported, an answer to no call is dropped.
 * - `go-wrpc`: the same frame closes the connection with 1007, an answer to no call is answered with an error.
 */
export type Strictness = 'kong' | 'go-wrpc';

/** What makes a frame unusable under every reading, or undefined. */
export function unusableReason(frame: Frame): string | undefined {
  if (frame.sequence === 0) return 'sequence number is 0';
  return undefined;
}

/** The rule a readable frame breaks, or undefined; deadlines that have passed are not looked at here. */
export function brokenRule(frame: Frame, strictness: Strictness): string | undefined {
  if (frame.acknowledges === 0 && frame.messageType === messageTypes.rpc && frame.deadlineSeconds === 0) {
    return 'a call needs a deadline';
  }
  if (frame.acknowledges !== 0 && frame.deadlineSeconds !== 0) return 'an answer must not have a deadline';
  if (frame.encoding > 1) return `payload encoding ${frame.encoding} is unknown`;
  return strictness === 'go-wrpc' ? brokenStrictRule(frame) : undefined;
}

function brokenStrictRule(frame: Frame): string | undefined {
  if (frame.serviceId === 0 || frame.methodId === 0) return 'service or method number is 0';
  if (frame.payloadCount > 1) return `${frame.payloadCount} payloads instead of one`;
  if (frame.payloadCount === 1 && frame.encoding !== 1) return 'payload encoding is not given';
  return undefined;
}
