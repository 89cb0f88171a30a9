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

/** Symmetric keys do not load either: Kong reads the key with OpenSSL, which knows pairs only. */
function loads(jwk: Record<string, unknown>): boolean {
  if (jwk['kty'] !== 'RSA' && jwk['kty'] !== 'EC' && jwk['kty'] !== 'OKP') return false;
  // The public members alone: Kong takes RSA keys whose private part lacks the factors, this runtime does not.
  const { kty, crv, n, e, x, y } = jwk;
  try {
    // Members of other types are refused by the call itself.
    createPublicKey({ key: { kty, crv, n, e, x, y } as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function memberProblem([name, value]: [string, unknown]): string | undefined {
  if (value === null) return texts.includes(name) || lists.includes(name) ? undefined : `${name}: unknown field`;
  if (lists.includes(name)) return isTextList(value) ? undefined : `${name}: expected an array`;
  if (!texts.includes(name)) return `${name}: unknown field`;
  return typeof value === 'string' ? undefined : `${name}: expected a string`;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
