import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** What a data plane shows of itself and trusts, as `node:tls` takes it. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly servername: string;
}

/** Where the parts of an identity come from; each is PEM text or the name of a file that holds it. */
export interface IdentityOptions {
  readonly certificate: string;
  readonly key: string;
  /** Default: `certificate` itself, as with Kong's `cluster_mtls=shared`. */
  readonly ca?: string | undefined;
  /** Default `kong_clustering`, the name in shared mode. */
  readonly serverName?: string | undefined;
}

const PEM = /^-----BEGIN /m;

/** @throws {Error} Naming the option and the file when it cannot be read or holds no PEM, or when the parts do not fit. */
export function tlsIdentity({ certificate, key, ca, serverName }: IdentityOptions): TlsIdentity {
  const cert = pem('certificate', certificate);
  const identity = { cert, key: pem('key', key), ca: ca === undefined ? cert : pem('ca', ca) };
  demandUsable(identity);
  return { ...identity, servername: serverName ?? 'kong_clustering' };
}

/** Otherwise every attempt to connect would fail, with a message for the developers of OpenSSL. */
function demandUsable(identity: Pick<TlsIdentity, 'cert' | 'key' | 'ca'>): void {
  try {
    createSecureContext(identity);
  } catch (cause) {
    const { reason } = cause as { reason?: string }; // what OpenSSL adds to its errors
    const known = reason === undefined ? undefined : UNUSABLE[reason.toLowerCase()];
    throw new Error(`Cannot use certificate and key: ${known ?? reason ?? String(cause)}`, { cause });
  }
}

const UNUSABLE: Readonly<Record<string, string>> = {
  'key values mismatch': 'the key is not the one of the certificate',
  'key type mismatch': 'the key is not the one of the certificate',
  'no start line': 'one of the files does not hold what its option asks for; were they swapped?',
};

function pem(option: string, textOrFile: string): string {
  if (PEM.test(textOrFile)) return textOrFile;
  const text = readText(option, textOrFile);
  if (!PEM.test(text)) throw new Error(`Cannot use ${option} file "${textOrFile}": it holds no PEM block`);
  return text;
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException; // what `fs` throws
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(code);
    throw new Error(`Cannot read ${option} file "${file}": ${reason}`, { cause });
  }
}
