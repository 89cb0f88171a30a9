import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { runCommandLine } from '../src/command-line.ts';
import type { ProcessContext } from '../src/command-line.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'iic-'));
});

afterEach(async () => rm(directory, { recursive: true, force: true }));

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function iic(
  args: readonly string[],
  given: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): PassThrough =>
    new PassThrough().on('data', (chunk: Buffer) => (texts[name] += chunk.toString()));
  const context: ProcessContext = {
    env: given.env ?? {},
    stdin: Readable.from([given.stdin ?? '']),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    on: () => {},
    off: () => {},
    exit: () => {},
  };
  const exitCode = await runCommandLine(args, context);
  await new Promise((resolve) => setImmediate(resolve)); // lets the streams hand on what was written
  return { exitCode, ...texts };
}

const manifests = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: kong
  rules:
    - host: shop.example.com
      http:
        paths:
          - { path: /cart, pathType: Prefix, backend: { service: { name: cart, port: { number: 80 } } } }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ port: 80 }] }
`;

describe('iic translate', () => {
  it('prints the document on stdout and nothing on stderr when all is well', async () => {
    const { exitCode, stdout, stderr } = await iic(['translate', '-f', '-'], { stdin: manifests });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(parse(stdout)).toMatchObject({
      _format_version: '3.0',
      services: [{ name: 'shop.cart.80', routes: [{ name: 'shop.web.cart.shop.example.com.80' }] }],
    });
  });

  it('prints JSON and expressions when asked', async () => {
    const args = ['translate', '-f', '-', '-o', 'json', '--router-flavor', 'expressions'];
    const { stdout } = await iic(args, { stdin: manifests });
    const { services } = JSON.parse(stdout) as { services: { routes: { expression: string }[] }[] };
    expect(services[0]?.routes[0]?.expression).toContain('http.host == "shop.example.com"');
  });

  it('names problems on stderr, and exits with 1 only when strict', async () => {
    const lonely = manifests.replace('name: cart, namespace', 'name: other, namespace');
    const relaxed = await iic(['translate', '-f', '-'], { stdin: lonely });
    expect(relaxed.exitCode).toBe(0);
    expect(relaxed.stderr).toMatch(/^Ingress shop\/web.*cart.*\[ERR_TRANSLATE_/);
    expect((await iic(['translate', '-f', '-', '--strict'], { stdin: lonely })).exitCode).toBe(1);
  });

  it('reads directories, ordered by path', async () => {
    const [ingress, service] = manifests.split('---');
    await writeFile(join(directory, 'b.yaml'), ingress ?? '');
    await writeFile(join(directory, 'a.yml'), service ?? '');
    const { stdout, stderr } = await iic(['translate', '-f', directory]);
    expect(stderr).toBe('');
    expect(stdout).toBe((await iic(['translate', '-f', '-'], { stdin: manifests })).stdout);
  });

  it('exits with 2 when the input is missing or unreadable, and says where', async () => {
    const missing = await iic(['translate', '-f', join(directory, 'none.yaml')]);
    expect(missing).toMatchObject({ exitCode: 2, stdout: '' });
    expect(missing.stderr).toContain('it does not exist');
    const broken = await iic(['translate', '-f', '-'], { stdin: `${manifests}\nx: [\n` });
    expect(broken.exitCode).toBe(2);
    expect(broken.stderr).toMatch(/standard input:\d+: not valid YAML/);
  });
});

describe('iic validate', () => {
  it('accepts what translate prints', async () => {
    const { stdout } = await iic(['translate', '-f', '-'], { stdin: manifests });
    expect(await iic(['validate', '-f', '-'], { stdin: stdout })).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('prints every problem with its path and exits with 1', async () => {
    const document =
      '_format_version: "3.0"\nservices: [{ name: a b, host: "x y" }]\nroutes: [{ paths: [x], service: none }]\n';
    const { exitCode, stdout } = await iic(['validate', '-f', '-'], { stdin: document });
    expect(exitCode).toBe(1);
    const paths = stdout.split('\n').map((line) => line.split(':', 1)[0]);
    expect(paths).toEqual(expect.arrayContaining(['services[0].name', 'services[0].host', 'routes[0].paths[0]']));
  });

  it('answers line by line, also for lines that are no requests', async () => {
    const lines = [
      '{"type":"routes","entity":{"paths":["/"]}}',
      '{"type":"routes","entity":{}}',
      '{"type":"rutes","entity":{}}',
      'nonsense',
      '{"entity":{}}',
    ];
    const { exitCode, stdout } = await iic(['validate', '--lines', '-f', '-'], { stdin: lines.join('\n') });
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { ok: boolean; filled?: { protocols: unknown } });
    expect(exitCode).toBe(1);
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, false, false, false]);
    expect(answers[0]?.filled?.protocols).toEqual(['http', 'https']);
  });
});

describe('iic certificates', () => {
  it('writes a pair, the key for its owner alone, and replaces nothing', async () => {
    const out = join(directory, 'certs');
    expect((await iic(['certificates', '--out', out])).exitCode).toBe(0);
    expect(await readFile(join(out, 'cluster.crt'), 'utf8')).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect((await stat(join(out, 'cluster.key'))).mode & 0o777).toBe(0o600);
    const again = await iic(['certificates', '--out', out]);
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain('it exists already');
  });
});

describe('iic run', () => {
  const valid = (): string[] => ['--manifests', directory, '--generate-certificates', join(directory, 'certs')];

  it('takes flags before variables before the file', async () => {
    const file = join(directory, 'iic.yaml');
    await writeFile(file, 'log-level: debug\nhealth-port: 1111\ndata-plane-port: 2222\ningress-class: from-file\n');
    const env = { IIC_CONFIG: file, IIC_HEALTH_PORT: '3333', IIC_LOG_LEVEL: 'warn' };
    const { stdout, exitCode } = await iic(['run', ...valid(), '--log-level', 'error', '--print-config'], { env });
    expect(exitCode).toBe(0);
    expect(parse(stdout)).toMatchObject({
      'log-level': 'error',
      'health-port': 3333,
      'data-plane-port': 2222,
      'ingress-class': 'from-file',
    });
  });

  it('reports all mistakes of the configuration at once, each where it stands', async () => {
    const file = join(directory, 'iic.yaml');
    await writeFile(file, 'logLevel: debug\nhealth-port: high\n');
    const env = { IIC_NONSENSE: '1' };
    const { stderr, exitCode } = await iic(['run', '--config', file, '--data-plane-mtls', 'maybe'], { env });
    expect(exitCode).toBe(2);
    for (const part of [
      'did you mean "log-level"',
      'iic.yaml: health-port',
      'IIC_NONSENSE',
      '--data-plane-mtls',
      '--manifests',
    ]) {
      expect(stderr).toContain(part);
    }
  });

  it('reads lists and mappings, and refuses what they cannot hold', async () => {
    const cluster = ['--kubeconfig', 'unread', '--generate-certificates', directory, '--print-config'];
    const good = ['--kinds', 'Ingress, Service', '--label-selectors', 'Secret:team in (a,b);Ingress:x=y'];
    const { stdout } = await iic(['run', ...cluster, ...good, '--publish-status-address', '192.0.2.1,lb.example.com']);
    expect(parse(stdout)).toMatchObject({
      kinds: ['Ingress', 'Service'],
      'label-selectors': { Secret: 'team in (a,b)', Ingress: 'x=y' },
      'publish-status-address': ['192.0.2.1', 'lb.example.com'],
      'lease-duration-seconds': 15,
    });
    const bad = ['--kinds', 'Pod', '--label-selectors', 'Pod:a=b', '--publish-service', 'proxy'];
    const { stderr } = await iic(['run', ...cluster, ...bad, '--lease-duration-seconds', '5']);
    for (const part of [
      '--kinds: no such kind: Pod; there are Ingress',
      '--label-selectors: no such kind',
      'NAMESPACE/NAME',
    ])
      expect(stderr).toContain(part);
    expect(stderr).toContain('--retry-period-seconds: each must be larger than the next');
  });

  it('has only the leader serve where somebody can be elected', async () => {
    const { stderr } = await iic(['run', ...valid(), '--high-availability', 'leader', '--print-config']);
    expect(stderr).toContain('--high-availability leader: needs a cluster and --leader-election');
  });

  it('does not take what Kubernetes says of Services for settings', async () => {
    const env = {
      IIC_HEALTH_PORT: 'tcp://10.0.0.1:80',
      IIC_HEALTH_SERVICE_HOST: '10.0.0.1',
      IIC_HEALTH_SERVICE_PORT_HTTP: '80',
      IIC_DATA_PLANE_PORT_3100_TCP_ADDR: '10.0.0.2',
    };
    const { stdout } = await iic(['run', ...valid(), '--print-config'], { env });
    expect(parse(stdout)).toMatchObject({ 'health-port': 4200, 'data-plane-port': 3100 });
  });

  it('says which certificate cannot be used, without showing it', async () => {
    const key = join(directory, 'bad.key');
    await writeFile(key, 'very secret text');
    await iic(['certificates', '--out', directory]);
    const files = ['--data-plane-certificate', join(directory, 'cluster.crt'), '--data-plane-key', key];
    const { stderr, exitCode } = await iic(['run', '--manifests', directory, ...files]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('bad.key": it holds no private key');
    expect(stderr).not.toContain('secret');
  });

  it('says that the manifest directory is missing, or a port taken, and how to go on', async () => {
    const quiet = ['--log-level', 'silent', '--health-host', '127.0.0.1', '--data-plane-host', '127.0.0.1'];
    const gone = ['--manifests', join(directory, 'none'), '--generate-certificates', directory, '--health-port', '0'];
    const missing = await iic(['run', ...gone, ...quiet]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain('it does not exist');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // a TCP server that listens
    const taken = await iic(['run', ...valid(), ...quiet, '--health-port', '0', '--data-plane-port', String(port)]);
    expect(taken.exitCode).toBe(2);
    expect(taken.stderr).toContain(`127.0.0.1:${port} for data planes: the port is taken`);
    expect(taken.stderr).toContain('--data-plane-port');
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('iic', () => {
  it('exits with 2 on wrong usage and with 0 on --help', async () => {
    expect((await iic(['translate'])).exitCode).toBe(2);
    expect((await iic(['fly'])).exitCode).toBe(2);
    const help = await iic(['--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain('Usage: iic');
  });
});
