import type { RawData, WebSocket } from 'ws';
import type { OpenedSocket } from './endpoint.ts';
import { labelsOf } from './introduction.ts';
import type { PluginVersion } from './kong-services.ts';
import type { NodeLink, SessionHost } from './node-session.ts';
import { closeCodes, NodeSession } from './node-session.ts';
import type { Payload } from './payload-cache.ts';
import type { PieceSender } from './piece-sender.ts';
import { PongReplies, UNREAD_PONGS } from './pong-replies.ts';
import { reportSocketFailure } from './socket-failure.ts';

const HASH_BYTES = 32;
const MAX_REASON_CHARACTERS = 500;

interface BasicInfo {
  readonly plugins: readonly PluginVersion[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The hybrid protocol v1 on `/v1/outlet`: the data plane introduces itself and pings with its hash, this side sends
 * configurations. There is no answer to a configuration; the next ping's hash is one.
 */
export class OutletLink implements NodeLink {
  readonly session: NodeSession;
  readonly #socket: WebSocket;
  readonly #sender: PieceSender;
  readonly #pongs: PongReplies;
  #hasGreeted = false;

  constructor({ socket, sender, identity }: OpenedSocket, host: SessionHost) {
    this.#socket = socket;
    this.#sender = sender;
    this.#pongs = new PongReplies(socket);
    this.session = new NodeSession(identity, 'v1', { host, link: this });
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', (data) => this.#pinged(data));
    socket.on('error', (error) => reportSocketFailure(this.session, error));
    socket.on('close', (code, reason) => this.session.end(closeReason(code, reason)));
  }

  deliver(payload: Payload): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sender.send(payload.pieces, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason.slice(0, 120));
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.session.isClosing) return;
    this.session.seen();
    if (!isBinary) return this.#refuse(closeCodes.unsupported, 'frames must be binary, this one is text');
    const message = parseJson(data);
    if (this.#hasGreeted) this.#later(message);
    else this.#greet(message);
  }

  #greet(message: unknown): void {
    const info = basicInfoOf(message);
    if (typeof info === 'string') return this.#refuse(closeCodes.invalid, info);
    this.#hasGreeted = true;
    const refusal = this.session.greet(info.plugins, info.labels);
    if (refusal !== undefined) this.session.close(closeCodes.policy, refusal);
  }

  /** Kong ends the connection on such frames; a build that reports errors would then come back for the same again. */
  #later(message: unknown): void {
    if (!isObject(message)) return this.#ignored('that is not a JSON object');
    if (message['type'] === 'basic_info') return this.#ignored('of type basic_info for a second time');
    if (message['type'] !== 'error') return this.#ignored('of an unknown type');
    if (isObject(message['error'])) {
      const { name, message: text } = message['error'];
      const reason = [name, text].filter((part) => typeof part === 'string').join(': ');
      this.session.report('ERR_NODE_CONFIG_REJECTED', `data plane rejects: ${reason.slice(0, MAX_REASON_CHARACTERS)}`);
    }
  }

  #ignored(what: string): void {
    this.session.report('ERR_NODE_FRAME_INVALID', `data plane sent a frame ${what}; ignored`);
  }

  #refuse(code: number, reason: string): void {
    this.session.report('ERR_NODE_FRAME_INVALID', reason);
    this.session.close(code, reason);
  }

  #pinged(data: Buffer): void {
    if (this.session.isClosing) return;
    this.session.seen();
    if (data.length !== 0 && data.length !== HASH_BYTES) {
      const reason = `data plane pinged with a hash of ${data.length} bytes instead of ${HASH_BYTES}`;
      this.session.report('ERR_NODE_PING_INVALID', reason);
      return this.session.close(closeCodes.policy, reason);
    }
    if (!this.#pongs.send('')) return this.session.drop('ERR_NODE_SLOW', UNREAD_PONGS);
    this.session.pinged(data.toString('latin1'));
  }
}

const closeReason = (code: number, reason: Buffer): string =>
  reason.length === 0 ? `connection ended (${code})` : `connection ended (${code}: ${reason.toString('utf8')})`;

function parseJson(data: RawData): unknown {
  try {
    // The socket's binary type is `nodebuffer`, so `data` is one buffer.
    return JSON.parse((data as Buffer).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Reads the first frame; a text says what is wrong with it. */
function basicInfoOf(message: unknown): BasicInfo | string {
  if (!isObject(message)) return 'the first frame must be basic_info, this one is not JSON';
  if (message['type'] !== 'basic_info') return 'the first frame must be basic_info, this one has another type';
  const { plugins, labels } = message;
  // An empty Lua table arrives as an object.
  if (typeof plugins !== 'object' || plugins === null) return 'basic_info must have a list of plugins';
  return { plugins: pluginsOf(plugins), labels: isObject(labels) ? labelsOf(labels) : {} };
}

const pluginsOf = (plugins: object): readonly PluginVersion[] =>
  Object.values(plugins).flatMap((plugin: unknown) => {
    if (!isObject(plugin) || typeof plugin['name'] !== 'string') return [];
    return [{ name: plugin['name'], version: typeof plugin['version'] === 'string' ? plugin['version'] : '' }];
  });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
