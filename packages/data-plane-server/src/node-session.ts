import type { Logger } from '@koko/lifecycle';
import { pluginsRefusal } from './introduction.ts';
import type { PluginVersion } from './kong-services.ts';
import type { DataPlaneServerLimits } from './limits.ts';
import { EMPTY_HASH } from './multiset-hash.ts';
import type { NodeProblemCode, NodeProtocol, NodeRegistry, NodeUpdate } from './node-registry.ts';
import type { NodeIdentity } from './node-request.ts';
import type { Payload } from './payload-cache.ts';
import type { SchemaVersion } from './schema-version.ts';
import { schemaVersionOf } from './schema-version.ts';

/** What a session needs of its server. */
export interface SessionHost {
  readonly registry: NodeRegistry;
  readonly limits: DataPlaneServerLimits;
  readonly logger: Logger;
  readonly now: () => number;
  /** Why a data plane of that version cannot be served, or undefined. */
  readonly versionRefusal: (version: string) => string | undefined;
  /** Something changed for this session; the server looks at it again soon. */
  readonly wake: (session: NodeSession) => void;
  readonly delivered: (session: NodeSession, payload: Payload) => void;
  readonly reported: (session: NodeSession, configHash: string) => void;
  readonly ended: (session: NodeSession, reason: string) => void;
  /** Whether no later connection of the same node exists. */
  readonly isNewest: (session: NodeSession) => boolean;
}

/** The connection below a session, in one of the protocols. */
export interface NodeLink {
  /** Settles when the data plane has taken the payload, as far as the protocol tells. */
  deliver(payload: Payload): Promise<void>;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** WebSocket close codes (RFC 6455, section 7.4.1). */
export const closeCodes = { goingAway: 1001, unsupported: 1003, invalid: 1007, policy: 1008, tooBig: 1009 } as const;

// A data plane pings within about a second after it has applied a configuration.
const APPLY_TIME_MS = 15_000;

/** One connection of a data plane: who it is, what it runs, what it was sent. The same for all protocols. */
export class NodeSession {
  readonly identity: NodeIdentity;
  readonly protocol: NodeProtocol;
  readonly schema: SchemaVersion;
  readonly #host: SessionHost;
  readonly #link: NodeLink;
  readonly #openedAt: number;
  #lastFrameAt: number;
  #plugins: ReadonlySet<string> | undefined;
  #pingWait: NodeJS.Timeout | undefined;
  #reportedHash: string | undefined;
  #sentHash: string | undefined;
  #sentAt = 0;
  #deliveringSince: number | undefined;
  #endReason = '';
  #hasEnded = false;

  constructor(identity: NodeIdentity, protocol: NodeProtocol, options: { host: SessionHost; link: NodeLink }) {
    this.identity = identity;
    this.protocol = protocol;
    this.schema = schemaVersionOf(identity.version);
    this.#host = options.host;
    this.#link = options.link;
    this.#openedAt = this.#host.now();
    this.#lastFrameAt = this.#openedAt;
  }

  /** Names of its plugins, or undefined before it has told. */
  get plugins(): ReadonlySet<string> | undefined {
    return this.#plugins;
  }

  /** Facts for a log line. */
  get facts(): Readonly<Record<string, unknown>> {
    const { id, hostname, version } = this.identity;
    return { node: id, hostname, version, protocol: this.protocol };
  }

  /** Whether it can be sent something now; while one payload is under way, later ones only replace each other. */
  get isReady(): boolean {
    const knows = this.#reportedHash !== undefined || this.#pingWait === undefined;
    return this.#plugins !== undefined && knows && this.#deliveringSince === undefined && !this.isClosing;
  }

  /** Nothing that still arrives counts any more. */
  get isClosing(): boolean {
    return this.#hasEnded || this.#endReason !== '';
  }

  /** The hash it has, or will have once it has worked off what it was sent. */
  get expectedHash(): string | undefined {
    return this.#sentHash ?? this.#reportedHash;
  }

  /** A data plane has introduced itself, or again. @returns Why it is refused; then it is to be closed. */
  greet(plugins: readonly PluginVersion[], labels: Readonly<Record<string, string>> = {}): string | undefined {
    const unusable = pluginsRefusal(plugins);
    if (unusable !== undefined) {
      this.report('ERR_NODE_FRAME_INVALID', unusable);
      return unusable;
    }
    this.update({ plugins, labels });
    const refusal = this.checkVersion();
    if (refusal !== undefined) return refusal;
    this.#plugins = new Set(plugins.map(({ name }) => name));
    // The first ping travels with the greeting; it may say that nothing needs to be sent.
    clearTimeout(this.#pingWait);
    this.#pingWait = setTimeout(() => {
      this.#pingWait = undefined;
      this.#host.wake(this);
    }, this.#host.limits.firstPingWaitMs);
    if (this.#reportedHash !== undefined) this.#host.wake(this);
    this.#host.logger.info({ ...this.facts, plugins: plugins.length }, 'data plane introduced itself');
    return undefined;
  }

  /** @returns Why its version cannot be served; status and problem are recorded. */
  checkVersion(): string | undefined {
    const refusal = this.#host.versionRefusal(this.identity.version);
    if (refusal !== undefined) {
      this.update({ syncStatus: 'kong_version_incompatible' });
      this.report('ERR_NODE_VERSION_INCOMPATIBLE', refusal);
    }
    return refusal;
  }

  /** Any frame has arrived. */
  seen(): void {
    this.#lastFrameAt = this.#host.now();
    this.#host.registry.update(this.identity.id, { lastSeen: this.#lastFrameAt });
  }

  /** A ping has told the hash of what the data plane runs; an empty one means that it has nothing yet. */
  pinged(hash: string): void {
    const isFirst = this.#reportedHash === undefined;
    this.#reportedHash = hash === '' ? EMPTY_HASH : hash;
    this.update({ configHash: this.#reportedHash });
    this.#checkApplied(this.#reportedHash);
    this.#host.reported(this, this.#reportedHash);
    if (isFirst) this.#host.wake(this);
  }

  /** Sends a payload; the newest one follows when the configuration has changed meanwhile. */
  async deliver(payload: Payload): Promise<void> {
    this.#sentHash = payload.configHash;
    this.#sentAt = this.#host.now();
    this.#deliveringSince = this.#sentAt;
    try {
      await this.#link.deliver(payload);
      this.update({ deliveredHash: payload.configHash });
      this.#host.delivered(this, payload);
    } catch (error) {
      // A connection that is gone says so itself, and the data plane comes back.
      const reason = error instanceof Error ? error.message : String(error);
      this.#host.logger.debug({ ...this.facts, reason }, 'configuration was not delivered');
    } finally {
      this.#deliveringSince = undefined;
      this.#host.wake(this);
    }
  }

  /** Closes or cuts off a data plane that is late with something. */
  sweep(): void {
    const { limits, now } = this.#host;
    const time = now();
    const since = (moment: number): number => Math.round((time - moment) / 1000);
    if (this.isClosing) return;
    if (this.#plugins === undefined && time - this.#openedAt > limits.greetingTimeoutMs) {
      const message = `data plane did not introduce itself within ${limits.greetingTimeoutMs} ms`;
      this.report('ERR_NODE_NOT_INTRODUCED', message);
      this.close(closeCodes.policy, message);
    } else if (this.#deliveringSince !== undefined && time - this.#deliveringSince > limits.slowReaderTimeoutMs) {
      this.drop('ERR_NODE_SLOW', `data plane has not taken a configuration in ${since(this.#deliveringSince)} s`);
    } else if (time - this.#lastFrameAt > limits.silenceTimeoutMs) {
      this.drop('ERR_NODE_SILENT', `data plane has been silent for ${since(this.#lastFrameAt)} s`);
    }
  }

  update(update: NodeUpdate): void {
    this.#host.registry.update(this.identity.id, update);
  }

  /** Records a problem of the node, and logs it unless it is known. */
  report(code: NodeProblemCode, message: string, subject = ''): void {
    const isNews = this.#host.registry.report(this.identity.id, code, message, subject);
    if (isNews) this.#host.logger.warn({ ...this.facts, code }, message);
  }

  /** Ends the connection with a close frame and a reason that is logged. */
  close(code: number, reason: string): void {
    this.#endReason ||= reason;
    this.#link.close(code, reason);
  }

  /** Cuts the connection off. That an old connection is dead is no problem of a node that has come back since. */
  drop(code: NodeProblemCode, reason: string): void {
    if (this.#host.isNewest(this)) this.report(code, reason);
    this.#endReason ||= reason;
    this.#link.terminate();
  }

  /** The connection is over. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#pingWait);
    this.#host.ended(this, this.#endReason || reason);
  }

  /** A data plane that refuses a configuration says nothing: its pings go on with the hash of the old one. */
  #checkApplied(hash: string): void {
    if (this.#sentHash === undefined || this.#deliveringSince !== undefined) return;
    if (hash === this.#sentHash) {
      this.#host.registry.clear(this.identity.id, 'ERR_NODE_CONFIG_NOT_APPLIED', 'ERR_NODE_CONFIG_REJECTED');
    } else if (this.#host.now() - this.#sentAt > APPLY_TIME_MS) {
      const message = 'data plane still runs another configuration than it was sent: its own log says why';
      this.report('ERR_NODE_CONFIG_NOT_APPLIED', message);
    }
  }
}
