// Builds the published Helm into a cache outside the work tree, and prints where it is. A minute where the libraries of
// the real API server (`npm run build-real`) were built before, which are the same; nothing when it is there already.
import '../../jest/require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { cachedHelmFolder, HELM_VERSION } = await import('../src/helm-binary.ts');
const source = fileURLToPath(new URL('.', import.meta.url));
const target = cachedHelmFolder(process.env);

if (!readFileSync(join(source, 'go.mod'), 'utf8').includes(`helm.sh/helm/v4 v${HELM_VERSION}\n`)) {
  throw new Error(`Cannot build: go.mod does not require Helm v${HELM_VERSION}, as helm-binary.ts says`);
}
if (!existsSync(join(target, 'helm'))) build();
process.stdout.write(`${target}\n`);

function build() {
  const unfinished = `${target}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const ldflags = `-s -w -X helm.sh/helm/v4/internal/version.version=v${HELM_VERSION}`;
  const argv = ['build', '-p', '2', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', ldflags];
  const { error, status } = spawnSync('go', [...argv, '-o', join(unfinished, 'helm'), '.'], {
    cwd: source,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, GOPROXY: withoutDirect(process.env.GOPROXY) },
  });
  if (error !== undefined || status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`Cannot build Helm: ${error?.message ?? `go ended with ${status}`}`);
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(unfinished, target); // so that nobody ever sees half of it
}

/** Modules come from a proxy only, checked by go.sum, never from version control directly. */
function withoutDirect(proxies = 'https://proxy.golang.org') {
  return proxies
    .split(',')
    .filter((proxy) => proxy !== 'direct')
    .join(',');
}
