import { describe, expect, it } from '@jest/globals';
import { statusWishes } from './status-wish.ts';
import type { StatusFacts } from './status-wish.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');
const addresses = [{ ip: '192.0.2.1' }, { hostname: 'lb.test' }];

function facts(status: unknown, other: Partial<StatusFacts> = {}): StatusFacts {
  const metadata = { name: 'a', namespace: 'shop', generation: 3 };
  return {
    object: { apiVersion: 'v1', kind: 'A', metadata, status },
    isAccepted: true,
    hasProblem: false,
    addresses,
    now,
    ...other,
  };
}

describe('the status of load balancers', () => {
  const wish = statusWishes.loadBalancer;

  it('holds the addresses in their order', () => {
    expect(wish(facts(undefined))?.status).toEqual({ loadBalancer: { ingress: addresses } });
    expect(wish(facts({ loadBalancer: { ingress: [...addresses].reverse() } }))).toBeDefined();
    expect(wish(facts({ loadBalancer: { ingress: [addresses[0]] } }))).toBeDefined();
  });

  it('is right when the addresses are, whatever else others wrote to them', () => {
    const ingress = [
      { ip: '192.0.2.1', ports: [{ port: 80, protocol: 'TCP' }] },
      { hostname: 'lb.test', ip: '' },
    ];
    expect(wish(facts({ loadBalancer: { ingress } }))).toBeUndefined();
  });

  it.each([
    ['is not ours', { isAccepted: false }],
    ['has a problem', { hasProblem: true }],
    ['is to have addresses that are not known', { addresses: [] }],
  ])('is left as it is where the object %s', (_, other) => {
    expect(wish(facts({ loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } }, other))).toBeUndefined();
  });

  it.each([
    null,
    'text',
    5,
    [],
    { loadBalancer: null },
    { loadBalancer: { ingress: 'x' } },
    { loadBalancer: { ingress: [null] } },
  ])('is written over what makes no sense: %j', (status) => {
    expect(wish(facts(status))).toBeDefined();
  });
});

describe('the condition Programmed', () => {
  const wish = statusWishes.programmed;
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'Other',
    message: '',
    lastTransitionTime: '2020-01-01T00:00:00Z',
  };
  const programmed = (other: object = {}): object => ({
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: 'Object was successfully configured in Kong',
    observedGeneration: 3,
    lastTransitionTime: '2020-01-01T00:00:00Z',
    ...other,
  });
  const written = (conditions: readonly unknown[], other?: Partial<StatusFacts>): unknown =>
    wish(facts({ conditions }, other))?.status['conditions'];

  it('is added beside the conditions of others', () => {
    expect(written([ready])).toEqual([ready, programmed({ lastTransitionTime: '2026-01-02T03:04:05Z' })]);
  });

  it('keeps the time of its last transition while its status stays, and tells the generation it is about', () => {
    expect(written([programmed({ observedGeneration: 2 }), ready])).toEqual([programmed(), ready]);
    expect(written([programmed()])).toBeUndefined();
  });

  it('is False and Invalid where a problem names the object, also where it is not ours', () => {
    for (const isAccepted of [true, false]) {
      expect(written([programmed()], { hasProblem: true, isAccepted })).toEqual([
        programmed({
          status: 'False',
          reason: 'Invalid',
          message: 'Object failed to be configured in Kong, see attached Events',
          lastTransitionTime: '2026-01-02T03:04:05Z',
        }),
      ]);
    }
  });

  it('is pending on what has ceased to be ours, unless there is one already', () => {
    expect(written([programmed()], { isAccepted: false })).toBeUndefined();
    expect(written([ready], { isAccepted: false })).toMatchObject([ready, { status: 'False', reason: 'Pending' }]);
  });

  it('is left out where eight others fill the list', () => {
    const others = Array.from({ length: 8 }, (_, index) => ({ ...ready, type: `T${index}` }));
    expect(written(others)).toBeUndefined();
    expect(written([...others.slice(1), programmed({ status: 'Unknown' })])).toHaveLength(8);
  });
});
