import { referenceOf } from '../src/index.ts';
import type { KubernetesObject, TranslationDiff, Translator } from '../src/index.ts';

export function put(translator: Translator, ...objects: readonly KubernetesObject[]): TranslationDiff {
  return translator.apply(objects.map((object) => ({ reference: referenceOf(object), object })));
}

export function remove(translator: Translator, ...objects: readonly KubernetesObject[]): TranslationDiff {
  return translator.apply(objects.map((object) => ({ reference: referenceOf(object), object: undefined })));
}
