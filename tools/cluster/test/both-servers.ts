import { ApiServer, findServerBinaries, RealApiServer } from '@koko/api-server';
import type { LoggedRequest } from '@koko/api-server';
import { describe } from '@jest/globals';

/** What a suite may ask of either API server. */
export interface AnyApiServer {
  readonly url: string;
  kubeconfig(request?: { readonly user?: string; readonly url?: string }): string;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(options: { readonly keepData: boolean }, whileDown?: () => Promise<void>): Promise<void>;
}

export type ChangeRequest = Pick<
  LoggedRequest,
  'time' | 'user' | 'resource' | 'subresource' | 'namespace' | 'name' | 'code'
> & { readonly verb: string };

export interface ServerKind {
  readonly name: string;
  /** Whether it is the published kube-apiserver. */
  readonly isReal: boolean;
  create(users?: readonly string[]): AnyApiServer;
  /** The requests that have changed, or tried to change, something. */
  changes(server: AnyApiServer): readonly ChangeRequest[];
}

const CHANGING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

const inProcess: ServerKind = {
  name: 'in process',
  isReal: false,
  create: (users = []) => new ApiServer({ users, historyEvents: 50_000, loggedRequests: 100_000 }),
  changes: (server) =>
    server instanceof ApiServer ? server.requests.entries.filter(({ verb }) => CHANGING.has(verb)) : [],
};

const binaries = findServerBinaries(process.env);

const real: ServerKind = {
  name: 'kube-apiserver',
  isReal: true,
  create: (users = []) => new RealApiServer({ binaries: binaries ?? '', users, isAudited: users.length > 0 }),
  changes: (server) => (server instanceof RealApiServer ? server.auditedRequests() : []),
};

/** The same suite on the API server in process and, where it has been built, on the real one. */
export function describeOnBothServers(what: string, suite: (kind: ServerKind) => void): void {
  for (const kind of [inProcess, real]) {
    const isHere = !kind.isReal || binaries !== undefined;
    if (!isHere)
      process.stderr.write(`${what}: not tried on the real API server: there is none; \`npm run cluster\` builds it\n`);
    (isHere ? describe : describe.skip)(`${what} (${kind.name})`, () => suite(kind));
  }
}
