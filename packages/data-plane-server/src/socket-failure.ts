import { closeCodes } from './node-session.ts';
import type { NodeSession } from './node-session.ts';

/** Explains a failed socket. `ws` closes it itself; what remains is to say why. */
export function reportSocketFailure(session: NodeSession, error: Error): void {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    const message = 'data plane sent a frame over the size limit; connection closed';
    session.report('ERR_NODE_FRAME_TOO_LARGE', message);
    session.close(closeCodes.tooBig, message);
  } else if (typeof code === 'string' && code.startsWith('WS_ERR_')) {
    session.report('ERR_NODE_FRAME_INVALID', `data plane broke the WebSocket protocol: ${error.message}`);
    session.close(closeCodes.invalid, error.message);
  }
  // Anything else is the network: the connection ends, and its end is logged.
}
