import { nameTarget, sliceTargets } from '../kong/endpoint-targets.ts';
import type { WeightedTarget } from '../kong/endpoint-targets.ts';
import { upstreamName } from '../kong/names.ts';
import { resolvePort } from '../kong/service-port.ts';
import type { KubernetesService, ServicePort } from '../kubernetes/kubernetes-service.ts';
import { backingOf } from './backing.ts';
import { OWN_CLASS, serviceUpstreamForAll } from './class-parameters.ts';
import { emitEntity, idFor } from './emit-entity.ts';
import { slicesByService } from './indexes.ts';
import { parseServiceKey } from './service-key.ts';
import { settingsOf } from './translation-graph.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** Targets of one upstream, apart from all else because they change most often: with every pod that comes or goes. */
export const targets: TranslationQuery<void> = {
  name: 'targets',
  compute(key, reads) {
    const { namespace, backend } = parseServiceKey(key);
    const { service, wantedPort, facade } = backingOf(key, reads);
    const resolution = service && resolvePort(service, wantedPort);
    if (service === undefined || resolution === undefined || !('port' in resolution)) return;
    const upstream = upstreamName(namespace, backend);
    const upstreamId = idFor(reads, 'upstreams', upstream);
    const isUpstream = facade?.serviceUpstream ?? service.serviceUpstream;
    for (const { target, ...weight } of findTargets(
      { ...service, serviceUpstream: isUpstream },
      resolution.port,
      reads,
    )) {
      const fields = { target, upstream: { id: upstreamId }, ...weight };
      const id = idFor(reads, 'targets', `${upstream}:${target}`);
      emitEntity(reads, { type: 'targets', id, fields, source: (facade ?? service).reference, rank: key });
    }
  },
};

function findTargets(
  service: KubernetesService,
  port: ServicePort,
  reads: TranslationReads,
): readonly WeightedTarget[] {
  const settings = settingsOf(reads);
  if (service.serviceUpstream || reads.query(serviceUpstreamForAll, OWN_CLASS)) {
    return nameTarget(clusterName(service, settings.clusterDomain), service, port.port);
  }
  if (service.externalName !== undefined) {
    return service.externalName === '' ? [] : nameTarget(service.externalName, service, port.port);
  }
  const slices = reads.keys(slicesByService, service.key).flatMap((key) => reads.object('EndpointSlice', key) ?? []);
  for (const slice of slices) slice.problems.forEach((problem) => reads.report(problem));
  return sliceTargets(slices, service, port, settings);
}

function clusterName({ reference }: KubernetesService, clusterDomain: string): string {
  const name = `${reference.name}.${reference.namespace ?? ''}.svc`;
  return clusterDomain === '' ? name : `${name}.${clusterDomain}`;
}
