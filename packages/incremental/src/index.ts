export type { Emission, Index, Inputs, Query, Reads } from './query.ts';
