import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findServerBinaries } from '@koko/api-server';
import type { WrittenObject } from '@koko/api-server';
import type { KubernetesObject } from '@koko/translator';
import type { Controller } from 'iic';
import { ClusterClient } from '../src/cluster-client.ts';
import { startController } from '../src/running-controller.ts';
import { ingressOf, namespaceObject, serviceOf } from '../src/shop-objects.ts';
import { until } from '../src/until.ts';
import { describeOnBothServers } from './both-servers.ts';
import type { AnyApiServer } from './both-servers.ts';

const NAMESPACE = 'shop';
const WAIT_MS = 15_000;
const TIMEOUT_MS = 60_000;
describeOnBothServers('somebody applies an Ingress with a mistake', (kind) => {
  const stop = new AbortController();
  let folder: string;
  let server: AnyApiServer;
  let client: ClusterClient;
  let controller: Controller;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cluster-events-'));
    server = kind.create();
    await server.start();
    await writeFile(join(folder, 'kubeconfig'), server.kubeconfig(), { mode: 0o600 });
    client = await ClusterClient.connect(server.kubeconfig(), stop.signal);
    await client.create(namespaceObject(NAMESPACE));
    await client.create(serviceOf({ namespace: NAMESPACE, number: 0 }));
    controller = await startController(server.kubeconfig());
  }, TIMEOUT_MS);

  afterAll(async () => {
    await controller.lifecycle.stop();
    client.close();
    stop.abort();
    await server.stop();
    await rm(folder, { recursive: true });
  }, TIMEOUT_MS);

  /** By kubectl where there is one, else through the API. */
  async function apply(object: WrittenObject): Promise<void> {
    const program = join(findServerBinaries(process.env) ?? '', 'kubectl');
    if (!existsSync(program)) return await client.apply(object);
    const options = ['--kubeconfig', join(folder, 'kubeconfig'), '--cache-dir', join(folder, 'cache')];
    const child = spawn(program, [...options, 'apply', '-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const ended = once(child, 'exit');
    child.stdin.end(JSON.stringify(object));
    const [errors, [code]] = [await text(child.stderr), await ended];
    if (code !== 0) throw new Error(`kubectl ended with ${String(code)}: ${errors}`);
  }

  const events = async (): Promise<readonly KubernetesObject[]> =>
    (await client.list('Event')).filter(({ reason }) => String(reason).startsWith('KongConfiguration'));

  it(
    'and is told by an Event, until it is mended',
    async () => {
      await apply(pathOf('/~('));
      const startedAt = performance.now();
      await until(async () => ((await events()).length === 1 ? undefined : 'there is no Event'), WAIT_MS);
      process.stdout.write(
        `An Event ${(performance.now() - startedAt).toFixed(0)} ms after kubectl apply (${kind.name})\n`,
      );
      const [event] = await events();
      expect(event).toMatchObject({
        type: 'Warning',
        reason: 'KongConfigurationApplyFailed',
        involvedObject: { kind: 'Ingress', namespace: NAMESPACE, name: 'shop-0' },
      });
      await apply(pathOf('/mended'));
      await untilServed('/mended/');
      const mended = await states();
      // A change that goes all the way: whatever was to be written for earlier ones had its turn.
      await apply(pathOf('/last'));
      await untilServed('/last/');
      expect(await states()).toEqual(mended);
    },
    TIMEOUT_MS,
  );

  const states = async (): Promise<readonly unknown[]> =>
    (await events()).map(({ metadata, count }) => [metadata.name, metadata.resourceVersion, count]);

  async function untilServed(path: string): Promise<void> {
    await until(async () => ((await paths()).includes(path) ? undefined : `${path} is not served`), WAIT_MS);
  }

  async function paths(): Promise<readonly unknown[]> {
    return (await controller.store.list('routes')).items.flatMap((route) => route.paths ?? []);
  }
});

function pathOf(path: string): WrittenObject {
  const object = ingressOf({ namespace: NAMESPACE, number: 0 }, { path });
  const { tls: _tls, ...spec } = object['spec'] as Readonly<Record<string, unknown>>; // just made
  return { ...object, spec };
}
