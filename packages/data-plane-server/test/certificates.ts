// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs it to be there first
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

/** A certificate and its key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;
let serial = 1;

interface Issuer {
  readonly name: string;
  readonly key: webcrypto.CryptoKey;
}

async function issue(
  commonName: string,
  isAuthority: boolean,
  issuer?: Issuer,
): Promise<Identity & { readonly issuer: Issuer }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  serial += 1;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial.toString(16).padStart(4, '0'),
      subject: `CN=${commonName}`,
      issuer: issuer?.name ?? `CN=${commonName}`,
      notBefore: new Date(Date.now() - 3600_000),
      notAfter: new Date(Date.now() + 24 * 3600_000),
      publicKey: keys.publicKey,
      signingKey: issuer?.key ?? keys.privateKey,
      signingAlgorithm: signing,
      extensions: [
        new x509.BasicConstraintsExtension(isAuthority),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: commonName }]),
      ],
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString('pem'), key, issuer: { name: `CN=${commonName}`, key: keys.privateKey } };
}

/** A self-signed pair as `kong hybrid gen_cert` makes it. */
export const sharedIdentity = (): Promise<Identity> => issue('kong_clustering', false);

/** An authority with a certificate for a server and one for a data plane. */
export async function authority(): Promise<{ ca: string; server: Identity; client: Identity }> {
  const root = await issue('test authority', true);
  const server = await issue('kong_clustering', false, root.issuer);
  const client = await issue('data-plane', false, root.issuer);
  return { ca: root.cert, server, client };
}
