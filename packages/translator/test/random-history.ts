import { expect } from '@jest/globals';
import { declarativeDocument, referenceOf, Translator } from '../src/index.ts';
import type { KubernetesObject } from '../src/index.ts';
import { translatorOf } from './golden-case.ts';
import type { GoldenCase } from './golden-case.ts';

const ORDERS = 20;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Feeds objects one by one in random order; any that came may go again in between, and come back at the end. */
export function feedAtRandom(translator: Translator, objects: readonly KubernetesObject[], random: () => number): void {
  const gone: KubernetesObject[] = [];
  const there: KubernetesObject[] = [];
  for (const object of shuffled(objects, random)) {
    put(translator, object);
    there.push(object);
    if (random() > 0.3) continue;
    const victim = there.splice(Math.floor(random() * there.length), 1)[0] ?? object;
    translator.apply([{ reference: referenceOf(victim), object: undefined }]);
    gone.push(victim);
  }
  for (const object of shuffled(gone, random)) put(translator, object);
}

function put(translator: Translator, object: KubernetesObject): void {
  translator.apply([{ reference: referenceOf(object), object }]);
}

/** Everything that may not depend on history, as bytes. */
export function finalState(translator: Translator): string {
  const [document, entities, problems] = [
    declarativeDocument(translator.entities()),
    translator.entities(),
    translator.problems(),
  ];
  return JSON.stringify([document, [...entities], [...problems]]);
}

/** Feeds the objects in random orders, and expects what feeding them at once gives. */
export function expectSameStateInAnyOrder(golden: GoldenCase): void {
  const expected = finalState(translatorOf(golden));
  for (let seed = 1; seed <= ORDERS; seed += 1) {
    const translator = new Translator(golden.options);
    feedAtRandom(translator, golden.objects, seededRandom(seed));
    expect(finalState(translator)).toBe(expected);
  }
}
