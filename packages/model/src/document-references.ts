import { describeEntity } from './describe.ts';
import type { DocumentEntry, DocumentProblem } from './document-entries.ts';
import type { EntityType } from './entity-types.ts';
import { entityId, pluginKey } from './ids.ts';
import { isPlainObject } from './value.ts';

/** Stands for a reference that leads nowhere, so that the rest of the entity can still be checked. */
const nowhere = '00000000-0000-0000-0000-000000000000';

/** Finds entities of a document by id or endpoint key, and gives an id to those without one. */
export class DocumentReferences {
  readonly #ids = new Map<DocumentEntry, string>();
  readonly #byKey = new Map<string, string>();
  readonly #known = new Set<string>();
  readonly #problems: DocumentProblem[];

  constructor(entries: readonly DocumentEntry[], problems: DocumentProblem[]) {
    this.#problems = problems;
    for (const entry of entries) this.#register(entry);
  }

  /** The id of an entity: its own, or one derived from what it is called or where it stands. */
  idOf(entry: DocumentEntry): string {
    return this.#ids.get(entry) ?? nowhere;
  }

  /** The input of an entity with its id and with references as `{ id }`; what leads nowhere becomes a problem. */
  resolved(entry: DocumentEntry): Record<string, unknown> {
    const { type, input, parent } = entry;
    const resolved: Record<string, unknown> = { ...input };
    const { primaryKey, references } = describeEntity(type);
    if (primaryKey === 'id' && (input['id'] === undefined || input['id'] === null)) resolved['id'] = this.idOf(entry);
    for (const { field, to, list } of references) {
      if (list === true) this.#checkList(entry, field, to);
      else if (parent?.field === field) resolved[field] = { id: this.#safeId(parent.entry) };
      else resolved[field] = this.#reference(entry, field, to);
    }
    return resolved;
  }

  #register(entry: DocumentEntry): void {
    const { type, input } = entry;
    const { endpointKey, primaryKey } = describeEntity(type);
    const own = input[primaryKey];
    const id = typeof own === 'string' ? own : this.#derivedId(entry);
    this.#ids.set(entry, id);
    this.#known.add(`${type}/${id.toLowerCase()}`);
    const key = endpointKey === undefined ? undefined : input[endpointKey];
    if (typeof key === 'string') this.#byKey.set(`${type}/${key}`, id);
  }

  #derivedId({ type, input, path, parent }: DocumentEntry): string {
    const { endpointKey } = describeEntity(type);
    const key = endpointKey === undefined ? undefined : input[endpointKey];
    const within = parent === undefined ? undefined : this.idOf(parent.entry);
    if (type === 'targets' && typeof key === 'string') {
      const upstream = parent?.entry.input['name'] ?? input['upstream'];
      return entityId(type, `${typeof upstream === 'string' ? upstream : (within ?? '')}:${key}`);
    }
    if (type === 'plugins' && typeof input['name'] === 'string') return entityId(type, this.#pluginKey(input, parent));
    if (typeof key === 'string') return entityId(type, key);
    return entityId(type, path.join('/'));
  }

  #pluginKey(input: DocumentEntry['input'], parent: DocumentEntry['parent']): string {
    const related = (field: string): string | undefined => {
      if (parent?.field === field) return nameOf(parent.entry) ?? this.idOf(parent.entry);
      const value = input[field];
      const id = isPlainObject(value) ? value['id'] : value;
      return typeof id === 'string' ? id : undefined;
    };
    const scope = { service: related('service'), route: related('route'), consumer: related('consumer') };
    return pluginKey(String(input['name']), scope);
  }

  /** An id that is no UUID is already a problem of the entity that has it. */
  #safeId(entry: DocumentEntry): string {
    const id = this.idOf(entry);
    return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id : nowhere;
  }

  #reference(entry: DocumentEntry, field: string, to: EntityType): unknown {
    const value = entry.input[field];
    if (value === undefined || value === null) return value;
    const text = isPlainObject(value) ? value['id'] : value;
    // What is no reference at all is refused with the entity itself.
    if (typeof text !== 'string' || text === '') return isPlainObject(value) ? value : {};
    const id = isPlainObject(value) ? this.#byId(to, text) : (this.#byKey.get(`${to}/${text}`) ?? this.#byId(to, text));
    if (id !== undefined) return { id };
    this.#missing(entry, [field], `${field}: ${text}`, to);
    return { id: nowhere };
  }

  #byId(to: EntityType, id: string): string | undefined {
    return this.#known.has(`${to}/${id.toLowerCase()}`) ? id : undefined;
  }

  #checkList(entry: DocumentEntry, field: string, to: EntityType): void {
    const value = entry.input[field];
    if (!Array.isArray(value)) return;
    value.forEach((id: unknown, index) => {
      if (typeof id === 'string' && this.#byId(to, id) === undefined)
        this.#missing(entry, [field, index], `${field}: ${id}`, to);
    });
  }

  #missing({ type, path }: DocumentEntry, at: readonly (string | number)[], what: string, to: EntityType): void {
    const message = `invalid reference '${what}' (no such entry in '${to}')`;
    this.#problems.push({ code: 'ERR_REFERENCE_MISSING', path: [...path, ...at], message, type });
  }
}

function nameOf({ type, input }: DocumentEntry): string | undefined {
  const { endpointKey } = describeEntity(type);
  const name = endpointKey === undefined ? undefined : input[endpointKey];
  return typeof name === 'string' ? name : undefined;
}
