import type { FeedEntity } from '../src/index.ts';

/** A UUID that reads as its number. */
export const uuidOf = (group: number, index: number): string =>
  `${group.toString(16).padStart(8, '0')}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;

export const serviceOf = (index: number, changes: Readonly<Record<string, unknown>> = {}): FeedEntity => ({
  type: 'services',
  entity: {
    id: uuidOf(1, index),
    name: `shop.orders-${index}.80`,
    host: `orders-${index}.shop.80.svc`,
    port: 80,
    protocol: 'http',
    path: '/',
    retries: 5,
    connect_timeout: 60000,
    read_timeout: 60000,
    write_timeout: 60000,
    enabled: true,
    tls_verify: null,
    tls_verify_depth: null,
    ca_certificates: null,
    client_certificate: null,
    tags: ['k8s-name:orders', 'k8s-namespace:shop', `k8s-uid:${uuidOf(9, index)}`],
    created_at: 1700000000,
    updated_at: 1700000000,
    ...changes,
  },
});

export const routeOf = (index: number, changes: Readonly<Record<string, unknown>> = {}): FeedEntity => ({
  type: 'routes',
  entity: {
    id: uuidOf(2, index),
    name: `shop.orders-${index}.00`,
    service: { id: uuidOf(1, index) },
    hosts: [`orders-${index}.example.com`],
    paths: ['/orders'],
    methods: null,
    headers: null,
    snis: null,
    sources: null,
    destinations: null,
    protocols: ['http', 'https'],
    https_redirect_status_code: 426,
    regex_priority: 0,
    strip_path: true,
    path_handling: 'v0',
    preserve_host: true,
    request_buffering: true,
    response_buffering: true,
    tags: ['k8s-name:orders', 'k8s-namespace:shop'],
    created_at: 1700000000,
    updated_at: 1700000000,
    ...changes,
  },
});

export const upstreamOf = (index: number, changes: Readonly<Record<string, unknown>> = {}): FeedEntity => ({
  type: 'upstreams',
  entity: {
    id: uuidOf(3, index),
    name: `orders-${index}.shop.80.svc`,
    algorithm: 'round-robin',
    hash_on: 'none',
    hash_fallback: 'none',
    slots: 10000,
    healthchecks: { passive: { type: 'http' }, active: { type: 'http' } },
    use_srv_name: false,
    client_certificate: null,
    tags: ['k8s-name:orders'],
    created_at: 1700000000,
    updated_at: 1700000000,
    ...changes,
  },
});

export const targetOf = (
  index: number,
  upstream: number,
  changes: Readonly<Record<string, unknown>> = {},
): FeedEntity => ({
  type: 'targets',
  entity: {
    id: uuidOf(4, index),
    upstream: { id: uuidOf(3, upstream) },
    target: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:8080`,
    weight: 100,
    tags: null,
    created_at: 1700000000.123,
    updated_at: 1700000000.123,
    ...changes,
  },
});

export const pluginOf = (index: number, changes: Readonly<Record<string, unknown>> = {}): FeedEntity => ({
  type: 'plugins',
  entity: {
    id: uuidOf(5, index),
    name: 'cors',
    enabled: true,
    config: { origins: ['*'] },
    protocols: ['http', 'https'],
    service: null,
    route: null,
    consumer: null,
    instance_name: null,
    tags: null,
    created_at: 1700000000,
    updated_at: 1700000000,
    ...changes,
  },
});

export const consumerOf = (index: number): FeedEntity => ({
  type: 'consumers',
  entity: { id: uuidOf(6, index), username: `ann-${index}`, custom_id: null, tags: null, created_at: 1700000000 },
});

export const keyAuthOf = (index: number, consumer: number): FeedEntity => ({
  type: 'keyauth_credentials',
  entity: { id: uuidOf(7, index), consumer: { id: uuidOf(6, consumer) }, key: `key-${index}`, tags: null, ttl: null },
});

/** The entities of so many Ingresses with a Service of two endpoints each: five per Ingress. */
export const ingressEntities = (ingresses: number): FeedEntity[] =>
  Array.from({ length: ingresses }).flatMap((_, index) => [
    serviceOf(index),
    routeOf(index),
    upstreamOf(index),
    targetOf(2 * index, index),
    targetOf(2 * index + 1, index),
  ]);
