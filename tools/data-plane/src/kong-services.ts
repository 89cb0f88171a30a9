import { defineService, messageCodecs } from '@koko/wrpc';

// Written from Kong's .proto files a second time on purpose: a data plane that shared the server's table could not
// notice a wrong number in it.
const field = (id: number, type = 'string'): { type: string; id: number } => ({ type, id });
const list = (id: number, type: string): { rule: string; type: string; id: number } => ({ rule: 'repeated', type, id });

const codec = messageCodecs({
  NodeDescription: { fields: { type: field(2), version: field(3), hostname: field(4) } },
  ServiceRequest: { fields: { name: field(1), versions: list(2, 'string') } },
  NegotiateServicesRequest: {
    fields: { node: field(1, 'NodeDescription'), servicesRequested: list(2, 'ServiceRequest') },
  },
  ControlPlaneNode: { fields: {} },
  AcceptedService: { fields: { name: field(1), version: field(2), message: field(3) } },
  RejectedService: { fields: { name: field(1), message: field(3) } },
  NegotiateServicesResponse: {
    fields: {
      errorMessage: field(1),
      node: field(2, 'ControlPlaneNode'),
      servicesAccepted: list(3, 'AcceptedService'),
      servicesRejected: list(4, 'RejectedService'),
    },
  },
  Plugin: { fields: { name: field(1), version: field(2) } },
  ReportMetadataRequest: { fields: { plugins: list(1, 'Plugin') } },
  ReportMetadataResponse: {
    oneofs: { response: { oneof: ['ok', 'error'] } },
    fields: { ok: field(1), error: field(2) },
  },
  Hashes: {
    fields: {
      config: field(1),
      routes: field(2),
      services: field(3),
      plugins: field(4),
      upstreams: field(5),
      targets: field(6),
    },
  },
  SyncConfigRequest: {
    fields: {
      config: field(1, 'bytes'),
      version: field(2, 'uint64'),
      configHash: field(3),
      hashes: field(4, 'Hashes'),
    },
  },
  SyncError: { fields: { id: field(1), entity: field(2), errType: field(3, 'int32') } },
  SyncConfigResponse: { fields: { accepted: field(1, 'bool'), errors: list(2, 'SyncError') } },
  PingRequest: { fields: { hash: field(1) } },
  PingResponse: { fields: {} },
});

/** What a control plane pushes over wRPC. */
export interface SyncConfigRequest {
  /** gzip of the bare `config_table` as JSON. */
  readonly config: Uint8Array;
  readonly version: number;
  readonly configHash: string;
  readonly hashes?: Readonly<Record<string, string>>;
}

interface NegotiateServicesRequest {
  node: { type: string; version: string; hostname: string };
  servicesRequested: { name: string; versions: string[] }[];
}

interface NegotiateServicesResponse {
  errorMessage: string;
  node?: object;
  servicesAccepted: { name: string; version: string; message: string }[];
  servicesRejected: { name: string; message: string }[];
}

/** Kong's service 5: which other services both sides will use. */
export const negotiationService = defineService({
  id: 5,
  name: 'NegotiationService',
  methods: {
    negotiateServices: {
      id: 1,
      name: 'NegotiateServices',
      request: codec<NegotiateServicesRequest>('NegotiateServicesRequest'),
      response: codec<NegotiateServicesResponse>('NegotiateServicesResponse'),
    },
  },
});

/** Kong's service 1: configuration, metadata and pings. */
export const configService = defineService({
  id: 1,
  name: 'ConfigService',
  methods: {
    syncConfig: {
      id: 2,
      name: 'SyncConfig',
      request: codec<SyncConfigRequest>('SyncConfigRequest'),
      response: codec<{ accepted: boolean }>('SyncConfigResponse'),
    },
    pingControlPlane: {
      id: 3,
      name: 'PingCP',
      request: codec<{ hash: string }>('PingRequest'),
      response: codec<object>('PingResponse'),
    },
    reportMetadata: {
      id: 4,
      name: 'ReportMetadata',
      request: codec<{ plugins: { name: string; version: string }[] }>('ReportMetadataRequest'),
      response: codec<{ ok?: string; error?: string }>('ReportMetadataResponse'),
    },
  },
});
