import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { describeEntity, entityTypes, validateEntity } from '../src/index.ts';
import type { EntityType, Field, Fields } from '../src/index.ts';
import { sharedPath } from './shared.ts';

/** A field as Kong publishes it. */
interface PublishedField {
  readonly type: string;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly default?: unknown;
  readonly one_of?: readonly unknown[];
  readonly between?: readonly [number, number];
  readonly reference?: string;
  readonly on_delete?: string;
  readonly fields?: readonly Readonly<Record<string, PublishedField>>[];
  readonly elements?: PublishedField;
}

type PublishedFields = Readonly<Record<string, PublishedField>>;

const folder = sharedPath('kong-schemas');
const whenRecorded = folder === undefined ? describe.skip : describe;
if (folder === undefined) process.emitWarning('No published schemas beside the repository: they are not compared');

function published(version: string, type: EntityType): PublishedFields | undefined {
  const file = join(
    folder ?? '',
    version,
    'entities',
    type === 'routes' && version === '3.9.3' ? 'routes.flavor-expressions.json' : `${type}.json`,
  );
  if (!existsSync(file)) return undefined;
  // Shape as the README beside the file says.
  const { fields } = JSON.parse(readFileSync(file, 'utf8')) as { fields: readonly PublishedFields[] };
  return Object.assign({}, ...fields) as PublishedFields;
}

const kinds: Readonly<Record<Field['kind'], readonly string[]>> = {
  string: ['string'],
  integer: ['integer'],
  number: ['number'],
  boolean: ['boolean'],
  timestamp: ['integer', 'number'],
  reference: ['foreign'],
  record: ['record'],
  array: ['array'],
  set: ['set'],
  map: ['map'],
  json: ['json'],
  object: ['record'],
  forbidden: [],
};

/** What differs between our description and the published one, by path. */
function compare(ours: Fields, theirs: PublishedFields, path = ''): readonly string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...names].flatMap((name) => {
    const [own, other] = [ours[name], theirs[name]];
    if (own === undefined || other === undefined)
      return [`${path}${name}: ${own === undefined ? 'missing' : 'unknown'}`];
    return compareField(own, other).map((text) => `${path}${name}: ${text}`);
  });
}

function compareField(own: Field, other: PublishedField): readonly string[] {
  const texts: string[] = [];
  if (!kinds[own.kind].includes(other.type)) texts.push(`${own.kind} instead of ${other.type}`);
  const ownDefault: unknown = 'default' in own ? own.default : undefined;
  // Kong's default null, and that of a record, say nothing beyond the field itself; a transient list is answered empty.
  const isComparable = other.type !== 'record' && own.transient !== true;
  if (isComparable && JSON.stringify(ownDefault ?? null) !== JSON.stringify(other.default ?? null))
    texts.push(`default ${JSON.stringify(other.default)}`);
  const isRequired = other.required === true && other.type !== 'record';
  if (isRequired !== (own.required === true) && own.kind !== 'object' && own.kind !== 'record' && !('auto' in own))
    texts.push(`required ${other.required}`);
  if ((other.unique === true) !== (own.unique === true)) texts.push(`unique ${other.unique}`);
  if (other.one_of !== undefined && other.one_of.length > 0) {
    const values: readonly unknown[] = 'oneOf' in own ? (own.oneOf ?? []) : [];
    if (JSON.stringify(values) !== JSON.stringify(other.one_of)) texts.push(`one of ${other.one_of.join(', ')}`);
  }
  if (other.between !== undefined && 'min' in own) {
    // See the note at the counters: 255 is one too many.
    const max = own.max === 254 ? 255 : own.max;
    if (own.min !== other.between[0] || max !== other.between[1]) texts.push(`between ${other.between.join(' and ')}`);
  }
  if (own.kind === 'reference') {
    if (own.to !== other.reference) texts.push(`reference to ${other.reference}`);
    if (own.onDelete !== (other.on_delete ?? 'restrict')) texts.push(`on delete ${other.on_delete}`);
  }
  if (own.kind === 'record' && other.fields !== undefined && other.fields.length > 0) {
    texts.push(...compare(own.fields, Object.assign({}, ...other.fields) as PublishedFields, '.'));
  }
  if ((own.kind === 'array' || own.kind === 'set') && other.elements !== undefined) {
    texts.push(
      ...compareField({ ...own.items, required: true }, { ...other.elements, required: true }).map(
        (text) => `[] ${text}`,
      ),
    );
  }
  return texts;
}

whenRecorded('descriptions and the schemas that Kong publishes', () => {
  it.each(entityTypes.filter((type) => published('3.9.3', type) !== undefined))('agree on %s', (type) => {
    expect(compare(describeEntity(type).fields, published('3.9.3', type) ?? {})).toEqual([]);
  });

  it('leave out views and counters only', () => {
    const missing = ['tags', 'ratelimiting_metrics'];
    expect(missing.every((name) => !entityTypes.some((type) => type === name))).toBe(true);
  });

  // Which fields exist: what is filled for a version has the members that the version publishes.
  it.each(['2.8.5', '3.0.2', '3.1.1', '3.4.2', '3.9.3'])('agree on the fields of version %s', (version) => {
    const id = '2cdc494a-4ab5-58a8-9bb9-d929af135cc9';
    const inputs: readonly (readonly [EntityType, object])[] = [
      ['services', { host: 'h' }],
      ['routes', { hosts: ['h'] }],
      ['upstreams', { name: 'u' }],
      ['targets', { target: 't', upstream: { id } }],
      ['consumers', { username: 'u' }],
      ['snis', { name: 'n', certificate: { id } }],
      ['plugins', { name: 'cors' }],
      ['acls', { group: 'g', consumer: { id } }],
      ['jwt_secrets', { consumer: { id } }],
      ['oauth2_credentials', { name: 'n', consumer: { id } }],
      ['keys', { kid: 'k', jwk: '{vault://env/k}' }],
      ['vaults', { name: 'env', prefix: 'my-env' }],
    ];
    for (const [type, input] of inputs) {
      const result = validateEntity(type, input, { version, routerFlavor: 'traditional_compatible' });
      const theirs = publishedClassic(version, type);
      expect([type, result.ok ? namesOf(result.value) : undefined]).toEqual([
        type,
        theirs === undefined ? undefined : namesOf(theirs),
      ]);
    }
  });
});

function publishedClassic(version: string, type: EntityType): object | undefined {
  const fields = published(version, type);
  if (fields === undefined) return undefined;
  const { expression: _expression, priority: _priority, ...classic } = fields;
  return type === 'routes' ? classic : fields;
}

function namesOf(fields: object): readonly string[] {
  return Object.keys(fields)
    .filter((name) => name !== 'created_at' && name !== 'updated_at')
    .toSorted();
}
