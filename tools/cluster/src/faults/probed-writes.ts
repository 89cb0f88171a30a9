import type { ApiServer, WrittenObject } from '@koko/api-server';
import { ingressOf } from '../shop-objects.ts';
import type { FaultTarget } from './fault-cases.ts';

/** Something that the controller has to write, and how to tell that it has. */
export interface ExpectedWrite {
  readonly isWritten: () => boolean;
  readonly undo: () => void;
}

export type WriteTarget = Extract<FaultTarget, 'status write' | 'event write' | 'lease write'>;

/** What the controller writes, and what makes it. */
export interface WriteCause {
  /** What it writes to. */
  readonly resource: string;
  readonly cause: (server: ApiServer, namespace: string, number: number) => ExpectedWrite;
}

/** Where data planes are said to be, so that there is a status to write. */
export const PUBLISHED_ADDRESS = '192.0.2.1';
export const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'iic-kong' } } as const;

export const writeCauses: Readonly<Record<WriteTarget, WriteCause>> = {
  'status write': {
    resource: 'ingresses',
    cause(server, namespace, number) {
      const ingress = newIngress({ namespace, name: `status-${number}`, number: 0 });
      server.objects.apply(ingress);
      const status = (): string => JSON.stringify(server.objects.find(ingress)?.['status'] ?? {});
      return {
        isWritten: () => status().includes(PUBLISHED_ADDRESS),
        undo: () => void server.objects.delete(ingress),
      };
    },
  },
  'event write': {
    resource: 'events',
    cause(server, namespace, number) {
      const name = `event-${number}`;
      const ingress = newIngress({ namespace, name, number: 1_000_000 }); // there is no such Service
      server.objects.apply(ingress);
      const events = (): readonly WrittenObject[] =>
        server.objects
          .list('v1', 'Event')
          .filter(({ involvedObject }) => (involvedObject as { name?: unknown } | undefined)?.name === name);
      return {
        isWritten: () => events().length > 0,
        undo() {
          for (const event of events()) server.objects.delete(event);
          server.objects.delete(ingress);
        },
      };
    },
  },
  'lease write': {
    resource: 'leases',
    cause(server) {
      const renewed = (): unknown => (server.objects.find(LEASE)?.['spec'] as { renewTime?: unknown })?.renewTime;
      const before = renewed();
      return { isWritten: () => renewed() !== before, undo: () => undefined };
    },
  },
};

/** Without `tls`, whose hosts would be taken by the Ingresses of shops. */
function newIngress({ namespace, name, number }: { namespace: string; name: string; number: number }): WrittenObject {
  const { spec, ...ingress } = ingressOf({ namespace, number });
  const { rules } = spec as { rules: readonly unknown[] }; // just made
  return { ...ingress, metadata: { name, namespace }, spec: { ingressClassName: 'kong', rules: rules.slice(0, 1) } };
}

export function isWriteTarget(target: FaultTarget): target is WriteTarget {
  return Object.hasOwn(writeCauses, target);
}
