import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { referenceKey, referenceOf, translatedKinds, Translator } from '../src/index.ts';
import type { KubernetesObject, ObjectReference, TranslatedKind, TranslationDiff } from '../src/index.ts';
import { ownGoldenCases, translatorOf } from './golden-case.ts';
import { endpointSlice, ingress, service, tlsSecret } from './objects-for-tests.ts';
import { put, remove } from './put-and-remove.ts';
import { finalState } from './random-history.ts';
import { featureGates, steps } from './random-objects.ts';

const kinds = new Map<string, TranslatedKind>(translatedKinds.map((kind) => [kind.kind, kind]));

/** Gives a translator what it demands, as a source does, and nothing else. */
class DemandedFeed {
  readonly #translator: Translator;
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #demanded = new Set<string>();

  readonly #isGuessing: boolean;

  /** @param isGuessing Whether to give everything at first, and take back what was not demanded. */
  constructor(translator: Translator, isGuessing = false) {
    this.#translator = translator;
    this.#isGuessing = isGuessing;
  }

  set(changes: readonly { readonly object: KubernetesObject; readonly isGone: boolean }[]): void {
    for (const { object, isGone } of changes) {
      if (isGone) this.#objects.delete(referenceKey(referenceOf(object)));
      else this.#objects.set(referenceKey(referenceOf(object)), object);
    }
    const references = changes.map(({ object }) => referenceOf(object));
    if (!this.#isGuessing) return this.#apply(references);
    const all = [...this.#objects.values()].map((object) => ({ reference: referenceOf(object), object }));
    const gone = references.filter((reference) => !this.#objects.has(referenceKey(reference)));
    this.#note(this.#translator.apply([...all, ...gone.map((reference) => ({ reference, object: undefined }))]));
    this.#apply(all.map(({ reference }) => reference));
  }

  #apply(references: readonly ObjectReference[]): void {
    const diff = this.#translator.apply(references.map((reference) => ({ reference, object: this.#find(reference) })));
    this.#note(diff);
    const moved = [...diff.demanded, ...diff.released];
    if (moved.length > 0) this.#apply([...moved, ...moved.flatMap((reference) => this.#followersOf(reference))]);
  }

  #note({ demanded, released }: TranslationDiff): void {
    for (const reference of demanded) this.#demanded.add(referenceKey(reference));
    for (const reference of released) this.#demanded.delete(referenceKey(reference));
  }

  #find(reference: ObjectReference): KubernetesObject | undefined {
    const object = this.#objects.get(referenceKey(reference));
    const leader = object && leaderOf(object);
    const isAlways = kinds.get(reference.kind)?.ingest === 'always';
    return isAlways || this.#demanded.has(referenceKey(leader ?? reference)) ? object : undefined;
  }

  #followersOf(reference: ObjectReference): readonly ObjectReference[] {
    const followers = [...this.#objects.values()].filter((object) => {
      const leader = leaderOf(object);
      return leader !== undefined && referenceKey(leader) === referenceKey(reference);
    });
    return followers.map(referenceOf);
  }
}

function leaderOf(object: KubernetesObject): ObjectReference | undefined {
  const follows = kinds.get(object.kind)?.follows;
  const { namespace = '' } = referenceOf(object);
  return follows && { kind: follows.kind, namespace, name: object.metadata.labels?.[follows.label] ?? '' };
}

const keysOf = (references: Iterable<ObjectReference>): string[] => [...references].map(referenceKey);

function summaryOf({ demanded, released, accepted, disowned }: TranslationDiff): object {
  return {
    demanded: keysOf(demanded),
    released: keysOf(released),
    accepted: keysOf(accepted),
    disowned: keysOf(disowned),
  };
}

const nothing = { demanded: [], released: [], accepted: [], disowned: [] };

describe('demand', () => {
  it('is what an Ingress of our class refers to, there or not, and ends with it', () => {
    const translator = new Translator();
    const spec = { tls: [{ hosts: ['a.example.com'], secretName: 'cert' }] };
    const web = ingress('web', { backend: 'app', spec });
    const began = { ...nothing, demanded: ['Secret/shop/cert', 'Service/shop/app'], accepted: ['Ingress/shop/web'] };
    expect(summaryOf(put(translator, web))).toEqual(began);
    expect(summaryOf(put(translator, service('app'), endpointSlice('app', ['10.0.0.1']), tlsSecret('cert')))).toEqual(
      nothing,
    );
    const ended = { ...nothing, released: ['Secret/shop/cert', 'Service/shop/app'], disowned: ['Ingress/shop/web'] };
    expect(summaryOf(remove(translator, web))).toEqual(ended);
  });

  it('is nothing for an Ingress of another class, until it becomes ours', () => {
    const translator = new Translator();
    expect(summaryOf(put(translator, ingress('web', { className: 'nginx' })))).toEqual(nothing);
    expect(keysOf(put(translator, ingress('web')).demanded)).toEqual(['Service/shop/web']);
    expect(keysOf(put(translator, ingress('web', { className: 'nginx' })).disowned)).toEqual(['Ingress/shop/web']);
    expect([...translator.accepted(), ...translator.demanded()]).toEqual([]);
  });

  it('counts a facade as ours while an Ingress of ours names it', () => {
    const translator = new Translator({ featureGates });
    const facade = {
      apiVersion: 'incubator.ingress-controller.konghq.com/v1alpha1',
      kind: 'KongServiceFacade',
      metadata: { name: 'face', namespace: 'shop', annotations: { 'kubernetes.io/ingress.class': 'kong' } },
      spec: { backendRef: { name: 'app', port: 80 } },
    };
    const resource = { apiGroup: 'incubator.ingress-controller.konghq.com', kind: 'KongServiceFacade', name: 'face' };
    const web = ingress('web', { spec: { rules: [], defaultBackend: { resource } } });
    expect(keysOf(put(translator, facade).accepted)).toEqual([]);
    const diff = put(translator, web);
    expect(keysOf(diff.accepted)).toEqual(['Ingress/shop/web', 'KongServiceFacade/shop/face']);
    expect(keysOf(diff.demanded)).toEqual(['KongServiceFacade/shop/face', 'Service/shop/app']);
    expect(keysOf(remove(translator, facade).disowned)).toEqual(['KongServiceFacade/shop/face']);
    expect(keysOf(translator.demanded())).toEqual(['KongServiceFacade/shop/face']);
  });

  it('never shows among the entities', () => {
    const translator = new Translator();
    const diff = put(translator, ingress('web'));
    expect([...diff.upserts, ...translator.entities()].map(({ type }): string => type)).not.toContain('accepted');
    expect(remove(translator, ingress('web')).deletes.map(({ type }): string => type)).not.toContain('accepted');
  });

  it('is enough: what it leaves out changes nothing, through any history', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (sequence, isGuessing) => {
        const translator = new Translator({ featureGates });
        const feed = new DemandedFeed(translator, isGuessing);
        const current = new Map<string, KubernetesObject>();
        for (const step of sequence) {
          feed.set([step]);
          const key = referenceKey(referenceOf(step.object));
          if (step.isGone) current.delete(key);
          else current.set(key, step.object);
        }
        const full = new Translator({ featureGates });
        put(full, ...current.values());
        expect(finalState(translator)).toBe(finalState(full));
        expect([...translator.demanded()]).toEqual([...full.demanded()]);
        expect([...translator.accepted()]).toEqual([...full.accepted()]);
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it.each(ownGoldenCases())('is enough for the golden case $name', ({ golden }) => {
    const translator = new Translator(golden.options);
    // Nothing can refer to a name that no API server accepts; all that a full set adds is a problem about it.
    const objects = golden.objects.filter(({ metadata }) => !metadata.name.includes('/'));
    new DemandedFeed(translator).set(objects.map((object) => ({ object, isGone: false })));
    expect(finalState(translator)).toBe(finalState(translatorOf({ ...golden, objects })));
  });
});
