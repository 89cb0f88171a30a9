import { Graph } from '@koko/incremental';
import type { Change, Contributed, GraphDiff, GraphSize, InputName } from '@koko/incremental';
import type { EntityType } from '@koko/model';
import { parseObject } from './kubernetes/parse-object.ts';
import {
  isPathSegment,
  isTranslatedKind,
  isTranslatedVersion,
  normalizeReference,
  objectKey,
  referenceOfKey,
  translatedKinds,
} from './kubernetes/translated-kinds.ts';
import type { TranslatedKindName } from './kubernetes/translated-kinds.ts';
import type {
  KubernetesObject,
  ObjectChange,
  ObjectProblem,
  ObjectReference,
  TranslatedEntity,
  TranslationDiff,
} from './objects.ts';
import { entityConflict, identityMalformed, translationFailed } from './problems.ts';
import { parseAcceptedKey } from './queries/accepted-mark.ts';
import { indexes } from './queries/indexes.ts';
import { ingressRoutes } from './queries/ingress.ts';
import { SETTINGS_KEY } from './queries/translation-graph.ts';
import type { TranslationInputs, TranslationOutput } from './queries/translation-graph.ts';
import { unusableObject } from './queries/unusable-object.ts';
import { settingsFor } from './translator-options.ts';
import type { TranslatorOptions } from './translator-options.ts';

/** Objects that follow others are selected by an index, and come with those that they follow. */
const demandKinds = translatedKinds
  .filter((entry) => entry.ingest !== 'always' && !('follows' in entry))
  .map(({ kind }) => kind);

/**
 * Translates Kubernetes objects to Kong entities and keeps the result up to date: a change costs work in proportion to what
 * it affects. The result depends on the objects alone, not on the order in which they came.
 */
export class Translator {
  readonly #graph: Graph<TranslationInputs, TranslationOutput, ObjectProblem>;

  constructor(options: TranslatorOptions = {}) {
    this.#graph = new Graph<TranslationInputs, TranslationOutput, ObjectProblem>({
      indexes,
      roots: [
        { kind: 'Ingress', query: ingressRoutes },
        { kind: 'Unusable', query: unusableObject },
      ],
      demandKinds,
      problemKey: (problem) => JSON.stringify(problem),
      conflict: conflictBetween,
      onThrow: translationFailed,
    });
    this.#graph.apply([{ kind: 'Settings', key: SETTINGS_KEY, object: settingsFor(options) }]);
  }

  /**
   * Takes in objects as they are now, however malformed, and returns what that changes. Kinds, groups and versions that are
   * not among `translatedKinds` count as absent.
   */
  apply(changes: Iterable<ObjectChange>): TranslationDiff {
    return diffOf(this.#graph.apply(inputChanges(changes)));
  }

  /** All entities, in byte order of type and id. */
  entities(): Iterable<TranslatedEntity> {
    return this.#graph.outputs().flatMap(({ value }) => (value.type === 'accepted' ? [] : [value]));
  }

  /** All objects of kinds with a status that are ours. */
  accepted(): Iterable<ObjectReference> {
    return this.#graph.outputs().flatMap(({ value }) => (value.type === 'accepted' ? [value.reference] : []));
  }

  /** All objects of kinds that are not ingested `always` to which translation refers, whether they are there or not. */
  demanded(): Iterable<ObjectReference> {
    return this.#graph.demanded().map(referenceOfName);
  }

  /** All problems, in an order of their own that does not depend on history. */
  problems(): Iterable<ObjectProblem> {
    return this.#graph.problems();
  }

  /** How often each query has run so far, by its name: the cost of changes, for tests and metrics. */
  runs(): Readonly<Record<string, number>> {
    return this.#graph.runs();
  }

  /** What is held in memory, by count; without objects as much as at the start. For tests and metrics. */
  size(): GraphSize {
    return this.#graph.size();
  }
}

function* inputChanges(changes: Iterable<ObjectChange>): Iterable<Change<TranslationInputs>> {
  for (const { reference, object } of changes) {
    const { kind } = reference;
    if (!isTranslatedKind(kind)) continue;
    const normalized = normalizeReference(reference);
    const current = isTranslatedVersion(kind, object?.apiVersion) ? object : undefined;
    const field = unusableField(normalized);
    yield field === undefined ? parsedChange(kind, normalized, current) : unusableChange(normalized, field, current);
  }
}

/** The only trace of an object that cannot be told from others. */
function unusableChange(
  reference: ObjectReference,
  field: 'name' | 'namespace',
  object: KubernetesObject | undefined,
): Change<TranslationInputs> {
  const unusable = object && { problem: identityMalformed(printable(reference), field) };
  return {
    kind: 'Unusable',
    key: JSON.stringify([reference.kind, reference.namespace, reference.name]),
    object: unusable,
  };
}

function parsedChange(
  kind: TranslatedKindName,
  reference: ObjectReference,
  object: KubernetesObject | undefined,
): Change<TranslationInputs> {
  const parsed = object && parseObject(kind, object, reference);
  // The compiler does not see that the parsed object is of the kind it was parsed for.
  return { kind, key: objectKey(reference), object: parsed } as Change<TranslationInputs>;
}

/** Keys of objects are joined by slashes, so a name with one could pass for another object. */
function unusableField({ namespace, name }: ObjectReference): 'name' | 'namespace' | undefined {
  if (!isPathSegment(name)) return 'name';
  return namespace === undefined || isPathSegment(namespace) ? undefined : 'namespace';
}

/** Names that are no text at all still have to be reported in some way. */
function printable({ kind, ...names }: ObjectReference): ObjectReference {
  const { namespace, name }: { readonly namespace?: unknown; readonly name: unknown } = names; // nobody has checked them
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace: printableName(namespace) }),
    name: printableName(name),
  };
}

function printableName(name: unknown): string {
  return typeof name === 'string' ? name : (JSON.stringify(name) ?? '');
}

/** A default backend's service gives way to the same service with a path, which a rule made; that is no conflict. */
function conflictBetween(
  { value: winner, origin }: Contributed<TranslationOutput>,
  { value: loser, origin: other }: Contributed<TranslationOutput>,
): ObjectProblem | undefined {
  if (winner.type === 'accepted' || loser.type === 'accepted') return undefined; // those of one key are equal
  const isSameService = origin.key === other.key && winner.type === 'services';
  return isSameService ? undefined : entityConflict(winner, loser);
}

function diffOf(diff: GraphDiff<TranslationOutput, ObjectProblem>): TranslationDiff {
  const upserts: TranslatedEntity[] = [];
  const accepted: ObjectReference[] = [];
  for (const { value } of diff.upserts) {
    if (value.type === 'accepted') accepted.push(value.reference);
    else upserts.push(value);
  }
  const disowned = diff.deletes.flatMap((key) => parseAcceptedKey(key) ?? []);
  const deletes = disowned.length === 0 ? diff.deletes : diff.deletes.filter((key) => !parseAcceptedKey(key));
  const { problemsAdded, problemsRemoved } = diff;
  return {
    upserts,
    deletes: deletes.map(parseEntityKey),
    problemsAdded,
    problemsRemoved,
    demanded: diff.demanded.map(referenceOfName),
    released: diff.released.map(referenceOfName),
    accepted,
    disowned,
  };
}

function referenceOfName({ kind, key }: InputName): ObjectReference {
  return referenceOfKey(kind, key);
}

function parseEntityKey(key: string): { type: EntityType; id: string } {
  const slash = key.indexOf('/');
  // Keys are made by `emitEntity` from a type and an id.
  return { type: key.slice(0, slash) as EntityType, id: key.slice(slash + 1) };
}
