import { describeEntity } from './describe.ts';
import { checkAnnotations, documentEntries, isAnnotation } from './document-entries.ts';
import type { DocumentEntry, DocumentProblem } from './document-entries.ts';
import { DocumentReferences } from './document-references.ts';
import { isEntityType } from './entity-types.ts';
import type { EntityOf, EntityType } from './entity-types.ts';
import { transformEntity } from './transform.ts';
import { validateEntity } from './validate.ts';
import type { ValidateOptions } from './validate.ts';
import { isPlainObject } from './value.ts';
import { versionNumber } from './version.ts';

/** A valid entity of a document, filled, with references as `{ id }`; not transformed. */
export interface DocumentEntity {
  readonly type: EntityType;
  readonly entity: EntityOf<EntityType>;
  readonly path: readonly (string | number)[];
}

/** What a whole declarative document holds, and everything that is wrong with it. */
export interface ValidatedDocument {
  readonly problems: readonly DocumentProblem[];
  /** The entities without problems of their own, nested ones too, in document order. */
  readonly entities: readonly DocumentEntity[];
}

/**
 * Checks a declarative document (`_format_version`, collections, nested entities, references by id or name) as Kong
 * does, and beyond that what only a Kong with a database refuses: combinations that must be unique, CA certificates that
 * do not exist. Plugin configurations are not looked into.
 */
export function validateDocument(document: unknown, options: ValidateOptions = {}): ValidatedDocument {
  const problems: DocumentProblem[] = [];
  if (!isPlainObject(document)) {
    problems.push({ code: 'ERR_FIELD_TYPE', path: [], message: 'expected a record' });
    return { problems, entities: [] };
  }
  checkHead(document, options, problems);
  const entries = documentEntries(document, problems);
  const references = new DocumentReferences(entries, problems);
  const entities = entries.flatMap((entry) => validEntity(entry, references, options, problems));
  checkUnique(entities, problems);
  return { problems, entities };
}

function checkHead(
  document: Readonly<Record<string, unknown>>,
  options: ValidateOptions,
  problems: DocumentProblem[],
): void {
  checkFormat(document['_format_version'], options.version, problems);
  checkAnnotations(document, [], problems);
  const { _transform: transform } = document;
  if (transform !== undefined && transform !== null && typeof transform !== 'boolean')
    problems.push({ code: 'ERR_FIELD_TYPE', path: ['_transform'], message: 'expected a boolean' });
  for (const name of Object.keys(document)) {
    const isKnown = isEntityType(name) || isAnnotation(name) || name === '_format_version' || name === '_transform';
    if (!isKnown) problems.push({ code: 'ERR_FIELD_UNKNOWN', path: [name], message: 'unknown field' });
  }
}

function checkFormat(format: unknown, version: string | undefined, problems: DocumentProblem[]): void {
  const formats = version === undefined || versionNumber(version) >= 3e9 ? ['1.1', '2.1', '3.0'] : ['1.1', '2.1'];
  const path = ['_format_version'];
  if (format === undefined || format === null) {
    problems.push({ code: 'ERR_FIELD_REQUIRED', path, message: 'required field missing' });
  } else if (typeof format !== 'string') {
    problems.push({ code: 'ERR_FIELD_TYPE', path, message: 'expected a string' });
  } else if (!formats.includes(format)) {
    problems.push({ code: 'ERR_FIELD_VALUE', path, message: `expected one of: ${formats.join(', ')}` });
  }
}

function validEntity(
  entry: DocumentEntry,
  references: DocumentReferences,
  options: ValidateOptions,
  problems: DocumentProblem[],
): readonly DocumentEntity[] {
  const { type, path } = entry;
  const before = problems.length;
  const result = validateEntity(type, references.resolved(entry), options);
  if (!result.ok) {
    problems.push(...result.problems.map((problem) => ({ ...problem, path: [...path, ...problem.path], type })));
  }
  return result.ok && problems.length === before ? [{ type, entity: result.value, path }] : [];
}

/** Reports the second and every further entity with the same primary key or unique value. */
function checkUnique(entities: readonly DocumentEntity[], problems: DocumentProblem[]): void {
  const seen = new Set<string>();
  for (const { type, entity, path } of entities) {
    // In their stored form: `a.b` and `a.b:8000` are one target, and a CA certificate is known by its digest.
    const isRewritten = type === 'targets' || type === 'ca_certificates';
    // Members are looked up by the names of the description.
    const members = (isRewritten ? transformEntity(type, entity) : entity) as Readonly<Record<string, unknown>>;
    for (const { name, fields, value } of uniqueValues(type, members)) {
      const key = JSON.stringify([type, name, value]);
      if (!seen.has(key)) {
        seen.add(key);
        continue;
      }
      const at = fields.length === 1 ? [...path, ...fields] : path;
      const message = `uniqueness violation: '${type}' entity with ${name} set to ${describeValue(name, value)} already declared`;
      problems.push({ code: 'ERR_UNIQUE_VIOLATION', path: at, message, type });
    }
  }
}

interface UniqueValue {
  readonly name: string;
  readonly fields: readonly string[];
  readonly value: readonly unknown[];
}

function uniqueValues(type: EntityType, members: Readonly<Record<string, unknown>>): readonly UniqueValue[] {
  const { primaryKey, uniqueKeys } = describeEntity(type);
  const values = uniqueKeys.flatMap(({ name, fields, nullsCollide }): UniqueValue[] => {
    const value = fields.map((field) => plainValue(members[field]));
    return nullsCollide || value[0] !== null ? [{ name, fields, value }] : [];
  });
  return [{ name: 'primary key', fields: [primaryKey], value: [String(members[primaryKey]).toLowerCase()] }, ...values];
}

function plainValue(value: unknown): unknown {
  return isPlainObject(value) ? value['id'] : (value ?? null);
}

/** Fields whose values let whoever knows them in: no message holds them. */
const secretFields = new Set(['key', 'client_id', 'code', 'access_token', 'refresh_token', 'session_id']);

function describeValue(name: string, value: readonly unknown[]): string {
  return secretFields.has(name) ? 'the same value' : value.map((part) => `'${String(part)}'`).join(', ');
}
