import type { TranslatedKind } from '@koko/translator';

/** Where an API server serves the objects of a kind: all, those of one namespace, or one. */
export function resourcePath(kind: TranslatedKind, namespace?: string, name?: string): string {
  const scope = namespace === undefined || !kind.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${versionPath(kind)}${scope}/${kind.resource}${object}`;
}

/** Where an API server tells what it serves of the group and version of a kind. */
export function versionPath({ group, version }: TranslatedKind): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** The kind's resource as roles and messages name it. */
export function resourceName({ group, resource }: TranslatedKind): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** What stands in `apiVersion` of its objects. */
export function apiVersionOf({ group, version }: TranslatedKind): string {
  return group === '' ? version : `${group}/${version}`;
}
