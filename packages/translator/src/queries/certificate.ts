import { keyPairFault } from '../kong/key-pair.ts';
import type { Secret } from '../kubernetes/secret.ts';
import { invalidKeyPair, missingSecret } from '../problems.ts';
import type { Place } from '../problems.ts';
import { acceptedRank } from './accepted-ingress.ts';
import { emitEntity, idFor } from './emit-entity.ts';
import { ingressesBySecret, secretsByKeyPair, secretsByUid } from './indexes.ts';
import { tlsClaims } from './tls-claims.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** Id of the certificate that the Secret `namespace/name` leads to; `undefined` where it leads to none. */
export const certificate: TranslationQuery<string | undefined> = {
  name: 'certificate',
  compute(key, reads) {
    const secret = reads.object('Secret', key);
    if (secret === undefined) return reportMissing(key, reads);
    const { keyPair } = secret;
    const fault = keyPair === undefined ? 'it needs both tls.crt and tls.key' : keyPairFault(keyPair);
    secret.problems.forEach((problem) => reads.report(problem));
    if (keyPair !== undefined && fault === undefined) return reads.query(mergedCertificate, keyPair.digest);
    return reportInvalid(secret, fault ?? '', reads);
  },
};

/** Keeps a certificate there for those who need it without caring which it is: they do not run again with its Secret. */
export const neededCertificate: TranslationQuery<void> = {
  name: 'needed-certificate',
  compute: (key, reads) => void reads.query(certificate, key),
};

function reportMissing(key: string, reads: TranslationReads): undefined {
  const [first, ...others] = reads.query(secretUsers, key);
  if (first !== undefined) reads.report(missingSecret(key, [first, ...others]));
  return undefined;
}

function reportInvalid(secret: Secret, fault: string, reads: TranslationReads): undefined {
  const [first, ...others] = reads.query(secretUsers, secret.key);
  if (first !== undefined) reads.report(invalidKeyPair(secret.reference, fault, [first, ...others]));
  return undefined;
}

/** All Ingresses of our class that name the Secret, by key. Read only in trouble. */
const secretUsers: TranslationQuery<readonly Place[]> = {
  name: 'secret-users',
  compute: (secretKey, reads) =>
    reads.keys(ingressesBySecret, secretKey).flatMap((key) => {
      const claims = reads.query(acceptedRank, key) === undefined ? undefined : reads.query(tlsClaims, key);
      const location = claims?.locations.get(secretKey);
      return claims === undefined || location === undefined ? [] : [{ reference: claims.reference, location }];
    }),
};

const secretIsUsed: TranslationQuery<boolean> = {
  name: 'secret-is-used',
  compute: (secretKey, reads) =>
    reads.keys(ingressesBySecret, secretKey).some((key) => reads.query(acceptedRank, key) !== undefined),
};

/** One certificate for all Secrets in use that hold the same pair: that of the oldest, ties to the smallest uid. */
const mergedCertificate: TranslationQuery<string | undefined> = {
  name: 'merged-certificate',
  compute(digest, reads) {
    const keys = reads.keys(secretsByKeyPair, digest);
    const winner = oldest(usedAmong(keys, reads), reads);
    if (winner?.keyPair === undefined) return undefined;
    const id = certificateId(winner, reads);
    const { cert, key } = winner.keyPair;
    const { tags, reference: source, rank } = winner;
    emitEntity(reads, { type: 'certificates', id, fields: { cert, key, tags }, source, rank });
    return id;
  },
};

/** A Secret that nobody uses has no say, whether it is known or not. One that is alone is the one being asked for. */
function usedAmong(keys: readonly string[], reads: TranslationReads): readonly string[] {
  return keys.length === 1 ? keys : keys.filter((key) => reads.query(secretIsUsed, key));
}

function oldest(keys: readonly string[], reads: TranslationReads): Secret | undefined {
  const secrets = keys.flatMap((key) => reads.object('Secret', key) ?? []);
  return secrets.reduce<Secret | undefined>(
    (best, secret) => (best && !isOlder(secret, best) ? best : secret),
    undefined,
  );
}

function isOlder(a: Secret, b: Secret): boolean {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return a.uid === b.uid ? a.key < b.key : a.uid < b.uid;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The uid, as with KIC. A Secret from a manifest has none, or shares it with the Secret that it was copied from. */
function certificateId(secret: Secret, reads: TranslationReads): string {
  const { uid, key, keyPair } = secret;
  const owner = UUID.test(uid) ? oldest(usedAmong(reads.keys(secretsByUid, uid), reads), reads) : undefined;
  return owner?.keyPair?.digest === keyPair?.digest ? uid : idFor(reads, 'certificates', key);
}
