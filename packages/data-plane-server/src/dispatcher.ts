import type { ConfigView } from './config-view.ts';
import type { NodeRegistry } from './node-registry.ts';
import type { NodeSession } from './node-session.ts';
import type { Payload, PayloadCache } from './payload-cache.ts';
import { missingPlugins, unknownCollections } from './plugin-rule.ts';
import { PushScheduler } from './push-scheduler.ts';
import type { SchemaProjection } from './schema-projection.ts';

export interface DispatcherOptions {
  readonly view: ConfigView;
  readonly payloads: PayloadCache;
  readonly registry: NodeRegistry;
}

const MAX_REPORTED_ENTITIES = 8;
const MIXED_FLAVORS_SINCE = { major: 3, minor: 7 };
const MEBIBYTE = 1024 * 1024;

/** Decides what a session is sent, if anything, and when. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #scheduler = new PushScheduler<NodeSession>((session) => this.#serve(session));

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Looks at the session in one of the next turns of the event loop. */
  request(session: NodeSession): void {
    this.#scheduler.request(session);
  }

  forget(session: NodeSession): void {
    this.#scheduler.forget(session);
  }

  stop(): void {
    this.#scheduler.stop();
  }

  /** @returns How many bytes were sent. */
  #serve(session: NodeSession): number {
    const { view, payloads } = this.#options;
    const { plugins } = session;
    // Nothing goes out before the first complete configuration: half of one would replace a good one.
    if (view.revision === undefined || !session.isReady || plugins === undefined) return 0;
    if (this.#isWithheld(session, plugins)) return 0;
    if (session.expectedHash === view.hashes.config) return 0;
    const without = unknownCollections(view.counts, plugins);
    const payload = payloads.payloadFor(session.protocol, session.schema, without);
    this.#reportDifferences(session, { without, payload, projection: payloads.projectionOf(session.schema) });
    void session.deliver(payload);
    return payload.sizeBytes;
  }

  /** Looked at again at every change: what is missing may no longer be needed. */
  #isWithheld(session: NodeSession, plugins: ReadonlySet<string>): boolean {
    const { view, registry } = this.#options;
    const { id } = session.identity;
    const missing = missingPlugins(view.usedPlugins, plugins);
    const mixed = view.mixesRouteFlavors && isBeforeMixedFlavors(session);
    if (missing.length === 0) registry.clear(id, 'ERR_NODE_PLUGIN_MISSING');
    if (!mixed) registry.clear(id, 'ERR_NODE_ROUTES_MIXED');
    registry.update(id, { syncStatus: missing.length > 0 ? 'plugin_set_incompatible' : 'normal' });
    if (missing.length > 0) {
      const names = missing.slice(0, MAX_REPORTED_ENTITIES).join(', ');
      session.report(
        'ERR_NODE_PLUGIN_MISSING',
        `configuration withheld: it uses plugins that are not enabled there: ${names}`,
      );
    }
    if (mixed) {
      const message = 'configuration withheld: some routes have an expression and some have none, which needs 3.7';
      session.report('ERR_NODE_ROUTES_MIXED', message);
    }
    return missing.length > 0 || mixed;
  }

  #reportDifferences(
    session: NodeSession,
    sent: { without: readonly string[]; payload: Payload; projection: SchemaProjection },
  ): void {
    const { registry } = this.#options;
    const { id, version } = session.identity;
    registry.clear(id, 'ERR_NODE_COLLECTION_UNKNOWN', 'ERR_NODE_ENTITY_CHANGED', 'ERR_NODE_ENTITY_OMITTED');
    if (sent.without.length > 0) {
      const message = `not sent, because their plugins are not enabled there: ${sent.without.join(', ')}`;
      registry.report(id, 'ERR_NODE_COLLECTION_UNKNOWN', message);
    }
    for (const { code, key, message } of differencesOf(sent.projection)) registry.report(id, code, message, key);
    const limit = (isBefore(session, { major: 3, minor: 4 }) ? 4 : 16) * MEBIBYTE;
    if (sent.payload.sizeBytes <= limit) registry.clear(id, 'ERR_NODE_PAYLOAD_OVER_DEFAULT');
    else {
      const message = `configuration is over the ${limit} bytes that ${version} takes by default: raise cluster_max_payload there`;
      session.report('ERR_NODE_PAYLOAD_OVER_DEFAULT', message);
    }
  }
}

interface ReportedDifference {
  readonly code: 'ERR_NODE_ENTITY_OMITTED' | 'ERR_NODE_ENTITY_CHANGED';
  readonly key: string;
  readonly message: string;
}

function differencesOf(projection: SchemaProjection): readonly ReportedDifference[] {
  const reported: ReportedDifference[] = [];
  for (const [key, difference] of projection.differences) {
    if (reported.length >= MAX_REPORTED_ENTITIES) break;
    if ('omitted' in difference) {
      reported.push({ code: 'ERR_NODE_ENTITY_OMITTED', key, message: `${key} is not sent: ${difference.omitted}` });
    } else if (difference.note !== undefined) {
      reported.push({
        code: 'ERR_NODE_ENTITY_CHANGED',
        key,
        message: `${key} is sent differently: ${difference.note}`,
      });
    }
  }
  return reported;
}

const isBeforeMixedFlavors = (session: NodeSession): boolean => isBefore(session, MIXED_FLAVORS_SINCE);

function isBefore({ schema }: NodeSession, { major, minor }: { major: number; minor: number }): boolean {
  return schema.version.major < major || (schema.version.major === major && schema.version.minor < minor);
}
