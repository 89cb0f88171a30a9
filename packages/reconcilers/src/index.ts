export { ConfigurationReconciler } from './configuration-reconciler.ts';
export type {
  ConfigurationReconcilerOptions,
  Demanded,
  EntityTranslator,
  ObjectSource,
  Reconciliation,
} from './configuration-reconciler.ts';
export { EntityPublisher } from './entity-publisher.ts';
export type { Publication } from './entity-publisher.ts';
export type { EntityChange, EntityWriter, Refusal } from './entity-writer.ts';
export { EventReporter } from './event-reporter.ts';
export type { EventChanges, EventCounters, EventLimits, EventReporterOptions } from './event-reporter.ts';
export type { EventOutcome, EventReport, EventWriter, ReportedObjects, SeenEvent } from './event-writer.ts';
export type { PaceLimits } from './paced-work.ts';
export { StatusReconciler } from './status-reconciler.ts';
export type { StatusChanges, StatusCounters, StatusLimits, StatusReconcilerOptions } from './status-reconciler.ts';
export type {
  AddressSource,
  PublishedAddress,
  StatusObjects,
  StatusTarget,
  StatusWriteOutcome,
  StatusWriter,
} from './status-writer.ts';
export { StoreWriter } from './store-writer.ts';
export type { WorkSurroundings } from './work-surroundings.ts';
