import type { CheckedEntity } from './checked-configuration.ts';

/** An entity and where it stands in its collection. */
export interface PlacedEntity {
  readonly entity: CheckedEntity;
  readonly index: number;
}
