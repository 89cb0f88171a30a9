import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { describeEntity } from './describe.ts';
import { entityTypes } from './entity-types.ts';
import type { EntityType } from './entity-types.ts';
import { toDeclarative } from './declarative.ts';
import { validateEntity } from './validate.ts';

const reference = fc.record({ id: fc.uuid() });
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const tags = fc.array(label);

/** Inputs that are mostly valid, so that filling is exercised. */
const inputs: { readonly [T in EntityType]?: fc.Arbitrary<object> } = {
  services: fc.record(
    {
      host: label,
      name: label,
      port: fc.nat(65535),
      protocol: fc.constantFrom('http', 'https', 'tcp'),
      tags,
      client_certificate: reference,
    },
    { requiredKeys: ['host'] },
  ),
  routes: fc.record(
    {
      paths: fc.array(
        label.map((text) => `/${text}`),
        { minLength: 1 },
      ),
      hosts: fc.array(label),
      methods: fc.array(fc.constantFrom('GET', 'POST')),
      headers: fc.dictionary(label, fc.array(label, { minLength: 1 })),
      protocols: fc.constantFrom(['http'], ['https'], ['https', 'http'], ['grpc'], ['tcp']),
      service: reference,
      tags,
    },
    { requiredKeys: ['paths'] },
  ),
  upstreams: fc.record(
    {
      name: label,
      algorithm: fc.constantFrom('round-robin', 'least-connections', 'consistent-hashing', null),
      hash_on: fc.constantFrom('none', 'ip', 'consumer', null),
      healthchecks: fc.record(
        { threshold: fc.nat(100), active: fc.record({ type: fc.constantFrom('http', 'tcp') }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['name'] },
  ),
  targets: fc.record(
    { target: label, upstream: reference, weight: fc.option(fc.nat(1000)), tags },
    { requiredKeys: ['target', 'upstream'] },
  ),
  plugins: fc.record(
    { name: label, config: fc.dictionary(label, fc.jsonValue()), route: reference },
    { requiredKeys: ['name'] },
  ),
  keyauth_credentials: fc.record({ consumer: reference, key: label, ttl: fc.nat() }, { requiredKeys: ['consumer'] }),
};

const typedInput = fc.oneof(
  ...Object.entries(inputs).map(([type, input]) => input.map((entity) => ({ type: type as EntityType, entity }))), // keys are types
);

/** Anything at all under the names of the type's own fields. */
const anyInput = fc.constantFrom(...entityTypes).chain((type) => {
  const names = Object.keys(describeEntity(type).fields);
  return fc.dictionary(fc.constantFrom(...names, 'surprise'), fc.jsonValue()).map((entity) => ({ type, entity }));
});

describe('validateEntity, for any input', () => {
  it('changes nothing about what it has filled', () => {
    fc.assert(
      fc.property(typedInput, ({ type, entity }) => {
        const once = validateEntity(type, entity);
        fc.pre(once.ok);
        if (once.ok) expect(validateEntity(type, once.value)).toEqual(once);
      }),
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.oneof(typedInput, anyInput), ({ type, entity }) => {
        const options = { generate: () => '00000000-0000-4000-8000-000000000000' };
        const reversed = Object.fromEntries(Object.entries(entity).toReversed());
        const [there, back] = [validateEntity(type, entity, options), validateEntity(type, reversed, options)];
        if (there.ok) expect(JSON.stringify(back)).toBe(JSON.stringify(there));
        else expect(back.ok ? [] : back.problems.toSorted(byText)).toEqual(there.problems.toSorted(byText));
      }),
    );
  });

  it('never throws, and names a problem at a member or the whole', () => {
    fc.assert(
      fc.property(anyInput, fc.constantFrom('2.8.5', '3.0.2', '3.4.2', '3.9.3'), ({ type, entity }, version) => {
        const result = validateEntity(type, entity, { version });
        const heads = result.ok ? [] : result.problems.map(({ path }) => path[0]);
        const names: readonly unknown[] = [
          ...Object.keys(entity),
          ...Object.keys(describeEntity(type).fields),
          undefined,
        ];
        expect(heads.filter((head) => !names.includes(head))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps every member on the way into a document', () => {
    fc.assert(
      fc.property(typedInput, ({ type, entity }) => {
        const result = validateEntity(type, entity);
        fc.pre(result.ok);
        if (result.ok) expect(Object.keys(toDeclarative(type, result.value))).toEqual(Object.keys(result.value));
      }),
    );
  });
});

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
