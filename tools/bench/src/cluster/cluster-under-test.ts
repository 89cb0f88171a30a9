import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiServer, findServerBinaries, RealApiServer } from '@koko/api-server';

/** Under this name the controller asks, so that its requests can be told from those of the benchmark. */
const CONTROLLER = 'iic';
const KEPT_REQUESTS = 200_000;

/** Which API server: the published kube-apiserver with etcd, or the one in process. */
export type ServerKind = 'real' | 'emulator';

/** A request that the controller made. */
export interface ControllerRequest {
  /** As in a role: `patch ingresses/status`. */
  readonly what: string;
  /**
   * Renewals of the Lease and of watches, lists that make sure of a silent watch, and the search for kinds that are not
   * installed: these come as time goes by, not with changes.
   */
  readonly comesWithTime: boolean;
}

/** An API server on loopback that lives as long as the benchmark. */
export interface ClusterUnderTest {
  /** For files that are gone with it. */
  readonly folder: string;
  /** Of the benchmark itself. */
  readonly kubeconfig: string;
  readonly url: string;
  /** A kubeconfig file for the controller. @param url Default: the server itself, without anything between. */
  controllerKubeconfig(url?: string): Promise<string>;
  /** All that the controller has asked so far, watches once they have ended. */
  controllerRequests(): readonly ControllerRequest[];
  stop(): Promise<void>;
}

/** Thrown where there is no real API server; the message says what to do about it. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError';
}

/** @throws {NoServerError} */
export async function startCluster(kind: ServerKind, signal: AbortSignal): Promise<ClusterUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const { server, requests } = kind === 'real' ? await startReal(signal) : await startEmulator();
    return {
      folder,
      kubeconfig: server.kubeconfig(),
      url: server.url,
      async controllerKubeconfig(url = server.url) {
        const file = join(folder, 'kubeconfig');
        await writeFile(file, server.kubeconfig({ user: CONTROLLER, url }), { mode: 0o600 });
        return file;
      },
      controllerRequests: requests,
      async stop() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface StartedServer {
  readonly server: RealApiServer | ApiServer;
  readonly requests: () => readonly ControllerRequest[];
}

async function startReal(signal: AbortSignal): Promise<StartedServer> {
  const binaries = findServerBinaries(process.env);
  if (binaries === undefined) {
    throw new NoServerError(
      'There is no real API server to measure against. Build one (with Go, ten minutes, once):\n' +
        '  npm run build-real --workspace @koko/api-server\n' +
        'or name a folder with kube-apiserver and etcd in KUBEBUILDER_ASSETS, or measure with --server emulator',
    );
  }
  const server = new RealApiServer({ binaries, users: [CONTROLLER], isAudited: true, auditedUser: CONTROLLER });
  await server.start(signal);
  return { server, requests: () => server.auditedRequests().map(controllerRequest) };
}

async function startEmulator(): Promise<StartedServer> {
  const server = new ApiServer({ users: [CONTROLLER], loggedRequests: KEPT_REQUESTS });
  await server.start();
  const ofController = () => server.requests.entries.filter(({ user }) => user === CONTROLLER);
  return { server, requests: () => ofController().map(controllerRequest) };
}

interface RequestedResource {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
}

function controllerRequest({ verb, resource, subresource }: RequestedResource): ControllerRequest {
  const target = resource === '' ? 'discovery' : resource;
  return {
    what: `${verb} ${subresource === '' ? target : `${target}/${subresource}`}`,
    comesWithTime: resource === 'leases' || resource === '' || verb === 'watch' || verb === 'list',
  };
}
