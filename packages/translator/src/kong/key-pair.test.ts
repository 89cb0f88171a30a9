import { generateKeyPairSync } from 'node:crypto';
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
});
