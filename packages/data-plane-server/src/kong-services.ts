import type { Method, Service } from '@koko/wrpc';
import { defineService, messageCodecs } from '@koko/wrpc';

// Field numbers: Kong 3.0.2 and 3.1.1, kong/include/kong/services/{config,negotiation}/v1/*.proto (the numbering has gaps).
const codec = messageCodecs({
  PluginVersion: { fields: { name: { type: 'string', id: 1 }, version: { type: 'string', id: 2 } } },
  ReportMetadataRequest: { fields: { plugins: { rule: 'repeated', type: 'PluginVersion', id: 1 } } },
  ReportMetadataResponse: {
    oneofs: { response: { oneof: ['ok', 'error'] } },
    fields: { ok: { type: 'string', id: 1 }, error: { type: 'string', id: 2 } },
  },
  GranularHashes: {
    fields: {
      config: { type: 'string', id: 1 },
      routes: { type: 'string', id: 2 },
      services: { type: 'string', id: 3 },
      plugins: { type: 'string', id: 4 },
      upstreams: { type: 'string', id: 5 },
      targets: { type: 'string', id: 6 },
    },
  },
  SyncConfigRequest: {
    fields: {
      config: { type: 'bytes', id: 1 },
      version: { type: 'uint64', id: 2 },
      configHash: { type: 'string', id: 3 },
      hashes: { type: 'GranularHashes', id: 4 },
    },
  },
  SyncError: {
    fields: {
      id: { type: 'string', id: 1 },
      entity: { type: 'string', id: 2 },
      errType: { type: 'uint32', id: 3 },
    },
  },
  SyncConfigResponse: {
    fields: { accepted: { type: 'bool', id: 1 }, errors: { rule: 'repeated', type: 'SyncError', id: 2 } },
  },
  PingCPRequest: { fields: { hash: { type: 'string', id: 1 } } },
  PingCPResponse: { fields: {} },
  GetCapabilitiesRequest: { fields: {} },
  GetCapabilitiesResponse: { fields: { capabilities: { rule: 'repeated', type: 'uint32', id: 1 } } },
  DPNodeDescription: {
    fields: {
      type: { type: 'string', id: 2 },
      version: { type: 'string', id: 3 },
      hostname: { type: 'string', id: 4 },
    },
  },
  ServiceRequest: {
    fields: { name: { type: 'string', id: 1 }, versions: { rule: 'repeated', type: 'string', id: 2 } },
  },
  NegotiateServicesRequest: {
    fields: {
      node: { type: 'DPNodeDescription', id: 1 },
      servicesRequested: { rule: 'repeated', type: 'ServiceRequest', id: 2 },
    },
  },
  CPNodeDescription: { fields: { id: { type: 'string', id: 1 } } },
  AcceptedService: {
    fields: {
      name: { type: 'string', id: 1 },
      version: { type: 'string', id: 2 },
      message: { type: 'string', id: 3 },
    },
  },
  RejectedService: { fields: { name: { type: 'string', id: 1 }, message: { type: 'string', id: 3 } } },
  NegotiateServicesResponse: {
    fields: {
      errorMessage: { type: 'string', id: 1 },
      node: { type: 'CPNodeDescription', id: 2 },
      servicesAccepted: { rule: 'repeated', type: 'AcceptedService', id: 3 },
      servicesRejected: { rule: 'repeated', type: 'RejectedService', id: 4 },
    },
  },
});

/** A plugin that a data plane has enabled. */
export interface PluginVersion {
  readonly name: string;
  readonly version: string;
}

/** What a data plane reports about itself before it gets a configuration. */
export interface ReportMetadataRequest {
  readonly plugins: readonly PluginVersion[];
}

/** Exactly one of both; a data plane goes on only with a non-empty `ok`. */
export interface ReportMetadataResponse {
  readonly ok?: string;
  readonly error?: string;
}

/** The hash of the whole configuration and of the parts that a data plane rebuilds separately, 32 characters each. */
export interface ConfigHashes {
  readonly config: string;
  readonly routes: string;
  readonly services: string;
  readonly plugins: string;
  readonly upstreams: string;
  readonly targets: string;
}

/** A whole configuration: gzip of the bare `config_table`. */
export interface SyncConfigRequest {
  readonly config: Uint8Array;
  /** At least 1 and higher than any sent before on the connection. */
  readonly version: number;
  readonly configHash: string;
  readonly hashes?: ConfigHashes;
}

/** `accepted` means received: a Kong data plane answers before it validates. */
export interface SyncConfigResponse {
  readonly accepted: boolean;
  readonly errors: readonly { readonly id: string; readonly entity: string; readonly errType: number }[];
}

/** The hash of what the data plane runs, 32 zeros before its first configuration. */
export interface PingCPRequest {
  readonly hash: string;
}

/** The first call of a data plane. */
export interface NegotiateServicesRequest {
  readonly node?: { readonly type: string; readonly version: string; readonly hostname: string };
  readonly servicesRequested: readonly { readonly name: string; readonly versions: readonly string[] }[];
}

/** A data plane gives up when `errorMessage` is set and `node` is absent, or when `config` was not accepted. */
export interface NegotiateServicesResponse {
  readonly errorMessage: string;
  readonly node?: { readonly id: string };
  readonly servicesAccepted: readonly { readonly name: string; readonly version: string; readonly message: string }[];
  readonly servicesRejected: readonly { readonly name: string; readonly message: string }[];
}

type Empty = Readonly<Record<string, never>>;

const method = <Request extends object, Response extends object>(
  id: number,
  name: string,
): Method<Request, Response> => ({
  id,
  name,
  request: codec<Request>(`${name}Request`),
  response: codec<Response>(`${name}Response`),
});

/** Service 1: carries configurations to the data plane, and its metadata and pings to the control plane. */
export const configService = defineService({
  id: 1,
  name: 'ConfigService',
  methods: {
    getCapabilities: method<Empty, { readonly capabilities: readonly number[] }>(1, 'GetCapabilities'),
    syncConfig: method<SyncConfigRequest, SyncConfigResponse>(2, 'SyncConfig'),
    pingCP: method<PingCPRequest, Empty>(3, 'PingCP'),
    reportMetadata: method<ReportMetadataRequest, ReportMetadataResponse>(4, 'ReportMetadata'),
  },
}) satisfies Service;

/** Service 5: the data plane asks for services by name and version before it uses them. */
export const negotiationService = defineService({
  id: 5,
  name: 'NegotiationService',
  methods: {
    negotiateServices: method<NegotiateServicesRequest, NegotiateServicesResponse>(1, 'NegotiateServices'),
  },
}) satisfies Service;
