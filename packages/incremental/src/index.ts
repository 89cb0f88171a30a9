export type { DemandDiff, InputName } from './demand.ts';
export { Graph } from './graph.ts';
export type { Change, GraphDiff, GraphOptions, GraphSize, Root } from './graph.ts';
export { GraphError } from './graph-error.ts';
export type { GraphErrorCode } from './graph-error.ts';
export type { Conflict, Contributed, Emission, Index, Inputs, Query, Reads } from './query.ts';
