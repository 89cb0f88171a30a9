import { oldestAccepted } from './accepted-ingress.ts';
import { certificate } from './certificate.ts';
import { emitEntity, idFor } from './emit-entity.ts';
import { ingressesByTlsHost } from './indexes.ts';
import { tlsClaims } from './tls-claims.ts';
import type { TranslationQuery } from './translation-graph.ts';

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
