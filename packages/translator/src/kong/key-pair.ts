import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { PemPair } from '../kubernetes/secret.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----[^-]*-----END ([A-Z0-9]+ )*PRIVATE KEY-----/;

/** Says in words why the two are no key pair; `undefined` when they are one. Tells nothing of their content. */
export function keyPairFault({ cert, key }: PemPair): string | undefined {
  const certificate = parsed(() => new X509Certificate(CERTIFICATE.exec(cert)?.[0] ?? ''));
  if (certificate === undefined) return 'tls.crt does not begin with a readable X.509 certificate in PEM';
  const privateKey = parsed(() => createPrivateKey(PRIVATE_KEY.exec(key)?.[0] ?? ''));
  if (privateKey === undefined) return 'tls.key holds no readable, unencrypted private key in PEM';
  if (parsed(() => certificate.checkPrivateKey(privateKey)) === true) return undefined;
  return 'the private key in tls.key does not belong to the certificate in tls.crt';
}

/** The causes are dropped on purpose: texts of cryptographic errors may quote what they could not read. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
