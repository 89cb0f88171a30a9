/** JSON with sorted keys: equal content gives equal text, whoever built the object and in whatever order. */
export function stableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>; // neither null nor a list
  const members: string[] = [];
  for (const key of Object.keys(fields).sort()) {
    if (fields[key] !== undefined) members.push(`${JSON.stringify(key)}:${stableJson(fields[key])}`);
  }
  return `{${members.join(',')}}`;
}
