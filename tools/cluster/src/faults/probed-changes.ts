import type { ApiServer } from '@koko/api-server';
import type { Controller } from 'iic';
import { ingressOf, secretOf, serviceOf, sliceOf } from '../shop-objects.ts';
import type { Shop } from '../shop-objects.ts';

/** A change that was made, and how to tell that a controller has taken it in. */
export interface ProbedChange {
  readonly isTakenIn: (controller: Controller) => Promise<boolean>;
}

/** Makes the change of this number to one object of a kind. */
export type Changer = (server: ApiServer, shop: Shop, number: number) => Promise<ProbedChange>;

const NAMED_PORT_FLOOR = 20_000;

/** Changes by the resource whose objects they touch; each leaves a trace of its own in what is served. */
export const changers = {
  ingresses: async (server, shop, number) => {
    server.objects.apply(ingressOf(shop, { path: `/change-${number}` }));
    return trace('routes', `/change-${number}/`);
  },
  endpointslices: async (server, shop, number) => {
    const slice = sliceOf(shop);
    const address = `10.200.${number >> 8}.${number & 255}`;
    server.objects.apply({ ...slice, endpoints: [{ addresses: [address], conditions: { ready: true } }] });
    return trace('targets', `${address}:`);
  },
  services: async (server, shop, number) => {
    const service = serviceOf(shop, NAMED_PORT_FLOOR + number);
    const annotations = { 'konghq.com/tags': `change-${number}` };
    server.objects.apply({ ...service, metadata: { ...service.metadata, annotations } });
    return trace('services', `change-${number}`);
  },
  secrets: async (server, shop) => {
    const secret = await secretOf(shop);
    server.objects.apply(secret);
    const { 'tls.crt': certificate } = secret['data'] as Record<string, string>; // just made
    return trace(
      'certificates',
      Buffer.from(certificate ?? '', 'base64')
        .toString()
        .trim()
        .slice(-300),
    );
  },
} as const satisfies Readonly<Record<string, Changer>>;

export type ChangedResource = keyof typeof changers;

function trace(type: 'routes' | 'targets' | 'services' | 'certificates', text: string): ProbedChange {
  const escaped = JSON.stringify(text).slice(1, -1);
  return {
    isTakenIn: async ({ store }) => {
      const { items } = await store.list(type);
      return items.some((entity) => JSON.stringify(entity).includes(escaped));
    },
  };
}
