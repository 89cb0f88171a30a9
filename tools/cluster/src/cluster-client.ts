import type { WrittenObject } from '@koko/api-server';
import { ApiClient, ApiError, loadClusterAccess } from '@koko/kubernetes';
import type { ApiRequest } from '@koko/kubernetes';
import { translatedKinds } from '@koko/translator';
import type { KubernetesObject } from '@koko/translator';

interface Kind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

const core = { group: '', version: 'v1' } as const;
const kinds: readonly Kind[] = [
  ...translatedKinds,
  { ...core, kind: 'Namespace', resource: 'namespaces', namespaced: false },
  { ...core, kind: 'Event', resource: 'events', namespaced: true },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    resource: 'customresourcedefinitions',
    namespaced: false,
  },
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', resource: 'leases', namespaced: true },
];

/** Requests under way at the same time; an API server on two cores gains nothing from more. */
const CONCURRENCY = 16;
const PAGE_SIZE = 1000;

/** Writes and reads objects of a cluster as a person with kubectl would, many at a time. */
export class ClusterClient {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  private constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** @param signal Ends every request. */
  static async connect(kubeconfig: string, signal: AbortSignal): Promise<ClusterClient> {
    const access = await loadClusterAccess({ content: kubeconfig });
    return new ClusterClient(new ApiClient({ access }), signal);
  }

  close(): void {
    this.#client.close();
  }

  /** Creates the object, or replaces what is there. */
  async apply(object: WrittenObject): Promise<void> {
    const current = await this.find(object);
    if (current === undefined) return await this.create(object);
    const { resourceVersion } = current.metadata;
    const body = { ...object, metadata: { ...object.metadata, resourceVersion } };
    await this.#ask({ verb: 'update', path: pathOf(object, object.metadata.name), body });
  }

  async create(object: WrittenObject): Promise<void> {
    await this.#ask({ verb: 'create', path: pathOf(object), body: object });
  }

  /** Merges the fields into the object. */
  async patch(reference: WrittenObject, fields: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask({ verb: 'patch', path: pathOf(reference, reference.metadata.name), body: fields });
  }

  async remove(reference: WrittenObject): Promise<void> {
    await this.#ask({ verb: 'delete', path: pathOf(reference, reference.metadata.name) });
  }

  async find(reference: WrittenObject): Promise<KubernetesObject | undefined> {
    try {
      return objectOf(await this.#ask({ verb: 'get', path: pathOf(reference, reference.metadata.name) }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All objects of a kind; none where the cluster does not know it. */
  async list(kind: string): Promise<readonly KubernetesObject[]> {
    const objects: KubernetesObject[] = [];
    const { group, version } = kindNamed(kind);
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const request = { verb: 'list', resource: kind, path: pathOf({ kind, metadata: {} }) } as const;
    try {
      for await (const { items } of this.#client.pages(request, PAGE_SIZE, this.#signal)) {
        for (const item of items) objects.push(objectOf({ apiVersion, kind, ...(item as object) })); // lists name neither
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return objects;
  }

  /** Everything that translation reads. */
  async listTranslated(): Promise<readonly KubernetesObject[]> {
    return (await Promise.all(translatedKinds.map(({ kind }) => this.list(kind)))).flat();
  }

  /** Runs the action for each item, as many at a time as do the server good. */
  async forEach<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
    const waiting = items.values();
    const work = async (): Promise<void> => {
      for (const item of waiting) await action(item); // each worker takes from the same iterator
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  #ask({ verb, path, body }: Pick<ApiRequest, 'verb' | 'path' | 'body'>): Promise<Readonly<Record<string, unknown>>> {
    return this.#client.request({ verb, resource: path, path, ...(body === undefined ? {} : { body }) }, this.#signal);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'ERR_KUBERNETES_NOT_FOUND';
}

/** What an API server sends as an object. */
function objectOf(answer: object): KubernetesObject {
  return answer as KubernetesObject;
}

function kindNamed(name: string): Kind {
  const found = kinds.find(({ kind }) => kind === name);
  if (found === undefined) throw new TypeError(`Cannot use the kind ${name}: it is not in the table`);
  return found;
}

function pathOf(
  object: { readonly kind: string; readonly metadata: { readonly namespace?: string } },
  name?: string,
): string {
  const { group, version, resource, namespaced } = kindNamed(object.kind);
  const { namespace } = object.metadata;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
  return `${root}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}
