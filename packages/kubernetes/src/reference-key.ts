import type { ObjectReference } from '@koko/translator';

/** Text that is equal for equal references only. */
export function referenceKey({ kind, namespace, name }: ObjectReference): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}
