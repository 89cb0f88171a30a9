import type { AuditedRequest } from '@koko/api-server';
import type { PolicyRule } from '@koko/kubernetes';
import type { Manifest } from './helm.ts';

/** One verb on one resource, in a namespace or (empty) everywhere, on one object or (empty) on all. */
export interface GrantedRight {
  readonly namespace: string;
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `ingresses/status`. */
  readonly resource: string;
  readonly name: string;
}

/** What the roles among the manifests grant to an account, each right on its own. */
export function grantedRights(manifests: readonly Manifest[], account: string): readonly GrantedRight[] {
  const bindings = manifests.filter(
    ({ kind, subjects }) => kind.endsWith('Binding') && (subjects as { name: string }[])[0]?.name === account,
  );
  return bindings.flatMap(({ roleRef, metadata: { namespace = '' } }) => {
    const role = manifests.find(
      ({ kind, metadata }) =>
        kind === roleRef.kind && metadata.name === roleRef.name && (metadata.namespace ?? '') === namespace,
    );
    return ((role?.['rules'] ?? []) as readonly PolicyRule[]).flatMap((rule) => rightsOf(rule, namespace));
  });
}

function rightsOf(
  { apiGroups, resources, resourceNames = [''], verbs }: PolicyRule,
  namespace: string,
): readonly GrantedRight[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      resourceNames.flatMap((name) => verbs.map((verb) => ({ namespace, verb, group, resource, name }))),
    ),
  );
}

/** Whether the request could be made by this right. */
export function isUseOf(right: GrantedRight, request: AuditedRequest): boolean {
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
  return (
    right.verb === request.verb &&
    right.group === request.group &&
    right.resource === resource &&
    (right.namespace === '' || right.namespace === request.namespace) &&
    (right.name === '' || right.name === request.name)
  );
}

export function describeRight({ namespace, verb, group, resource, name }: GrantedRight): string {
  const where = namespace === '' ? '' : ` in ${namespace}`;
  return `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : `/${name}`}${where}`;
}
