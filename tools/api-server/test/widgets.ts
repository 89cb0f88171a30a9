/** A small CustomResourceDefinition with a status subresource and one default; client-node writes `_default`. */
export function widgets(defaultField: 'default' | '_default' = 'default') {
  const colour = { type: 'string', [defaultField]: 'blue' };
  const spec = { type: 'object', properties: { size: { type: 'integer' }, colour } };
  const status = { type: 'object', properties: { ready: { type: 'boolean' } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.example' },
    spec: {
      group: 'test.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
          subresources: { status: {} },
        },
      ],
    },
  };
}
