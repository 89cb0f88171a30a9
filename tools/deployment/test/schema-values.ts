import * as fc from 'fast-check';

/** The part of a definition's schema that values are made from. */
export interface DefinitionSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, DefinitionSchema>>;
  readonly required?: readonly string[];
  readonly items?: DefinitionSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maxItems?: number;
}

/** Values that hardly any schema allows where they are put, and some that many do. */
const oddities: readonly unknown[] = [null, true, false, 0, -1, 1.5, '', 'text', '1', [], {}, [null], { name: 'a' }];
const TEXTS = [
  'a',
  'A',
  'a b',
  'a.b/C',
  'a/',
  '/a',
  'a_b-c.d',
  '-a',
  'a-',
  'a,b:c_',
  'a,',
  'a:b',
  'é',
  '1a',
  'a1',
  'Unknown',
];
const TIMES = [
  '1970-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-23T10:00:00.123456+02:00',
  '2026-11-23',
  '2026-11-23T10:00:00',
  'now',
];
const NUMBERS = [0, -1, 1, 80, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1.5];

/** A value that the schema allows. @param n Another one for each number. */
export function sampleOf(schema: DefinitionSchema, n = 0): unknown {
  if (schema.enum !== undefined) return schema.enum[n % schema.enum.length];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sampleOf(field, n)]),
      );
    case 'array':
      return [sampleOf(schema.items ?? {}, n)];
    case 'boolean':
      return n % 2 === 0;
    case 'integer':
      return (schema.minimum ?? 1) + n;
    default:
      return schema.format === 'date-time' ? '2026-11-23T10:00:00Z' : `a${n}`;
  }
}

/** What is worth trying in place of a value: on and beyond each limit, and of another type. */
function edgesOf(schema: DefinitionSchema): readonly unknown[] {
  if (schema.enum !== undefined) return [...schema.enum, 'Other', ...oddities];
  switch (schema.type) {
    case 'object':
      return [...objectEdges(schema), ...oddities];
    case 'array':
      return [...arrayEdges(schema), ...oddities];
    case 'integer':
      return [...NUMBERS, (schema.minimum ?? 0) - 1, schema.minimum ?? 0, ...oddities];
    case 'string':
      return [...(schema.format === 'date-time' ? TIMES : TEXTS), ...lengthEdges(schema), ...oddities];
    default:
      return oddities;
  }
}

function lengthEdges({ minLength = 0, maxLength }: DefinitionSchema): readonly string[] {
  const lengths = [minLength - 1, minLength, ...(maxLength === undefined ? [] : [maxLength, maxLength + 1])];
  return lengths.filter((length) => length >= 0).map((length) => 'a'.repeat(length));
}

function arrayEdges({ items = {}, maxItems = 3 }: DefinitionSchema): readonly unknown[] {
  const many = (count: number): unknown[] => Array.from({ length: count }, (_item, n) => sampleOf(items, n));
  const twice = [sampleOf(items), sampleOf(items)];
  return [[], many(maxItems), many(maxItems + 1), twice, ...edgesOf(items).map((item) => [item])];
}

/** Of an object that is as it should be, each field in turn left out or on the edge, and one more than it has. */
function objectEdges(schema: DefinitionSchema): readonly unknown[] {
  const whole = sampleOf(schema) as Readonly<Record<string, unknown>>; // of an object
  const fields = Object.entries(schema.properties ?? {});
  const changed = fields.flatMap(([name, field]) => edgesOf(field).map((value) => ({ ...whole, [name]: value })));
  const lacking = fields.map(([name]) => Object.fromEntries(Object.entries(whole).filter(([field]) => field !== name)));
  return [whole, ...changed, ...lacking, { ...whole, unknownField: 1 }];
}

/** A value that the schema allows, and every one that is worth trying in its place; nothing is wrong in two places. */
export function boundaryCases(schema: DefinitionSchema): readonly unknown[] {
  return [sampleOf(schema), ...edgesOf(schema)];
}

/** Values that may be wrong in many places at once. */
export function valuesOf(schema: DefinitionSchema): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.constantFrom(...oddities), fc.string());
  return fc.oneof(
    { weight: 20, arbitrary: fitting(schema) },
    { weight: 2, arbitrary: fc.constantFrom(...boundaryCases(schema)) },
    { weight: 1, arbitrary: anything },
  );
}

function fitting(schema: DefinitionSchema): fc.Arbitrary<unknown> {
  if (schema.type === 'object') return objects(schema);
  if (schema.type !== 'array') return fc.nat(9).map((n) => sampleOf(schema, n));
  return fc.array(valuesOf(schema.items ?? {}), { maxLength: (schema.maxItems ?? 4) + 1 });
}

function objects({ properties = {}, required = [] }: DefinitionSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const freq = required.includes(name) ? 20 : 2; // a field that is required is left out now and then
    return fc.option(valuesOf(schema), { freq, nil: undefined }).map((value) => [name, value] as const);
  });
  return fc.tuple(...fields).map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}
