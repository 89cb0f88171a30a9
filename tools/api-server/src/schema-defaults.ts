import { isRecord } from './api-object.ts';
import type { JsonRecord } from './api-object.ts';

/**
 * Applies a structural schema of a CRD as the API server does on writing: unknown fields are dropped, defaults filled.
 * Values are not validated.
 */
export function withSchema(value: unknown, schema: unknown): unknown {
  if (!isRecord(schema)) return value;
  if (Array.isArray(value)) return value.map((item) => withSchema(item, schema['items']));
  return isRecord(value) ? recordWithSchema(value, schema) : value;
}

function recordWithSchema(value: JsonRecord, schema: JsonRecord): JsonRecord {
  const { properties, additionalProperties } = schema;
  if (!isRecord(properties)) {
    return isRecord(additionalProperties)
      ? mapEntries(value, (item) => withSchema(item, additionalProperties))
      : pruned(value, schema, {});
  }
  const result = pruned(value, schema, properties);
  for (const [field, fieldSchema] of Object.entries(properties)) {
    const given = result[field] ?? (isRecord(fieldSchema) ? fieldSchema['default'] : undefined);
    if (given !== undefined) result[field] = withSchema(given, fieldSchema);
  }
  return result;
}

function pruned(value: JsonRecord, schema: JsonRecord, properties: JsonRecord): JsonRecord {
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['type'] === undefined;
  const isObject = schema['x-kubernetes-embedded-resource'] === true;
  const entries = Object.entries(value).filter(
    ([field]) => keepsUnknown || Object.hasOwn(properties, field) || (isObject && OBJECT_FIELDS.has(field)),
  );
  return Object.fromEntries(entries);
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

function mapEntries(value: JsonRecord, map: (item: unknown) => unknown): JsonRecord {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item)]));
}
