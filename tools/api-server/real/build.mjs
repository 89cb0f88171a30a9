// Builds the published kube-apiserver, etcd and kubectl into a cache outside the work tree, and prints where they are.
// Ten minutes and 3 GB of Go's own caches the first time, nothing when they are there already.
import '../../jest/require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { cachedBinariesFolder, SERVER_VERSIONS } = await import('../src/server-binaries.ts');
const source = fileURLToPath(new URL('.', import.meta.url));
const { kubernetes } = SERVER_VERSIONS;
const [major, minor] = kubernetes.split('.');
const stamp = 'k8s.io/component-base/version';
const ldflags = [
  '-s -w',
  `-X ${stamp}.gitVersion=v${kubernetes}`,
  `-X ${stamp}.gitMajor=${major} -X ${stamp}.gitMinor=${minor} -X ${stamp}.gitTreeState=clean`,
].join(' ');
const programs = ['kube-apiserver', 'etcd', 'kubectl'];

checkPins();
const target = cachedBinariesFolder(process.env);
if (!programs.every((program) => existsSync(join(target, program)))) build();
process.stdout.write(`${target}\n`);

/** The folder is named after the versions, so these have to be what go.mod says. */
function checkPins() {
  const goMod = readFileSync(join(source, 'go.mod'), 'utf8');
  for (const pin of [`k8s.io/kubernetes v${kubernetes}`, `go.etcd.io/etcd/server/v3 v${SERVER_VERSIONS.etcd}`]) {
    if (!goMod.includes(pin))
      throw new Error(`Cannot build: go.mod does not require ${pin}, as server-binaries.ts says`);
  }
}

function build() {
  const unfinished = `${target}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const argv = ['build', '-p', '2', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', ldflags];
  const { error, status } = spawnSync('go', [...argv, '-o', unfinished, ...programs.map((name) => `./${name}`)], {
    cwd: source,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, GOPROXY: withoutDirect(process.env.GOPROXY) },
  });
  if (error !== undefined || status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`Cannot build the real API server: ${error?.message ?? `go ended with ${status}`}`);
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
