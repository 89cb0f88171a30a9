import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { keyPairFault } from './key-pair.ts';

const text = readFileSync(new URL('../../testdata/certificate-without-uid.in.yaml', import.meta.url), 'utf8');
const [first] = parseAllDocuments(text).filter((document) => document.get('kind') === 'Secret');
// A test file of our own, whose shape is known.
const secret = first?.toJS() as { stringData: Record<string, string> };
const cert = secret.stringData['tls.crt'] ?? '';
const key = secret.stringData['tls.key'] ?? '';

function fault(pair: { cert: string; key: string }): string | undefined {
  return keyPairFault({ ...pair, digest: '' });
}

describe('keyPairFault', () => {
  it('finds no fault with a certificate, alone or as the first of a chain, and its key', () => {
    expect(fault({ cert, key })).toBeUndefined();
    expect(fault({ cert: `${cert}\n${cert}`, key })).toBeUndefined();
    expect(
      fault({ cert, key: `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${key}` }),
    ).toBeUndefined();
  });

  it('says which part is of no use, without quoting it', () => {
    expect(fault({ cert: 'x', key })).toContain('tls.crt');
    expect(fault({ cert: key, key })).toContain('tls.crt');
    expect(fault({ cert, key: 'y' })).toContain('tls.key');
    expect(fault({ cert, key: cert })).toContain('tls.key');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(fault({ cert, key: String(other) })).toContain('does not belong');
  });

  it.each([
    ['rsa', { modulusLength: 2048 }, ['pkcs1', 'pkcs8']],
    ['ec', { namedCurve: 'P-384' }, ['sec1', 'pkcs8']],
    ['ed25519', {}, ['pkcs8']],
  ] as const)('reads %s keys in each of their forms', (kind, options, forms) => {
    const { privateKey } = generateAnyKeyPair(kind, options);
    // Each reads as a key; that it is another than the certificate's is what stays to be said.
    for (const type of forms) {
      expect(fault({ cert, key: String(privateKey.export({ type, format: 'pem' })) })).toContain('does not belong');
    }
  });

  it.each([
    ['ec', { namedCurve: 'secp256k1' }],
    ['ed448', {}],
    ['rsa-pss', { modulusLength: 2048 }],
  ] as const)('takes no %s key %j, as KIC does not', (kind, options) => {
    const { privateKey } = generateAnyKeyPair(kind, options);
    expect(fault({ cert, key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) })).toContain('neither RSA');
  });

  it('takes no encrypted key, also where another follows it', () => {
    const { privateKey } = generateAnyKeyPair('rsa', { modulusLength: 2048 });
    const encryption = { cipher: 'aes-128-cbc', passphrase: 'x', format: 'pem' } as const;
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const encrypted = String(privateKey.export({ ...encryption, type }));
      expect(fault({ cert, key: encrypted + key })).toContain('unencrypted');
    }
  });
});

/** The declared types want each kind spelled out in a call of its own. */
function generateAnyKeyPair(kind: string, options: object): { readonly privateKey: KeyObject } {
  const generate = generateKeyPairSync as unknown as (type: string, options: object) => { privateKey: KeyObject };
  return generate(kind, options);
}
