import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadClusterAccess } from './cluster-access.ts';

const kubeconfig = (
  server: string,
  { cluster = '', user = 'token: s3cret', context = 'namespace: shop' } = {},
): string => `
apiVersion: v1
kind: Config
current-context: main
clusters: [{ name: c, cluster: { server: "${server}" ${cluster} } }]
users: [{ name: u, user: { ${user} } }]
contexts: [{ name: main, context: { cluster: c, user: u, ${context} } }, { name: lost, context: { cluster: none, user: u } }]
`;

describe('loadClusterAccess', () => {
  it('takes server, namespace and credentials from the current context', async () => {
    const access = await loadClusterAccess({ content: kubeconfig('https://10.1.2.3:6443') });
    expect([access.server.host, access.namespace]).toEqual(['10.1.2.3:6443', 'shop']);
    expect(await access.authenticate()).toMatchObject({ headers: { Authorization: 'Bearer s3cret' } });
  });

  it('applies authorities, client certificates and names and passwords', async () => {
    const data = Buffer.from('PEM').toString('base64');
    const content = kubeconfig('https://api.example', {
      cluster: `, certificate-authority-data: ${data}, tls-server-name: inner.example`,
      user: `client-certificate-data: ${data}, client-key-data: ${data}, username: a, password: b`,
    });
    const { headers, tls } = await (await loadClusterAccess({ content })).authenticate();
    expect(headers).toMatchObject({ Authorization: `Basic ${Buffer.from('a:b').toString('base64')}` });
    const pem = Buffer.from('PEM');
    expect(tls).toMatchObject({ ca: pem, cert: pem, key: pem, servername: 'inner.example' });
  });

  it('takes http:// on loopback and where the kubeconfig says that it is wanted, and nowhere else', async () => {
    const loopback = await loadClusterAccess({ content: kubeconfig('http://127.0.0.1:8080') });
    expect((await loopback.authenticate()).headers).toMatchObject({ Authorization: 'Bearer s3cret' });
    const wanted = kubeconfig('http://10.1.2.3', { cluster: ', insecure-skip-tls-verify: true' });
    expect((await loadClusterAccess({ content: wanted })).server.protocol).toBe('http:');
    const refused = loadClusterAccess({ content: kubeconfig('http://10.1.2.3') });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_KUBERNETES_CONFIG' });
  });

  it.each([
    ['a missing file', { file: '/nonexistent/kubeconfig' }],
    ['text that is no kubeconfig', { content: 'users: [ "s3cret' }],
    ['an unknown context', { content: kubeconfig('https://a'), context: 'other' }],
    ['a context without cluster', { content: kubeconfig('https://a'), context: 'lost' }],
    ['an address that is none', { content: kubeconfig('api.example:6443') }],
    ['credentials in the address', { content: kubeconfig('https://a:s3cret@api.example') }],
  ])('refuses %s without a word of the credentials', async (_, options) => {
    const error = await loadClusterAccess(options).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).toMatchObject({ code: 'ERR_KUBERNETES_CONFIG' });
    expect(String(error?.stack)).not.toContain('s3cret');
  });

  it('says nothing of what a credential plugin wrote', async () => {
    const user =
      'exec: { apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", "echo s3cret >&2; exit 1"] }';
    const access = await loadClusterAccess({ content: kubeconfig('https://api.example', { user }) });
    const error = await access.authenticate().then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).toMatchObject({ code: 'ERR_KUBERNETES_UNAUTHORIZED' });
    expect(error?.message).toContain('plugin "sh"');
    expect(String(error?.stack)).not.toContain('s3cret');
  });

  it('says that a credential plugin is not there', async () => {
    const user = 'exec: { apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin }';
    const access = await loadClusterAccess({ content: kubeconfig('https://api.example', { user }) });
    await expect(access.authenticate()).rejects.toThrow(
      /by its plugin "no-such-plugin", cannot be obtained \(ENOENT\)$/,
    );
  });

  it('asks a credential plugin once for many requests, and again once the server has refused what it said', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
    try {
      const count = join(folder, 'count');
      const token = `{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"t$(wc -l < ${count} | tr -d ' ')\\"}}`;
      const args = JSON.stringify(['-c', `echo run >> ${count}; echo "${token}"`]);
      const user = `exec: { apiVersion: client.authentication.k8s.io/v1, command: sh, args: ${args} }`;
      const access = await loadClusterAccess({ content: kubeconfig('https://api.example', { user }) });
      const ask = async (): Promise<unknown> => (await access.authenticate()).headers['Authorization'];
      expect(await Promise.all([ask(), ask(), ask()])).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1']);
      expect(await ask()).toBe('Bearer t1');
      access.forget?.();
      expect(await ask()).toBe('Bearer t2');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
