import { isRecord } from './api-object.ts';
import { StatusError } from './status-error.ts';
import type { ApiObject } from './api-object.ts';
import type { ServedKind } from './served-kind.ts';

export type Matcher = (object: ApiObject) => boolean;

const REQUIREMENT = /^\s*(!?)\s*([A-Za-z0-9][\w./-]*)\s*(?:(==|=|!=)\s*([\w.-]*)|(in|notin)\s*\(([^)]*)\))?\s*$/;
const COMMA_OUTSIDE_PARENTHESES = /,(?![^(]*\))/;

/** Reads a label selector, equality-based and set-based. */
export function labelMatcher(selector: string): Matcher {
  const requirements = selector.split(COMMA_OUTSIDE_PARENTHESES).map(labelRequirement);
  return (object) => requirements.every((matches) => matches(object.metadata.labels ?? {}));
}

function labelRequirement(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const [, not, key = '', sign, value = '', word, set = ''] = REQUIREMENT.exec(text) ?? refuse(text);
  const values = set.split(',').map((item) => item.trim());
  if (not === '!') return (labels) => labels[key] === undefined;
  if (word === 'in') return (labels) => labels[key] !== undefined && values.includes(labels[key]);
  if (word === 'notin') return (labels) => labels[key] === undefined || !values.includes(labels[key]);
  if (sign === '!=') return (labels) => labels[key] !== value;
  if (sign === undefined) return (labels) => labels[key] !== undefined;
  return (labels) => labels[key] === value;
}

function refuse(text: string): never {
  throw new StatusError(400, `unable to parse requirement: "${text}" is no label requirement`);
}

/** Reads a field selector over the fields that the kind can be selected by. */
export function fieldMatcher(kind: ServedKind, selector: string): Matcher {
  const requirements = selector.split(',').map((text) => fieldRequirement(kind, text));
  return (object) => requirements.every((matches) => matches(object));
}

function fieldRequirement(kind: ServedKind, text: string): Matcher {
  const [, field = '', sign, value = ''] = /^\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*$/.exec(text) ?? refuse(text);
  const known = ['metadata.name', 'metadata.namespace', ...kind.selectableFields];
  if (!known.includes(field)) throw new StatusError(400, `field label not supported: ${field}`);
  return (object) => (textAt(object, field.split('.')) === value) === (sign !== '!=');
}

function textAt(object: unknown, path: readonly string[]): string {
  let value: unknown = object;
  for (const step of path) value = isRecord(value) ? value[step] : undefined;
  return typeof value === 'string' ? value : '';
}

export function everyOf(matchers: readonly Matcher[]): Matcher {
  return (object) => matchers.every((matches) => matches(object));
}
