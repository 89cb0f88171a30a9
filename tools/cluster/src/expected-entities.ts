import { SqlitePersister } from '@koko/persister';
import { EntityPublisher, StoreWriter } from '@koko/reconcilers';
import { Store } from '@koko/store';
import { referenceOf, Translator } from '@koko/translator';
import type { KubernetesObject, TranslatorOptions } from '@koko/translator';

/** Entities as stored, by type and id, without the times at which they were. */
export type Entities = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** What a translation from nothing, as by `iic translate`, makes of these objects, and a store of that. */
export async function entitiesFor(objects: readonly KubernetesObject[], options: TranslatorOptions): Promise<Entities> {
  const translator = new Translator(options);
  translator.apply(objects.map((object) => ({ reference: referenceOf(object), object })));
  const store = new Store({ persister: new SqlitePersister({}) });
  await store.open();
  try {
    await new EntityPublisher(new StoreWriter(store)).publish([...translator.entities()], []);
    return await entitiesIn(store);
  } finally {
    await store.close();
  }
}

/** Everything a store holds. */
export async function entitiesIn(store: Store): Promise<Entities> {
  const { entities } = await store.snapshot();
  return new Map(
    entities.map(({ type, entity: { created_at: _created, updated_at: _updated, ...entity } }) => [
      `${type}/${entity.id}`,
      entity,
    ]),
  );
}

const SHOWN = 5;

/** What differs, in words; undefined when nothing does. */
export function differenceOf(actual: Entities, expected: Entities): string | undefined {
  const keys = new Set([...actual.keys(), ...expected.keys()]);
  const lines: string[] = [];
  for (const key of keys) {
    const [is, ought] = [JSON.stringify(actual.get(key)), JSON.stringify(expected.get(key))];
    if (is !== ought) lines.push(`${key}\n    is      ${is}\n    ought   ${ought}`);
  }
  if (lines.length === 0) return undefined;
  const shown = lines.slice(0, SHOWN).join('\n  ');
  return `${lines.length} of ${expected.size} entities differ (${actual.size} are stored):\n  ${shown}`;
}
