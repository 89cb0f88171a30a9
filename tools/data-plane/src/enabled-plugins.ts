/** Says why a data plane with these plugins does not take a plugin of that name, or `undefined` when it does. */
export function pluginObjection(name: unknown, enabled: ReadonlySet<string>): string | undefined {
  if (typeof name !== 'string' || enabled.has(name)) return undefined; // a missing name is found by the model
  return `plugin '${name}' not enabled; add it to the 'plugins' configuration property`;
}
