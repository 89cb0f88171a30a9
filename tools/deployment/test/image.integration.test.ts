import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import { SimulatedDataPlane } from '@koko/data-plane';
import { generateCertificatePair } from 'iic';
import { parseDockerfile, textOf } from '../src/dockerfile.ts';
import { assembleImage } from '../src/image-tree.ts';
import type { ImageTree } from '../src/image-tree.ts';
import { StartedProcess } from '../src/started-process.ts';

const root = resolve(import.meta.dirname, '../../..');
const TIMEOUT_MS = 180_000;

let workFolder: string;
let image: ImageTree;

beforeAll(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'iic-image-'));
  chmodSync(workFolder, 0o755); // the other user has to get in
  image = assembleImage(workFolder);
}, TIMEOUT_MS);

afterAll(() => rmSync(workFolder, { recursive: true, force: true }));

function filesOf(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

/** Whatever a write would change. */
function stateOf(folder: string): readonly string[] {
  return filesOf(folder).map((file) => {
    const { mtimeMs, ctimeMs, size, mode } = lstatSync(join(folder, file));
    return [file, mtimeMs, ctimeMs, size, mode].join(' ');
  });
}

/** The user of the image, where this process may become another. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() === 0) return { uid: image.uid, gid: image.gid };
  process.stderr.write('Not tried as another user: only root may start programs as somebody else\n');
  return {};
}

function startImage(argv: readonly string[]): StartedProcess {
  const { environment, entrypoint } = image;
  return new StartedProcess({ command: [...entrypoint, ...argv], cwd: image.folder, environment, ...otherUser() });
}

describe('the image', () => {
  it('holds Node.js and the bundle: no package, source map, type, test or tool for building', () => {
    const files = filesOf(image.folder);
    expect(files.filter((file) => !/^app\/[\w-]+\.mjs$/.test(file))).toEqual([
      'app',
      'app/LICENSE',
      'app/THIRD-PARTY-LICENSES.txt',
      'app/sql-wasm.wasm',
      'nodejs',
      'nodejs/bin',
      'nodejs/bin/node',
    ]);
    const code = files
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => readFileSync(join(image.folder, file), 'utf8'));
    for (const text of code)
      expect(text).not.toMatch(
        /sourceMappingURL|@jest\/globals|from ["']@koko|node_modules\/(jest|typescript|tsup|esbuild)\//,
      );
  });

  it('leaves the classes of all APIs out, of which client-node alone has 15 MB', () => {
    const sizes = filesOf(join(image.folder, 'app')).map((file) => lstatSync(join(image.folder, 'app', file)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(8_000_000);
  });

  it('starts Node.js as bin/iic.mjs does, as a user who is not root, without a shell', () => {
    const [line = ''] = readFileSync(join(root, 'apps/iic/bin/iic.mjs'), 'utf8').split('\n');
    const flags = line.split(' ').filter((word) => word.startsWith('--') && !word.startsWith('--conditions'));
    expect(image.entrypoint.slice(1, -1)).toEqual(flags);
    expect(flags.length).toBeGreaterThan(0);
    expect(image.uid).toBeGreaterThan(0);
    expect(image.command).toEqual(['run']);
  });

  it('takes the version of Node.js that the tests run on', () => {
    const [build, runtime] = parseDockerfile(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'));
    expect(build?.image).toBe(`node:${process.versions.node}-bookworm-slim`);
    expect(runtime === undefined ? '' : textOf(runtime, 'EXPOSE')).toBe('3100 4200');
  });

  it(
    'serves a cluster as another user from files that nobody may write, and ends in order',
    async () => {
      const api = new ApiServer();
      await api.start();
      const before = stateOf(image.folder);
      const pair = await generateCertificatePair();
      const mounted = join(workFolder, 'mounted'); // in a Pod: a Secret, and the service account
      mkdirSync(mounted);
      const write = (name: string, text: string): string => {
        writeFileSync(join(mounted, name), text);
        return join(mounted, name);
      };
      api.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
      const backend = { service: { name: 'cart', port: { number: 80 } } };
      api.objects.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'cart', namespace: 'shop' },
        spec: {
          ingressClassName: 'kong',
          rules: [{ host: 'cart.test', http: { paths: [{ path: '/cart', pathType: 'Prefix', backend }] } }],
        },
      });
      const settings = [
        ['kubeconfig', write('kubeconfig', api.kubeconfig())],
        ['data-plane-certificate', write('tls.crt', pair.certificate)],
        ['data-plane-key', write('tls.key', pair.key)],
        ...['data-plane-host', 'health-host'].map((name) => [name, '127.0.0.1']),
        ...['data-plane-port', 'health-port'].map((name) => [name, '0']),
      ];
      const running = startImage([...image.command, ...settings.flatMap(([name, value]) => [`--${name}`, `${value}`])]);
      try {
        const { dataPlanes, health } = await running.logged(({ dataPlanes: port }) => typeof port === 'number');
        expect((await fetch(`http://127.0.0.1:${String(health)}/readyz`)).status).toBe(200);
        expect(await routesServed(Number(dataPlanes), pair)).toEqual(['shop.cart.cart.cart.test.80']);
        expect(await running.stop()).toEqual({ code: 0, signal: null });
      } finally {
        await running.stop();
        await api.stop();
      }
      expect(stateOf(image.folder)).toEqual(before);
    },
    TIMEOUT_MS,
  );

  it('runs the other commands as well', async () => {
    const help = startImage(['run', '--help']);
    expect(await help.exited()).toEqual({ code: 0, signal: null });
    expect(help.log.map(({ msg }) => msg).join('\n')).toContain('--data-plane-certificate');
    const refused = startImage(['run', '--log-level', 'silent']);
    expect((await refused.exited()).code).toBe(2);
  });
});

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

async function routesServed(port: number, { certificate, key }: Pair): Promise<readonly unknown[]> {
  const plane = new SimulatedDataPlane({ controlPlane: `wss://127.0.0.1:${port}`, certificate, key, protocol: 'wrpc' });
  const stop = new AbortController();
  const configured = plane.until(({ event }) => event === 'configured');
  const running = plane.run(stop.signal, () => {});
  await configured;
  const routes = plane.configuration?.list('routes') ?? [];
  stop.abort();
  await running;
  return routes.map(({ name }) => name);
}
