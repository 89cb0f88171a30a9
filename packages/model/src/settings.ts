/** How a node reads routes; a setting of the node (`router_flavor`). */
export type RouterFlavor = 'traditional' | 'traditional_compatible' | 'expressions';

/** What descriptions are compiled for. */
export interface Settings {
  readonly flavor: RouterFlavor;
  /** Whether the version in question is this one or a later one; true for undefined. */
  readonly atLeast: (version: string | undefined) => boolean;
}
