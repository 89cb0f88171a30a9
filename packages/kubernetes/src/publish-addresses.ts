import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { silentLogger, untilAborted } from '@koko/lifecycle';
import type { Clock, Logger, Runnable } from '@koko/lifecycle';
import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { ObjectCache } from './object-cache.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorLimits } from './reflector.ts';

/** An address as load balancers have it in their status. */
export type PublishAddress = { readonly ip: string } | { readonly hostname: string };

export interface PublishAddressesOptions {
  /** IP addresses or DNS names; go before `service`. */
  readonly addresses?: readonly string[];
  /** `NAMESPACE/NAME` of the Service that leads to the data planes; followed wherever it is. Needs a client. */
  readonly service?: string;
  readonly client?: ApiClient;
  readonly limits?: Partial<ReflectorLimits>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** At least 0, less than 1. Default: `Math.random`. */
  readonly random?: () => number;
}

interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

const SERVICE: TranslatedKind = {
  kind: 'Service',
  group: '',
  version: 'v1',
  resource: 'services',
  namespaced: true,
  ingest: 'always',
};

/** The addresses under which clients reach the data planes: given, or those of a Service, as they change. Can be run again. */
export class PublishAddresses implements Runnable {
  readonly name = 'publish-addresses';
  readonly #options: PublishAddressesOptions;
  readonly #service: ServiceName | undefined;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #addresses: readonly PublishAddress[] = [];

  /** @throws {ApiError} `ERR_KUBERNETES_PUBLISH` when the settings make no sense; the message names the setting. */
  constructor(options: PublishAddressesOptions) {
    const { addresses = [], service, client } = options;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    if (addresses.length > 0) this.#addresses = unique(addresses.map(parseAddress));
    else if (service === undefined || client === undefined) throw settingError('set it, or publish-service');
    else this.#service = parseServiceName(service);
  }

  /** In their order; none while they are not known. */
  current(): readonly PublishAddress[] {
    return this.#addresses;
  }

  /** @returns Ends the subscription. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ready at once: the Service may come whenever it likes. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready();
    const { client } = this.#options;
    if (this.#service === undefined || client === undefined) return untilAborted(signal);
    await this.#follow(this.#service, client, signal);
  }

  async #follow({ namespace, name }: ServiceName, client: ApiClient, signal: AbortSignal): Promise<void> {
    const { limits, clock, random } = this.#options;
    const cache: ObjectCache = new ObjectCache(({ reference }) => this.#take(cache.find(reference)));
    const reflector = new Reflector({
      client,
      cache,
      kind: SERVICE,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      logger: this.#logger,
      ...(limits === undefined ? {} : { limits }),
      ...(clock === undefined ? {} : { clock }),
      ...(random === undefined ? {} : { random }),
    });
    const find = (): KubernetesObject | undefined => cache.find({ kind: SERVICE.kind, namespace, name });
    void reflector.synced.then(() => this.#take(find(), true));
    await reflector.run(signal);
  }

  /** @param isFirst Whether this is what there is after a start, to be told even where it is nothing. */
  #take(service: KubernetesObject | undefined, isFirst = false): void {
    const addresses = service === undefined ? [] : addressesOf(service);
    const isSame = isDeepStrictEqual(addresses, this.#addresses);
    if (addresses.length === 0 && (isFirst || !isSame)) {
      const fields = { service: this.#options.service, exists: service !== undefined };
      this.#logger.warn(fields, 'publish-service has no address: no status is written until it has one');
    }
    if (isSame) return;
    this.#addresses = addresses;
    if (addresses.length > 0) this.#logger.info({ addresses }, 'Publishing these addresses');
    for (const listener of this.#listeners) listener();
  }
}

/** Of a load balancer, what it was given; of other Services their cluster IPs. */
function addressesOf(service: KubernetesObject): readonly PublishAddress[] {
  const { type, clusterIPs, clusterIP } = fieldsOf(service['spec']);
  if (type === 'LoadBalancer') {
    const { ingress } = fieldsOf(fieldsOf(service['status'])['loadBalancer']);
    return unique(listOf(ingress).flatMap((entry) => addressesOfPoint(fieldsOf(entry))));
  }
  const ips = Array.isArray(clusterIPs) ? listOf(clusterIPs) : [clusterIP];
  return unique(ips.flatMap((ip) => (typeof ip === 'string' && isIP(ip) > 0 ? [{ ip }] : [])));
}

function addressesOfPoint({ ip, hostname }: Fields): readonly PublishAddress[] {
  const addresses: PublishAddress[] = [];
  if (typeof ip === 'string' && ip !== '') addresses.push({ ip });
  if (typeof hostname === 'string' && hostname !== '') addresses.push({ hostname });
  return addresses;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function parseAddress(text: string): PublishAddress {
  const address = text.trim().toLowerCase();
  if (isIP(address) > 0 && !address.includes('%')) return { ip: address };
  const labels = address.split('.');
  const isName = address.length <= 253 && labels.every((label) => LABEL.test(label));
  // 10.0.0.300 is no name that anybody means.
  if (isName && !/^\d+$/.test(labels.at(-1) ?? '')) return { hostname: address };
  throw settingError(`"${text}" is neither an IP address nor a DNS name`);
}

function parseServiceName(text: string): ServiceName {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (LABEL.test(namespace) && LABEL.test(name) && rest.length === 0) return { namespace, name };
  throw settingError(`"${text}" is not of the form NAMESPACE/NAME`, 'publish-service');
}

function settingError(reason: string, setting = 'publish-status-address'): ApiError {
  return new ApiError('ERR_KUBERNETES_PUBLISH', `Cannot use ${setting}: ${reason}`);
}

function unique(addresses: readonly PublishAddress[]): readonly PublishAddress[] {
  return [...new Map(addresses.map((address) => [JSON.stringify(address), address])).values()];
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
