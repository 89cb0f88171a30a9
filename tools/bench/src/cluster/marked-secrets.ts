import type { KubernetesObject } from '@koko/translator';
import { writtenIngress } from './api-objects.ts';

/** Its length is a multiple of three, so that its base64 form is the same wherever it stands. */
const MARKER = 'content-of-a-secret-that-nobody-asked-for.';
const ENCODED = Buffer.from(MARKER).toString('base64');

/** The forms in which a Secret's content could be in a process: as it comes, and decoded. */
export const contentForms: readonly string[] = [MARKER, ENCODED];

/** Secrets whose content is the marker over and over, made one by one. */
export function* markedSecrets(count: number, sizeBytes: number): Generator<KubernetesObject> {
  const content = ENCODED.repeat(Math.ceil(sizeBytes / MARKER.length));
  for (let n = 0; n < count; n += 1) {
    const metadata = { name: `secret-${n}`, namespace: `ns-${n % 50}` };
    yield { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: { content } };
  }
}

/** The n-th Ingress, which refers to the n-th Secret. */
export function ingressWithSecret(n: number): KubernetesObject {
  const { spec, ...object } = writtenIngress(n, '/');
  const tls = [{ hosts: [`app-${n}.example.com`], secretName: `secret-${n}` }];
  return { ...object, spec: { ...(spec as object), tls } }; // an Ingress's spec is an object
}
