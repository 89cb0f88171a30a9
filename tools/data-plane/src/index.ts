export { SimulatedDataPlane } from './simulated-data-plane.ts';
export type { SimulatedDataPlaneOptions } from './options.ts';
export type { IdentityOptions } from './tls-identity.ts';
export type { DataPlaneProtocol } from './version-traits.ts';
export type { Clock } from '@koko/lifecycle';
export { EventPrinter } from './event-printer.ts';

export { checkConfiguration } from './check-configuration.ts';
export type { CheckOptions, CheckResult } from './check-configuration.ts';
export { CheckedConfiguration, CheckedEntity } from './checked-configuration.ts';
export type { WrittenReference } from './checked-configuration.ts';
export { ConfigurationReader, ReceivedConfiguration } from './received-configuration.ts';
export type { PayloadKind } from './received-configuration.ts';

export { bundledPlugins } from './bundled-plugins.ts';
export { EMPTY_HASH, ownConfigHash } from './own-hash.ts';

export type {
  ConfigurationProblem,
  ConfiguredEvent,
  ConnectedEvent,
  DataPlaneEvent,
  DisconnectedEvent,
  EntityChange,
  FailedEvent,
  PingedEvent,
  ProbedEvent,
  ReceivedEvent,
  RefusedEvent,
  UnchangedEvent,
} from './events.ts';
