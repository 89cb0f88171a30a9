import { randomInt, randomUUID } from 'node:crypto';
import { compileEntity } from './compile-entity.ts';
import type { CompiledEntity } from './compile-entity.ts';
import { expressionRoutesBefore37 } from './entities/routes.ts';
import type { OpenProblem } from './entity-problem.ts';
import { descriptionOf, isEntityType } from './entity-types.ts';
import type { EntityOf, EntityType } from './entity-types.ts';
import type { Problem, Result } from './problem.ts';
import type { RouterFlavor, Settings } from './settings.ts';
import { levelHas, newestLevel, versionLevel } from './version.ts';

/** What validation may be told; everything has a default. */
export interface ValidateOptions {
  /** The `router_flavor` of the nodes. Default `traditional_compatible`, as Kong's. */
  readonly routerFlavor?: RouterFlavor;
  /** Version of the data plane whose rules apply, e.g. `3.4.2`. Default: the newest that is known. */
  readonly version?: string;
  /** Milliseconds since 1970, for the expiry of CA certificates. Default `Date.now`. */
  readonly now?: () => number;
  /** Makes an id, or 32 letters and digits for a secret. Default: random ones. */
  readonly generate?: (kind: 'uuid' | 'random') => string;
  /** Names of the wasm filters installed on the nodes; without it wasm is off and every filter chain is refused. */
  readonly wasmFilters?: readonly string[];
}

const programs = new Map<string, CompiledEntity>();
const alphanumerics = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Checks an entity by the rules of Kong Gateway and fills it: defaults, records, nulls for unset fields; sets lose
 * duplicates and shorthands (a service's `url`) become the fields they stand for. Moments (`created_at`, `updated_at`)
 * are kept when given and never invented. Pure, apart from the ids and secrets that it generates when absent.
 * @returns The filled entity, or all problems; an empty path means the entity as a whole.
 */
export function validateEntity<T extends EntityType>(
  type: T,
  input: unknown,
  options: ValidateOptions = {},
): Result<EntityOf<T>> {
  const level = options.version === undefined ? newestLevel : versionLevel(options.version);
  const run = isEntityType(type)
    ? programFor(type, options.routerFlavor ?? 'traditional_compatible', level)
    : undefined;
  if (run === undefined) return { ok: false, problems: [unknownType(type)] };
  const problems: OpenProblem[] = [];
  const { now = Date.now, generate = generateRandom, wasmFilters } = options;
  const entity = run(input, { problems, now, generate, wasmFilters });
  const [first, ...others] = problems;
  if (first !== undefined) return { ok: false, problems: [first, ...others] };
  // Without problems the entity has the shape of its description, from which EntityOf derives.
  return { ok: true, value: entity as EntityOf<T> };
}

function unknownType(type: string): Problem {
  return { code: 'ERR_ENTITY_TYPE_UNKNOWN', path: [], message: `'${type}' is no entity type of this version of Kong` };
}

/** Programs are compiled on first use and kept; there are few types, flavours and levels. */
function programFor(type: EntityType, flavor: RouterFlavor, level: number): CompiledEntity | undefined {
  const key = `${type}/${flavor}/${level}`;
  const before = programs.get(key);
  if (before !== undefined) return before;
  const settings: Settings = { flavor, atLeast: (since) => levelHas(level, since) };
  const description = descriptionOf(type);
  if (!settings.atLeast(description.since)) return undefined;
  const isOldExpressions = type === 'routes' && flavor === 'expressions' && !settings.atLeast('3.7');
  const program = compileEntity(isOldExpressions ? expressionRoutesBefore37 : description, settings);
  programs.set(key, program);
  return program;
}

function generateRandom(kind: 'uuid' | 'random'): string {
  if (kind === 'uuid') return randomUUID();
  return Array.from({ length: 32 }, () => alphanumerics.charAt(randomInt(alphanumerics.length))).join('');
}
