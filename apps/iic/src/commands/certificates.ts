import type { ProcessContext } from '../command-line.ts';
import { certificateFiles, generateCertificatePair, writeCertificatePair } from '../development-certificates.ts';

/** `iic certificates`: writes a fresh pair and says how to use it. */
export async function makeCertificates(options: { out: string; name: string }, context: ProcessContext): Promise<void> {
  await writeCertificatePair(options.out, await generateCertificatePair(options.name));
  const { certificate, key } = certificateFiles(options.out);
  context.stdout.write(
    `Wrote ${certificate} and ${key}, valid for three years. Give the pair to both sides:\n` +
      `  iic run --data-plane-certificate ${certificate} --data-plane-key ${key} …\n` +
      `  Kong Gateway: KONG_CLUSTER_CERT=${certificate} KONG_CLUSTER_CERT_KEY=${key} KONG_CLUSTER_MTLS=shared\n`,
  );
}
