import type { KongServiceFacade } from '../kubernetes/kong-service-facade.ts';
import type { KubernetesService } from '../kubernetes/kubernetes-service.ts';
import type { ObjectReference } from '../objects.ts';
import { parseServiceKey } from './service-key.ts';
import type { TranslationReads } from './translation-graph.ts';

/** What stands behind a Kong service. */
export interface Backing {
  /** The Service that is asked for, whether it exists or not; `undefined` where a facade names none. */
  readonly reference: ObjectReference | undefined;
  readonly service: KubernetesService | undefined;
  /** A number in decimal, a port's name, or `implicitPort`. */
  readonly wantedPort: string;
  readonly facade: KongServiceFacade | undefined;
}

export function backingOf(key: string, reads: TranslationReads): Backing {
  const { namespace, backend } = parseServiceKey(key);
  if (backend.kind === 'Service') return backingBy({ namespace, ...backend, facade: undefined }, reads);
  const facade = reads.object('KongServiceFacade', `${namespace}/${backend.facade}`);
  if (facade?.backend === undefined) return { reference: undefined, service: undefined, wantedPort: '', facade };
  return backingBy({ namespace, ...facade.backend, facade }, reads);
}

interface Wanted {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
  readonly facade: KongServiceFacade | undefined;
}

function backingBy({ namespace, service: name, port, facade }: Wanted, reads: TranslationReads): Backing {
  const reference: ObjectReference = { kind: 'Service', namespace, name };
  return { reference, service: reads.object('Service', `${namespace}/${name}`), wantedPort: port, facade };
}
