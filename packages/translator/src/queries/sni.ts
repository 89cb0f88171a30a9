import type { ObjectReference } from '../objects.ts';
import { oldestAccepted } from './accepted-ingress.ts';
import { certificate } from './certificate.ts';
import { emitEntity, idFor } from './emit-entity.ts';
import { ingressesByTlsHost } from './indexes.ts';
import type { TranslationQuery } from './translation-graph.ts';

interface TlsClaims {
  readonly reference: ObjectReference;
  /** Key of the Secret by host, as the first TLS section with that host has it. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Apart from the Ingress, so that no other change of it matters to its hosts. */
const tlsClaims: TranslationQuery<TlsClaims | undefined> = {
  name: 'tls-claims',
  compute(key, reads) {
    const ingress = reads.object('Ingress', key);
    if (ingress === undefined) return undefined;
    const claims = ingress.tls.flatMap(({ hosts, secretKey }) => hosts.map((host) => [host, secretKey] as const));
    return { reference: ingress.reference, secrets: new Map(claims.reverse()) };
  },
};

/** The SNI of one host. It belongs to the oldest Ingress that claims it, even where that one's Secret is of no use. */
export const sni: TranslationQuery<void> = {
  name: 'sni',
  compute(host, reads) {
    const owner = oldestAccepted(reads.keys(ingressesByTlsHost, host), reads);
    const claims = owner === undefined ? undefined : reads.query(tlsClaims, owner);
    const secretKey = claims?.secrets.get(host);
    const certificateId = secretKey === undefined ? undefined : reads.query(certificate, secretKey);
    if (owner === undefined || claims === undefined || certificateId === undefined) return;
    const fields = { name: host, certificate: { id: certificateId } };
    emitEntity(reads, { type: 'snis', id: idFor(reads, 'snis', host), fields, source: claims.reference, rank: owner });
  },
};
