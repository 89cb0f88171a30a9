import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isEntityType, transformEntity, validateEntity } from '../src/index.ts';
import type { EntityType, Result, EntityOf, RouterFlavor } from '../src/index.ts';
import { dotted, errorPaths, readLines, sharedPath } from './shared.ts';
import type { NestedErrors } from './shared.ts';

/** One recorded entity: what a real Kong said of it. */
interface Line {
  readonly id: string;
  readonly type: string;
  readonly routerFlavor?: RouterFlavor;
  readonly entity: Readonly<Record<string, unknown>>;
  readonly verdict: 'accepted' | 'refused' | 'crashed';
  readonly errors?: NestedErrors;
  readonly filled?: Readonly<Record<string, unknown>> | null;
  /** Present when the surroundings decided, not the entity. */
  readonly schema?: string;
  readonly versions?: Readonly<Record<string, 'same' | Pick<Line, 'verdict' | 'errors'>>>;
}

/** Where we mean to differ, by rule; each has its row in the README. */
const knownDifferences: readonly ((line: Line, result: Result<EntityOf<EntityType>>) => boolean)[] = [
  // A counter of 255 passes Kong's schema and then breaks the balancer.
  ({ verdict }, result) =>
    verdict === 'accepted' &&
    !result.ok &&
    result.problems.every(({ message }) => message.endsWith('between 0 and 254')),
  // A null that a database would not store becomes the default.
  ({ type, entity }, result) => result.ok && entity[type === 'targets' ? 'weight' : 'slots'] === null,
  // A reference that leads nowhere is found by whoever holds the other entities: the store, or validateDocument.
  ({ verdict, errors }, result) =>
    verdict === 'refused' && result.ok && /^\{"[a-z_]+":\{"id":"[0-9a-f-]{36}"\}\}$/.test(JSON.stringify(errors)),
];

const folder = sharedPath('verdicts/entities');
// Shape as the README beside the files says.
const lines = (
  folder === undefined ? [] : readdirSync(folder).flatMap((file) => readLines(join(folder, file)))
) as readonly Line[];
const judged = lines.filter((line) => line.schema === undefined && isEntityType(line.type) && line.type !== 'plugins');
const whenRecorded = folder === undefined ? describe.skip : describe;
if (folder === undefined) process.emitWarning('No recorded verdicts beside the repository: they are not compared');

function validate({ type, entity, routerFlavor }: Line, version: string): Result<EntityOf<EntityType>> {
  // `judged` holds known types only.
  return validateEntity(type as EntityType, entity, {
    version,
    ...(routerFlavor === undefined ? {} : { routerFlavor }),
  });
}

/** In what way our verdict differs from the recorded one, if it does. */
function difference(
  line: Line,
  verdict: Pick<Line, 'verdict' | 'errors' | 'filled'>,
  version: string,
): string | undefined {
  const result = validate(line, version);
  if (result.ok !== (verdict.verdict === 'accepted'))
    return `${verdict.verdict} by Kong: ${JSON.stringify(result).slice(0, 300)}`;
  if (!result.ok) {
    if (verdict.verdict === 'crashed') return undefined;
    const ours = [...new Set(result.problems.map(({ path }) => dotted(path)))].toSorted();
    const theirs = errorPaths(verdict.errors);
    return ours.join(' ') === theirs.join(' ') ? undefined : `fields: ${ours.join(' ')} instead of ${theirs.join(' ')}`;
  }
  // The filled form is not recorded for types without endpoints.
  return verdict.filled === undefined || verdict.filled === null
    ? undefined
    : fillDifference(line, result.value, verdict.filled);
}

function fillDifference(
  { type, entity }: Line,
  value: EntityOf<EntityType>,
  filled: Line['filled'],
): string | undefined {
  const stored = transformEntity(type as EntityType, value) as Readonly<Record<string, unknown>>; // compared by name
  const names = new Set([...Object.keys(stored), ...Object.keys(filled ?? {})]);
  // Moments are the node's clock unless given, and always for the second.
  names.delete('updated_at');
  if (entity['created_at'] === undefined || entity['created_at'] === null) names.delete('created_at');
  const differing = [...names].filter((name) => {
    const theirs = filled?.[name];
    return theirs !== '<generated>' && theirs !== '<hashed>' && canonical(theirs) !== canonical(stored[name]);
  });
  return differing.length === 0 ? undefined : `filled otherwise: ${differing.join(' ')}`;
}

/** Without the order of members; `{}` and `[]` are one. The recordings mask what looks like a memory address. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'string') return inner.replaceAll(/0x(?:[0-9a-fA-F]+|\.\.\.)/g, '0x');
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return entries.length === 0 ? [] : Object.fromEntries(entries);
  });
}

function isKnown(line: Line): boolean {
  const result = validate(line, '3.9.3');
  return knownDifferences.some((applies) => applies(line, result));
}

whenRecorded('verdicts of Kong 3.9.3', () => {
  it('are ours, but for the known differences', () => {
    const differing = judged.flatMap((line) => {
      const found = difference(line, line, '3.9.3');
      return found === undefined || isKnown(line) ? [] : [`${line.id}: ${found}`];
    });
    expect(differing).toEqual([]);
  });

  it('are ours in at least 99 of 100 cases, known differences included', () => {
    const agreeing = judged.filter((line) => validate(line, '3.9.3').ok === (line.verdict === 'accepted'));
    expect(judged.length).toBeGreaterThan(1000);
    expect(agreeing.length / judged.length).toBeGreaterThanOrEqual(0.99);
  });

  it('do not depend on the order of members', () => {
    const differing = judged.filter((line) => {
      const entity = Object.fromEntries(Object.entries(line.entity).toReversed());
      return validate({ ...line, entity }, '3.9.3').ok !== validate(line, '3.9.3').ok;
    });
    expect(differing).toEqual([]);
  });
});

whenRecorded.each(['3.10-dev', '3.4.2', '2.8.5'])('verdicts of Kong %s', (version) => {
  const others = judged.flatMap((line) => {
    const other = line.versions?.[version];
    if (other === undefined) return [];
    return [
      {
        line,
        verdict: other === 'same' ? { verdict: line.verdict, ...(line.errors && { errors: line.errors }) } : other,
      },
    ];
  });

  it('are ours in at least 99 of 100 cases, with the same fields in 98', () => {
    const differing = others.filter(
      ({ line, verdict }) => validate(line, version).ok !== (verdict.verdict === 'accepted'),
    );
    expect(differing.length / others.length).toBeLessThanOrEqual(0.01);
    // A type that does not exist yet is a member of the document for Kong, and a problem of the whole here.
    const comparable = others.filter(({ line }) => !isMissingType(line, version));
    const otherwise = comparable.flatMap(({ line, verdict }) => {
      const found = difference(line, verdict, version);
      return found === undefined ? [] : [`${line.id}: ${found}`];
    });
    expect(otherwise.length / comparable.length).toBeLessThanOrEqual(0.02);
  });
});

function isMissingType(line: Line, version: string): boolean {
  const result = validate(line, version);
  return !result.ok && result.problems[0].code === 'ERR_ENTITY_TYPE_UNKNOWN';
}
