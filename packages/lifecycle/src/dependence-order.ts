import type { Component } from './component.ts';
import { LifecycleError } from './lifecycle-error.ts';

/**
 * Components such that each comes after all it depends on, otherwise as given; those for leaders come last.
 * @throws {LifecycleError} When a name is there twice or not at all, or dependences form a cycle.
 */
export function orderByDependence(components: readonly Component[]): readonly Component[] {
  const byName = new Map<string, Component>();
  for (const component of components) {
    const { name } = component.runnable;
    if (byName.has(name)) throw new LifecycleError('ERR_LIFECYCLE_NAME_TAKEN', `Two components are named "${name}"`);
    byName.set(name, component);
  }
  const ordered = new Set<Component>();
  for (const component of components) if (component.leaderOnly !== true) place(component, []);
  for (const component of components) place(component, []);
  return [...ordered];

  function place(component: Component, path: readonly string[]): void {
    if (ordered.has(component)) return;
    const { name } = component.runnable;
    if (path.includes(name)) throw cycle([...path.slice(path.indexOf(name)), name]);
    for (const needed of component.dependsOn ?? []) place(dependence(component, needed), [...path, name]);
    ordered.add(component);
  }

  function dependence(component: Component, needed: string): Component {
    const { name } = component.runnable;
    const found = byName.get(needed);
    if (found === undefined) {
      const message = `Component "${name}" depends on "${needed}", which is not among the components`;
      throw new LifecycleError('ERR_LIFECYCLE_NAME_UNKNOWN', message);
    }
    if (found.leaderOnly === true && component.leaderOnly !== true) {
      const message = `Component "${name}" depends on "${needed}", which runs only while leading: mark both leaderOnly`;
      throw new LifecycleError('ERR_LIFECYCLE_LEADER_ONLY', message);
    }
    return found;
  }
}

function cycle(names: readonly string[]): LifecycleError {
  const path = names.map((name) => `"${name}"`).join(' depends on ');
  return new LifecycleError('ERR_LIFECYCLE_CYCLE', `Components depend on each other: ${path}`);
}
