import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

const texts = [
  'issuer',
  'kty',
  'use',
  'alg',
  'kid',
  'x5u',
  'x5t',
  'x5t#S256',
  'k',
  'x',
  'y',
  'crv',
  'n',
  'e',
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'oth',
  'r',
  't',
];
const lists = ['key_ops', 'x5c'];

/**
 * Checks a JSON Web Key given as JSON text: its `kid` is the entity's, it loads as a key, and all members are known.
 * @returns Undefined for a good key, else what is wrong.
 */
export function checkJwk(text: string, kid: unknown): string | undefined {
  const jwk = parseJson(text);
  if (jwk === undefined) return 'could not json decode jwk string';
  if (!isRecord(jwk) || jwk['kid'] !== kid) return 'kid in jwk.kid must be equal to keys.kid';
  if (!loads(jwk)) return 'could not load JWK, likely not a valid key';
  const problem = Object.entries(jwk)
    .map(memberProblem)
    .find((found) => found !== undefined);
  return problem === undefined ? undefined : `Validation error: ${problem}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The numbers of a key, by its type; all that are given must be base64url. */
const numbers: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['x', 'y', 'd'],
  OKP: ['x', 'd'],
};
const curves = ['P-256', 'P-384', 'P-521'];
/** How many bytes a key of Edwards and Montgomery curves has, public or private. */
const widths: Readonly<Record<string, number>> = { Ed25519: 32, X25519: 32, Ed448: 57, X448: 56 };

/** Symmetric keys do not load either: Kong reads the key with OpenSSL, which knows pairs only. */
function loads(jwk: Record<string, unknown>): boolean {
  const { kty, crv, n, e, x, y, d } = jwk;
  const names = typeof kty === 'string' && Object.hasOwn(numbers, kty) ? (numbers[kty] ?? []) : undefined;
  if (names === undefined || !names.every((name) => jwk[name] === undefined || isBase64Url(jwk[name]))) return false;
  if (kty === 'RSA') return n !== undefined && e !== undefined;
  if (kty === 'EC') return typeof crv === 'string' && curves.includes(crv) && isPoint({ kty, crv, x, y });
  // The private key alone is enough, and decides.
  const width = typeof crv === 'string' && Object.hasOwn(widths, crv) ? widths[crv] : undefined;
  const decisive = d ?? x;
  return typeof decisive === 'string' && Buffer.from(decisive, 'base64url').length === width;
}

/** As nginx reads it: what follows a `=` does not matter, and a lone character at the end is an error. */
function isBase64Url(value: unknown): boolean {
  const digits = typeof value === 'string' ? value.split('=')[0] : undefined;
  return digits !== undefined && /^[A-Za-z0-9_-]*$/.test(digits) && digits.length % 4 !== 1;
}

function isPoint(key: object): boolean {
  try {
    // Members that are missing are refused by the call itself.
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function memberProblem([name, value]: [string, unknown]): string | undefined {
  if (value === null) return texts.includes(name) || lists.includes(name) ? undefined : `${name}: unknown field`;
  if (lists.includes(name)) return isTextList(value) ? undefined : `${name}: expected an array`;
  if (!texts.includes(name)) return `${name}: unknown field`;
  if (typeof value !== 'string') return `${name}: expected a string`;
  return value === '' ? `${name}: length must be at least 1` : undefined;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
