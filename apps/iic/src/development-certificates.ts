import { createPrivateKey, X509Certificate } from 'node:crypto';
import 'reflect-metadata'; // @peculiar/x509 needs it
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { StartupError } from './startup-error.ts';

/** A certificate with its key, as PEM texts. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** Name that data planes in mode `shared` ask for and verify. @see Kong Gateway, `kong/cmd/hybrid.lua` */
export const SHARED_CERTIFICATE_NAME = 'kong_clustering';

const VALID_DAYS = 1095;
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };

/** Makes a self-signed pair that control plane and data planes share, alike what `kong hybrid gen_cert` makes. */
export async function generateCertificatePair(name: string = SHARED_CERTIFICATE_NAME): Promise<CertificatePair> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const notBefore = new Date();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    notBefore,
    notAfter: new Date(notBefore.getTime() + VALID_DAYS * 24 * 60 * 60 * 1000),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyAgreement, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}

/** Files of a pair inside a directory. */
export function certificateFiles(directory: string): { certificate: string; key: string } {
  return { certificate: join(directory, 'cluster.crt'), key: join(directory, 'cluster.key') };
}

/** Writes a pair, the key readable by its owner alone. Never replaces a file. */
export async function writeCertificatePair(directory: string, pair: CertificatePair): Promise<void> {
  const files = certificateFiles(directory);
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(files.key, pair.key, { mode: 0o600, flag: 'wx' });
    await writeFile(files.certificate, pair.certificate, { flag: 'wx' });
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException; // from fs
    const reason =
      code === 'EEXIST' ? 'it exists already; remove it or choose another directory' : `it cannot be written (${code})`;
    throw new StartupError('ERR_IIC_FILE', `Cannot write the certificate pair: "${path ?? directory}": ${reason}`, {
      cause,
    });
  }
}

/** The pair in `directory`, made first where there is none. */
export async function ensureCertificatePair(directory: string): Promise<CertificatePair> {
  const files = certificateFiles(directory);
  const isThere = await Promise.all([files.certificate, files.key].map(isReadable));
  if (!isThere.includes(true)) await writeCertificatePair(directory, await generateCertificatePair());
  return readCertificatePair(files.certificate, files.key);
}

/** @throws {StartupError} When a file cannot be read, is no PEM, or the key is not the certificate's. */
export async function readCertificatePair(certificateFile: string, keyFile: string): Promise<CertificatePair> {
  const certificate = await readText(certificateFile, 'certificate');
  const key = await readText(keyFile, 'private key');
  const parsed = parsePem(certificateFile, 'certificate', () => new X509Certificate(certificate));
  const privateKey = parsePem(keyFile, 'private key', () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(privateKey)) {
    const message = `The private key in "${keyFile}" does not belong to the certificate in "${certificateFile}"; name a matching pair`;
    throw new StartupError('ERR_IIC_CERTIFICATE', message);
  }
  return { certificate, key };
}

/** Text of a PEM file with a purpose that its error message names. */
export async function readText(file: string, purpose: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'it does not exist' : `${cause.code}`;
    throw new StartupError('ERR_IIC_FILE', `Cannot read the ${purpose} from "${file}": ${reason}`, { cause });
  });
}

async function isReadable(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

function parsePem<T>(file: string, purpose: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // the parser's own text may quote the input, which may be a key
    throw new StartupError('ERR_IIC_CERTIFICATE', `Cannot use "${file}": it holds no ${purpose} in PEM form`);
  }
}
