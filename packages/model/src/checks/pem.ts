import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Reads the first certificate of a PEM text; what stands around it does not matter. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  if (!pem.includes('-----BEGIN')) return undefined;
  return attempt(() => new X509Certificate(pem));
}

/** Reads an unencrypted private key. */
export function parsePrivateKey(pem: string): KeyObject | undefined {
  if (!pem.includes('-----BEGIN')) return undefined;
  return attempt(() => createPrivateKey(pem));
}

/** Reads a public key; a certificate or private key is none. */
export function parsePublicKey(pem: string): KeyObject | undefined {
  if (!/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) return undefined;
  return attempt(() => createPublicKey(pem));
}

/** Reads a private or public key. */
export function parseKey(pem: string): KeyObject | undefined {
  return parsePrivateKey(pem) ?? parsePublicKey(pem);
}

/** Tells whether two keys, private or public, are of one pair. */
export function isSamePair(a: KeyObject, b: KeyObject): boolean {
  return publicDer(a).equals(publicDer(b));
}

/** A certificate that OpenSSL reads. */
export function checkPemCertificate(value: string): string | undefined {
  return parseCertificate(value) === undefined ? 'invalid certificate: not a PEM certificate' : undefined;
}

/** A key that OpenSSL reads without a password. */
export function checkPemKey(value: string): string | undefined {
  return parseKey(value) === undefined ? 'invalid key: not an unencrypted PEM key' : undefined;
}

function publicDer(key: KeyObject): Buffer {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return publicKey.export({ format: 'der', type: 'spki' });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // OpenSSL's reasons differ between its versions; callers say what was expected.
    return undefined;
  }
}
