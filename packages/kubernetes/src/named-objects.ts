import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';

/** No name is longer. */
const LONGEST_NAME = 253;

/** What objects of these kinds, in the namespace of this one, its texts could be the names of, metadata apart. */
export function namedObjects(object: KubernetesObject, kinds: readonly TranslatedKind[]): readonly ObjectReference[] {
  const { metadata, apiVersion: _, kind: __, ...content } = object;
  const { namespace } = metadata;
  if (namespace === undefined) return [];
  const names = new Set<string>();
  collectTexts(content, names);
  return Array.from(names, (name) => kinds.map(({ kind }) => ({ kind, namespace, name }))).flat();
}

function collectTexts(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string') {
    if (value.length <= LONGEST_NAME) texts.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectTexts(inner, texts);
  }
}
