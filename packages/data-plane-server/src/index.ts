export type { ConfigurationFeed, FeedChange, FeedEntity, FeedItem } from './configuration-feed.ts';

export { configService, negotiationService } from './kong-services.ts';
export type {
  ConfigHashes,
  NegotiateServicesRequest,
  NegotiateServicesResponse,
  PingCPRequest,
  PluginVersion,
  ReportMetadataRequest,
  ReportMetadataResponse,
  SyncConfigRequest,
  SyncConfigResponse,
} from './kong-services.ts';

export { DataPlaneServer } from './data-plane-server.ts';
export type { DataPlaneServerOptions } from './data-plane-server.ts';
export type { DataPlaneServerEvents, DataPlaneServerStatus } from './data-plane-server-events.ts';
export type { DataPlaneServerTls } from './client-authentication.ts';
export type { DataPlaneServerLimits } from './limits.ts';
export { DataPlaneServerError } from './data-plane-server-error.ts';
export type { DataPlaneServerErrorCode } from './data-plane-server-error.ts';
export type { NodeProblem, NodeProblemCode, NodeProtocol, NodeRecord, SyncStatus } from './node-registry.ts';
export type { PayloadProtocol } from './payload-cache.ts';
