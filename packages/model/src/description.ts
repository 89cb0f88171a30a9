import type { Fields } from './field.ts';
import type { Rule } from './rules/rule.ts';

/** Ways of writing several fields as one, resolved before anything is checked. */
export type ShorthandName = 'serviceUrl' | 'upstreamHashing';

/** What a write does to a valid entity, once. */
export type TransformName = 'basicAuthPassword' | 'oauth2Secret' | 'certificateDigest' | 'targetAddress';

/** Fields and rules that hold for some entities of a type only, chosen by the value of one field. */
export interface Variant {
  /** Values of the deciding field; for a list, the first item that any variant knows decides. */
  readonly values: readonly string[];
  /** Fields that replace those of the type. */
  readonly fields: Fields;
  readonly rules?: readonly Rule[];
}

/** Everything this package knows about an entity type. The rest of the package only reads such descriptions. */
export interface EntityDescription {
  /** Collection name, e.g. `services`. */
  readonly type: string;
  readonly primaryKey: 'id' | 'key';
  /** The field that may stand for the id in URLs and documents. */
  readonly endpointKey?: string;
  /** Combinations that are unique, with null counting as a value. */
  readonly compositeKeys?: readonly (readonly string[])[];
  readonly fields: Fields;
  readonly shorthands?: readonly ShorthandName[];
  readonly rules?: readonly Rule[];
  readonly transforms?: readonly TransformName[];
  readonly variants?: { readonly by: string; readonly unknown: string; readonly of: readonly Variant[] };
  /** Entities may carry `ttl`, seconds to live. */
  readonly ttl?: true;
  /** False: never sent to data planes. */
  readonly exported?: false;
  /** First version of Kong that knows the type. */
  readonly since?: string;
}
