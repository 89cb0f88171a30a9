import type { PluginVersion } from './kong-services.ts';

const MAX_PLUGINS = 1000;
const MAX_LABELS = 100;
const MAX_CHARACTERS = 255;

/** Why a list of plugins cannot be taken, or undefined. Kong ships about 40; the rest is what people add. */
export function pluginsRefusal(plugins: readonly PluginVersion[]): string | undefined {
  if (plugins.length > MAX_PLUGINS) return `data plane lists ${plugins.length} plugins, more than ${MAX_PLUGINS}`;
  const isLong = ({ name, version }: PluginVersion): boolean => Math.max(name.length, version.length) > MAX_CHARACTERS;
  return plugins.some(isLong) ? `data plane lists a plugin with more than ${MAX_CHARACTERS} characters` : undefined;
}

/** The labels that are kept: Kong sends texts only, and few of them. */
export function labelsOf(labels: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (kept.length >= MAX_LABELS) break;
    // Anything but a text is left out: turning it into one can fail.
    if (typeof value === 'string') kept.push([key.slice(0, MAX_CHARACTERS), value.slice(0, MAX_CHARACTERS)]);
  }
  return Object.fromEntries(kept);
}
