import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { EntityOf, EntityType } from './entity-types.ts';
import { transformEntity } from './transform.ts';
import { validateEntity } from './validate.ts';

const id = '00000000-0000-4000-8000-000000000003';

function valid<T extends EntityType>(type: T, input: object): EntityOf<T> {
  const result = validateEntity(type, input);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

describe('transformEntity', () => {
  it('hashes a basic-auth password with the id of its consumer', () => {
    const credential = valid('basicauth_credentials', { username: 'u', password: 'p', consumer: { id } });
    expect(transformEntity('basicauth_credentials', credential).password).toBe(
      'a72f7739d9977113c2e09c850a83a1a91c5f68e3',
    );
    expect(credential.password).toBe('p');
  });

  it('hashes an OAuth secret only when told to', () => {
    const application = { name: 'n', consumer: { id }, client_secret: 's' };
    expect(transformEntity('oauth2_credentials', valid('oauth2_credentials', application)).client_secret).toBe('s');
    const hashed = transformEntity(
      'oauth2_credentials',
      valid('oauth2_credentials', { ...application, hash_secret: true }),
    );
    expect(hashed.client_secret).toMatch(/^\$pbkdf2-sha512\$i=10000,l=32\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it('computes the digest of a CA certificate, whatever was given', () => {
    const cert = readFileSync(new URL('../testdata/ca.crt', import.meta.url), 'utf8');
    const digest = transformEntity('ca_certificates', valid('ca_certificates', { cert, cert_digest: 'x' })).cert_digest;
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['a.b', 'a.b:8000'],
    ['A.b:80', 'A.b:80'],
    ['010.0.0.1', '10.0.0.1:8000'],
    ['::1', '[0000:0000:0000:0000:0000:0000:0000:0001]:8000'],
    ['[2001:DB8::A]:80', '[2001:0db8:0000:0000:0000:0000:0000:000a]:80'],
  ])('writes the target %s as %s', (target, normal) => {
    expect(transformEntity('targets', valid('targets', { target, upstream: { id } })).target).toBe(normal);
  });

  it('leaves other types alone', () => {
    const service = valid('services', { host: 'h' });
    expect(transformEntity('services', service)).toBe(service);
  });
});
