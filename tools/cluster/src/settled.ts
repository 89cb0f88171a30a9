import type { Controller } from 'iic';
import type { TranslatorOptions } from '@koko/translator';
import type { ClusterClient } from './cluster-client.ts';
import { differenceOf, entitiesFor, entitiesIn } from './expected-entities.ts';
import type { Entities } from './expected-entities.ts';
import { until } from './until.ts';

const SETTLE_WITHIN_MS = 60_000;

/**
 * Waits until the controller stores what a translation from nothing makes of the cluster, entity by entity. Nobody may
 * write to the cluster meanwhile.
 * @throws With the entities that differ at the end of the time.
 */
export async function settled(
  client: ClusterClient,
  { store }: Pick<Controller, 'store'>,
  options: TranslatorOptions = {},
): Promise<Entities> {
  const expected = await entitiesFor(await client.listTranslated(), options);
  let revision = -1;
  let difference: string | undefined;
  await until(async () => {
    if (store.revision !== revision) {
      revision = store.revision;
      difference = differenceOf(await entitiesIn(store), expected);
    }
    return difference;
  }, SETTLE_WITHIN_MS);
  return expected;
}
