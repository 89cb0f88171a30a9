import type { ConfigurationProblem } from './events.ts';
import type { PlacedEntity } from './placed-entity.ts';

type Collections = ReadonlyMap<string, readonly PlacedEntity[]>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A problem for every reference that leads nowhere. Data planes look names up first, letter by letter, then ids. */
export function referenceProblems(collections: Collections): ConfigurationProblem[] {
  const handles = new Map([...collections].map(([type, placed]) => [type, handlesOf(placed)]));
  const problems: ConfigurationProblem[] = [];
  for (const [type, placed] of collections) {
    for (const { entity, index } of placed) {
      for (const { field, type: target, value } of entity.references) {
        const known = handles.get(target);
        if (known?.has(value) === true || (UUID.test(value) && known?.has(value.toLowerCase()) === true)) continue;
        const message = `invalid reference '${field}: ${value}' (no such entry in '${target}')`;
        problems.push({ code: 'ERR_DATA_PLANE_REFERENCE', path: [type, index, field], message });
      }
    }
  }
  return problems;
}

/** Everything by which entities of a collection may be referred to. */
function handlesOf(placed: readonly PlacedEntity[]): ReadonlySet<string> {
  const handles = new Set<string>();
  for (const { entity } of placed) {
    handles.add(entity.primaryKey);
    if (entity.endpointKey !== undefined) handles.add(entity.endpointKey);
  }
  return handles;
}
