import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Does what the README tells a newcomer to do with `npm start`: look, edit, make a mistake, mend it, Ctrl-C. */
const root = resolve(import.meta.dirname, '../../..');
const STEP_TIMEOUT_MS = 30_000;

const manifests = await mkdtemp(join(tmpdir(), 'iic-check-quickstart-'));
await cp(join(root, 'examples/quickstart'), manifests, { recursive: true });
const shop = join(manifests, 'shop.yaml');
const original = await readFile(shop, 'utf8');
const [dataPlanePort, healthPort] = [await freePort(), await freePort()];
const quickstart = join(root, 'tools/quickstart/bin/quickstart.mjs');
const ports = ['--data-plane-port', String(dataPlanePort), '--health-port', String(healthPort)];
const child = spawn(process.execPath, [quickstart, '--manifests', manifests, ...ports, '--log-format', 'json'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
const output = collect(child);
try {
  await step('the data plane is given two routes', () => output.stdout().includes('"routes":2'));
  const editedAt = performance.now();
  await writeFile(shop, original.replace('path: /cart', 'path: /basket'));
  await step('an edit shows in the next line', () => output.stdout().includes('/basket/'));
  process.stdout.write(`  from edit to line: ${(performance.now() - editedAt).toFixed(0)} ms\n`);
  await writeFile(shop, original.replace('name: cart, port', 'name: carrot, port'));
  await step('a missing Service is named', () => output.stderr().includes('carrot'));
  await writeFile(shop, `${original}\nbroken: [\n`);
  await step('unreadable YAML is named with its line', () => /shop\.yaml:\d+: not valid YAML/.test(output.stderr()));
  await writeFile(shop, original);
  const status = await (await fetch(`http://127.0.0.1:${healthPort}/status`)).json();
  if ((status as { nodes: unknown[] }).nodes.length !== 1)
    throw new Error(`/status shows other than one node: ${JSON.stringify(status)}`);
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    const { status: code } = await fetch(`http://127.0.0.1:${healthPort}${path}`);
    if (code !== 200) throw new Error(`${path} answers ${code}`);
  }
  child.kill('SIGINT');
  await step('Ctrl-C ends it', () => child.exitCode !== null);
  if (child.exitCode !== 0) throw new Error(`it ended with exit code ${child.exitCode}`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n--- stdout\n${output.stdout()}\n--- stderr\n${output.stderr()}\n`); // all thrown here
  process.exitCode = 1;
} finally {
  if (child.exitCode === null) child.kill('SIGKILL');
  await rm(manifests, { recursive: true, force: true });
}

function collect({ stdout, stderr }: ChildProcess): { stdout: () => string; stderr: () => string } {
  let [out, err] = ['', ''];
  stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return { stdout: () => out, stderr: () => err };
}

async function step(what: string, isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + STEP_TIMEOUT_MS;
  while (!isDone()) {
    const hasEnded = child.exitCode !== null && !isDone();
    if (hasEnded || performance.now() > deadline)
      throw new Error(`Quickstart: ${what}: not seen${hasEnded ? ', it ended' : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.stdout.write(`ok: ${what}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
