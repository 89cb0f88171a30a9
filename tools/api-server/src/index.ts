export { ApiServer } from './api-server.ts';
export type { ApiServerOptions } from './api-server.ts';
export type { ClusterObjects, ObjectReference, WrittenObject } from './cluster-objects.ts';
export type { ApiObject, ObjectMeta } from './api-object.ts';
export type { ArmedFault, Fault, FaultPlan, FaultRule } from './faults.ts';
export type { RequestFacts, Verb } from './request-facts.ts';
export type { LoggedRequest, RequestFilter, RequestLog } from './request-log.ts';
export { StatusError } from './status-error.ts';
export type { StatusDetails } from './status-error.ts';
