import { isRecord, recordOf } from './api-object.ts';
import { withSchema } from './schema-defaults.ts';
import { groupVersionOf, servedKind } from './served-kind.ts';
import type { ApiObject, JsonRecord } from './api-object.ts';
import type { PrinterColumn, ServedKind } from './served-kind.ts';

/** The kinds, one for each served version, that a CustomResourceDefinition describes. */
export function customKinds(definition: ApiObject): readonly ServedKind[] {
  const spec = recordOf(definition['spec']);
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isRecord) : [];
  return versions.filter((version) => version['served'] === true).map((version) => customKind(spec, version));
}

function customKind(spec: JsonRecord, version: JsonRecord): ServedKind {
  const names = recordOf(spec['names']);
  const kind = text(names['kind']);
  const schema = recordOf(version['schema'])['openAPIV3Schema'];
  const description = {
    group: text(spec['group']),
    version: text(version['name']),
    kind,
    plural: text(names['plural']),
    singular: text(names['singular']) || kind.toLowerCase(),
    shortNames: texts(names['shortNames']),
    categories: texts(names['categories']),
    namespaced: spec['scope'] !== 'Cluster',
    hasStatus: isRecord(recordOf(version['subresources'])['status']),
    hasGeneration: true,
    allowsUnconditionalUpdate: false,
    isCustom: true,
    columns: columnsOf(version['additionalPrinterColumns']),
    prepare: (object: ApiObject) => prepareCustom(object, schema),
  };
  return servedKind({ ...description, selectableFields: selectableFields(version) });
}

function prepareCustom(object: ApiObject, schema: unknown): ApiObject {
  const { apiVersion, kind, metadata, ...content } = object;
  return { apiVersion, kind, metadata, ...recordOf(withSchema(content, schema)) };
}

function columnsOf(value: unknown): readonly PrinterColumn[] {
  const columns = Array.isArray(value) ? value.filter(isRecord) : [];
  return columns
    .filter((column) => column['priority'] === undefined || column['priority'] === 0)
    .filter((column) => column['jsonPath'] !== '.metadata.creationTimestamp') // the age is always shown
    .map((column) => ({ name: text(column['name']), type: text(column['type']), jsonPath: text(column['jsonPath']) }));
}

function selectableFields(version: JsonRecord): readonly string[] {
  const fields = Array.isArray(version['selectableFields']) ? version['selectableFields'].filter(isRecord) : [];
  return fields.map((field) => text(field['jsonPath']).replace(/^\./, ''));
}

/** Why the definition cannot be served, or undefined. */
export function problemOfDefinition(definition: ApiObject): { field: string; why: string } | undefined {
  const spec = recordOf(definition['spec']);
  const names = recordOf(spec['names']);
  const expectedName = `${text(names['plural'])}.${text(spec['group'])}`;
  if (definition.metadata.name !== expectedName)
    return { field: 'metadata.name', why: `must be spec.names.plural+"."+spec.group, here "${expectedName}"` };
  if (text(names['kind']) === '') return { field: 'spec.names.kind', why: 'Required value' };
  if (!Array.isArray(spec['versions']) || spec['versions'].length === 0)
    return { field: 'spec.versions', why: 'must have at least one version' };
  return undefined;
}

/** Fills in the names that follow from others. */
export function prepareDefinition(definition: ApiObject): ApiObject {
  const spec = recordOf(definition['spec']);
  const names = recordOf(spec['names']);
  const kind = text(names['kind']);
  const derived = { singular: kind.toLowerCase(), listKind: `${kind}List` };
  return { ...definition, spec: { conversion: { strategy: 'None' }, ...spec, names: { ...derived, ...names } } };
}

/** The definition with the status of one that is served. */
export function established(definition: ApiObject, time: string): ApiObject {
  const spec = recordOf(definition['spec']);
  const condition = (type: string, reason: string, message: string): JsonRecord => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    reason,
    message,
  });
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isRecord) : [];
  const status = {
    acceptedNames: spec['names'],
    storedVersions: versions.filter((version) => version['storage'] === true).map((version) => version['name']),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  };
  return { ...definition, status };
}

export function isDefinition(kind: ServedKind): boolean {
  return groupVersionOf(kind) === 'apiextensions.k8s.io/v1' && kind.kind === 'CustomResourceDefinition';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
