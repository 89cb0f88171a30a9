import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RealApiServer } from '@koko/api-server';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ClusterClient } from './cluster-client.ts';
import { installDefinitions, installExample } from './example-objects.ts';
import { builtServer, MissingServerError } from './server-build.ts';
import { welcome } from './welcome.ts';

/** What the command needs of the process; tests bring their own. */
export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  on(signal: Signal, listener: () => void): unknown;
  off(signal: Signal, listener: () => void): unknown;
}

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** 0: stopped as asked; 1: it could not run; 2: the options are wrong, or something has to be installed first. */
export type ExitCode = 0 | 1 | 2;

interface Flags {
  readonly port: number;
  readonly example: boolean;
}

/** Runs the command `cluster` until a signal ends it. */
export async function runCommandLine(argv: readonly string[], context: ProcessContext): Promise<ExitCode> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  for (const signal of SIGNALS) context.on(signal, abort);
  try {
    await serve(parseFlags(argv, context), context, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0; // whatever it was in the middle of
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has written its message
    context.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof MissingServerError || error instanceof TypeError ? 2 : 1;
  } finally {
    for (const signal of SIGNALS) context.off(signal, abort);
  }
}

function parseFlags(argv: readonly string[], { stdout, stderr }: ProcessContext): Flags {
  return new Command('npm run cluster --')
    .description(
      'A real Kubernetes API server (kube-apiserver with etcd) on loopback, with what IIC needs and a shop to serve',
    )
    .option('--port <port>', 'where to listen; 0 takes any free port', parsePort, 0)
    .option('--no-example', 'leave the shop and the IngressClass out')
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .parse(argv, { from: 'user' })
    .opts<Flags>();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It has to be a number from 0 to 65535.');
  return port;
}

async function serve({ port, example }: Flags, context: ProcessContext, signal: AbortSignal): Promise<void> {
  const { env, stdout, stderr } = context;
  const binaries = await builtServer(env, stderr, signal);
  if (binaries === undefined) return;
  await assertFree(port);
  stdout.write('Starting kube-apiserver and etcd …\n');
  const folder = await mkdtemp(join(tmpdir(), 'koko-cluster-')); // for this user alone
  const server = new RealApiServer({ binaries, port });
  const failed = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  try {
    await server.run(AbortSignal.any([signal, failed.signal]), () => {
      void prepare(server, { folder, binaries, hasExample: example }, signal).then((text) => stdout.write(text), fail);
    });
    failed.signal.throwIfAborted();
    stdout.write('The cluster is gone.\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The server would say so in many lines. */
async function assertFree(port: number): Promise<void> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (cause) {
    throw new TypeError(`Cannot listen on 127.0.0.1:${port}: the port is taken; choose another by --port`, { cause });
  }
  await once(probe.close(), 'close');
}

interface Preparation {
  readonly folder: string;
  readonly binaries: string;
  readonly hasExample: boolean;
}

/** Writes the kubeconfig, installs what is to be there from the start, and tells of it. */
async function prepare(
  server: RealApiServer,
  { folder, binaries, hasExample }: Preparation,
  signal: AbortSignal,
): Promise<string> {
  const { url } = server;
  const file = join(folder, 'kubeconfig');
  await writeFile(file, server.kubeconfig(), { mode: 0o600 });
  const client = await ClusterClient.connect(server.kubeconfig(), signal);
  try {
    const definitions = await installDefinitions(client);
    if (hasExample) await installExample(client);
    return welcome({ url, file, certificates: join(folder, 'certificates'), binaries, definitions, hasExample });
  } finally {
    client.close();
  }
}
