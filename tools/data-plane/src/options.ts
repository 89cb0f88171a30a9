import type { RouterFlavor } from '@koko/model';
import { randomInt, randomUUID } from 'node:crypto';
import { hostname as machineName } from 'node:os';
import { bundledPlugins } from './bundled-plugins.ts';
import type { Clock } from '@koko/lifecycle';
import { systemClock } from '@koko/lifecycle';
import type { DataPlaneEvent } from './events.ts';
import { ConfigurationReader } from './received-configuration.ts';
import type { IdentityOptions } from './tls-identity.ts';
import type { DataPlaneProtocol } from './version-traits.ts';
import { defaultRouterFlavor, protocolObjection, traitsOf } from './version-traits.ts';

/** How a {@link SimulatedDataPlane} behaves; only certificate and key have no default. */
export interface SimulatedDataPlaneOptions extends IdentityOptions {
  /** Default `wss://127.0.0.1:3100`. */
  readonly controlPlane?: string;
  /** Default `wrpc`. */
  readonly protocol?: DataPlaneProtocol;
  /** Kong's version; default 3.1.1 for wRPC, 3.9.3 for v1. */
  readonly version?: string;
  /** UUID, kept over reconnects; random by default. */
  readonly nodeId?: string;
  /** Default: the machine's name. */
  readonly hostname?: string;
  /** Enabled plugins; default: what the version ships. */
  readonly plugins?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Kong's `router_flavor`; default `traditional_compatible`, before 3.0 `traditional`. */
  readonly routerFlavor?: RouterFlavor;
  /** Milliseconds without reading after the handshake and after each frame, or `never` to read nothing at all. */
  readonly slowReader?: number | 'never';
  /** Milliseconds between connections, drawn at random; default 5000 to 10000 as in Kong. */
  readonly reconnectDelay?: { readonly minMs: number; readonly maxMs: number };
  /** Default 30 s. */
  readonly pingIntervalMs?: number;
  /** Default 5 s. */
  readonly handshakeTimeoutMs?: number;
  /** What a restarted data plane still has on its disk: the hash it reports at first. */
  readonly initialHash?: string;
  /**
   * Decodes and checks configurations. Data planes of one version and plugin list may share one, so that what all of them
   * get is checked once.
   */
  readonly reader?: ConfigurationReader;
  readonly clock?: Clock;
  /** An integer from `min` to `max`, both included. */
  readonly random?: (min: number, max: number) => number;
  readonly onEvent?: (event: DataPlaneEvent) => void;
}

/** The options with every gap filled. */
export type ResolvedOptions = Required<
  Omit<SimulatedDataPlaneOptions, 'controlPlane' | 'slowReader' | 'ca' | 'serverName'>
> &
  Pick<SimulatedDataPlaneOptions, 'slowReader' | 'ca' | 'serverName'> & { readonly controlPlane: URL };

const DEFAULT_CONTROL_PLANE = 'wss://127.0.0.1:3100';
const DEFAULT_VERSIONS: Readonly<Record<DataPlaneProtocol, string>> = { wrpc: '3.1.1', v1: '3.9.3' };
const KONG_RECONNECT_DELAY = { minMs: 5000, maxMs: 10_000 };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HASH = /^.{32}$/s;

/** @throws {RangeError} Naming the first option that makes no sense. */
export function resolveOptions(given: SimulatedDataPlaneOptions): ResolvedOptions {
  const protocol = given.protocol ?? 'wrpc';
  const version = given.version ?? DEFAULT_VERSIONS[protocol];
  const traits = traitsOf(version);
  const objection = protocolObjection(protocol, traits);
  if (objection !== undefined) throw new RangeError(objection);
  const plugins = given.plugins ?? bundledPlugins(version);
  const clock = given.clock ?? systemClock;
  const routerFlavor = given.routerFlavor ?? defaultRouterFlavor(traits);
  if (traits.major < 3 && routerFlavor !== 'traditional') {
    throw new RangeError(`Kong ${version} has no router flavor ${routerFlavor}: it knows traditional only`);
  }
  const resolved: ResolvedOptions = {
    pingIntervalMs: 30_000,
    handshakeTimeoutMs: 5000,
    hostname: machineName(),
    labels: {},
    reconnectDelay: KONG_RECONNECT_DELAY,
    initialHash: '0'.repeat(32),
    random: (min, max) => randomInt(min, max + 1),
    onEvent: () => {},
    reader: given.reader ?? new ConfigurationReader({ version, plugins, routerFlavor, now: () => clock.now() }),
    nodeId: given.nodeId ?? randomUUID(),
    ...given,
    controlPlane: controlPlaneUrl(given.controlPlane ?? DEFAULT_CONTROL_PLANE),
    protocol,
    version,
    plugins,
    routerFlavor,
    clock,
  };
  demandSense(resolved);
  return resolved;
}

function controlPlaneUrl(text: string): URL {
  if (!URL.canParse(text))
    throw new RangeError(`Cannot use control plane "${text}": it is no URL, expected wss://host:port`);
  const url = new URL(text);
  if (url.protocol !== 'wss:') {
    throw new RangeError(`Cannot use control plane "${text}": its scheme must be wss, as in wss://127.0.0.1:3100`);
  }
  if (url.pathname !== '/' || url.search !== '') {
    throw new RangeError(
      `Cannot use control plane "${text}": give host and port only, the path follows from the protocol`,
    );
  }
  return url;
}

function demandSense({ nodeId, initialHash, reconnectDelay, slowReader, pingIntervalMs }: ResolvedOptions): void {
  if (!UUID.test(nodeId)) throw new RangeError(`Cannot use node id "${nodeId}": it is no UUID`);
  if (!HASH.test(initialHash)) throw new RangeError('Cannot use the initial hash: it must have 32 characters');
  const { minMs, maxMs } = reconnectDelay;
  if (!(minMs >= 0 && maxMs >= minMs)) throw new RangeError(`Cannot wait ${minMs} to ${maxMs} ms between connections`);
  if (typeof slowReader === 'number' && !(slowReader >= 0))
    throw new RangeError(`Cannot pause reading for ${slowReader} ms`);
  if (!(pingIntervalMs > 0)) throw new RangeError(`Cannot ping every ${pingIntervalMs} ms`);
}
