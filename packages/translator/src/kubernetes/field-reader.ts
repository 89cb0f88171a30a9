import { isDeepStrictEqual } from 'node:util';
import type { ObjectProblem, ObjectReference } from '../objects.ts';

type Path = readonly (string | number)[];

/** An object may be nothing but mistakes; more than so many help nobody. */
const MAX_PROBLEMS = 100;

/**
 * Reads fields of an object that nobody has checked. A field of the wrong type is reported once, with its path, and then
 * counts as absent, so that the rest of the object works. `null` counts as absent, as in Kubernetes.
 */
export class FieldReader {
  readonly path: Path;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #reference: ObjectReference;
  readonly #problems: ObjectProblem[];

  private constructor(fields: unknown, path: Path, reference: ObjectReference, problems: ObjectProblem[]) {
    this.path = path;
    this.#fields = isRecord(fields) ? fields : {};
    this.#reference = reference;
    this.#problems = problems;
  }

  /** A reader of the whole object, which adds what it finds wrong to `problems`. */
  static of(object: unknown, reference: ObjectReference, problems: ObjectProblem[]): FieldReader {
    return new FieldReader(object, [], reference, problems);
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  string(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'string') return value;
    return this.#refuse(name, 'a string', value);
  }

  isNumber(name: string): boolean {
    return typeof this.#value(name) === 'number';
  }

  isNegative(name: string): boolean {
    const value = this.#value(name);
    return typeof value === 'number' && value < 0;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#refuse(name, 'true or false', value);
  }

  /** A whole number from 0 to 65535. */
  port(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
    return this.#refuse(name, 'a port number from 0 to 65535', value);
  }

  /** The record under `name`; one without any field when it is absent. */
  at(name: string): FieldReader {
    return this.find(name) ?? this.#child(undefined, [name]);
  }

  /** The record under `name`, or `undefined` when it is absent. */
  find(name: string): FieldReader | undefined {
    const value = this.#value(name);
    if (value === undefined || isRecord(value)) return value && this.#child(value, [name]);
    return this.#refuse(name, 'a mapping', value);
  }

  records(name: string): readonly FieldReader[] {
    return this.#list(name).flatMap((value, index) => {
      if (isRecord(value)) return [this.#child(value, [name, index])];
      this.#report([name, index], 'a mapping', value);
      return [];
    });
  }

  strings(name: string): readonly string[] {
    return this.#list(name).filter((value, index) => {
      if (typeof value !== 'string') this.#report([name, index], 'a string', value);
      return typeof value === 'string';
    });
  }

  /** Reports that the field `name` does not hold `expected`, e.g. after a check of its own by the caller. */
  refuse(name: string, expected: string): undefined {
    const value = this.#value(name);
    this.#report([name], expected, value, typeof value === 'string' ? 'another string' : typeName(value));
    return undefined;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#value(name);
    if (value === undefined || Array.isArray(value)) return value ?? [];
    this.#report([name], 'a list', value);
    return [];
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  #child(fields: unknown, steps: Path): FieldReader {
    return new FieldReader(fields, [...this.path, ...steps], this.#reference, this.#problems);
  }

  #refuse(name: string, expected: string, value: unknown): undefined {
    this.#report([name], expected, value);
    return undefined;
  }

  /** Names the type only: a value of the wrong type may still be a secret. */
  #report(steps: Path, expected: string, value: unknown, found = typeName(value)): void {
    const path = [...this.path, ...steps];
    if (this.#problems.length >= MAX_PROBLEMS || this.#problems.some((known) => isDeepStrictEqual(known.path, path)))
      return;
    const message = `Field ${formatPath(path)} must be ${expected}, but is ${found}; it is ignored until corrected`;
    this.#problems.push({ code: 'ERR_TRANSLATE_FIELD_MALFORMED', path, message, objects: [this.#reference] });
  }
}

/** `spec.rules[0].host` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'absent';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return `a ${typeof value}`;
}
