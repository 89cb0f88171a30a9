/** Whose kubeconfig it is to be, and by which way it leads to the server. */
export interface KubeconfigRequest {
  /** One of the server's `users`. */
  readonly user?: string;
  /** Default: the server itself; a test may put a proxy between. */
  readonly url?: string;
}

export interface KubeconfigOptions {
  readonly url: string;
  readonly token: string;
  /** PEM; only for https. */
  readonly certificateAuthority: string | undefined;
}

/** A kubeconfig with one cluster, for client libraries and kubectl. */
export function kubeconfigYaml({ url, token, certificateAuthority }: KubeconfigOptions): string {
  // client-node refuses plain http, even on loopback, unless the kubeconfig says that nothing is to be verified.
  const trust =
    certificateAuthority === undefined
      ? 'insecure-skip-tls-verify: true'
      : `certificate-authority-data: ${Buffer.from(certificateAuthority).toString('base64')}`;
  return `apiVersion: v1
kind: Config
current-context: api-server
clusters:
  - name: api-server
    cluster:
      server: ${url}
      ${trust}
users:
  - name: api-server
    user:
      token: ${JSON.stringify(token)}
contexts:
  - name: api-server
    context:
      cluster: api-server
      user: api-server
`;
}
