import { ApiClient, ApiError, loadClusterAccess } from '@koko/kubernetes';
import type { ProcessContext } from '../command-line.ts';
import { generateCertificatePair } from '../development-certificates.ts';

export interface CertificateSecretOptions {
  /** Name of the Secret. */
  readonly secret: string;
  /** Default: that of the Pod or of the kubeconfig. */
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly name: string;
}

/** `iic certificates --secret`: puts a fresh pair into a Secret of a cluster. One that is there stays as it is, so that it can be run before each upgrade. */
export async function makeCertificateSecret(options: CertificateSecretOptions, context: ProcessContext): Promise<void> {
  const { secret, kubeconfig, name } = options;
  const client = new ApiClient({
    access: await loadClusterAccess(kubeconfig === undefined ? {} : { file: kubeconfig }),
  });
  const namespace = options.namespace ?? client.namespace;
  try {
    const isNew = await create(client, namespace, await secretObject(secret, name));
    context.stdout.write(
      isNew
        ? `Created the Secret ${namespace}/${secret} with a certificate pair, valid for three years\n`
        : `The Secret ${namespace}/${secret} exists already and stays as it is\n`,
    );
  } finally {
    client.close();
  }
}

async function secretObject(secret: string, subject: string): Promise<object> {
  const { certificate, key } = await generateCertificatePair(subject);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, labels: { 'app.kubernetes.io/managed-by': 'iic' } },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Creating alone, without looking first, needs no right to read Secrets. */
async function create(client: ApiClient, namespace: string, body: object): Promise<boolean> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  try {
    await client.request({ verb: 'create', resource: 'secrets', path, body }, new AbortController().signal);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ERR_KUBERNETES_CONFLICT') return false;
    throw error;
  }
}
