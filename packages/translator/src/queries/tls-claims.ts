import type { Location } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';
import type { TranslationQuery } from './translation-graph.ts';

/** The TLS sections of one Ingress, by host and by Secret. */
export interface TlsClaims {
  readonly reference: ObjectReference;
  /** Key of the Secret by host, as the first section with that host has it. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Where each Secret is named first, by its key. */
  readonly locations: ReadonlyMap<string, Location>;
}

/** Apart from the Ingress, so that no other change of it matters to its hosts and Secrets. */
export const tlsClaims: TranslationQuery<TlsClaims | undefined> = {
  name: 'tls-claims',
  compute(key, reads) {
    const ingress = reads.object('Ingress', key);
    if (ingress === undefined) return undefined;
    const { reference } = ingress;
    const lastFirst = ingress.tls.toReversed(); // a later entry of a map overrides an earlier one
    const secrets = lastFirst.flatMap(({ hosts, secretKey }) => hosts.map((host) => [host, secretKey] as const));
    const locations = lastFirst.map(({ secretKey, location }) => [secretKey, location] as const);
    return { reference, secrets: new Map(secrets), locations: new Map(locations) };
  },
};
