import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { resourceName, resourcePath, versionPath } from './resource-path.ts';
import { trimObject } from './trim-object.ts';

/** What a reflector follows: the objects of a kind, in all namespaces or in one. */
export interface WatchedResource {
  readonly kind: TranslatedKind;
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** For example `metadata.name=web`. */
  readonly fieldSelector?: string;
  /** `metadata` leaves all else at the server. Default: `whole`. */
  readonly content?: 'whole' | 'metadata';
}

/** Where a list goes, object by object. */
export interface ListTarget {
  upsert(object: KubernetesObject): void;
  /** What has come so far does not count: the list begins anew. */
  clear(): void;
}

/**
 * The whole list, page by page; in one piece where it has expired on the way, as that cannot happen twice.
 * @returns The version of the list.
 */
export async function listAll(
  client: ApiClient,
  resource: WatchedResource,
  { pageSize, target }: { readonly pageSize: number; readonly target: ListTarget },
  signal: AbortSignal,
): Promise<string> {
  let hasPaged = false;
  const onPage = (): void => void (hasPaged = true);
  try {
    return await listInPages(client, resource, { limit: pageSize, target, onPage }, signal);
  } catch (error) {
    const hasExpired = error instanceof ApiError && error.code === 'ERR_KUBERNETES_GONE' && hasPaged;
    if (!hasExpired) throw error;
    target.clear();
    return listInPages(client, resource, { limit: undefined, target, onPage }, signal);
  }
}

interface Paging {
  readonly limit: number | undefined;
  readonly target: ListTarget;
  readonly onPage: () => void;
}

async function listInPages(
  client: ApiClient,
  resource: WatchedResource,
  { limit, target, onPage }: Paging,
  signal: AbortSignal,
): Promise<string> {
  let version = '';
  for await (const { items, resourceVersion } of client.pages(listRequest(resource), limit, signal)) {
    onPage();
    version = resourceVersion;
    for (const item of items) {
      const object = trimObject(resource.kind, item, resource.content ?? 'whole');
      if (object !== undefined) target.upsert(object);
    }
  }
  return version;
}

/** The version at which the server is by now, for the price of at most one object. */
export async function currentVersion(
  client: ApiClient,
  resource: WatchedResource,
  signal: AbortSignal,
): Promise<string> {
  const request = listRequest({ ...resource, content: 'metadata' });
  for await (const { resourceVersion } of client.pages(request, 1, signal)) return resourceVersion;
  return '';
}

export function listRequest(resource: WatchedResource): ApiRequest {
  return { ...requestBase(resource, 'PartialObjectMetadataList'), verb: 'list' };
}

/** @param since A version to go on from, or nothing to get the present objects first. */
export function watchRequest(resource: WatchedResource, timeoutSeconds: number, since: string | undefined): ApiRequest {
  const base = requestBase(resource, 'PartialObjectMetadata');
  const initial = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  const start = since === undefined ? initial : { resourceVersion: since };
  return {
    ...base,
    verb: 'watch',
    query: { ...base.query, watch: true, allowWatchBookmarks: true, timeoutSeconds, ...start },
  };
}

function requestBase(
  { kind, namespace, labelSelector, fieldSelector, content }: WatchedResource,
  form: string,
): Omit<ApiRequest, 'verb'> {
  const query = { labelSelector, fieldSelector };
  const base = { resource: resourceName(kind), path: resourcePath(kind, namespace), query };
  if (content !== 'metadata') return base;
  // Servers that know no partial objects send whole ones, which are cut down on arrival.
  return { ...base, accept: `application/json;as=${form};g=meta.k8s.io;v=v1,application/json` };
}

/** Whether the API server serves the kind at all: false while its definition is missing. */
export async function isServed(client: ApiClient, kind: TranslatedKind, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await client.request({ verb: 'get', resource: 'discovery', path: versionPath(kind) }, signal);
    const resources: unknown = answer['resources'];
    // Each is checked as far as it is read.
    return (
      Array.isArray(resources) && resources.some((entry: { name?: unknown } | null) => entry?.name === kind.resource)
    );
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ERR_KUBERNETES_NOT_FOUND') return false;
    throw error;
  }
}
