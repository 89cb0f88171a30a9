import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../src/helm-binary.ts';

export const docker = resolve(import.meta.dirname, '../../../docker');
export const chart = join(docker, 'helm/iic');
export const helm = findHelm(process.env);

/** A Kubernetes object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // Whatever a test looks for; what is not there fails it.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly [field: string]: any;
}

/** As the tools of Kubernetes read YAML, where 0440 is octal. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as Manifest | null) // the tools of Kubernetes have written it
    .filter((manifest) => manifest !== null);
}

/** Says on stderr that a test could not be run, and why. */
export function isLeftOut(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) process.stderr.write(`Not tried: ${what}: ${reason}\n`);
  return reason !== undefined;
}

export const withoutHelm =
  helm === undefined ? 'there is no Helm; `npm run build-helm -w @koko/deployment` makes it' : undefined;

/** Runs Helm, with values where it takes them. @throws With what it said. */
export function runHelm(argv: readonly string[], values: object = {}, kubeconfig = '/dev/null'): string {
  const folder = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const env = { PATH: '/usr/bin:/bin', HOME: folder, KUBECONFIG: kubeconfig };
    const given = argv[0] === 'uninstall' ? [] : ['--values', file];
    return execFileSync(helm ?? '', [...argv, ...given], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(String((error as { stderr?: unknown }).stderr), { cause: error }); // of execFileSync
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The manifests of a release called iic. */
export function rendered(values: object = {}, namespace = 'kong'): readonly Manifest[] {
  return parseManifests(runHelm(['template', 'iic', chart, '--namespace', namespace], values));
}

export function named(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.find(
    (manifest) => manifest.kind === kind && (name ?? manifest.metadata.name) === manifest.metadata.name,
  );
  if (found === undefined) throw new Error(`There is no ${kind} ${name ?? ''} among the manifests`);
  return found;
}
