import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataPlaneEvent } from '@koko/data-plane';
import { loadClusterAccess } from '@koko/kubernetes';
import type { ReflectorLimits } from '@koko/kubernetes';
import { createController, generateCertificatePair, loadConfiguration } from 'iic';
import type { CertificatePair, Controller } from 'iic';

/** Waits that make a test of faults short; a real cluster wants the defaults. */
export const shortLimits: Partial<ReflectorLimits> = {
  retryFirstMs: 5,
  retryLongestMs: 100,
  missingFirstMs: 20,
  missingLongestMs: 200,
  silenceMs: 400,
  listSilenceMs: 400,
};

export interface ControllerSettings {
  /** Settings of `iic run` beyond those that a test needs anyway. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly limits?: Partial<ReflectorLimits>;
  readonly certificates?: CertificatePair;
  readonly requestTimeoutMs?: number;
}

/** IIC in this process, on loopback and any free ports, following the cluster of a kubeconfig. */
export async function startController(kubeconfig: string, options: ControllerSettings = {}): Promise<Controller> {
  const { settings = {}, limits = shortLimits, certificates = await generateCertificatePair() } = options;
  const unused = await mkdtemp(join(tmpdir(), 'iic-cluster-')); // a setting has to name a folder for certificates
  try {
    const flags = {
      kubeconfig: 'given as text',
      'generate-certificates': unused,
      'data-plane-host': '127.0.0.1',
      'data-plane-port': 0,
      'health-host': '127.0.0.1',
      'health-port': 0,
      ...settings,
    };
    const controller = createController({
      configuration: await loadConfiguration({ flags, environment: {}, file: undefined }),
      clusterAccess: await loadClusterAccess({ content: kubeconfig }),
      certificates,
      sourceLimits: limits,
      ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    });
    await controller.lifecycle.start();
    return controller;
  } finally {
    await rm(unused, { recursive: true });
  }
}

/** The hash of the configuration that an event says a data plane runs, if it does. */
export function hashIn(event: DataPlaneEvent): string | undefined {
  return event.event === 'configured' ? event.hash : undefined;
}
