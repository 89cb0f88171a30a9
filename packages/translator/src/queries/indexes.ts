import type { Index } from '@koko/incremental';
import type { Ingress } from '../kubernetes/ingress.ts';
import { isUsable, routeNames } from '../kong/names.ts';
import { serviceKey } from './service-key.ts';
import type { TranslationInputs } from './translation-graph.ts';

type TranslationIndex<K extends keyof TranslationInputs> = Index<TranslationInputs, K>;

/** Slices by `namespace/name` of their Service. */
export const slicesByService: TranslationIndex<'EndpointSlice'> = {
  name: 'slices-by-service',
  kind: 'EndpointSlice',
  valuesOf: (slice) => (slice.serviceKey === undefined ? [] : [slice.serviceKey]),
};

/** Ingresses with a default backend, all under the value ''. */
export const ingressesByDefaultBackend: TranslationIndex<'Ingress'> = {
  name: 'ingresses-by-default-backend',
  kind: 'Ingress',
  valuesOf: (ingress) => (ingress.defaultBackend === undefined ? [] : ['']),
};

/** Ingresses by the Kong services that their rules lead to. */
export const ingressesByBackend: TranslationIndex<'Ingress'> = {
  name: 'ingresses-by-backend',
  kind: 'Ingress',
  valuesOf: ({ reference, routes }) =>
    routes.flatMap(({ backend }) => (isUsable(backend) ? [serviceKey(reference, backend)] : [])),
};

/** Ingresses by the names of the routes that they ask for. */
export const ingressesByRouteName: TranslationIndex<'Ingress'> = {
  name: 'ingresses-by-route-name',
  kind: 'Ingress',
  valuesOf: ({ reference, routes, defaultBackend }) => routeNames(reference, routes, defaultBackend !== undefined),
};

/** Ingresses by the hosts for which they claim a certificate. */
export const ingressesByTlsHost: TranslationIndex<'Ingress'> = {
  name: 'ingresses-by-tls-host',
  kind: 'Ingress',
  valuesOf: ({ tls }: Ingress) => tls.flatMap(({ hosts }) => hosts),
};

/** Ingresses by `namespace/name` of the Secrets in their TLS sections. */
export const ingressesBySecret: TranslationIndex<'Ingress'> = {
  name: 'ingresses-by-secret',
  kind: 'Ingress',
  valuesOf: ({ tls }) => tls.map(({ secretKey }) => secretKey),
};

/** Secrets by the digest of certificate and key. */
export const secretsByKeyPair: TranslationIndex<'Secret'> = {
  name: 'secrets-by-key-pair',
  kind: 'Secret',
  valuesOf: ({ keyPair }) => (keyPair === undefined ? [] : [keyPair.digest]),
};

/** Secrets by uid: one each, but for copied manifests. */
export const secretsByUid: TranslationIndex<'Secret'> = {
  name: 'secrets-by-uid',
  kind: 'Secret',
  valuesOf: ({ uid, keyPair }) => (uid === '' || keyPair === undefined ? [] : [uid]),
};

export const indexes = [
  slicesByService,
  ingressesByDefaultBackend,
  ingressesByBackend,
  ingressesByRouteName,
  ingressesByTlsHost,
  ingressesBySecret,
  secretsByKeyPair,
  secretsByUid,
] as const;
