import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { TlsSettings } from './cluster-access.ts';

/** As many ordinary requests go out at once; a watch has a connection to itself. */
const MAX_SOCKETS = 16;
/** Half of what many load balancers allow; the system then asks whether the other side is alive. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** Connections kept open for further requests, made anew whenever certificates change. */
export class Agents {
  #tls: TlsSettings = {};
  #requests: HttpAgent | undefined;
  #watches: HttpAgent | undefined;
  #urgent: HttpAgent | undefined;

  /** @param use `urgent` requests never wait until one of many others has ended. */
  get(use: 'request' | 'watch' | 'urgent', protocol: string, tls: TlsSettings): HttpAgent {
    if (!isDeepStrictEqual(tls, this.#tls)) this.#renew(tls);
    if (use === 'watch') return (this.#watches ??= this.#create(protocol, Infinity));
    if (use === 'urgent') return (this.#urgent ??= this.#create(protocol, Infinity));
    return (this.#requests ??= this.#create(protocol, MAX_SOCKETS));
  }

  /** Ends all connections, also those in use. */
  close(): void {
    this.#requests?.destroy();
    this.#watches?.destroy();
    this.#urgent?.destroy();
    this.#requests = undefined;
    this.#watches = undefined;
    this.#urgent = undefined;
  }

  /** Connections in use under the old certificates end when what they carry ends, as `maxFreeSockets` keeps none. */
  #renew(tls: TlsSettings): void {
    for (const agent of [this.#requests, this.#watches, this.#urgent]) {
      if (agent === undefined) continue;
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    }
    this.#requests = undefined;
    this.#watches = undefined;
    this.#urgent = undefined;
    this.#tls = tls;
  }

  #create(protocol: string, maxSockets: number): HttpAgent {
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, maxSockets };
    return protocol === 'https:' ? new HttpsAgent({ ...options, ...this.#tls }) : new HttpAgent(options);
  }
}
