import { Document, isMap, isScalar } from 'yaml';
import type { Scalar, YAMLMap } from 'yaml';
import type { JsonSchema } from './json-schema.ts';

/** `values.yaml`: every value with its default, and above it what it is for. */
export function valuesYaml(values: JsonSchema): string {
  const document = new Document(defaultsOf(values));
  if (isMap(document.contents)) explain(document.contents as YAMLMap<Scalar>, values);
  return document.toString({ lineWidth: 120 });
}

function explain(map: YAMLMap<Scalar>, { properties = {} }: JsonSchema): void {
  map.items.forEach(({ key, value }, index) => {
    const schema = properties[String(key.value)] ?? {};
    key.commentBefore = commentOf(schema);
    if (index > 0 && schema.properties !== undefined) key.spaceBefore = true;
    if (isMap(value) && schema.properties !== undefined) explain(value as YAMLMap<Scalar>, schema);
    if (isScalar(value) && typeof value.value === 'string') value.type = 'QUOTE_SINGLE';
  });
}

function commentOf({ description = '', enum: options }: JsonSchema): string {
  const choices = options === undefined ? '' : ` One of: ${options.join(', ')}.`;
  return wrapped(` ${description}${choices}`);
}

function wrapped(line: string): string {
  return line.replaceAll(/(.{1,110})(?: |$)/g, '$1\n ').trimEnd();
}

/** The defaults of a schema's properties, in their order. */
export function defaultsOf({ properties, default: standard }: JsonSchema): unknown {
  if (properties === undefined) return standard;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, defaultsOf(schema)]));
}

/** `values.schema.json`, against which Helm checks what it is given. */
export function schemaJson(values: JsonSchema): string {
  // `global` is Helm's own, for charts within charts.
  const properties = { ...values.properties, global: { type: 'object' } };
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...values, properties };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** A table of all values, in Markdown. */
export function valuesTable(values: JsonSchema): string {
  const rows = rowsOf('', values).map((cells) => `| ${cells.join(' | ')} |`);
  return ['| value | default | |', '| --- | --- | --- |', ...rows].join('\n');
}

function rowsOf(prefix: string, { properties = {} }: JsonSchema): readonly (readonly string[])[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (schema.properties !== undefined) return rowsOf(`${prefix}${name}.`, schema);
    const standard = `\`${JSON.stringify(schema.default)}\``;
    return [[`\`${prefix}${name}\``, standard, commentOf(schema).replaceAll(/\s+/g, ' ').trim()]];
  });
}
