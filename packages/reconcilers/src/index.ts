export { ConfigurationReconciler } from './configuration-reconciler.ts';
export type {
  ConfigurationReconcilerOptions,
  EntityTranslator,
  ObjectSource,
  Reconciliation,
} from './configuration-reconciler.ts';
export { EntityPublisher } from './entity-publisher.ts';
export type { Publication } from './entity-publisher.ts';
export type { EntityChange, EntityWriter, Refusal } from './entity-writer.ts';
export { StoreWriter } from './store-writer.ts';
