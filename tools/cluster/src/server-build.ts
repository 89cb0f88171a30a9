import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { findServerBinaries } from '@koko/api-server';

const BUILD_SCRIPT = resolve(import.meta.dirname, '../../api-server/real/build.mjs');

type Environment = Readonly<Record<string, string | undefined>>;

/** Says what has to be installed before there can be a real API server. */
export class MissingServerError extends Error {
  override readonly name = 'MissingServerError';
}

/**
 * The folder with the real API server, built first where it is not there yet; the build says on stderr how far it is.
 * @returns undefined when `signal` has aborted.
 * @throws {MissingServerError} Where it can neither be found nor built.
 */
export async function builtServer(
  environment: Environment,
  stderr: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = findServerBinaries(environment);
  if (found !== undefined) return found;
  if (!(await hasGo(environment))) throw new MissingServerError(MISSING);
  stderr.write(
    'There is no kube-apiserver here yet. It is built once from its published Go modules, which takes about 10 minutes and\n' +
      '3 GB of disk for the caches of Go, and is kept for all later runs. Ctrl-C ends it; the next run goes on from there.\n',
  );
  const code = await runBuild(environment, stderr, signal);
  if (signal.aborted) return undefined;
  const built = findServerBinaries(environment);
  if (code === 0 && built !== undefined) return built;
  throw new MissingServerError('Cannot start a cluster: the real API server could not be built; see above');
}

const MISSING = `Cannot start a cluster: there is no kube-apiserver on this machine, and no Go to build it with. Either
  - install Go 1.26 or later (https://go.dev/dl), and run this again: it is built once, in about 10 minutes; or
  - set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver, etcd and kubectl.
Without either, \`npx api-server --crds FOLDER\` runs a small API server in memory.`;

async function hasGo(environment: Environment): Promise<boolean> {
  const child = spawn('go', ['version'], { env: environment, stdio: 'ignore' });
  try {
    const [code]: unknown[] = await once(child, 'exit');
    return code === 0;
  } catch {
    return false;
  }
}

async function runBuild(
  environment: Environment,
  stderr: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<number | null> {
  const argv = ['--conditions=@koko/source', BUILD_SCRIPT];
  // Its stderr is that of this process where it can be, so that progress on a terminal stays on one line.
  const isTerminal = stderr === process.stderr;
  const child = spawn(process.execPath, argv, {
    env: environment,
    stdio: ['ignore', 'ignore', isTerminal ? 'inherit' : 'pipe'],
  });
  child.stderr?.pipe(stderr, { end: false });
  const end = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const [code]: (number | null)[] = await once(child, 'close');
  signal.removeEventListener('abort', end);
  return code ?? null;
}
