import { checkNamed } from './checks/named-checks.ts';
import { isSamePair, parsePrivateKey, parsePublicKey } from './checks/pem.ts';
import { checkUuid } from './checks/text-checks.ts';
import { descriptionOf, isEntityType } from './entity-types.ts';
import { report, reportAt, within } from './entity-problem.ts';
import type { Context } from './entity-problem.ts';
import type {
  BooleanField,
  Field,
  Fields,
  ForbiddenField,
  ListField,
  MapField,
  NumberField,
  OpaqueField,
  RecordField,
  ReferenceField,
  StringField,
  TimestampField,
} from './field.ts';
import type { Settings } from './settings.ts';
import { isNonEmpty, isPlainObject, quoted } from './value.ts';

/**
 * Checks a value and answers it filled. Undefined means absent, and undefined as the answer that the field stays so.
 * Problems go to the context; what is answered beside them does not matter.
 */
export type CompiledField = (value: unknown, context: Context) => unknown;

/** Compiles the description of a field, once per version and flavour, into a function. */
export function compileField(field: Field, settings: Settings): CompiledField {
  switch (field.kind) {
    case 'string':
      return compileString(field, settings);
    case 'integer':
    case 'number':
      return compileNumber(field);
    case 'boolean':
      return compileBoolean(field);
    case 'timestamp':
      return compileTimestamp(field);
    case 'reference':
      return compileReference(field, settings);
    case 'record':
      return compileRecord(field, settings);
    case 'array':
    case 'set':
      return compileList(field, settings);
    case 'map':
      return compileMap(field, settings);
    case 'json':
    case 'object':
      return compileOpaque(field);
    case 'forbidden':
      return compileForbidden(field);
    default:
      return field satisfies never;
  }
}

/** Whether a text is a reference into a vault, which is resolved by the node that uses it. */
export function isVaultReference(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('{vault://') && value.endsWith('}');
}

/** A null, or an absence without default. */
function missing(field: { readonly required?: true }, context: Context): null {
  if (field.required === true) report(context, 'ERR_FIELD_REQUIRED', 'required field missing');
  return null;
}

function compileString(field: StringField, settings: Settings): CompiledField {
  const checks = (field.checks ?? []).map((name) => checkNamed(name, settings));
  const values = field.oneOf?.filter((value) => settings.atLeast(field.valuesSince?.[value]));
  const allowed = values === undefined ? undefined : new Set(values);
  const forbidden = field.notOneOf === undefined ? undefined : new Set(field.notOneOf);
  const isUuid = field.checks?.includes('uuid') === true;
  const check = (value: string, context: Context): string => {
    if (field.referenceable === true && isVaultReference(value)) return value;
    if (allowed !== undefined && !allowed.has(value))
      report(context, 'ERR_FIELD_VALUE', `expected one of: ${values?.join(', ')}`);
    else if (value === '' && allowed === undefined && !isUuid)
      report(context, 'ERR_FIELD_LENGTH', 'length must be at least 1');
    else if (forbidden?.has(value) === true)
      report(context, 'ERR_FIELD_VALUE', `must not be one of: ${field.notOneOf?.join(', ')}`);
    else if (field.length !== undefined && value.length !== field.length)
      report(context, 'ERR_FIELD_LENGTH', `length must be ${field.length}`);
    else {
      for (const run of checks) {
        const message = run(value);
        if (message === undefined) continue;
        report(context, 'ERR_FIELD_FORMAT', message);
        break;
      }
    }
    return value;
  };
  const { auto } = field;
  return (value, context) => {
    if (typeof value === 'string') return check(value, context);
    if (auto !== undefined && (value === undefined || (value === null && auto === 'uuid')))
      return context.generate(auto);
    if (value === undefined && field.default !== undefined) return field.default;
    if (value === undefined || value === null) return missing(field, context);
    report(context, 'ERR_FIELD_TYPE', 'expected a string');
    return value;
  };
}

function compileNumber(field: NumberField): CompiledField {
  const { min = -Infinity, max = Infinity, oneOf } = field;
  const whole = field.kind === 'integer';
  const check = (value: number, context: Context): number => {
    if (whole && !Number.isInteger(value)) report(context, 'ERR_FIELD_TYPE', 'expected an integer');
    else if (value < min || value > max)
      report(context, 'ERR_FIELD_RANGE', `value should be between ${min} and ${max}`);
    else if (oneOf !== undefined && !oneOf.includes(value))
      report(context, 'ERR_FIELD_VALUE', `expected one of: ${oneOf.join(', ')}`);
    return value;
  };
  return (value, context) => {
    if (typeof value === 'number') return check(value, context);
    if (value === undefined && field.default !== undefined) return field.default;
    if (value === null && field.nullIsDefault === true) return field.default ?? null;
    if (value === undefined || value === null) return missing(field, context);
    report(context, 'ERR_FIELD_TYPE', whole ? 'expected an integer' : 'expected a number');
    return value;
  };
}

function compileBoolean(field: BooleanField): CompiledField {
  return (value, context) => {
    if (value === undefined && field.default !== undefined) return field.default;
    if (value === undefined || value === null) return missing(field, context);
    if (typeof value !== 'boolean') report(context, 'ERR_FIELD_TYPE', 'expected a boolean');
    else if (field.not?.value === value) report(context, 'ERR_FIELD_FORBIDDEN', field.not.message);
    return value;
  };
}

function compileTimestamp(field: TimestampField): CompiledField {
  return (value, context) => {
    if (value === undefined || value === null) return undefined;
    // Whoever writes overwrites it: what is no moment is dropped rather than refused.
    if (field.onWrite === true) return typeof value === 'number' && value > 0 ? value : undefined;
    if (typeof value !== 'number' || (field.fraction !== true && !Number.isInteger(value)))
      report(context, 'ERR_FIELD_TYPE', field.fraction === true ? 'expected a number' : 'expected an integer');
    else if (value <= 0) report(context, 'ERR_FIELD_RANGE', 'expected a valid timestamp');
    return value;
  };
}

function compileReference(field: ReferenceField, settings: Settings): CompiledField {
  return (value, context) => {
    if (value === undefined || value === null) return missing(field, context);
    const id = isPlainObject(value) ? value['id'] : undefined;
    // With a good id, Kong ignores all other members.
    if (typeof id === 'string' && checkUuid(id) === undefined) return { id };
    const before = context.problems.length;
    if (isPlainObject(value)) checkForeignMembers(field, value, { settings, context });
    if (context.problems.length > before && (id === undefined || id === null)) return { id };
    if (id === undefined || id === null) reportAt(context, ['id'], 'ERR_REFERENCE_INVALID', 'missing primary key');
    else if (typeof id !== 'string') reportAt(context, ['id'], 'ERR_FIELD_TYPE', 'expected a string');
    else reportAt(context, ['id'], 'ERR_FIELD_FORMAT', 'expected a valid UUID');
    return { id };
  };
}

/** Without an id, the other members are read as fields of the entity that is referred to. */
function checkForeignMembers(
  { to }: ReferenceField,
  value: Readonly<Record<string, unknown>>,
  { settings, context }: { readonly settings: Settings; readonly context: Context },
): void {
  const fields: Fields = isEntityType(to) ? descriptionOf(to).fields : {};
  for (const [name, member] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const before = context.problems.length;
    if (field === undefined || !isKnown(field, settings)) report(context, 'ERR_FIELD_UNKNOWN', 'unknown field');
    else if (name !== 'id') compileField(field, settings)(member, context);
    within(context, before, name);
  }
}

/** Members of a record or entity, compiled for the version and flavour. */
export interface CompiledMembers {
  readonly names: ReadonlySet<string>;
  readonly run: (input: Readonly<Record<string, unknown>>, context: Context) => Record<string, unknown>;
}

/** Compiles all members that the version and flavour know. */
export function compileMembers(fields: Fields, settings: Settings): CompiledMembers {
  const known = Object.entries(fields).filter(([, field]) => isKnown(field, settings));
  const members = known.map(([name, field]) => [name, compileField(field, settings)] as const);
  return {
    names: new Set(known.map(([name]) => name)),
    run: (input, context) => {
      const filled: Record<string, unknown> = {};
      for (const [name, check] of members) {
        const before = context.problems.length;
        const value = check(input[name], context);
        if (value !== undefined) filled[name] = value;
        if (context.problems.length > before) within(context, before, name);
      }
      return filled;
    },
  };
}

/** Whether a field exists for a version and router flavour. */
export function isKnown(field: Field, settings: Settings): boolean {
  return settings.atLeast(field.since) && (field.flavors?.includes(settings.flavor) ?? true);
}

/** Reports every member that is not known. A list where a record belongs has positions as members, as in Lua. */
export function reportUnknown(names: ReadonlySet<string>, input: object, context: Context): void {
  if (Array.isArray(input)) {
    input.forEach((_, index) => reportAt(context, [index], 'ERR_FIELD_UNKNOWN', 'unknown field'));
    return;
  }
  for (const name of Object.keys(input)) {
    if (!names.has(name)) reportAt(context, [name], 'ERR_FIELD_UNKNOWN', 'unknown field');
  }
}

function compileRecord(field: RecordField, settings: Settings): CompiledField {
  const { names, run } = compileMembers(field.fields, settings);
  const open = names.size === 0;
  const check = (value: Readonly<Record<string, unknown>>, context: Context): unknown => {
    const before = context.problems.length;
    reportUnknown(names, value, context);
    const filled = run(value, context);
    const oneOf = field.atLeastOneOf;
    if (oneOf !== undefined && !oneOf.some((name) => isNonEmpty(filled[name])))
      report(context, 'ERR_ENTITY_RULE', `at least one of these fields must be non-empty: ${quoted(oneOf)}`);
    if (field.check === 'keyPair' && context.problems.length === before) checkKeyPair(filled, settings, context);
    return filled;
  };
  const fillAbsent = absentRecord(field, (context) => check({}, context));
  return (value, context) => {
    // False counts as absent where a record is expected, as in Lua.
    if (value === undefined || value === false) {
      return field.optional === true && value === undefined ? missing(field, context) : fillAbsent(context);
    }
    if (value === null) {
      if (field.optional !== true) report(context, 'ERR_FIELD_REQUIRED', 'required field missing');
      return null;
    }
    if (typeof value !== 'object') {
      report(context, 'ERR_FIELD_TYPE', 'expected a record');
      return value;
    }
    if (open) return isPlainObject(value) ? { ...value } : {};
    return check(value as Readonly<Record<string, unknown>>, context); // any object; a list has no named members
  };
}

/**
 * Fills an absent record. It comes out the same every time, unless something in it is generated or missing: then one frozen
 * record serves all entities. The health checks of ten thousand upstreams would take 12 MB otherwise.
 */
function absentRecord(field: RecordField, fill: (context: Context) => unknown): (context: Context) => unknown {
  if (generates(field)) return fill;
  let shared: unknown;
  return (context) => {
    if (shared !== undefined) return shared;
    const before = context.problems.length;
    const filled = fill(context);
    if (context.problems.length === before) shared = deepFreeze(filled);
    return filled;
  };
}

function generates(field: Field): boolean {
  if (field.kind === 'record') return Object.values(field.fields).some(generates);
  return field.kind === 'string' && field.auto !== undefined;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** Both keys load, and they belong together. Before 3.9 both had to be given, but not to match. */
function checkKeyPair(pem: Readonly<Record<string, unknown>>, settings: Settings, context: Context): void {
  const { private_key: privateText, public_key: publicText } = pem;
  const both = !settings.atLeast('3.9');
  const isGiven = (text: unknown): text is string => typeof text === 'string' && !isVaultReference(text);
  const publicKey = isGiven(publicText) ? parsePublicKey(publicText) : undefined;
  const privateKey = isGiven(privateText) ? parsePrivateKey(privateText) : undefined;
  if (publicKey === undefined && (isGiven(publicText) || (both && publicText === null))) {
    report(context, 'ERR_FIELD_FORMAT', 'could not load public key');
  } else if (privateKey === undefined && (isGiven(privateText) || (both && privateText === null))) {
    report(context, 'ERR_FIELD_FORMAT', 'could not load private key: not an unencrypted PEM private key');
  } else if (!both && privateKey !== undefined && publicKey !== undefined && !isSamePair(privateKey, publicKey)) {
    report(context, 'ERR_FIELD_FORMAT', 'public key does not match private key');
  }
}

function compileList(field: ListField, settings: Settings): CompiledField {
  const item = compileField({ ...field.items, required: true }, settings);
  const isSet = field.kind === 'set';
  const initial = field.default === undefined ? undefined : Object.freeze([...field.default]);
  const check = (value: readonly unknown[], context: Context): readonly unknown[] => {
    const start = context.problems.length;
    const filled: unknown[] = [];
    const seen = isSet && value.length > 1 ? new Set<unknown>() : undefined;
    for (let index = 0; index < value.length; index += 1) {
      const before = context.problems.length;
      const found = item(value[index], context);
      if (context.problems.length > before) within(context, before, index);
      // Records are compared by identity, as in Lua: no two are the same.
      if (seen?.has(found) !== true) filled.push(found);
      seen?.add(found);
    }
    if (context.problems.length === start) checkWhole(field, filled, context);
    return filled;
  };
  return (value, context) => {
    if (Array.isArray(value)) return check(value, context);
    if (value === undefined && initial !== undefined) return initial;
    // A transient list is answered as empty, never as null.
    if (value === null && field.transient === true) return initial;
    if (value === undefined || value === null) return missing(field, context);
    // An empty object and an empty list are one thing in Lua.
    if (isPlainObject(value) && Object.keys(value).length === 0) return check([], context);
    report(context, 'ERR_FIELD_TYPE', isSet ? 'expected a set' : 'expected an array');
    return value;
  };
}

function checkWhole(field: ListField, items: readonly unknown[], context: Context): void {
  if (field.notEmpty === true && items.length === 0) report(context, 'ERR_FIELD_LENGTH', 'length must be at least 1');
  // In the order in which the items name them.
  const groups = new Set(items.map((item) => field.exclusive?.find((group) => group.some((one) => one === item))));
  groups.delete(undefined);
  if (groups.size < 2) return;
  const list = Array.from(groups, (group) => group ?? [])
    .map((group) => `(${quoted(group)})`)
    .join(', ');
  report(context, 'ERR_FIELD_VALUE', `these sets are mutually exclusive: ${list}`);
}

function compileMap(field: MapField, settings: Settings): CompiledField {
  const key = compileField(field.keys, settings);
  const values = compileField({ ...field.values, required: true }, settings);
  return (value, context) => {
    if (value === undefined || value === null) return missing(field, context);
    if (typeof value !== 'object') {
      report(context, 'ERR_FIELD_TYPE', 'expected a map');
      return value;
    }
    if (Array.isArray(value)) {
      // Positions are the keys then, as in Lua, and those are numbers.
      if (value.length > 0) report(context, 'ERR_FIELD_TYPE', 'expected a string');
      return value.length > 0 ? value : {};
    }
    const filled: Record<string, unknown> = {};
    const before = context.problems.length;
    for (const [name, member] of Object.entries(value)) {
      key(name, context);
      // The first problem ends the check of a map.
      if (context.problems.length > before) return value;
      // Kong names the map and the position in the value, not the key; the message does.
      Object.defineProperty(filled, name, {
        value: values(member, context),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return filled;
  };
}

function compileOpaque(field: OpaqueField): CompiledField {
  return (value, context) => {
    if (field.kind === 'json') return value ?? missing(field, context);
    if (value === undefined) return {};
    if (value === null) return missing(field, context);
    if (!isPlainObject(value) && !(Array.isArray(value) && value.length === 0))
      report(context, 'ERR_FIELD_TYPE', 'expected a record');
    return Array.isArray(value) ? {} : value;
  };
}

function compileForbidden(field: ForbiddenField): CompiledField {
  return (value, context) => {
    if (value !== undefined && value !== null) report(context, 'ERR_FIELD_FORBIDDEN', field.message);
    return null;
  };
}
