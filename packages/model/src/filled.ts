import type { EntityDescription } from './description.ts';
import type {
  BooleanField,
  Field,
  Fields,
  ListField,
  MapField,
  NumberField,
  RecordField,
  StringField,
} from './field.ts';

/** A reference to another entity, as entities hold it in memory. */
export interface Reference {
  readonly id: string;
}

/** The value of a field when it is set. */
type ValueOf<F extends Field> = F extends StringField
  ? TextOf<F>
  : F extends NumberField
    ? F extends { readonly oneOf: readonly (infer N)[] }
      ? N
      : number
    : F extends BooleanField
      ? boolean
      : F extends { readonly kind: 'timestamp' }
        ? number
        : F extends { readonly kind: 'reference' }
          ? Reference
          : F extends RecordField
            ? Filled<F['fields']>
            : F extends ListField
              ? readonly ValueOf<F['items']>[]
              : F extends MapField
                ? Readonly<Record<string, ValueOf<F['values']>>>
                : F extends { readonly kind: 'object' }
                  ? Readonly<Record<string, unknown>>
                  : unknown;

type TextOf<F extends StringField> = F extends { readonly oneOf: readonly (infer V)[] } ? V : string;

/** Fields that a filled entity always has a value for. */
type Certain =
  | { readonly required: true }
  | { readonly auto: 'uuid' }
  | { readonly nullIsDefault: true }
  | { readonly transient: true };

type NeverNull<F extends Field> = F extends Certain
  ? true
  : F extends RecordField
    ? F extends { readonly optional: true }
      ? false
      : true
    : false;

type FilledField<F extends Field> = NeverNull<F> extends true ? ValueOf<F> : ValueOf<F> | null;

/** Names that may be missing from a filled entity: moments that nobody has set, and fields of some flavours only. */
type Optional<F extends Fields> = {
  [N in keyof F]: F[N] extends { readonly kind: 'timestamp' } | { readonly flavors: readonly string[] } ? N : never;
}[keyof F];

type Filled<F extends Fields> = { readonly [N in Exclude<keyof F, Optional<F>>]: FilledField<F[N]> } & {
  readonly [N in Optional<F>]?: F[N] extends { readonly kind: 'timestamp' } ? number : FilledField<F[N]>;
};

/** The filled entity of a description. */
export type EntityWith<D extends EntityDescription> = Filled<D['fields']> &
  (D extends { readonly ttl: true } ? { readonly ttl?: number } : unknown);
