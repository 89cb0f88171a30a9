import type { Logger } from '@koko/lifecycle';
import type { ValidateOptions } from '@koko/model';
import type { Persister } from '@koko/persister';
import type { ChangeLogLimits } from './change-log.ts';

/** Settings of a `Store`; all but the persister may be left out. */
export interface StoreOptions {
  /** Where the content is kept. The store opens and closes it, and is the only one to write to it. */
  readonly persister: Persister;
  /** The cluster that the store's own methods work on. Default: `default`. */
  readonly cluster?: string;
  /**
   * `assign`: as Kong does, `created_at` is set once (unless the input brings one) and `updated_at` with every change.
   * Default: `none`, so that equal input gives equal content.
   */
  readonly timestamps?: 'none' | 'assign';
  /** What upserts are validated against, e.g. the router flavour of the nodes. */
  readonly validation?: ValidateOptions;
  /** How far back the change log of a cluster reaches. Default: 10,000 revisions, 100,000 changes, one hour. */
  readonly changeLog?: Partial<ChangeLogLimits>;
  /** Changes of recent commits whose content is kept in memory for `changesSince`, per cluster. Default: 5,000. */
  readonly recentChanges?: number;
  /** Milliseconds since the epoch; for timestamps and the age of the change log. */
  readonly now?: () => number;
  readonly logger?: Logger;
}
