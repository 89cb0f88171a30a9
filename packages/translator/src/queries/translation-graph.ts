import type { Query, Reads } from '@koko/incremental';
import type { ParsedObjects } from '../kubernetes/parse-object.ts';
import type { ObjectProblem, ObjectReference, TranslatedEntity } from '../objects.ts';
import type { TranslationSettings } from '../translator-options.ts';

/** What queries read, by kind. */
export type TranslationInputs = ParsedObjects & {
  Settings: TranslationSettings;
  /** Objects whose names cannot be used, so that nothing else of them can. */
  Unusable: { readonly problem: ObjectProblem };
};

/** Says that an object is ours; no entity. */
export interface AcceptedMark {
  readonly type: 'accepted';
  readonly reference: ObjectReference;
}

/** What queries emit. */
export type TranslationOutput = TranslatedEntity | AcceptedMark;

export type TranslationReads = Reads<TranslationInputs, TranslationOutput, ObjectProblem>;
export type TranslationQuery<V> = Query<TranslationInputs, TranslationOutput, ObjectProblem, V>;

export const SETTINGS_KEY = 'settings';

/** Settings are an input like any other, so that queries stay functions of their key and of what they read. */
export function settingsOf(reads: TranslationReads): TranslationSettings {
  const settings = reads.object('Settings', SETTINGS_KEY);
  if (settings === undefined) throw new Error('The settings must be put into the graph before any object');
  return settings;
}
