import { describe, expect, it } from '@jest/globals';
import { translatedKinds } from '@koko/translator';
import { accessRules } from './access-rules.ts';
import type { AccessOptions, PolicyRule } from './access-rules.ts';

const reading: AccessOptions = { writesStatus: false, publishesAddresses: false, writesEvents: false };
const whole: AccessOptions = {
  writesStatus: true,
  publishesAddresses: true,
  writesEvents: true,
  lease: { namespace: 'kong', name: 'iic-kong' },
};

/** `verb resource.group[/name]`, sorted. */
function rights(rules: readonly PolicyRule[] = []): readonly string[] {
  const all = rules.flatMap(({ apiGroups, resources, resourceNames = [''], verbs }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.map((name) => `${verb} ${[resource, group].filter(Boolean).join('.')} ${name}`.trim()),
        ),
      ),
    ),
  );
  return all.toSorted();
}

const kindsNamed = (...names: string[]): NonNullable<AccessOptions['kinds']> =>
  translatedKinds.filter(({ kind }) => names.includes(kind));

describe('accessRules', () => {
  it('lets every kind of the table be listed and watched, and fetched ones be got', () => {
    const { cluster, namespaces } = accessRules(reading);
    const expected = translatedKinds.flatMap(({ resource, group, ingest }) => {
      const name = [resource, group].filter(Boolean).join('.');
      return [...(ingest === 'fetched' ? [`get ${name}`] : []), `list ${name}`, `watch ${name}`];
    });
    expect(rights(cluster)).toEqual(expected.toSorted());
    expect(namespaces.size).toBe(0);
  });

  it('lets status, Events and the Lease be written where they are', () => {
    const { cluster, namespaces } = accessRules({
      ...whole,
      kinds: kindsNamed('Ingress', 'KongServiceFacade', 'Secret'),
    });
    expect(rights(cluster).filter((right) => !/^(list|watch|get) /.test(right))).toEqual([
      'create events',
      'patch events',
      'patch ingresses/status.networking.k8s.io',
      'patch kongservicefacades/status.incubator.ingress-controller.konghq.com',
    ]);
    expect([...namespaces.keys()]).toEqual(['kong']);
    expect(rights(namespaces.get('kong'))).toEqual([
      'create leases.coordination.k8s.io',
      'get leases.coordination.k8s.io iic-kong',
      'update leases.coordination.k8s.io iic-kong',
    ]);
  });

  it('asks for the status of Ingresses only where there is an address to show', () => {
    const { cluster } = accessRules({ ...whole, publishesAddresses: false });
    expect(rights(cluster).filter((right) => right.includes('/status'))).toEqual([
      'patch kongservicefacades/status.incubator.ingress-controller.konghq.com',
    ]);
  });

  it('keeps to the namespaces that are watched, but for what has none', () => {
    const kinds = kindsNamed('Ingress', 'IngressClass');
    const { cluster, namespaces } = accessRules({ ...whole, kinds, watchNamespaces: ['shop', 'kong'] });
    expect(rights(cluster)).toEqual([
      'list ingressclasses.networking.k8s.io',
      'watch ingressclasses.networking.k8s.io',
    ]);
    const watched = [
      'create events',
      'list ingresses.networking.k8s.io',
      'patch events',
      'patch ingresses/status.networking.k8s.io',
      'watch ingresses.networking.k8s.io',
    ];
    expect(rights(namespaces.get('shop'))).toEqual(watched);
    expect(rights(namespaces.get('kong')?.slice(0, -2))).toEqual(watched); // with the Lease behind
    expect(rights(namespaces.get('default'))).toEqual(['create events', 'patch events']); // about classes
    expect(namespaces.size).toBe(3);
  });

  it('gives the published Service a rule of its own only where Services are not followed', () => {
    const published = { ...whole, publishService: { namespace: 'kong', name: 'gateway' } };
    const services = (options: AccessOptions): readonly string[] =>
      rights(accessRules(options).namespaces.get('kong')).filter((right) => right.includes('services gateway'));
    const own = ['list services gateway', 'watch services gateway'];
    expect(services(published)).toEqual([]);
    expect(services({ ...published, watchNamespaces: ['kong'] })).toEqual([]);
    expect(services({ ...published, watchNamespaces: ['shop'] })).toEqual(own);
    expect(services({ ...published, kinds: kindsNamed('Ingress') })).toEqual(own);
    expect(services({ ...published, watchNamespaces: ['shop'], writesStatus: false })).toEqual([]);
  });
});
