import { groupVersionOf } from './served-kind.ts';
import type { ApiObject } from './api-object.ts';

// The two APIs of Event show the same objects under different field names; they are stored as core/v1.
const CORE_NAMES: Readonly<Record<string, string>> = {
  note: 'message',
  regarding: 'involvedObject',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  reportingController: 'reportingComponent',
};
const NEW_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CORE_NAMES).map(([name, coreName]) => [coreName, name]),
);
const NEW_API = groupVersionOf({ group: 'events.k8s.io', version: 'v1' });

function renamed(object: ApiObject, names: Readonly<Record<string, string>>, apiVersion: string): ApiObject {
  const entries = Object.entries(object).map(([field, value]) => [names[field] ?? field, value] as const);
  return { ...(Object.fromEntries(entries) as ApiObject), apiVersion }; // metadata and kind are never renamed
}

/** An Event of events.k8s.io as core/v1 stores it. */
export function eventToCore(object: ApiObject): ApiObject {
  return renamed(object, CORE_NAMES, 'v1');
}

/** A stored Event as events.k8s.io shows it. */
export function eventFromCore(object: ApiObject): ApiObject {
  return renamed(object, NEW_NAMES, NEW_API);
}
