import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Translator } from '../src/index.ts';
import type { KubernetesObject, ObjectReference } from '../src/index.ts';
import { finalState } from './random-history.ts';
import { featureGates, steps } from './random-objects.ts';

function referenceTo({ kind, metadata }: KubernetesObject): ObjectReference {
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

describe('history', () => {
  it('does not matter: after any sequence of edits the state is that of a translation from nothing', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('traditional', 'expressions'), (sequence, routerFlavor) => {
        const translator = new Translator({ routerFlavor, featureGates });
        const current = new Map<string, KubernetesObject>();
        for (const { object, isGone } of sequence) {
          const key = JSON.stringify(referenceTo(object));
          translator.apply([{ reference: referenceTo(object), object: isGone ? undefined : object }]);
          if (isGone) current.delete(key);
          else current.set(key, object);
        }
        const fresh = new Translator({ routerFlavor, featureGates });
        fresh.apply([...current.values()].map((object) => ({ reference: referenceTo(object), object })));
        expect(finalState(translator)).toBe(finalState(fresh));
        expect([...fresh.problems()].map(({ code }) => code)).not.toContain('ERR_TRANSLATE_FAILED');
      }),
      { numRuns: 400, seed: 7 },
    );
  });
});
