import { objectKey } from './api-object.ts';
import { StatusError, expired } from './status-error.ts';
import type { ApiObject } from './api-object.ts';
import type { Collection } from './collection.ts';
import type { Matcher } from './selectors.ts';

/** What a list asks for beyond the kind. */
export interface ListQuery {
  readonly namespace: string | undefined;
  readonly matches: Matcher | undefined;
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
}

export interface ListPage {
  readonly items: readonly ApiObject[];
  readonly revision: number;
  readonly continueToken: string;
  readonly remaining: number | undefined;
}

interface Position {
  /** -1 goes on at the present, after the list's own revision has expired. */
  readonly revision: number;
  /** Key of the last object of the page before. */
  readonly after: string;
}

/** One page of a list; all pages of a list show the state of its first, while history reaches back that far. */
export function listPage(collection: Collection, current: number, query: ListQuery): ListPage {
  const position = startOf(collection, current, query);
  const revision = position.revision < 0 ? current : position.revision;
  const rest = collection.sortedAt(revision).filter(selection(query, position.after));
  const items = query.limit > 0 ? rest.slice(0, query.limit) : rest;
  const last = items.at(-1);
  if (last === undefined || items.length === rest.length)
    return { items, revision, continueToken: '', remaining: undefined };
  const after = keyOf(last);
  const remaining = query.matches === undefined ? rest.length - items.length : undefined;
  return { items, revision, continueToken: tokenFor({ revision, after }), remaining };
}

function selection({ namespace, matches }: ListQuery, after: string): (object: ApiObject) => boolean {
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (after === '' || keyOf(object) > after) &&
    (matches === undefined || matches(object));
}

function startOf(collection: Collection, current: number, query: ListQuery): Position {
  if (query.continueToken !== '') return continued(collection, query);
  const { resourceVersion, resourceVersionMatch } = query;
  if (resourceVersion === '' && resourceVersionMatch !== '')
    throw new StatusError(
      422,
      `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersion is missing`,
    );
  const wanted = revisionNumber(resourceVersion);
  if (wanted > current) throw tooLarge(wanted, current);
  if (resourceVersionMatch !== 'Exact') return { revision: current, after: '' };
  if (!collection.reachesBackTo(wanted))
    throw expired(`The resourceVersion ${wanted} for the provided list is too old.`);
  return { revision: wanted, after: '' };
}

function continued(collection: Collection, { continueToken, resourceVersion }: ListQuery): Position {
  if (resourceVersion !== '' && resourceVersion !== '0')
    throw new StatusError(400, 'specifying resource version is not allowed when using continue');
  const position = positionOf(continueToken);
  if (position.revision >= 0 && !collection.reachesBackTo(position.revision)) {
    const inconsistent = tokenFor({ revision: -1, after: position.after });
    throw expired(
      'The continue parameter is too old. Start a new list, or go on with the token in metadata.continue, which shows the present.',
      { continue: inconsistent },
    );
  }
  return position;
}

/** Too far ahead of what the server knows, as after the data of etcd is lost. */
export function tooLarge(wanted: number, current: number): StatusError {
  return new StatusError(504, `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
    retryAfterSeconds: 1,
  });
}

/** A resource version as a number; 0 where none is given. */
export function revisionNumber(text: string): number {
  if (!/^\d*$/.test(text)) throw new StatusError(400, `Invalid value: "${text}" is no resource version`);
  return Number(text);
}

function keyOf({ metadata }: ApiObject): string {
  return objectKey(metadata.namespace, metadata.name);
}

function tokenFor({ revision, after }: Position): string {
  return Buffer.from(JSON.stringify([revision, after])).toString('base64url');
}

function positionOf(token: string): Position {
  try {
    const [revision, after]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof revision === 'number' && typeof after === 'string') return { revision, after };
  } catch {
    // Answered below like any other token that is not ours.
  }
  throw new StatusError(400, 'continue key is not valid: it was not given out by this server');
}
