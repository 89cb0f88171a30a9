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
