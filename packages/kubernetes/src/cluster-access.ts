import { Agent as HttpAgent } from 'node:http';
import type { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError } from './api-error.ts';
import { newKubeConfig } from './kube-config.ts';

/** Where an API server is and how to prove who asks. */
export interface ClusterAccess {
  readonly server: URL;
  /** Of the current context; `default` where that names none. */
  readonly namespace: string;
  /** Asked before each request, so that tokens and certificates may change meanwhile. */
  authenticate(): Promise<RequestCredentials>;
  /** Told that the server refused the credentials: they are to be obtained anew, whatever time they say is left. */
  forget?(): void;
}

/** What a request carries to be let in. */
export interface RequestCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsSettings;
  /** Set where a proxy stands between; used instead of an agent of the client's own. */
  readonly agent?: Agent;
}

/** The part of node's TLS options that kubeconfigs can set. */
export type TlsSettings = Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

/** Where to read the kubeconfig from; by default `$KUBECONFIG`, then `~/.kube/config`, then the Pod's service account. */
export interface ClusterAccessOptions {
  /** Path of a kubeconfig file. */
  readonly file?: string;
  /** Text of a kubeconfig; goes before `file`. */
  readonly content?: string;
  /** Context to use instead of the current one. */
  readonly context?: string;
}

/**
 * Reads a kubeconfig, or the files that a Pod gets. Plain HTTP is refused unless the server is on loopback or
 * `insecure-skip-tls-verify` says that it is wanted.
 * @throws {ApiError} `ERR_KUBERNETES_CONFIG`
 */
export async function loadClusterAccess(options: ClusterAccessOptions = {}): Promise<ClusterAccess> {
  const config = await readKubeConfig(options);
  const server = checkedServer(config);
  return {
    server,
    namespace: config.getContextObject(config.currentContext)?.namespace || 'default',
    authenticate: oneAtATime(() => credentialsFor(config)),
    forget: () => forgetTokens(config),
  };
}

/** A plugin that has not answered by then is not waited for any more. */
const HANGING_MS = 60_000;

/** Who asks while an answer is on its way gets that one: a credential plugin is not to be started for each of many requests. */
function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: { readonly answer: Promise<T>; readonly at: number } | undefined;
  return () => {
    const now = performance.now();
    if (asked !== undefined && now - asked.at < HANGING_MS) return asked.answer;
    const mine = { answer: ask(), at: now };
    asked = mine;
    const end = (): void => void (asked = asked === mine ? undefined : asked);
    mine.answer.then(end, end);
    return mine.answer;
  };
}

/** What client-node keeps: a file's token for a minute, a plugin's until it ends, and for ever where it does not say when. */
function forgetTokens(config: KubeConfig): void {
  // Private there; what does not look as expected is left alone.
  const { authenticators = [] } = config as unknown as { readonly authenticators?: readonly object[] };
  for (const authenticator of authenticators) {
    if ('tokenCache' in authenticator) authenticator.tokenCache = {};
    if ('lastRead' in authenticator) authenticator.lastRead = null;
  }
}

async function readKubeConfig({ file, content, context }: ClusterAccessOptions): Promise<KubeConfig> {
  const config = await newKubeConfig();
  try {
    if (content !== undefined) config.loadFromString(content);
    else if (file !== undefined) config.loadFromFile(file);
    else config.loadFromDefault();
    if (context !== undefined) config.setCurrentContext(context);
  } catch (error) {
    // A parser's message may quote the text around the error, and with it a token.
    const { code } = error as NodeJS.ErrnoException; // set by fs only
    const reason = code === undefined ? 'it is not a valid kubeconfig' : `it cannot be read (${code})`;
    throw new ApiError('ERR_KUBERNETES_CONFIG', `Cannot use ${describe(file)}: ${reason}`);
  }
  const isFallback = file === undefined && content === undefined && config.currentContext === 'loaded-context';
  if (!isFallback) return config;
  throw configError('there is no kubeconfig and no service account; name a kubeconfig file');
}

function checkedServer(config: KubeConfig): URL {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw configError(`its context "${config.currentContext ?? ''}" is missing or names no cluster that it has`);
  }
  const server = URL.parse(cluster.server);
  if (server === null || !/^https?:$/.test(server.protocol) || server.username !== '' || server.password !== '') {
    throw configError(`the server of cluster "${cluster.name}" is not an https:// address without credentials`);
  }
  if (server.protocol === 'https:') return server;
  if (!isLoopback(server.hostname) && !cluster.skipTLSVerify) {
    throw configError(`the server of cluster "${cluster.name}" is http:// on another machine; use https://`);
  }
  // The client library refuses plain HTTP altogether unless TLS is said not to matter.
  config.clusters = config.clusters.map((other) => (other === cluster ? { ...other, skipTLSVerify: true } : other));
  return server;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

async function credentialsFor(config: KubeConfig): Promise<RequestCredentials> {
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // What a credential plugin wrote may hold a token, so not a word of it is passed on.
    const { code } = error as NodeJS.ErrnoException; // set by fs and child_process only
    const reason = `${nameCredentials(config)} cannot be obtained${code === undefined ? '' : ` (${code})`}`;
    throw new ApiError('ERR_KUBERNETES_UNAUTHORIZED', `Cannot authenticate: ${reason}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value).trim(); // files end in a line break
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const settings = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const tls: TlsSettings = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const isProxied = config.getCurrentCluster()?.proxyUrl !== undefined;
  return isProxied && options.agent instanceof HttpAgent ? { headers, tls, agent: options.agent } : { headers, tls };
}

function nameCredentials(config: KubeConfig): string {
  const { exec } = (config.getCurrentUser() ?? {}) as { readonly exec?: { readonly command?: unknown } | null }; // `any` there
  const plugin = exec?.command;
  const named = 'the credentials that the kubeconfig names';
  return typeof plugin === 'string' ? `${named}, by its plugin "${plugin}",` : named;
}

function describe(file: string | undefined): string {
  return file === undefined ? 'the kubeconfig' : `the kubeconfig "${file}"`;
}

function configError(reason: string): ApiError {
  return new ApiError('ERR_KUBERNETES_CONFIG', `Cannot use the kubeconfig: ${reason}`);
}
