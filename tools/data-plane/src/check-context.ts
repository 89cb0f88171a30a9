import type { RouterFlavor } from '@koko/model';
import type { VersionTraits } from './version-traits.ts';

/** What every check needs. */
export interface CheckContext {
  readonly traits: VersionTraits;
  readonly plugins: ReadonlySet<string>;
  readonly routerFlavor: RouterFlavor;
  readonly nowMs: number;
  /** Whether paths without `~` that look like regular expressions get one, as for old format versions. */
  readonly migratesPaths: boolean;
}
