import type { EntityType } from '@koko/model';
import type { DeclarativeEntity } from './declarative-entity.ts';
import { pathFor2x } from './route-paths-2x.ts';
import type { Version } from './version.ts';

/** What a rewrite makes of an entity: another one, or nothing with the reason. `note` says what an operator may miss. */
export type Rewritten = { readonly entity: DeclarativeEntity; readonly note?: string } | { readonly omitted: string };

/** A change for data planes below a version; undefined when the entity is not concerned. */
export interface Rewrite {
  readonly below: Version;
  readonly type: EntityType;
  readonly rewrite: (entity: DeclarativeEntity) => Rewritten | undefined;
}

const at = (major: number, minor: number): Version => ({ major, minor });

const isSet = (value: unknown): boolean => value !== null && value !== undefined;

/** Keeps the items that can be expressed. Without any, the entity is omitted, since an empty list would match everything. */
const filterList =
  (field: string, keep: (item: string) => string | undefined, why: string) =>
  (entity: DeclarativeEntity): Rewritten | undefined => {
    const value = entity[field];
    if (!Array.isArray(value)) return undefined;
    const list: readonly string[] = value; // the model makes these fields lists of strings
    const kept = list.map(keep).filter((item) => item !== undefined);
    if (kept.length < list.length && kept.length === 0) {
      return { omitted: `none of its ${field} can be expressed: ${why}` };
    }
    if (kept.length < list.length) {
      return { entity: { ...entity, [field]: kept }, note: `some of its ${field} left out: ${why}` };
    }
    return kept.every((item, index) => item === list[index]) ? undefined : { entity: { ...entity, [field]: kept } };
  };

const omitWhere =
  (holds: (entity: DeclarativeEntity) => boolean, reason: string) =>
  (entity: DeclarativeEntity): Rewritten | undefined =>
    holds(entity) ? { omitted: reason } : undefined;

/**
 * What fields and values alone cannot say, because leaving something out would change the meaning of the entity. Fields,
 * values and types that a version does not know are the business of `entityForVersion` in the model.
 */
export const coreRewrites: readonly Rewrite[] = [
  { below: at(3, 7), type: 'routes', rewrite: omitWhere(hasNewSyntax, 'its expression needs 3.7') },
  { below: at(3, 7), type: 'routes', rewrite: withoutMatchingFields },
  { below: at(3, 7), type: 'routes', rewrite: filterList('snis', withoutWildcard, 'wildcards need 3.7') },
  { below: at(3, 0), type: 'routes', rewrite: omitWhere(hasExpression, 'expressions need 3.0') },
  { below: at(3, 0), type: 'routes', rewrite: withoutExpressionFields },
  { below: at(3, 0), type: 'routes', rewrite: filterList('paths', pathFor2x, '2.x would read them differently') },
];

function withoutWildcard(sni: string): string | undefined {
  return sni.includes('*') ? undefined : sni;
}

function hasExpression({ expression }: DeclarativeEntity): boolean {
  return isSet(expression);
}

/** Refused by 3.4.2, taken by 3.9.3; the version between that first takes it is not on record. */
const newSyntax = /!\s*\(|\bhttp\.path\.segments\b/;
const textLiteral = /"(?:[^"\\]|\\.)*"|r#".*?"#/gs;

function hasNewSyntax({ expression }: DeclarativeEntity): boolean {
  return typeof expression === 'string' && newSyntax.test(expression.replaceAll(textLiteral, '""'));
}

const matchingFields: ReadonlySet<string> = new Set(
  'hosts paths methods headers snis sources destinations regex_priority path_handling'.split(' '),
);

/** Up to 3.6 a route with an expression has no other matching fields, not even with their defaults. */
function withoutMatchingFields(entity: DeclarativeEntity): Rewritten | undefined {
  if (!hasExpression(entity) || ![...matchingFields].some((field) => isSet(entity[field]))) return undefined;
  return { entity: Object.fromEntries(Object.entries(entity).filter(([field]) => !matchingFields.has(field))) };
}

/** A priority means nothing without an expression. */
function withoutExpressionFields(entity: DeclarativeEntity): Rewritten | undefined {
  if (!isSet(entity['priority'])) return undefined; // null is accepted everywhere
  const { expression: _expression, priority: _priority, ...rest } = entity;
  return { entity: rest };
}
