import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { referenceOf, translatedKinds, Translator } from '../src/index.ts';
import type { KubernetesObject } from '../src/index.ts';
import { parseCase } from './golden-case.ts';
import { endpointSlice, ingress, service, tlsSecret } from './objects-for-tests.ts';
import { put, remove } from './put-and-remove.ts';

describe('Translator', () => {
  it('leaves nothing behind', () => {
    const translator = new Translator();
    const sizeAtStart = translator.size();
    const objects = [
      ingress('web'),
      ingress('gone', { backend: 'missing' }),
      service('web'),
      endpointSlice('web', ['10.0.0.1']),
    ];
    put(translator, ...objects);
    expect([...translator.problems()]).toHaveLength(1);
    const { deletes, problemsRemoved } = remove(translator, ...objects);
    expect([...translator.entities()]).toEqual([]);
    expect([...translator.problems()]).toEqual([]);
    expect(deletes).toHaveLength(7);
    expect(problemsRemoved).toHaveLength(1);
    expect(translator.size()).toEqual(sizeAtStart);
  });

  it('emits the certificate of a TLS section whose hosts are all empty, which Kong takes for no SNI', () => {
    const translator = new Translator();
    put(translator, ingress('web', { spec: { tls: [{ hosts: [''], secretName: 'pair' }] } }), tlsSecret('pair'));
    const types = [...translator.entities()].map(({ type }) => type);
    expect(types).toContain('certificates');
    expect(types).not.toContain('snis');
  });

  it('takes a Service away with its last Ingress, not before', () => {
    const translator = new Translator();
    put(translator, service('web'), ingress('one', { backend: 'web' }), ingress('two', { backend: 'web' }));
    expect(remove(translator, ingress('one')).deletes.map(({ type }) => type)).toEqual(['routes']);
    expect(remove(translator, ingress('two')).deletes.map(({ type }) => type)).toEqual([
      'routes',
      'services',
      'upstreams',
    ]);
  });

  it('heals a missing Service as soon as it comes, without touching routes', () => {
    const translator = new Translator();
    expect(put(translator, ingress('web')).problemsAdded).toMatchObject([{ code: 'ERR_TRANSLATE_SERVICE_MISSING' }]);
    const diff = put(translator, service('web'), endpointSlice('web', ['10.0.0.1']));
    expect(diff.upserts.map(({ type }) => type)).toEqual(['services', 'targets', 'upstreams']);
    expect(diff.problemsRemoved).toHaveLength(1);
  });

  it('hands a TLS host and the default backend on to the next Ingress', () => {
    const { objects } = parseCase(readFileSync(new URL('../testdata/tls-claims.in.yaml', import.meta.url), 'utf8'));
    const translator = new Translator();
    put(translator, ...objects);
    const owner = (): unknown =>
      [...translator.entities()].find(({ entity }) => entity['name'] === 'a.example.com')?.source.name;
    expect(owner()).toBe('old');
    remove(translator, ...objects.filter(({ metadata }) => metadata.name === 'old'));
    expect(owner()).toBe('young');
  });

  it('takes in and lets go of class-less Ingresses as the class becomes the default one', () => {
    const translator = new Translator();
    const classless = ingress('web', { className: undefined });
    const ingressClass = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'kong', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    };
    expect(put(translator, classless, service('web')).upserts).toEqual([]);
    expect(put(translator, ingressClass).upserts).toHaveLength(3);
    expect(remove(translator, ingressClass).deletes).toHaveLength(3);
  });

  it('gives services the ids that KIC gives them', () => {
    const idIn = (workspace: string): unknown => {
      const translator = new Translator({ workspace });
      put(translator, service('cart'), ingress('cart'));
      return [...translator.entities()].find(({ type }) => type === 'services')?.id;
    };
    expect(idIn('')).toBe('f2b0d317-235f-5f6a-9682-a76a0afa5a05');
    expect(idIn('team-a')).toBe('dcc33f36-af19-5c81-9dd6-077c64c6578b');
  });

  it('ignores other kinds, groups and versions, also of an object that was translated before', () => {
    const translator = new Translator();
    put(translator, service('web'), ingress('web'));
    put(
      translator,
      { ...ingress('web'), apiVersion: 'networking.k8s.io/v1beta1' },
      { ...ingress('x'), kind: 'Gateway' },
    );
    expect([...translator.entities()]).toEqual([]);
    expect([...translator.problems()]).toEqual([]);
  });

  it('takes objects without a namespace to be in the namespace "default"', () => {
    const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } };
    expect(referenceOf(object)).toEqual({ kind: 'Service', namespace: 'default', name: 'web' });
  });

  it('reports an object without a usable name for as long as it is there', () => {
    const translator = new Translator();
    const nameless = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a/b', namespace: 'shop' } };
    expect(put(translator, nameless).problemsAdded).toMatchObject([{ code: 'ERR_TRANSLATE_IDENTITY_MALFORMED' }]);
    expect(remove(translator, nameless).problemsRemoved).toHaveLength(1);
  });

  it('tells nothing of what a Secret holds', () => {
    const { objects } = parseCase(
      readFileSync(new URL('../testdata/tls-bad-secrets.in.yaml', import.meta.url), 'utf8'),
    );
    const secrets = objects.flatMap(({ stringData, data }) =>
      Object.values({ ...Object(stringData), ...Object(data) }),
    );
    const translator = new Translator();
    put(translator, ...objects);
    const told = JSON.stringify([...translator.problems()]);
    for (const secret of secrets.map(String).filter((text) => text.length > 5)) {
      for (const line of secret.trim().split('\n')) expect(told).not.toContain(line);
    }
  });

  it('takes in any object whatever and still translates the others', () => {
    const kinds = translatedKinds.map(({ kind, group, version }) => ({
      kind,
      apiVersion: group ? `${group}/${version}` : version,
    }));
    const junk = fc.record({
      type: fc.constantFrom(...kinds),
      fields: fc.dictionary(fieldNames, fc.jsonValue({ maxDepth: 4 })),
    });
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 6 }), (pieces) => {
        const translator = new Translator();
        put(translator, service('web'), ingress('web'));
        translator.apply(
          pieces.map(({ type, fields }, index) => {
            const reference = { kind: type.kind, namespace: 'shop', name: `junk-${index}` };
            // Unchecked on purpose: this is what the translator is to withstand.
            return { reference, object: { ...fields, ...type } as unknown as KubernetesObject };
          }),
        );
        expect([...translator.entities()].some(({ source }) => source.name === 'web')).toBe(true);
        expect([...translator.problems()].map(({ code }) => code)).not.toContain('ERR_TRANSLATE_FAILED');
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

const fieldNames = fc.constantFrom('metadata', 'spec', 'data', 'stringData', 'ports', 'endpoints');
