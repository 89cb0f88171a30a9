import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { PemPair } from '../kubernetes/secret.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/;
/** Whatever stands in it: a first key that is encrypted, which its headers show, counts and is no use. */
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----[^]*?-----END ([A-Z0-9]+ )*PRIVATE KEY-----/;

/** Says in words why the two are no key pair; `undefined` when they are one. Tells nothing of their content. */
export function keyPairFault({ cert, key }: PemPair): string | undefined {
  const certificate = parsed(() => new X509Certificate(CERTIFICATE.exec(cert)?.[0] ?? ''));
  if (certificate === undefined) return 'tls.crt does not begin with a readable X.509 certificate in PEM';
  const privateKey = parsed(() => createPrivateKey(PRIVATE_KEY.exec(key)?.[0] ?? ''));
  if (privateKey === undefined) return 'tls.key holds no readable, unencrypted private key in PEM';
  if (!isOfKnownKind(privateKey)) return 'tls.key is neither RSA, Ed25519 nor on one of the NIST curves P-224 to P-521';
  if (parsed(() => certificate.checkPrivateKey(privateKey)) === true) return undefined;
  return 'the private key in tls.key does not belong to the certificate in tls.crt';
}

const CURVES: ReadonlySet<string | undefined> = new Set(['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1']);

/** KIC takes no others, and few clients would. */
function isOfKnownKind({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return CURVES.has(asymmetricKeyDetails?.namedCurve);
  return asymmetricKeyType === 'rsa' || asymmetricKeyType === 'ed25519';
}

/** The causes are dropped on purpose: texts of cryptographic errors may quote what they could not read. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
