import { registerHooks } from 'node:module';
import type { ResolveHookSync } from 'node:module';
import type { KubeConfig } from '@kubernetes/client-node';

const CONFIGURATION = '@kubernetes/client-node/dist/config.js';
/** Marks instances of modules that are ours alone: others who import client-node get it whole. */
const OURS = '?without-api-clients';
/** What client-node's configuration makes API clients and `fetch` of, for others and not for us. */
const STANDS_IN = new Map([
  ['./gen/index.js', 'export class ServerConfiguration {} export function createConfiguration() {}'],
  ['undici', 'export class Agent {} export class ProxyAgent {}'],
]);

/**
 * An empty `KubeConfig` of client-node. Its configuration and authentication are loaded without the API clients, which cover
 * all of Kubernetes and take 70 MB and a quarter of a second.
 */
export async function newKubeConfig(): Promise<KubeConfig> {
  const stop = leaveOutApiClients();
  try {
    const module = await import('@kubernetes/client-node/dist/config.js'); // a bundle leaves out the clients by a plugin of its own
    return new module.KubeConfig();
  } finally {
    stop();
  }
}

function leaveOutApiClients(): () => void {
  try {
    const hooks = registerHooks({ resolve });
    return () => hooks.deregister();
  } catch {
    return () => {}; // not every environment has hooks, such as Jest; there all is loaded
  }
}

const resolve: ResolveHookSync = (specifier, context, nextResolve) => {
  const isFromOurs = context.parentURL?.endsWith(OURS) ?? false;
  const source = isFromOurs ? STANDS_IN.get(specifier) : undefined;
  if (source !== undefined) return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true };
  const resolved = nextResolve(specifier, context);
  const isOurs = specifier === CONFIGURATION || (isFromOurs && /^\.\/\w+\.js$/.test(specifier));
  return isOurs ? { ...resolved, url: resolved.url + OURS } : resolved; // authentication imports the configuration again
};
