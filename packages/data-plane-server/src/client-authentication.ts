import { createHash, X509Certificate } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { DataPlaneServerError } from './data-plane-server-error.ts';

/** The certificate of this server, and which data planes it accepts. */
export type DataPlaneServerTls = {
  /** PEM, with intermediates if there are any. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
} & (
  | {
      /** A data plane must present the very certificate of this server. */
      readonly mode: 'shared';
    }
  | {
      /** A data plane must present a certificate that leads to one of `ca`. */
      readonly mode: 'pki';
      readonly ca: string | Buffer;
    }
);

/** Settings of the TLS server. It asks for a certificate and judges it itself, so that a refusal can be logged. */
export const tlsServerOptions = (tls: DataPlaneServerTls): ServerOptions => ({
  cert: tls.cert,
  key: tls.key,
  ...(tls.mode === 'pki' ? { ca: tls.ca } : {}),
  minVersion: 'TLSv1.2',
  requestCert: true,
  rejectUnauthorized: false,
});

/**
 * Tells why a data plane is refused, by its TLS connection.
 * @see Kong Gateway, `kong/clustering/tls.lua`: in shared mode only the certificate itself counts, not its dates or names
 */
export class ClientAuthentication {
  readonly #mode: DataPlaneServerTls['mode'];
  readonly #digest: string;

  /** @throws {DataPlaneServerError} `ERR_DATA_PLANE_SERVER_CERTIFICATE` when `cert` cannot be read. */
  constructor(tls: DataPlaneServerTls) {
    this.#mode = tls.mode;
    try {
      this.#digest = digestOf(new X509Certificate(tls.cert).raw);
    } catch (cause) {
      const message = 'Cannot read the certificate of the data-plane endpoint: it must be a certificate in PEM form';
      throw new DataPlaneServerError('ERR_DATA_PLANE_SERVER_CERTIFICATE', message, { cause });
    }
  }

  refusalOf(socket: TLSSocket): string | undefined {
    const presented = socket.getPeerX509Certificate();
    if (presented === undefined) return 'data plane failed to present client certificate during handshake';
    if (this.#mode === 'shared') {
      if (digestOf(presented.raw) === this.#digest) return undefined;
      return 'data plane presented incorrect client certificate during handshake: it is not the certificate of this server';
    }
    if (socket.authorized) return undefined;
    // Node documents an Error here and gives its code, a short text such as CERT_HAS_EXPIRED.
    const reason = String(socket.authorizationError);
    return `data plane presented incorrect client certificate during handshake: ${reason}`;
  }
}

const digestOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');
