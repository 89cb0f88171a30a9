import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import type { PublishedAddress } from './status-writer.ts';

/** How a kind wants its status, as the table of kinds says. */
export type StatusColumn = NonNullable<TranslatedKind['status']>;

/** All that an object's status depends on. */
export interface StatusFacts {
  readonly object: KubernetesObject;
  /** Whether it is ours. */
  readonly isAccepted: boolean;
  /** Whether a problem names it. */
  readonly hasProblem: boolean;
  readonly addresses: readonly PublishedAddress[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Fields of `status` to write. */
export interface StatusWish {
  readonly status: Readonly<Record<string, unknown>>;
  /** Equal where the same is wished, whenever that is. */
  readonly value: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** What to write for a kind's column; `undefined` where the status is right already or not ours to write. */
export const statusWishes: Readonly<Record<StatusColumn, (facts: StatusFacts) => StatusWish | undefined>> = {
  loadBalancer: loadBalancerWish,
  programmed: programmedWish,
};

/**
 * Addresses of objects that are ours and in order. Never taken away again: by then they may be another controller's. Fields
 * of addresses that we do not write (`ports`, `ipMode`) make no difference.
 */
function loadBalancerWish({ object, isAccepted, hasProblem, addresses }: StatusFacts): StatusWish | undefined {
  if (!isAccepted || hasProblem || addresses.length === 0) return undefined;
  const present = fieldsOf(fieldsOf(object['status'])['loadBalancer'])['ingress'];
  const value = JSON.stringify(addresses.map(addressText));
  if (Array.isArray(present) && JSON.stringify(present.map(addressText)) === value) return undefined;
  return { status: { loadBalancer: { ingress: addresses } }, value };
}

function addressText(address: unknown): string {
  const { ip = '', hostname = '' } = fieldsOf(address);
  return `${String(ip)} ${String(hostname)}`;
}

const PROGRAMMED = 'Programmed';
/** As the definitions of our kinds allow. */
const MAX_CONDITIONS = 8;

const CONDITIONS = {
  programmed: { status: 'True', reason: PROGRAMMED, message: 'Object was successfully configured in Kong' },
  invalid: {
    status: 'False',
    reason: 'Invalid',
    message: 'Object failed to be configured in Kong, see attached Events',
  },
  pending: { status: 'False', reason: 'Pending', message: 'Object is pending configuration in Kong' },
};

/** The condition `Programmed` among those of others, which stay. What is known is never replaced by what is pending. */
function programmedWish({ object, isAccepted, hasProblem, now }: StatusFacts): StatusWish | undefined {
  const wished = CONDITIONS[hasProblem ? 'invalid' : isAccepted ? 'programmed' : 'pending'];
  const present = fieldsOf(object['status'])['conditions'];
  const conditions: readonly unknown[] = Array.isArray(present) ? present : [];
  const before = conditions.map(fieldsOf).find(({ type }) => type === PROGRAMMED);
  if (before === undefined ? conditions.length >= MAX_CONDITIONS : wished === CONDITIONS.pending) return undefined;
  const { generation: observedGeneration } = object.metadata;
  const wishedFields = { ...wished, ...(observedGeneration === undefined ? {} : { observedGeneration }) };
  if (before !== undefined && hasFields(before, wishedFields)) return undefined;
  const isTransition = before?.['status'] !== wished.status;
  const lastTransitionTime = isTransition ? timestamp(now) : (before?.['lastTransitionTime'] ?? timestamp(now));
  const condition = { type: PROGRAMMED, ...wishedFields, lastTransitionTime };
  const replaced = conditions.map((other) => (fieldsOf(other)['type'] === PROGRAMMED ? condition : other));
  const status = { conditions: before === undefined ? [...conditions, condition] : replaced };
  return { status, value: JSON.stringify(wishedFields) };
}

function hasFields(object: Fields, fields: Fields): boolean {
  return Object.entries(fields).every(([name, value]) => object[name] === value);
}

/** As Kubernetes writes times: in whole seconds. */
function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
