import { splitUrl } from './checks/url.ts';
import type { ShorthandName } from './description.ts';
import { reportAt } from './entity-problem.ts';
import type { Context } from './entity-problem.ts';
import type { Settings } from './settings.ts';

type Input = Readonly<Record<string, unknown>>;

/** Resolves ways of writing several fields as one; runs before anything else is checked. */
export interface Shorthand {
  /** Names that exist on input only. */
  readonly names: readonly string[];
  /** Answers the input with the fields it stands for; undefined when its own value has a problem. */
  readonly expand: (input: Input, context: Context, settings: Settings) => Input | undefined;
  /** What resolving again would do to the filled entity: Kong reads what it has filled once more. */
  readonly settle?: (entity: Record<string, unknown>, settings: Settings) => void;
}

const serviceUrl: Shorthand = {
  names: ['url'],
  expand: (input, context) => {
    if (!Object.hasOwn(input, 'url')) return input;
    const { url, ...rest } = input;
    if (!isTextOrNull(url, 'url', context)) return undefined;
    return { ...rest, ...fieldsOfUrl(url) };
  },
};

const upstreamHashing: Shorthand = {
  names: [],
  expand: (input, context, settings) => {
    const given = { algorithm: input['algorithm'], hash_on: input['hash_on'] };
    if (!isTextOrNull(given.algorithm, 'algorithm', context) || !isTextOrNull(given.hash_on, 'hash_on', context))
      return undefined;
    // These algorithms do not hash: what was to be hashed is discarded.
    if (ignoresHash(given.algorithm, settings)) return { ...input, hash_on: 'none' };
    if (given.hash_on === undefined) return input;
    if (given.hash_on === null) return { ...input, hash_on: 'none' };
    return { ...input, algorithm: given.hash_on === 'none' ? 'round-robin' : 'consistent-hashing' };
  },
  settle: (entity, settings) => {
    if (entity['hash_on'] === 'none' && !ignoresHash(entity['algorithm'], settings))
      entity['algorithm'] = 'round-robin';
  },
};

const shorthands = { serviceUrl, upstreamHashing } as const satisfies Record<ShorthandName, Shorthand>;

/** The functions behind a shorthand's name. */
export function shorthandNamed(name: ShorthandName): Shorthand {
  return shorthands[name];
}

function ignoresHash(algorithm: unknown, settings: Settings): boolean {
  return algorithm === 'least-connections' || (algorithm === 'latency' && settings.atLeast('3.2'));
}

function isTextOrNull(value: unknown, name: string, context: Context): value is string | null | undefined {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'string') reportAt(context, [name], 'ERR_FIELD_TYPE', 'expected a string');
  else if (value === '') reportAt(context, [name], 'ERR_FIELD_LENGTH', 'length must be at least 1');
  else return true;
  return false;
}

/** A null is not absence here, but a text without any of the parts. */
function fieldsOfUrl(url: string | null | undefined): Input {
  const { scheme, host, port: text, path } = splitUrl(url ?? 'null: NULL');
  const port = text === undefined ? defaultPort(scheme) : portNumber(text);
  return { protocol: scheme ?? (port === 443 ? 'https' : 'http'), host, port, path };
}

/** Numbers are read as Lua reads them, fractions, exponents and hexadecimal ones too; other texts stay texts. */
function portNumber(text: string): number | string {
  const isNumber = /^\s*-?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.test(text);
  if (!isNumber) return text;
  return text.includes('-0') && /x/i.test(text) ? -Number(text.replace('-', '')) : Number(text);
}

function defaultPort(scheme: string | undefined): number {
  return scheme === 'https' ? 443 : 80;
}
