import { describe, expect, it } from '@jest/globals';
import { ApiClient, loadClusterAccess } from '@koko/kubernetes';
import { silentLogger } from '@koko/lifecycle';
import { loadConfiguration } from './configuration/load-configuration.ts';
import { clusterSource } from './object-source.ts';

const content = `
current-context: main
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: u, user: {} }]
contexts: [{ name: main, context: { cluster: c, user: u } }]`;

async function warningsFor(kinds: string): Promise<readonly unknown[]> {
  const flags = { kubeconfig: 'given as text', 'generate-certificates': 'unused', kinds };
  const configuration = await loadConfiguration({ flags, environment: {}, file: undefined });
  const client = new ApiClient({ access: await loadClusterAccess({ content }) });
  const warnings: unknown[] = [];
  clusterSource(configuration, { client, logger: { ...silentLogger, warn: (fields) => void warnings.push(fields) } });
  return warnings;
}

describe('clusterSource', () => {
  it('warns of kinds left out that others refer to, as they count as missing', async () => {
    expect(await warningsFor('Ingress,IngressClass,Service,EndpointSlice,KongServiceFacade')).toEqual([
      { leftOut: ['Secret'] },
    ]);
    expect(await warningsFor('')).toEqual([]);
  });
});
