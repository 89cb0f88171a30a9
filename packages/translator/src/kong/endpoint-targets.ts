import { isIPv6 } from 'node:net';
import type { EndpointSlice } from '../kubernetes/endpoint-slice.ts';
import type { KubernetesService, ServicePort } from '../kubernetes/kubernetes-service.ts';

/** A target before it gets its id and upstream. */
export interface WeightedTarget {
  /** `host:port`, IPv6 addresses in brackets. */
  readonly target: string;
  /** Absent for Kong's own default. */
  readonly weight?: number;
}

/** What an endpoint without a weight counts for where several make one target. */
const DEFAULT_WEIGHT = 100;

/** Targets of an upstream for pods, given all slices of the Service. */
export function sliceTargets(
  slices: readonly EndpointSlice[],
  service: KubernetesService,
  port: ServicePort,
  { enableDrainSupport }: { readonly enableDrainSupport: boolean },
): readonly WeightedTarget[] {
  return mergeTargets(
    lookupProtocols(service).flatMap((protocol) => {
      const found = new Map<string, WeightedTarget>();
      for (const slice of slices) {
        for (const slicePort of slice.ports) {
          if (slicePort.protocol !== protocol || slicePort.name !== port.name) continue;
          for (const target of portTargets(slice, slicePort.port, enableDrainSupport)) {
            found.set(`${target.target} ${target.weight ?? ''}`, target);
          }
        }
      }
      return [...found.values()];
    }),
  );
}

/** The one target of a Service that stands for its pods itself, by its cluster name or by its external name. */
export function nameTarget(host: string, service: KubernetesService, port: number): readonly WeightedTarget[] {
  return mergeTargets(lookupProtocols(service).map(() => ({ target: formatTarget(host, port) })));
}

/** KIC looks once per protocol of the Service, TCP always included, and adds up what it finds. */
function lookupProtocols(service: KubernetesService): readonly string[] {
  return [...new Set(['TCP', ...service.ports.map(({ protocol }) => protocol)])];
}

function portTargets(slice: EndpointSlice, port: number, enableDrainSupport: boolean): readonly WeightedTarget[] {
  return slice.endpoints.flatMap(({ address, isReady, isTerminating }) => {
    const target = formatTarget(address, port);
    if (enableDrainSupport && isTerminating) return [{ target, weight: 0 }];
    return isReady ? [{ target }] : [];
  });
}

function mergeTargets(targets: readonly WeightedTarget[]): readonly WeightedTarget[] {
  const merged = new Map<string, WeightedTarget>();
  for (const target of targets) {
    const before = merged.get(target.target);
    merged.set(target.target, before === undefined ? target : { target: target.target, weight: sum(before, target) });
  }
  return [...merged.values()];
}

function sum(a: WeightedTarget, b: WeightedTarget): number {
  return (a.weight ?? DEFAULT_WEIGHT) + (b.weight ?? DEFAULT_WEIGHT);
}

function formatTarget(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
