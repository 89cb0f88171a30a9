export { declarativeDocument } from './declarative-document.ts';
export { isTranslated, referenceKey, referenceOf, translatedKinds } from './kubernetes/translated-kinds.ts';
export type { TranslatedKind } from './kubernetes/translated-kinds.ts';
export type {
  KubernetesObject,
  ObjectChange,
  ObjectMetadata,
  ObjectProblem,
  ObjectReference,
  TranslatedEntity,
  TranslationDiff,
} from './objects.ts';
export type { TranslatorOptions } from './translator-options.ts';
export { Translator } from './translator.ts';
