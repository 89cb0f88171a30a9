import { setTimeout as pause } from 'node:timers/promises';
import { isRecord, recordOf } from './api-object.ts';
import type { ServerClient } from './server-client.ts';

const RETRY_MS = 200;
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const WATCH = '/api/v1/namespaces?watch=1&timeoutSeconds=600';

/**
 * What the controller manager does for namespaces that are being deleted: deletes their content, then lets them go. For
 * a server that runs without one.
 */
export class NamespaceFinalizer {
  readonly #client: ServerClient;

  constructor(client: ServerClient) {
    this.#client = client;
  }

  /** Follows the namespaces until `signal` aborts, through restarts of the server. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const line of this.#client.lines(WATCH, signal)) await this.#seen(JSON.parse(line), signal);
      } catch {
        // The server is away, or no namespace would go: both are tried again.
      }
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #seen(event: unknown, signal: AbortSignal): Promise<void> {
    const object = recordOf(recordOf(event)['object']);
    const { name, deletionTimestamp } = recordOf(object['metadata']);
    if (deletionTimestamp === undefined || recordOf(event)['type'] === 'DELETED' || typeof name !== 'string') return;
    await this.#empty(name, signal);
    const finalized = { ...object, spec: { finalizers: [] } };
    await this.#client.ask('PUT', `/api/v1/namespaces/${name}/finalize`, { body: finalized, signal });
  }

  /** Returns once nothing is left, which may take the time of other controllers' finalizers. */
  async #empty(namespace: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const paths = await this.#contentPaths(namespace, signal);
      const left = await Promise.all(paths.map((path) => this.#deleteAll(path, signal)));
      if (!left.includes(true)) return;
      await pause(RETRY_MS, undefined, { signal });
    }
  }

  /** @returns Whether something is left. */
  async #deleteAll(path: string, signal: AbortSignal): Promise<boolean> {
    if (!(await this.#hasItems(path, signal))) return false;
    await this.#client.ask('DELETE', path, { signal });
    return await this.#hasItems(path, signal);
  }

  async #hasItems(path: string, signal: AbortSignal): Promise<boolean> {
    const { code, body } = await this.#client.ask('GET', `${path}?limit=1`, { signal });
    if (code === 404) return false; // its definition has just gone
    const items = recordOf(JSON.parse(body))['items'];
    return code !== 200 || !Array.isArray(items) || items.length > 0;
  }

  /** Where the objects of each namespaced kind are that can be deleted together. */
  async #contentPaths(namespace: string, signal: AbortSignal): Promise<readonly string[]> {
    const [core, groups] = await Promise.all(
      ['/api', '/apis'].map((path) => this.#client.ask('GET', path, { accept: DISCOVERY, signal })),
    );
    return [core, groups].flatMap((answer, index) =>
      listOf(recordOf(JSON.parse(answer?.body ?? '{}'))['items']).flatMap((group) =>
        pathsOfGroup(group, index === 0 ? '/api' : '/apis', namespace),
      ),
    );
  }
}

function pathsOfGroup(group: Readonly<Record<string, unknown>>, root: string, namespace: string): readonly string[] {
  const name = recordOf(group['metadata'])['name'];
  const [version] = listOf(group['versions']); // the preferred one
  const base = [root, name, version?.['version']].filter((part) => typeof part === 'string' && part !== '').join('/');
  return listOf(version?.['resources'])
    .filter(({ scope, verbs }) => scope === 'Namespaced' && Array.isArray(verbs) && verbs.includes('deletecollection'))
    .map(({ resource }) => `${base}/namespaces/${namespace}/${String(resource)}`);
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
