import { isDeepStrictEqual } from 'node:util';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { ApiError } from './api-error.ts';

/** What a Lease says, as far as elections read it. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** When the present holder became it, as RFC 3339 with microseconds. */
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often the holder has changed. */
  readonly transitions: number;
}

/** A Lease as the API server has it. */
export interface ObservedLease {
  readonly record: LeaseRecord;
  readonly resourceVersion: string;
}

/** Reads and writes one Lease. */
export interface LeaseStore {
  /** `undefined` when there is none. */
  read(signal: AbortSignal): Promise<ObservedLease | undefined>;
  /** @throws {ApiError} `ERR_KUBERNETES_CONFLICT` when there is one meanwhile. */
  create(record: LeaseRecord, signal: AbortSignal): Promise<ObservedLease>;
  /** @throws {ApiError} `ERR_KUBERNETES_CONFLICT` when it is not at that version any more. */
  update(record: LeaseRecord, resourceVersion: string, signal: AbortSignal): Promise<ObservedLease>;
}

/** A Lease of coordination.k8s.io/v1 at an API server. */
export class ClusterLease implements LeaseStore {
  readonly #client: ApiClient;
  readonly #namespace: string;
  readonly #name: string;

  constructor(client: ApiClient, namespace: string, name: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#name = name;
  }

  async read(signal: AbortSignal): Promise<ObservedLease | undefined> {
    try {
      return parseLease(await this.#client.request(this.#request('get'), signal));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'ERR_KUBERNETES_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async create(record: LeaseRecord, signal: AbortSignal): Promise<ObservedLease> {
    const body = this.#body(record);
    return parseLease(await this.#client.request({ ...this.#request('create'), body }, signal));
  }

  async update(record: LeaseRecord, resourceVersion: string, signal: AbortSignal): Promise<ObservedLease> {
    const body = this.#body(record, resourceVersion);
    return parseLease(await this.#client.request({ ...this.#request('update'), body }, signal));
  }

  #request(verb: 'get' | 'create' | 'update'): ApiRequest {
    const all = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(this.#namespace)}/leases`;
    const path = verb === 'create' ? all : `${all}/${encodeURIComponent(this.#name)}`;
    // A leader that cannot renew because the server is slow with everything else would lose its lead for nothing.
    return { verb, resource: 'leases.coordination.k8s.io', path, isUrgent: true };
  }

  #body(record: LeaseRecord, resourceVersion?: string): unknown {
    const { holder, durationSeconds, acquireTime, renewTime, transitions } = record;
    const version = resourceVersion === undefined ? {} : { resourceVersion };
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: this.#namespace, name: this.#name, ...version },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: durationSeconds,
        acquireTime,
        renewTime,
        leaseTransitions: transitions,
      },
    };
  }
}

function parseLease(object: Readonly<Record<string, unknown>>): ObservedLease {
  const metadata = (object['metadata'] ?? {}) as Readonly<Record<string, unknown>>; // checked field by field
  const spec = (object['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  const record = {
    holder: textOf(spec['holderIdentity']),
    durationSeconds: numberOf(spec['leaseDurationSeconds']),
    acquireTime: textOf(spec['acquireTime']),
    renewTime: textOf(spec['renewTime']),
    transitions: numberOf(spec['leaseTransitions']),
  };
  return { record, resourceVersion: textOf(metadata['resourceVersion']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Whether both say the same; a change of anything else in the Lease is no sign of life. */
export function isSameRecord(record: LeaseRecord, other: LeaseRecord | undefined): boolean {
  return isDeepStrictEqual(record, other);
}
