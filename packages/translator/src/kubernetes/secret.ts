import { createHash } from 'node:crypto';
import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';
import { parseIdentity } from './object-identity.ts';
import type { ObjectIdentity } from './object-identity.ts';

/** What translation reads of a Secret; other entries of `data` are not kept. */
export interface Secret extends ObjectIdentity {
  readonly keyPair: PemPair | undefined;
  readonly problems: readonly ObjectProblem[];
}

/** Certificate and private key as text, not yet checked. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
  /** Equal for equal pairs. */
  readonly digest: string;
}

export function parseSecret(object: unknown, reference: ObjectReference): Secret {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  return { ...parseIdentity(fields, reference), keyPair: parsePemPair(fields), problems };
}

function parsePemPair(fields: FieldReader): PemPair | undefined {
  const cert = parseEntry(fields, 'tls.crt');
  const key = parseEntry(fields, 'tls.key');
  if (cert === undefined || key === undefined) return undefined;
  // Kept for good, and unlike the texts harmless wherever it turns up.
  const digest = createHash('sha256').update(cert).update('\0').update(key).digest('base64url');
  return { cert, key, digest };
}

/** As an API server reads it: `stringData` wins over `data`, whose base64 may be broken into lines. */
function parseEntry(fields: FieldReader, name: string): string | undefined {
  const plain = fields.at('stringData').string(name);
  if (plain !== undefined) return plain.trim();
  const data = fields.at('data');
  const encoded = data.string(name)?.replace(/\s+/g, '');
  if (encoded === undefined) return undefined;
  const isBase64 = encoded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded);
  if (!isBase64) return data.refuse(name, 'base64');
  return Buffer.from(encoded, 'base64').toString('utf8').trim();
}
