import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { findServerBinaries } from '@koko/api-server';
import { ingress, withServer } from './running-server.ts';
import { widgets } from './widgets.ts';

/** Runs kubectl; undefined where there is none. */
async function kubectl(folder: string, ...argv: readonly string[]): Promise<string | undefined> {
  const options = ['--kubeconfig', join(folder, 'kubeconfig'), '--cache-dir', join(folder, 'cache')];
  const binaries = findServerBinaries(process.env);
  const program = binaries === undefined ? 'kubectl' : join(binaries, 'kubectl');
  const child = spawn(program, [...options, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    await once(child, 'spawn');
  } catch {
    return undefined;
  }
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return output + errors;
}

describe('kubectl', () => {
  it('applies, shows, waits and deletes, built-in and custom kinds', () =>
    withServer(async (server) => {
      const folder = mkdtempSync(join(tmpdir(), 'api-server-kubectl-'));
      try {
        writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig());
        const service = {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'shop' },
          spec: { ports: [{ port: 80 }] },
        };
        writeFileSync(join(folder, 'crd.json'), JSON.stringify(widgets()));
        writeFileSync(
          join(folder, 'first.json'),
          `${JSON.stringify(ingress('shop', 'one.test'))}${JSON.stringify(service)}`,
        );
        const installed = await kubectl(folder, 'apply', '--server-side', '-f', join(folder, 'crd.json'));
        if (installed === undefined) {
          process.stderr.write('Not tried with kubectl: there is none\n');
          return;
        }
        expect(installed).toContain('serverside-applied');
        expect(await kubectl(folder, 'wait', '--for=condition=Established', 'crd', '--all')).toContain('condition met');
        expect(await kubectl(folder, 'get', 'widgets')).toContain('No resources found');
        expect(await kubectl(folder, 'apply', '-f', join(folder, 'first.json'))).toContain('service/shop created');
        writeFileSync(join(folder, 'second.json'), JSON.stringify(ingress('shop', 'two.test')));
        expect(await kubectl(folder, 'apply', '-f', join(folder, 'second.json'))).toContain('configured');
        expect(await kubectl(folder, 'apply', '-f', join(folder, 'second.json'))).toContain('unchanged');
        expect(await kubectl(folder, 'get', 'ing,svc')).toMatch(/ingress.networking.k8s.io\/shop +kong +two.test/);
        expect(await kubectl(folder, 'label', 'ing', 'shop', 'a=b')).toContain('labeled');
        expect(await kubectl(folder, 'delete', '-f', join(folder, 'first.json'))).toContain('service "shop" deleted');
        expect(server.objects.list('networking.k8s.io/v1', 'Ingress')).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));
});
