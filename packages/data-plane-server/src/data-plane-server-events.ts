import type { ConfigHashes } from './kong-services.ts';
import type { NodeProtocol } from './node-registry.ts';
import type { PayloadProtocol } from './payload-cache.ts';

/** What happens in a `DataPlaneServer`; for metrics and tests. */
export interface DataPlaneServerEvents {
  /** The feed brought something, and the view has it. */
  configurationChanged: (event: {
    readonly revision: number;
    readonly configHash: string;
    readonly durationMs: number;
  }) => void;
  /** A payload was encoded; all data planes of its class share it. */
  payloadBuilt: (event: {
    readonly protocol: PayloadProtocol;
    readonly schemaVersion: string;
    readonly sizeBytes: number;
    readonly durationMs: number;
    readonly configHash: string;
  }) => void;
  /** A data plane has taken a payload: v1, it is in the network's hands; wRPC, it said so. */
  pushed: (event: {
    readonly nodeId: string;
    readonly protocol: NodeProtocol;
    readonly sizeBytes: number;
    readonly configHash: string;
  }) => void;
  /** A data plane told what it runs. */
  nodeReported: (event: { readonly nodeId: string; readonly configHash: string }) => void;
  nodeConnected: (event: {
    readonly nodeId: string;
    readonly protocol: NodeProtocol;
    readonly version: string;
  }) => void;
  nodeDisconnected: (event: {
    readonly nodeId: string;
    readonly protocol: NodeProtocol;
    readonly reason: string;
  }) => void;
  /** A connection was refused before it had a node: certificate, path or query. */
  connectionRejected: (event: { readonly ip: string; readonly reason: string }) => void;
}

/** What a `DataPlaneServer` serves at the moment. */
export interface DataPlaneServerStatus {
  /** Undefined before the first complete configuration; until then nothing is sent. */
  readonly revision: number | undefined;
  readonly configHash: string;
  readonly hashes: ConfigHashes;
  /** Entities that data planes get, by type. */
  readonly entityCounts: Readonly<Record<string, number>>;
  readonly connections: number;
  /** Payloads encoded for this configuration so far. */
  readonly payloads: readonly {
    readonly protocol: PayloadProtocol;
    readonly schemaVersion: string;
    readonly sizeBytes: number;
  }[];
}
