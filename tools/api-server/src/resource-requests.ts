import { isRecord, recordOf } from './api-object.ts';
import { JsonPatchError, jsonPatch } from './json-patch.ts';
import { listPage } from './list-page.ts';
import { mergePatch } from './merge-patch.ts';
import { everyOf, fieldMatcher, labelMatcher } from './selectors.ts';
import { StatusError, invalid, qualifiedResource } from './status-error.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';
import type { ApiObject } from './api-object.ts';
import type { Cluster } from './cluster.ts';
import type { ExistingTarget } from './object-writer.ts';
import type { ListPage } from './list-page.ts';
import type { Matcher } from './selectors.ts';
import type { PatchType } from './request-body.ts';
import type { RequestFacts } from './request-facts.ts';
import type { ServedKind } from './served-kind.ts';

/** The object that the path names. */
export function targetOf(facts: RequestFacts, kind: ServedKind): ExistingTarget {
  if (facts.name === undefined) throw notAllowed(facts);
  return { kind, namespace: facts.namespace, name: facts.name };
}

export function notAllowed({ method, path }: RequestFacts): StatusError {
  return new StatusError(405, `the server does not allow ${method} on ${path}`, { reason: 'MethodNotAllowed' });
}

/** What the selectors of a request let through; undefined lets everything through. */
export function matcherOf({ query }: RequestFacts, kind: ServedKind): Matcher | undefined {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const matchers = [
    ...(labels === '' ? [] : [labelMatcher(labels)]),
    ...(fields === '' ? [] : [fieldMatcher(kind, fields)]),
  ];
  return matchers.length === 0 ? undefined : everyOf(matchers);
}

export function isDryRun({ query }: RequestFacts): boolean {
  return query.getAll('dryRun').includes('All');
}

export function list(cluster: Cluster, facts: RequestFacts, kind: ServedKind): ListPage {
  const { query, namespace } = facts;
  const matches = matcherOf(facts, kind);
  return listPage(cluster.store.collection(kind.storageKey), cluster.store.revision, {
    namespace,
    // Selectors speak of the kind as it is asked for, which may differ from what is stored.
    matches: matches === undefined ? undefined : (object) => matches(kind.fromStored(object)),
    limit: Number(query.get('limit') ?? 0),
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  });
}

export function create(cluster: Cluster, facts: RequestFacts, kind: ServedKind, body: unknown): ApiObject {
  const { namespace, name } = facts;
  if (name !== undefined || (kind.namespaced && namespace === undefined)) throw notAllowed(facts);
  return cluster.writer.create({ kind, namespace, name: undefined }, body, isDryRun(facts));
}

/** Replaces an object; some kinds are created by that, too. */
export function update(cluster: Cluster, facts: RequestFacts, kind: ServedKind, body: unknown): Written {
  const target = targetOf(facts, kind);
  if (kind.createsOnUpdate && facts.subresource === '' && !exists(cluster, target))
    return { object: cluster.writer.create(target, body, isDryRun(facts)), isNew: true };
  return { object: cluster.writer.update(target, body, optionsOf(facts)), isNew: false };
}

function exists(cluster: Cluster, { kind, namespace, name }: ExistingTarget): boolean {
  return cluster.store.collection(kind.storageKey).find(namespace, name) !== undefined;
}

function optionsOf(facts: RequestFacts): { subresource: string; dryRun: boolean } {
  return { subresource: facts.subresource, dryRun: isDryRun(facts) };
}

export interface Written {
  readonly object: ApiObject;
  readonly isNew: boolean;
}

/** Applies a patch; an apply patch creates what is not there. */
export function patch(
  cluster: Cluster,
  facts: RequestFacts,
  kind: ServedKind,
  { type, body }: { readonly type: PatchType; readonly body: unknown },
): Written {
  const target = targetOf(facts, kind);
  if (type === 'application/apply-patch+yaml') {
    if (!facts.query.has('fieldManager')) throw noFieldManager();
    if (facts.subresource === '' && !exists(cluster, target))
      return { object: cluster.writer.create(target, body, isDryRun(facts)), isNew: true };
  }
  const change = changeFor(kind, type, body, target.name);
  return { object: cluster.writer.patch(target, change, optionsOf(facts)), isNew: false };
}

function noFieldManager(): StatusError {
  return new StatusError(
    422,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
}

function changeFor(kind: ServedKind, type: PatchType, body: unknown, name: string): (current: ApiObject) => unknown {
  switch (type) {
    case 'application/json-patch+json':
      return (current) => jsonPatched(kind, current, body, name);
    case 'application/strategic-merge-patch+json':
      if (kind.isCustom)
        throw new StatusError(415, `strategic merge patches are not supported by ${qualifiedResource(kind)}`);
      return (current) => strategicMergePatch(current, body);
    default:
      return (current) => mergePatch(current, body);
  }
}

function jsonPatched(kind: ServedKind, current: ApiObject, body: unknown, name: string): unknown {
  try {
    return jsonPatch(current, body);
  } catch (error) {
    if (error instanceof JsonPatchError) throw invalid(kind, name, 'patch', error.message);
    throw error;
  }
}

/** Deletes one object. */
export function remove(cluster: Cluster, facts: RequestFacts, kind: ServedKind, body: unknown): object {
  const preconditions = recordOf(recordOf(body)['preconditions']);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const bodyDryRun = isRecord(body) && Array.isArray(body['dryRun']) && body['dryRun'].includes('All');
  const target = targetOf(facts, kind);
  const object = cluster.delete(target, {
    dryRun: isDryRun(facts) || bodyDryRun,
    uid: text(preconditions['uid']),
    resourceVersion: text(preconditions['resourceVersion']),
  });
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const { uid } = object.metadata;
  const group = kind.group === '' ? {} : { group: kind.group };
  const details = { name: target.name, ...group, kind: kind.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** Deletes what the selectors let through. */
export function removeAll(cluster: Cluster, facts: RequestFacts, kind: ServedKind): ListPage {
  const { namespace } = facts;
  if (kind.storageKey === '/namespaces' || (kind.namespaced && namespace === undefined)) throw notAllowed(facts);
  const page = list(cluster, facts, kind);
  for (const { metadata } of page.items)
    cluster.delete({ kind, namespace, name: metadata.name }, { dryRun: isDryRun(facts) });
  return page;
}
