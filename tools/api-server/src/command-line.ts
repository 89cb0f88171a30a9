import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ApiServer } from './api-server.ts';
import { DefinitionFileError, readDefinitions } from './definition-files.ts';

/** What the command needs of the process; tests bring their own. */
export interface ProcessContext {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** 0: stopped as asked; 1: it could not run; 2: the options, or the files they name, cannot be used. */
export type ExitCode = 0 | 1 | 2;

interface Flags {
  readonly port: number;
  readonly crds?: string;
}

/** Runs the command `api-server` until a signal ends it. */
export async function runCommandLine(argv: readonly string[], context: ProcessContext): Promise<ExitCode> {
  try {
    await serve(parseFlags(argv, context), context);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has written its message
    context.stderr.write(`api-server: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof DefinitionFileError ? 2 : 1;
  }
}

function parseFlags(argv: readonly string[], { stdout, stderr }: ProcessContext): Flags {
  return new Command('api-server')
    .description('A Kubernetes API server in memory, on loopback, for trying things out')
    .option('--port <port>', 'where to listen; 0 takes any free port', parsePort, 0)
    .option('--crds <folder>', 'install the CustomResourceDefinitions in the YAML files of this folder')
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

async function serve({ port, crds }: Flags, context: ProcessContext): Promise<void> {
  const definitions = crds === undefined ? [] : readDefinitions(crds);
  const server = new ApiServer({ port });
  for (const definition of definitions) server.objects.apply(definition);
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  const folder = mkdtempSync(join(tmpdir(), 'api-server-'));
  context.on('SIGINT', stop);
  context.on('SIGTERM', stop);
  try {
    await server.run(stopped.signal, () => announce(server, folder, definitions.length, context.stdout));
  } finally {
    context.off('SIGINT', stop);
    context.off('SIGTERM', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}

function announce(server: ApiServer, folder: string, definitions: number, stdout: NodeJS.WritableStream): void {
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, server.kubeconfig(), { mode: 0o600 });
  stdout.write(`A Kubernetes API server in memory listens on ${server.url}, with ${definitions} CRDs.
Its kubeconfig, until it ends: ${file}
Try, in another terminal:
  export KUBECONFIG=${file}
  kubectl create --dry-run=client -o yaml service clusterip echo --tcp=80:80 | kubectl apply -f -
  kubectl get services --all-namespaces --watch
Ctrl-C ends it, and all that it holds is gone.
`);
}
