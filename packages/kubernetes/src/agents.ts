import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { TlsSettings } from './cluster-access.ts';

/** As many ordinary requests go out at once; a watch has a connection to itself. */
const MAX_SOCKETS = 16;
/** Half of what many load balancers allow; the system then asks whether the other side is alive. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** What connections are for: `urgent` requests never wait until one of many others has ended. */
type Use = 'request' | 'watch' | 'urgent';

const LIMITS: Readonly<Record<Use, number>> = { request: MAX_SOCKETS, watch: Infinity, urgent: Infinity };

/** Connections kept open for further requests, made anew whenever certificates change. */
export class Agents {
  #tls: TlsSettings = {};
  readonly #agents = new Map<Use, HttpAgent>();

  get(use: Use, protocol: string, tls: TlsSettings): HttpAgent {
    if (!isDeepStrictEqual(tls, this.#tls)) this.#renew(tls);
    const agent = this.#agents.get(use) ?? this.#create(protocol, LIMITS[use]);
    this.#agents.set(use, agent);
    return agent;
  }

  /** Ends all connections, also those in use. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** Connections in use under the old certificates end when what they carry ends, as `maxFreeSockets` keeps none. */
  #renew(tls: TlsSettings): void {
    for (const agent of this.#agents.values()) {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    }
    this.#agents.clear();
    this.#tls = tls;
  }

  #create(protocol: string, maxSockets: number): HttpAgent {
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, maxSockets };
    return protocol === 'https:' ? new HttpsAgent({ ...options, ...this.#tls }) : new HttpAgent(options);
  }
}
