import { Peer, WrpcError } from '@koko/wrpc';
import type { OpenedSocket } from './endpoint.ts';
import type { NegotiateServicesRequest, NegotiateServicesResponse, ReportMetadataResponse } from './kong-services.ts';
import { configService, negotiationService } from './kong-services.ts';
import type { NodeProblemCode } from './node-registry.ts';
import type { NodeLink, SessionHost } from './node-session.ts';
import { closeCodes, NodeSession } from './node-session.ts';
import type { Payload } from './payload-cache.ts';
import { PongReplies, UNREAD_PONGS } from './pong-replies.ts';
import { reportSocketFailure } from './socket-failure.ts';

const HASH_CHARACTERS = 32;
const CONFIG_MESSAGE = 'configurations as JSON, gzip';
// The other calls of a data plane are small; only the bound of the socket itself lets a configuration out.
const MAX_OUTGOING_BYTES = 512 * 1024 * 1024;

/** Kong's services over wRPC on `/v1/wrpc`, which data planes 3.0 and 3.1 speak. */
export class WrpcLink implements NodeLink {
  readonly session: NodeSession;
  readonly #peer: Peer;
  readonly #controlPlaneId: string;
  readonly #reported = new Set<string>();
  #offersConfig = false;

  constructor({ socket, sender, identity }: OpenedSocket, options: { host: SessionHost; controlPlaneId: string }) {
    const { host, controlPlaneId } = options;
    this.#controlPlaneId = controlPlaneId;
    const { now, limits } = host;
    this.#peer = new Peer(socket, {
      now,
      callTimeoutMs: limits.slowReaderTimeoutMs,
      maxFrameBytes: MAX_OUTGOING_BYTES,
      sendPieces: (pieces, written) => sender.send(pieces, () => written()),
    });
    this.session = new NodeSession(identity, 'wrpc', { host, link: this });
    socket.on('message', () => this.session.seen());
    const pongs = new PongReplies(socket);
    socket.on('ping', (data) => {
      this.session.seen();
      if (!pongs.send(data)) this.session.drop('ERR_NODE_SLOW', UNREAD_PONGS);
    });
    this.#peer.events.on('failed', (error) => this.#failed(error));
    this.#peer.events.on('dropped', ({ why, reason }) => this.#reportOnce('ERR_NODE_WRPC_FRAME_DROPPED', why, reason));
    this.#peer.events.on('refused', ({ type, reason }) =>
      this.#reportOnce('ERR_NODE_WRPC_CALL_REFUSED', String(type), `call answered with an error: ${reason}`),
    );
    this.#peer.events.on('closed', ({ code, reason }) =>
      this.session.end(reason === '' ? `connection ended (${code})` : `connection ended (${code}: ${reason})`),
    );
    this.#peer.register(negotiationService, { negotiateServices: (request) => this.#negotiate(request) });
  }

  async deliver(payload: Payload): Promise<void> {
    const { syncConfig } = configService.methods;
    try {
      const answer = syncConfig.response.decode(
        await this.#peer.callEncoded(configService, syncConfig, payload.pieces),
      );
      if (answer.accepted) return;
      const refusal = describeRefusal(answer.errors);
      this.session.report('ERR_NODE_CONFIG_REJECTED', refusal);
      throw new Error(refusal); // it was not taken
    } catch (error) {
      if (error instanceof WrpcError) this.#notDelivered(error);
      throw error;
    }
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }

  terminate(): void {
    this.#peer.terminate();
  }

  /** Reasons differ in detail, such as how late a call is; that there are late calls is said once. */
  #reportOnce(code: NodeProblemCode, kind: string, reason: string): void {
    const key = `${code} ${kind}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.session.report(code, reason, kind);
  }

  #notDelivered(error: WrpcError): void {
    if (error.code === 'ERR_WRPC_REMOTE') this.session.report('ERR_NODE_CONFIG_REJECTED', error.message);
    if (error.code === 'ERR_WRPC_CALL_EXPIRED') {
      const message = 'data plane did not answer when it was sent a configuration; is its clock ahead of ours?';
      this.session.drop('ERR_NODE_SLOW', message);
    }
  }

  #failed(error: Error): void {
    if (!(error instanceof WrpcError)) return reportSocketFailure(this.session, error);
    if (error.code === 'ERR_WRPC_ANSWERS_UNREAD') return this.session.drop('ERR_NODE_SLOW', error.message);
    this.session.report('ERR_NODE_FRAME_INVALID', error.message);
    this.session.close(closeCodes.invalid, error.message); // the peer has done so; this gives the reason
  }

  #negotiate(request: NegotiateServicesRequest): NegotiateServicesResponse {
    const refusal = request.node?.type === 'KONG' ? this.session.checkVersion() : this.#refuseType();
    // A data plane that sees the message and no node gives up and says why in its log.
    if (refusal !== undefined) return { errorMessage: refusal, servicesAccepted: [], servicesRejected: [] };
    const answers = request.servicesRequested.map(({ name, versions }) => answerFor(name, versions));
    const servicesAccepted = answers.flatMap((answer) => ('version' in answer ? [answer] : []));
    const servicesRejected = answers.flatMap((answer) => ('version' in answer ? [] : [answer]));
    if (servicesAccepted.length > 0) this.#offerConfig();
    else
      this.session.report('ERR_NODE_WRPC_CALL_REFUSED', 'data plane does not ask for the service config in version v1');
    return { errorMessage: '', node: { id: this.#controlPlaneId }, servicesAccepted, servicesRejected };
  }

  #refuseType(): string {
    const refusal = 'Invalid CP Node Type: only KONG is known';
    this.session.report('ERR_NODE_WRPC_CALL_REFUSED', refusal);
    return refusal;
  }

  /** Only now, so that calls to it before are answered with "Invalid service". */
  #offerConfig(): void {
    if (this.#offersConfig) return;
    this.#offersConfig = true;
    this.#peer.register(configService, {
      reportMetadata: ({ plugins }) => this.#greet(plugins),
      pingCP: ({ hash }) => this.#pinged(hash),
    });
  }

  #greet(plugins: readonly { readonly name: string; readonly version: string }[]): ReportMetadataResponse {
    const refusal = this.session.greet(plugins);
    if (refusal === undefined) return { ok: 'valid' };
    setImmediate(() => this.session.close(closeCodes.policy, refusal)); // after the answer
    return { error: refusal };
  }

  #pinged(hash: string): Readonly<Record<string, never>> {
    if (hash !== '' && hash.length !== HASH_CHARACTERS) {
      const reason = `data plane pinged with a hash of ${hash.length} characters instead of ${HASH_CHARACTERS}`;
      this.session.report('ERR_NODE_PING_INVALID', reason);
      throw new Error(reason);
    }
    this.session.pinged(hash);
    return {};
  }
}

type ServiceAnswer = { name: string; version: string; message: string } | { name: string; message: string };

function answerFor(name: string, versions: readonly string[]): ServiceAnswer {
  if (name !== 'config') return { name, message: 'Unknown service.' };
  return versions.includes('v1')
    ? { name, version: 'v1', message: CONFIG_MESSAGE }
    : { name, message: 'No known version' };
}

const describeRefusal = (errors: readonly { readonly id: string; readonly entity: string }[]): string =>
  `data plane does not accept the configuration: ${errors.length === 0 ? 'no reason given' : ''}${errors
    .slice(0, 5)
    .map(({ entity, id }) => `${entity} ${id}`)
    .join(', ')}`;
