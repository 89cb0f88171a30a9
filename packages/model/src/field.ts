import type { CheckName } from './checks/named-checks.ts';
import type { RouterFlavor } from './settings.ts';

interface FieldBase {
  /** Null and absence are problems (unless there is a default for absence). */
  readonly required?: true;
  /** First version of Kong that knows the field. */
  readonly since?: string;
  /** Router flavours that know the field; all when absent. */
  readonly flavors?: readonly RouterFlavor[];
  /** Part of a combination or alone: no two entities may have the same value (null excepted). */
  readonly unique?: true;
  /** Known on input only: never part of what is stored for, or sent to, data planes. */
  readonly transient?: true;
}

export interface StringField extends FieldBase {
  readonly kind: 'string';
  readonly default?: string;
  readonly oneOf?: readonly string[];
  readonly notOneOf?: readonly string[];
  /** First version that knows a value of `oneOf`; values not named are as old as the field. */
  readonly valuesSince?: Readonly<Record<string, string>>;
  readonly checks?: readonly CheckName[];
  /** `uuid`: a random UUID when absent; `random`: 32 random letters and digits when absent. */
  readonly auto?: 'uuid' | 'random';
  /** `{vault://...}` skips the other checks. */
  readonly referenceable?: true;
  /** Exact length in characters. */
  readonly length?: number;
}

export interface NumberField extends FieldBase {
  readonly kind: 'integer' | 'number';
  readonly default?: number | null;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly number[];
  /** When an explicit null is given, the default is taken (a database would not store the null). */
  readonly nullIsDefault?: true;
}

export interface BooleanField extends FieldBase {
  readonly kind: 'boolean';
  readonly default?: boolean;
  /** The one value that is refused, with this message. */
  readonly not?: { readonly value: boolean; readonly message: string };
}

/** A moment set by whoever writes: > 0; absent and null are left out. */
export interface TimestampField extends FieldBase {
  readonly kind: 'timestamp';
  /** Whether fractions of a second are allowed. */
  readonly fraction?: true;
  /** Overwritten on each write, so that what the input says is not even checked. */
  readonly onWrite?: true;
}

export interface ReferenceField extends FieldBase {
  readonly kind: 'reference';
  readonly to: string;
  /** What deleting the referred entity does to this one: deletes it, or is refused. */
  readonly onDelete: 'cascade' | 'restrict';
}

export interface RecordField extends FieldBase {
  readonly kind: 'record';
  readonly fields: Fields;
  /** Null when absent, instead of being filled from the defaults of its members. */
  readonly optional?: true;
  readonly atLeastOneOf?: readonly string[];
  /** A check over the record as a whole. */
  readonly check?: 'keyPair';
}

export interface ListField extends FieldBase {
  readonly kind: 'array' | 'set';
  readonly items: Field;
  readonly default?: readonly (string | number)[];
  readonly notEmpty?: true;
  /** Items may come from one of these groups only. */
  readonly exclusive?: readonly (readonly string[])[];
  /** The list holds primary keys of these entities (not declared as a reference by Kong). */
  readonly refersTo?: { readonly to: string; readonly onDelete: 'cascade' | 'restrict' };
}

export interface MapField extends FieldBase {
  readonly kind: 'map';
  readonly keys: StringField;
  readonly values: Field;
}

/** Any JSON value (`json`), or an object whose content others check (`object`). */
export interface OpaqueField extends FieldBase {
  readonly kind: 'json' | 'object';
}

/** Must be null; stands in for a field that a variant of the entity forbids. */
export interface ForbiddenField extends FieldBase {
  readonly kind: 'forbidden';
  readonly message: string;
}

export type Field =
  | StringField
  | NumberField
  | BooleanField
  | TimestampField
  | ReferenceField
  | RecordField
  | ListField
  | MapField
  | OpaqueField
  | ForbiddenField;

export type Fields = { readonly [name: string]: Field };
