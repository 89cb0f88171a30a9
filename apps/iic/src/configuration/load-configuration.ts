import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { StartupError } from '../startup-error.ts';
import { contradictions } from './contradictions.ts';
import { withoutServiceLinks } from './service-links.ts';
import { settingNames, settings, variableFor } from './settings.ts';
import type { Configuration, SettingName } from './settings.ts';

/** Where the values of a configuration come from. */
export interface ConfigurationSources {
  /** By setting name; what the command line left out is absent. */
  readonly flags: Readonly<Partial<Record<SettingName, unknown>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a YAML file. */
  readonly file: string | undefined;
}

interface Given {
  readonly value: unknown;
  /** How the user would name the place, e.g. `--log-level` or `iic.yaml: log-level`. */
  readonly place: string;
}

/**
 * Merges flags, environment and file, in that order of precedence.
 * @throws {StartupError} `ERR_IIC_CONFIGURATION`, naming every wrong value at once with where it stands.
 */
export async function loadConfiguration(sources: ConfigurationSources): Promise<Configuration> {
  const problems: string[] = [];
  const fromFile = sources.file === undefined ? {} : await readSettingsFile(sources.file);
  for (const name of Object.keys(fromFile)) {
    if (!isSettingName(name)) problems.push(`${sources.file}: unknown setting "${name}"${suggestion(name)}`);
  }
  const environment = withoutServiceLinks(sources.environment);
  for (const variable of Object.keys(environment)) {
    const isOurs = variable.startsWith('IIC_') && variable !== 'IIC_CONFIG';
    if (isOurs && !knownVariables.has(variable)) problems.push(`unknown environment variable ${variable}`);
  }
  const configuration: Record<string, unknown> = {};
  for (const name of settingNames) {
    const given = findValue(name, { ...sources, environment }, fromFile);
    const parsed = settings[name].schema.safeParse(given?.value);
    if (parsed.success) configuration[name] = parsed.data;
    else
      problems.push(`${given?.place ?? `--${name}`}: ${parsed.error.issues.map(({ message }) => message).join('; ')}`);
  }
  const parsed = configuration as Partial<Configuration>; // what did not parse is missing
  problems.push(...contradictions(parsed, environment));
  if (problems.length > 0) {
    throw new StartupError(
      'ERR_IIC_CONFIGURATION',
      `Cannot start: the configuration has problems\n${bulleted(problems)}`,
    );
  }
  return configuration as Configuration; // every setting parsed by its own schema above
}

const knownVariables = new Set(settingNames.map(variableFor));

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

function findValue(name: SettingName, sources: ConfigurationSources, file: Record<string, unknown>): Given | undefined {
  const variable = variableFor(name);
  if (sources.flags[name] !== undefined) return { value: sources.flags[name], place: `--${name}` };
  if (sources.environment[variable] !== undefined) return { value: sources.environment[variable], place: variable };
  if (file[name] !== undefined) return { value: file[name], place: `${sources.file}: ${name}` };
  return undefined;
}

async function readSettingsFile(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'it does not exist' : (cause.code ?? 'unknown error');
    throw new StartupError('ERR_IIC_FILE', `Cannot read the configuration file "${file}": ${reason}`, { cause });
  });
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    const reason = (cause as Error).message.split('\n', 1)[0]; // yaml throws only Errors
    throw new StartupError('ERR_IIC_CONFIGURATION', `Cannot read the configuration file "${file}": ${reason}`, {
      cause,
    });
  }
  if (content === null || content === undefined) return {};
  if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>; // checked just now
  throw new StartupError(
    'ERR_IIC_CONFIGURATION',
    `Cannot read the configuration file "${file}": it is no mapping of settings`,
  );
}

function suggestion(name: string): string {
  const flat = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  const close = settingNames.find((known) => known.replaceAll('-', '') === flat);
  return close === undefined ? '' : `; did you mean "${close}"?`;
}

function bulleted(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}`).join('\n');
}
