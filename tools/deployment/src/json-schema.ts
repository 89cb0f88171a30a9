/** The part of JSON Schema (draft 7) that Helm checks values with and that ours are written in. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
}

type Details = Omit<JsonSchema, 'description' | 'type' | 'default'>;

export function text(standard: string, description: string, details: Details = {}): JsonSchema {
  return { description, type: 'string', default: standard, ...details };
}

export function choice(options: readonly [string, ...string[]], description: string): JsonSchema {
  return { description, type: 'string', default: options[0], enum: options };
}

export function flag(standard: boolean, description: string): JsonSchema {
  return { description, type: 'boolean', default: standard };
}

export function integer(standard: number, description: string, details: Details = { minimum: 1 }): JsonSchema {
  return { description, type: 'integer', default: standard, ...details };
}

export function list(standard: readonly unknown[], description: string, items: JsonSchema = {}): JsonSchema {
  return { description, type: 'array', default: standard, items };
}

/** Passed on as it is; the API server checks it. */
export function kubernetesObject(standard: object, description: string): JsonSchema {
  return { description, type: 'object', default: standard };
}

/** Texts by name, such as labels. */
export function texts(description: string): JsonSchema {
  return { description, type: 'object', default: {}, additionalProperties: { type: 'string' } };
}

/** These properties and no other. */
export function group(description: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { description, type: 'object', properties, additionalProperties: false };
}
