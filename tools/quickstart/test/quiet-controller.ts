import { loadClusterAccess } from '@koko/kubernetes';
import { createController, generateCertificatePair, loadConfiguration } from 'iic';
import type { CertificatePair, Configuration, Controller } from 'iic';

type Settings = Readonly<Record<string, string | number>>;

/** Settings of a controller on free ports of loopback that logs nothing; its certificates are to be given to it. */
export async function quietConfiguration(settings: Settings): Promise<Configuration> {
  const flags = {
    'generate-certificates': 'not read',
    'data-plane-host': '127.0.0.1',
    'data-plane-port': 0,
    'health-host': '127.0.0.1',
    'health-port': 0,
    'log-level': 'silent',
    ...settings,
  };
  return loadConfiguration({ flags, environment: {}, file: undefined });
}

/** A started controller that follows the cluster of a kubeconfig, given as YAML. */
export async function startOnCluster(
  kubeconfig: string,
  settings: Settings = {},
  certificates?: CertificatePair,
): Promise<Controller> {
  const controller = createController({
    configuration: await quietConfiguration({ kubeconfig: 'given as text', ...settings }),
    clusterAccess: await loadClusterAccess({ content: kubeconfig }),
    certificates: certificates ?? (await generateCertificatePair()),
  });
  await controller.lifecycle.start();
  return controller;
}
