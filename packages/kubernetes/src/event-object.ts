import { createHash } from 'node:crypto';
import type { KubernetesObject } from '@koko/translator';

/** What an Event says of an object. */
export interface EventContent {
  readonly object: KubernetesObject;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const COMPONENT = 'iic';
const HASH_DIGITS = 16;
const LONGEST_NAME = 253;

/** Where Events about an object are; those of cluster-scoped ones are where kubectl looks for them. */
export function eventNamespace({ metadata }: KubernetesObject): string {
  return metadata.namespace ?? 'default';
}

/**
 * The same for the same object, reason and message, whichever process asks: all of them renew one Event.
 * @returns A DNS subdomain, whatever the object is called.
 */
export function eventName({ object, reason, message }: EventContent): string {
  const { name, uid = '' } = object.metadata;
  const hash = createHash('sha256')
    .update(JSON.stringify([uid, reason, message]))
    .digest('hex')
    .slice(0, HASH_DIGITS);
  const labels = name
    .toLowerCase()
    .slice(0, LONGEST_NAME - HASH_DIGITS - 1)
    .split('.')
    .map((label) => label.replaceAll(/[^a-z0-9-]/g, '-').replaceAll(/^-+|-+$/g, ''))
    .filter((label) => label !== '');
  return [...labels, hash].join('.');
}

/** A first Event of core/v1. */
export function eventObject(content: EventContent, instance: string): Readonly<Record<string, unknown>> {
  const { object, reason, message, now } = content;
  const { namespace, name, uid, resourceVersion } = object.metadata;
  const time = eventTime(now);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: eventNamespace(object), name: eventName(content) },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid, resourceVersion },
    type: 'Warning',
    reason,
    message,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: instance,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

/** As Kubernetes writes times: in whole seconds. */
export function eventTime(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}
