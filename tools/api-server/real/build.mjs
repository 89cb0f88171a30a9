// Builds the published kube-apiserver, etcd and kubectl into a cache outside the work tree, and prints where they are.
// Ten minutes and 3 GB of Go's own caches the first time, nothing when they are there already. How far it is goes to
// stderr; a signal ends it and leaves nothing half done.
import '../../jest/require-node.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
const packages = programs.map((name) => `./${name}`);
const KEPT_LINES = 40;
const running = new Set();
let nextTold = 15;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.exitCode = 130;
  });
}

checkPins();
const target = cachedBinariesFolder(process.env);
if (programs.every((program) => existsSync(join(target, program))) || (await build()))
  process.stdout.write(`${target}\n`);

/** The folder is named after the versions, so these have to be what go.mod says. */
function checkPins() {
  const goMod = readFileSync(join(source, 'go.mod'), 'utf8');
  for (const pin of [`k8s.io/kubernetes v${kubernetes}`, `go.etcd.io/etcd/server/v3 v${SERVER_VERSIONS.etcd}`]) {
    if (!goMod.includes(pin))
      throw new Error(`Cannot build: go.mod does not require ${pin}, as server-binaries.ts says`);
  }
}

/** @returns False when a signal has ended it. */
async function build() {
  const unfinished = `${target}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    let downloads = 0;
    const onDownload = (line) => line.startsWith('go: downloading') && tell(`${(downloads += 1)} modules downloaded`);
    const listed = await go(['list', '-deps', ...packages], onDownload);
    const total = listed.length;
    let built = 0;
    const argv = ['build', '-v', '-p', '2', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-o', unfinished];
    // Those that Go has compiled before are not named.
    await go([...argv, ...packages], () => tell(`${(built += 1)} of at most ${total} packages compiled`));
    rmSync(target, { recursive: true, force: true });
    renameSync(unfinished, target); // so that nobody ever sees half of it
    return true;
  } catch (error) {
    if (process.exitCode === 130) return false;
    throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Runs go; what it says on stderr goes line by line to `onLine`, and is shown when it fails. Resolves to its output. */
async function go(argv, onLine) {
  const child = spawn('go', [argv[0], '-mod=readonly', ...argv.slice(1)], {
    cwd: source,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GOPROXY: withoutDirect(process.env.GOPROXY) },
  });
  running.add(child);
  const output = [];
  const said = [];
  createInterface({ input: child.stdout }).on('line', (line) => output.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => {
    onLine(line);
    if (said.push(line) > KEPT_LINES) said.shift();
  });
  const [code] = await once(child, 'close').catch((error) => [error.message]);
  running.delete(child);
  if (code === 0) return output;
  throw new Error(`Cannot build the real API server: go ended with ${code}\n${said.join('\n')}`);
}

/** On a terminal in place, else now and then. */
function tell(progress) {
  const seconds = Math.round(process.uptime());
  if (process.stderr.isTTY) process.stderr.write(`\r  ${seconds} s: ${progress} `);
  else if (seconds >= nextTold) process.stderr.write(`  ${seconds} s: ${progress}\n`);
  if (seconds >= nextTold) nextTold = seconds + 15;
}

/** Modules come from a proxy only, checked by go.sum, never from version control directly. */
function withoutDirect(proxies = 'https://proxy.golang.org') {
  return proxies
    .split(',')
    .filter((proxy) => proxy !== 'direct')
    .join(',');
}
