import type { ConfigurationProblem } from './events.ts';
import type { PlacedEntity } from './placed-entity.ts';

/**
 * Finds entities that share a primary key or the value of a unique field. Combinations of fields are not looked at:
 * data planes take the same plugin or target twice.
 */
export function duplicateProblems(type: string, entities: readonly PlacedEntity[]): ConfigurationProblem[] {
  const primaryKeys = new Set<string>();
  const uniqueValues = new Set<string>();
  const problems: ConfigurationProblem[] = [];
  const report = (index: number, what: string): void =>
    void problems.push({
      code: 'ERR_DATA_PLANE_DUPLICATE',
      path: [type, index],
      message: `uniqueness violation: '${type}' entity with ${what} already declared`,
    });
  for (const { entity, index } of entities) {
    if (primaryKeys.has(entity.primaryKey)) report(index, `primary key set to '${entity.primaryKey}'`);
    primaryKeys.add(entity.primaryKey);
    for (const unique of entity.uniqueValues) {
      if (uniqueValues.has(unique)) report(index, `the same value of '${unique.slice(0, unique.indexOf('='))}'`);
      uniqueValues.add(unique);
    }
  }
  return problems;
}
