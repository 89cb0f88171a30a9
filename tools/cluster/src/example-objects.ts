import { resolve } from 'node:path';
import type { WrittenObject } from '@koko/api-server';
import type { ClusterClient } from './cluster-client.ts';
import { installedDefinitions, readObjects } from './definitions.ts';
import { ingressClass, namespaceObject } from './shop-objects.ts';
import { until } from './until.ts';

const SHOP = resolve(import.meta.dirname, '../../../examples/quickstart');
const ESTABLISHED_WITHIN_MS = 30_000;

/** Installs the kinds of IIC and waits until they are served. @returns How many there are. */
export async function installDefinitions(client: ClusterClient): Promise<number> {
  const definitions = installedDefinitions();
  await client.forEach(definitions, (definition) => client.apply(definition));
  await client.forEach(definitions, (definition) => untilEstablished(client, definition));
  return definitions.length;
}

/** Something to serve: our IngressClass and the shop of the quickstart. */
export async function installExample(client: ClusterClient): Promise<void> {
  await client.apply(ingressClass('kong'));
  await client.apply(namespaceObject('shop'));
  await client.forEach(readObjects(SHOP), (object) => client.apply(object));
}

/** Waits until objects of the kind can be written. */
export async function untilEstablished(client: ClusterClient, definition: WrittenObject): Promise<void> {
  const { name } = definition.metadata;
  await until(async () => {
    const status = (await client.find(definition))?.['status'] as { conditions?: readonly Condition[] } | undefined; // API
    const isServed = status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True');
    return isServed === true ? undefined : `${name} is not established`;
  }, ESTABLISHED_WITHIN_MS);
}

interface Condition {
  readonly type: string;
  readonly status: string;
}
