import { request } from 'node:https';
import { connect } from 'node:tls';
import type { TlsIdentity } from './tls-identity.ts';
import type { DataPlaneProtocol } from './version-traits.ts';

/** What a 3.0 data plane has found out about its control plane. */
export interface ProbeResult {
  readonly protocol: DataPlaneProtocol;
  readonly reason: string;
}

const PATH = '/v1/wrpc';
const TIMEOUT_MS = 5000;
const NOT_FOUND = 404;

/**
 * Asks once whether the control plane speaks wRPC, as Kong 3.0 does at its start: 404 or no answer at all means no,
 * any other status yes.
 */
export function probe(controlPlane: URL, identity: TlsIdentity, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const fallBack = (reason: string): void => resolve({ protocol: 'v1', reason });
    const { hostname, port, host } = controlPlane;
    const address = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 443 : Number(port) };
    const call = request({
      // Kong offers no protocols (ALPN), which an agent always would.
      createConnection: () => connect({ ...identity, ...address }),
      ...address,
      path: PATH,
      method: 'HEAD',
      setDefaultHeaders: false,
      headers: { Host: host, 'User-Agent': 'lua-resty-http/0.17.2 (Lua) ngx_lua/10026' },
      timeout: TIMEOUT_MS,
      signal,
    });
    call.once('response', (response) => {
      response.resume();
      const reason = `HEAD ${PATH} was answered with ${response.statusCode}`;
      if (response.statusCode === NOT_FOUND) fallBack(reason);
      else resolve({ protocol: 'wrpc', reason });
      response.once('end', () => call.destroy());
    });
    call.once('timeout', () => call.destroy(new Error('no answer in 5 s')));
    call.on('error', (error) => fallBack(`HEAD ${PATH} failed: ${error.message}`));
    call.end();
  });
}
