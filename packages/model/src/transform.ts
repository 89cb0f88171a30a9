import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { parseHost } from './checks/hostname.ts';
import { parseCertificate } from './checks/pem.ts';
import type { TransformName } from './description.ts';
import { descriptionOf } from './entity-types.ts';
import type { EntityOf, EntityType } from './entity-types.ts';

type Members = Readonly<Record<string, unknown>>;

const defaultTargetPort = 8000;

/**
 * Does what Kong does once when an entity is written: passwords and secrets are hashed, the digest of a CA certificate
 * is computed, a target gets its normal form. Not idempotent for passwords: a hash given in is hashed again, so
 * transform what came from outside and never what was stored.
 * @see Kong Gateway, `kong/plugins/basic-auth/crypto.lua`, `kong/plugins/oauth2/secret.lua`, `kong/db/dao/targets.lua`
 */
export function transformEntity<T extends EntityType>(type: T, entity: EntityOf<T>): EntityOf<T> {
  const { transforms = [] } = descriptionOf(type);
  // Transforms replace the values of fields by values of the same type: the shape stays.
  return transforms.reduce<Members>(
    (members, name) => ({ ...members, ...functions[name](members) }),
    entity as Members,
  ) as EntityOf<T>;
}

const functions: Readonly<Record<TransformName, (entity: Members) => Members>> = {
  basicAuthPassword: ({ password, consumer }) => {
    const id = typeof consumer === 'object' && consumer !== null && 'id' in consumer ? consumer.id : undefined;
    if (typeof password !== 'string' || typeof id !== 'string') return {};
    return {
      password: createHash('sha1')
        .update(password + id, 'utf8')
        .digest('hex'),
    };
  },
  oauth2Secret: ({ client_secret: secret, hash_secret: isHashed }) =>
    isHashed === true && typeof secret === 'string' ? { client_secret: hashSecret(secret) } : {},
  certificateDigest: ({ cert }) => {
    const certificate = typeof cert === 'string' ? parseCertificate(cert) : undefined;
    return certificate === undefined ? {} : { cert_digest: createHash('sha256').update(certificate.raw).digest('hex') };
  },
  targetAddress: ({ target }) => (typeof target === 'string' ? { target: normalTarget(target) } : {}),
};

function hashSecret(secret: string): string {
  const salt = randomBytes(16);
  const hash = pbkdf2Sync(secret, salt, 10_000, 32, 'sha512');
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$pbkdf2-sha512$i=10000,l=32$${text(salt)}$${text(hash)}`;
}

/** IPv4 without leading zeros, IPv6 expanded in brackets, names as they are, always with a port. */
function normalTarget(target: string): string {
  const host = parseHost(target);
  return typeof host === 'string' ? target : `${host.host}:${host.port ?? defaultTargetPort}`;
}
